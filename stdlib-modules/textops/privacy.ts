/**
 * The values of a Privacy header field (RFC 3323 §4.2, RFC 3325 §9.3, RFC 4244 §4.2).
 */
import { HeaderId, lowerAscii, type SipMessage } from '../../runtime/sdk/index.js';

const known: ReadonlySet<string> = new Set(['critical', 'header', 'history', 'id', 'none', 'session', 'user']);

/**
 * Values of the first Privacy header field, in lower case. None when there is no such field and, as in Kamailio's parse_privacy(), when
 * one of them is unknown or stands with `none`, or when they are not parted by semicolons.
 */
export function privacyValues(msg: SipMessage): readonly string[] {
  const field = msg.header(HeaderId.Privacy);
  if (field === undefined) return [];
  const values = lowerAscii(field.value)
    .split(';')
    .map((value) => value.trim());
  const bad = values.some((value) => !known.has(value)) || (values.includes('none') && new Set(values).size > 1);
  return bad ? [] : values;
}
