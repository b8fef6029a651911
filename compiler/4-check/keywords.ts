/** What a condition keyword may be compared with: cfg.y has a rule for each, and everything else is a syntax error. */
import type { Binary, Expression, KeywordExpression } from '../ast.js';
import { wrongKeywordValue } from '../diagnostics/4xxx-types.js';
import type { Diagnostics } from '../diagnostics/define.js';
import type { StaticType } from './types.js';

const uris = new Set(['uri', 'from_uri', 'to_uri']);
const addresses = new Set(['src_ip', 'dst_ip', 'snd_ip', 'to_ip']);
const protocols = new Set(['proto', 'snd_proto', 'to_proto']);
const numeric = /^(?:[\d./]+|\[?[0-9a-f]*:[0-9a-f:.]*\]?(?:\/.*)?)$/i;
const transport = /^(?:udp|tcp|tls|sctp|wss?)$/i;

/** `typeOf` gives the static type of an expression on the right. */
export function checkKeywordValue(e: Binary, typeOf: (e: Expression) => StaticType, diagnostics: Diagnostics): void {
  const [keyword, other] = e.left.kind === 'keyword' ? [e.left, e.right] : [e.right as KeywordExpression, e.left];
  // `myself==uri` is `uri==myself`, and only that.
  const turned = keyword.name === 'myself' && other.kind === 'keyword';
  const subject = turned ? (other as KeywordExpression).name : keyword.name;
  const value = turned ? keyword : other;
  if (fits(subject, value, e.operator, turned, typeOf)) return;
  diagnostics.report(wrongKeywordValue, value.span, { word: keyword.name, takes: takes(keyword.name) });
}

function fits(
  subject: string,
  value: Expression,
  operator: Binary['operator'],
  turned: boolean,
  typeOf: (e: Expression) => StaticType,
): boolean {
  const match = operator === '=~';
  const isAddress = addresses.has(subject);
  if (value.kind === 'keyword')
    return value.name === 'myself' && !match && (uris.has(subject) || isAddress || subject === 'status');
  if (turned || subject === 'myself' || subject === 'max_len') return false;
  if (value.kind === 'word') {
    if (transport.test(value.text)) return protocols.has(subject);
    if (/^\w+$/.test(value.text)) return subject === 'method' || isAddress;
    return isAddress && !(match && numeric.test(value.text));
  }
  // Text that is an address becomes one, and cannot be a regular expression any more.
  if (value.kind === 'str' && isAddress && match && /^[\d.]+$/.test(value.value)) return false;
  // A call is an integer that fits anywhere.
  if (value.kind === 'call' || typeOf(value) !== 'int') return true;
  return !match && !isAddress;
}

function takes(word: string): string {
  if (word === 'method') return 'a name, or text';
  if (word === 'myself') return 'uri, from_uri, to_uri, src_ip or dst_ip';
  if (addresses.has(word)) return 'an address, a network, a host name, text or myself';
  if (uris.has(word)) return 'text or myself';
  if (protocols.has(word)) return 'a transport, or a number';
  return word === 'status' ? 'text or a number' : 'a number';
}
