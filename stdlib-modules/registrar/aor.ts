/** From a URI to the address-of-record it is stored under (registrar's common.c). */
import { type Grammar, lowerAscii, parseUri, type SipUri } from '../../runtime/sdk/index.js';
import { errors, type RegistrarError } from './errors.js';

const MAX_AOR = 256;
const MAX_USER = 64;
const MAX_DOMAIN = 128;

export interface AorRules {
  readonly useDomain: boolean;
  readonly caseSensitive: boolean;
  /** Taken off the front of the domain. */
  readonly realmPrefix: string;
}

export function extractAor(
  uriText: string,
  grammar: Grammar,
  rules: AorRules,
): { aor: string; uri: SipUri } | RegistrarError {
  const uri = parseUri(uriText, grammar);
  if (uri === null) return errors.aorParse;
  const { host } = uri;
  const escaped = uri.user ?? '';
  if (escaped.length + host.length + 1 > MAX_AOR || escaped.length > MAX_USER || host.length > MAX_DOMAIN)
    return errors.aorLength;
  const user = unescapeUser(escaped);
  if (user === null) return errors.unescape;
  const { realmPrefix } = rules;
  const realm =
    realmPrefix !== '' && realmPrefix.length < host.length && host.startsWith(realmPrefix)
      ? host.slice(realmPrefix.length)
      : host;
  const keptUser = rules.caseSensitive && user !== '' ? user : lowerAscii(user);
  if (!rules.useDomain) return { aor: keptUser, uri };
  return { aor: user === '' ? lowerAscii(realm) : `${keptUser}@${lowerAscii(realm)}`, uri };
}

/** `%41` is `A`; null when the digits are not hexadecimal or the text stops short. */
function unescapeUser(text: string): string | null {
  if (!text.includes('%')) return text;
  let out = '';
  for (let i = 0; i < text.length; i++) {
    if (text.charCodeAt(i) !== 0x25) {
      out += text[i];
      continue;
    }
    const code = hexPair(text, i + 1);
    if (code < 0) return null;
    out += String.fromCharCode(code);
    i += 2;
  }
  return out;
}
function hexPair(text: string, at: number): number {
  if (at + 2 > text.length) return -1;
  let value = 0;
  for (let i = at; i < at + 2; i++) {
    const c = text.charCodeAt(i);
    const lower = c | 0x20;
    if (c >= 0x30 && c <= 0x39) value = value * 16 + c - 0x30;
    else if (lower >= 0x61 && lower <= 0x66) value = value * 16 + lower - 0x57;
    else return -1;
  }
  return value;
}
