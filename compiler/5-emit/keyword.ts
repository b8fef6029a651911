/**
 * Tests of keywords: `method==INVITE`, `src_ip==10.0.0.0/8`, `uri==myself`, `proto==udp` (route.c, eval_elem). Where
 * Kamailio finds a test impossible it is false, and so is its opposite: a port against text, `snd_port` outside of
 * `onsend_route`.
 */
import type { Binary, Expression, KeywordExpression } from '../ast.js';
import type { EmitContext } from './context.js';
import { quote } from './text.js';
import { asInt, asValue, type Code, negated } from './values.js';

const addresses = new Set(['src_ip', 'dst_ip', 'snd_ip', 'to_ip']);
const numbers = new Set(['src_port', 'dst_port', 'snd_port', 'to_port', 'af', 'snd_af', 'to_af', 'msg:len', 'max_len']);
const protocols = new Set(['proto', 'snd_proto', 'to_proto']);
/** Of the message being sent. */
const ofSending = new Set(['snd_port', 'to_port', 'snd_af', 'to_af', 'snd_proto', 'to_proto']);
/** Other spellings. */
const canonical: Readonly<Record<string, string>> = {
  'msg:len': 'msg_len',
  to_af: 'snd_af',
  to_proto: 'snd_proto',
};
const impossible: Code = { code: 'false', type: 'bool', opposite: 'false', atom: true };

/** `other` is null for a keyword standing alone. */
export function keywordTest(
  keyword: KeywordExpression,
  other: Expression | null,
  operator: Binary['operator'],
  emit: EmitContext,
  value: (e: Expression) => Code,
): Code {
  // `myself==uri` is `uri==myself`.
  const swapped = keyword.name === 'myself' && other?.kind === 'keyword';
  const subject = swapped ? (other as KeywordExpression) : keyword;
  const against: Expression | null = swapped ? keyword : other;
  const differs = operator === '!=' || operator === 'ne' || operator === '!~';
  const bool = (code: string): Code => {
    const test: Code = { code, type: 'bool', atom: true };
    return differs ? negated(test) : test;
  };
  const name = canonical[subject.name] ?? subject.name;
  const read = `${emit.helper('keyword')}.${name}(ctx)`;
  if (!against) return { code: read, type: 'value', atom: true };
  if (against.kind === 'keyword')
    return subject.name === 'status' ? bool('false') : bool(`${emit.helper('isMyself')}(ctx, ${quote(name)})`);
  if (numbers.has(subject.name) || protocols.has(subject.name)) {
    const test = numeric(protocols.has(subject.name), read, against, operator, emit, value);
    return ofSending.has(subject.name) && test !== impossible ? whileSending(test) : test;
  }
  if (against.kind === 'null') return bool('false');
  if (operator === '=~' || operator === '!~') {
    const right = value(against);
    return bool(
      typeof right.constant === 'string'
        ? `${emit.helper('matches')}(${read}, ${emit.regex(right.constant, 'i')})`
        : `${emit.helper('matchesDynamic')}(${read}, ${asValue(right)}, false)`,
    );
  }
  const word = against.kind === 'word' ? against.text : against.kind === 'str' ? against.value : null;
  if (addresses.has(name)) {
    if (word === null) return bool(`${emit.helper('hostIs')}(ctx, ${read}, ${asValue(value(against))})`);
    return isAddress(word)
      ? bool(`${emit.helper('inNetwork')}(${read}, ${emit.hoist('net', `${emit.helper('network')}(${quote(word)})`)})`)
      : bool(
          `${emit.helper('hostIs')}(ctx, ${read}, ${emit.hoist('host', `${emit.helper('hostName')}(${quote(word)})`)})`,
        );
  }
  return bool(`${emit.helper('sameText')}(${read}, ${word === null ? asValue(value(against)) : quote(word)})`);
}

/** A port, a length, a family or a transport: numbers to Kamailio. */
function numeric(
  protocol: boolean,
  read: string,
  against: Expression,
  operator: Binary['operator'],
  emit: EmitContext,
  value: (e: Expression) => Code,
): Code {
  const sign =
    operator === '==' || operator === 'eq' ? '===' : operator === '!=' || operator === 'ne' ? '!==' : operator;
  const compared = (right: string): Code => ({
    code: `${read} ${sign} ${right}`,
    type: 'bool',
    ...(sign === '==='
      ? { opposite: `${read} !== ${right}` }
      : sign === '!=='
        ? { opposite: `${read} === ${right}` }
        : {}),
  });
  if (against.kind === 'word' && protocol) return compared(quote(against.text.toLowerCase()));
  if (against.kind === 'str' || against.kind === 'word') return impossible;
  const right = value(against);
  if (typeof right.constant === 'string') return impossible;
  const left = protocol ? `${emit.helper('protocolNumber')}(${read})` : read;
  if (right.asInt !== undefined) return compared(`(${right.asInt})`);
  if (right.type === 'value')
    return { code: `${emit.helper('numberIs')}(${left}, '${sign}', ${asValue(right)})`, type: 'bool', atom: true };
  if (right.type === 'str') return { code: String(sign === '!=='), type: 'bool', atom: true };
  return { code: `${left} ${sign} ${asInt(right)}`, type: 'bool' };
}

const whileSending = (test: Code): Code => ({
  code: `ctx.sending !== null && ${grouped(test.code)}`,
  opposite: `ctx.sending !== null && ${test.opposite ? grouped(test.opposite) : `!(${test.code})`}`,
  type: 'bool',
  joins: '&&',
});
const grouped = (code: string): string => (/ [<>=!]=* /.test(code) ? `(${code})` : code);

/** Written as an address or a network, not as a name. */
const isAddress = (text: string): boolean =>
  /^\[?[0-9a-fA-F]*:[0-9a-fA-F:.]*\]?(\/.*)?$/.test(text) || /^\d+\.\d+\.\d+\.\d+(\/.*)?$/.test(text);
