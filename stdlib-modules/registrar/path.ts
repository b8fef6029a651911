/** Path (RFC 3327): the vector stored with a binding, and where a request with it goes first. */
import { type Grammar, HeaderId, parseNameAddrList, type SipMessage } from '../../runtime/sdk/index.js';
import { errors, type RegistrarError } from './errors.js';

const MAX_PATH = 1024;

/** All Path values joined by commas. The first one has to be a loose router. `received` is that one's parameter. */
export function pathOf(msg: SipMessage, useReceived: boolean): { path: string; received: string } | RegistrarError {
  const fields = msg.headersOf(HeaderId.Path);
  if (fields.length === 0) return { path: '', received: '' };
  const path = fields.map((f) => f.value).join(',');
  if (path.length + fields.length >= MAX_PATH) return errors.pathParse;
  const first = parseNameAddrList(path, msg.grammar)?.[0]?.uri ?? null;
  if (first === null || first.param('lr') === null) return errors.pathParse;
  return { path, received: useReceived ? unescaped(first.param('received') ?? '') : '' };
}

function unescaped(text: string): string {
  let out = '';
  for (let i = 0; i < text.length; i++) {
    const code = text[i] === '%' ? Number.parseInt(text.slice(i + 1, i + 3), 16) : Number.NaN;
    if (Number.isNaN(code)) {
      out += text[i];
      continue;
    }
    out += String.fromCharCode(code);
    i += 2;
  }
  return out;
}

/** URI of the first hop; null when the vector is malformed. `rest` is what follows it, '' when nothing does. */
export function firstHop(path: string, grammar: Grammar): { uri: string; rest: string } | null {
  const list = parseNameAddrList(path, grammar);
  const first = list?.[0];
  if (!first) return null;
  const second = list?.[1];
  return { uri: first.uriText, rest: second ? path.slice(second.start) : '' };
}
