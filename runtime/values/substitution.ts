/** `{re.subst,/regex/replacement/flags}`: the substitution known when the cfg loads, or text that holds one. */
import type { RegexMatch, Substitution, Value } from '../sdk/define.js';
import { compileRegex, EreError } from './regex.js';

/** Most matches replaced in one text. */
const MAX_MATCHES = 1000;
const MAX_RESULT = 8191;

/** The text with the substitution made; as it was when nothing matches; null for empty text and what is no substitution. */
export function reSubst(input: Value, by: Substitution<never> | Value = null, ctx?: unknown): Value {
  if (input === null || input === '') return null;
  const value = String(input);
  const s = typeof by === 'object' && by !== null ? by : parseSubstitution(by);
  if (s === null) return null;
  let out = '';
  let at = 0;
  for (let n = 0; n < MAX_MATCHES; n++) {
    const match = s.regex.exec(value, at);
    if (match === null) break;
    out += value.slice(at, match.start) + s.replacement(match, ctx as never);
    at = match.end;
    if (!s.global || match.end === match.start) break;
  }
  out += value.slice(at);
  return out.length > MAX_RESULT ? null : out;
}

/** Texts come from variables, so what was parsed is not kept; it is bounded instead. */
const MAX_EXPRESSION = 1024;
/** Null when it is none. */
export function parseSubstitution(value: Value): Substitution<never> | null {
  if (typeof value !== 'string' || value.length > MAX_EXPRESSION) return null;
  const delimiter = value[0] ?? '';
  const middle = unescaped(value, delimiter, 1);
  const end = middle < 0 ? -1 : unescaped(value, delimiter, middle + 1);
  const flags = value.slice(end + 1);
  if (end < 0 || !/^[gis]*$/.test(flags)) return null;
  const regex = compiled(value.slice(1, middle), flags);
  const replacement = value.slice(middle + 1, end);
  return regex === null
    ? null
    : { regex, replacement: (match) => filled(replacement, match), global: flags.includes('g') };
}
function compiled(source: string, flags: string) {
  try {
    return compileRegex(source, { ignoreCase: flags.includes('i'), newline: !flags.includes('s') });
  } catch (error) {
    if (error instanceof EreError) return null;
    throw error;
  }
}
function unescaped(text: string, wanted: string, from: number): number {
  for (let i = from; i < text.length; i++) {
    if (text[i] === '\\') i++;
    else if (text[i] === wanted) return i;
  }
  return -1;
}
const escapes: Readonly<Record<string, string>> = { n: '\n', r: '\r', t: '\t' };
const filled = (replacement: string, match: RegexMatch): string =>
  replacement.replace(/\\(.)/gs, (_, c: string) =>
    c >= '0' && c <= '9' ? (match.groups[Number(c)] ?? '') : (escapes[c] ?? c),
  );
