/** Reading a REGISTER: its contacts and their parameters (RFC 3261 §10.2, §10.3; RFC 5626 §4.2). */
import { HeaderId, methodId, type NameAddr, type SipMessage } from '../../runtime/sdk/index.js';
import { errors, type RegistrarError } from './errors.js';
import { Q_UNSET } from './location.js';

export const MAX_RECEIVED = 255;
const ALL_METHODS = 0xffff_ffff;

/** `star`: all bindings are to go. */
export type Wanted = 'star' | readonly NameAddr[];

/** The Contact fields, checked as RFC 3261 §10.3 step 6 asks. */
export function readContacts(msg: SipMessage, maxSize: number): Wanted | RegistrarError {
  const fields = msg.headersOf(HeaderId.Contact);
  if (fields.length === 0) return [];
  // What follows a star in its field is not looked at (contact_parser() in parse_contact.c).
  const isStarField = (value: string | undefined) => value?.startsWith('*') ?? false;
  if (fields.some((f) => isStarField(f.value))) {
    if (!isStarField(fields[0]?.value)) return errors.starContact;
    if (expiresHeader(msg) !== 0) return errors.starExpires;
    return fields.length > 1 ? errors.starContact : 'star';
  }
  const all: NameAddr[] = [];
  for (const field of fields) {
    const some = msg.contactsOf(field);
    if (some?.every(hasScheme) !== true) return errors.contactParse;
    // Kamailio keeps each field's values last first (parse_contacts), which shows in the order of equal q.
    all.push(...[...some].reverse());
  }
  for (const c of all) {
    if (c.uriText.length > maxSize) return errors.contactLength;
    if ((c.param('received')?.length ?? 0) > MAX_RECEIVED) return errors.contactLength;
  }
  return all;
}

/** In brackets anything goes; outside of them there has to be a scheme. */
const hasScheme = (c: NameAddr): boolean => c.bracketed || c.uriText.includes(':');

/** Seconds of the Expires header field; -1 when there is none or it is no number; null when it is empty. */
export function expiresHeader(msg: SipMessage): number | null {
  const value = msg.headerValue(HeaderId.Expires);
  if (value === null) return -1;
  if (value === '') return null;
  const text = /^[0-9]*(?=[ \t]|$)/.exec(value)?.[0] ?? '';
  return value.length > 10 || text === '' ? -1 : Number(text) | 0;
}

/** The `expires` parameter as 32 bits; null: it is no number. */
export function expiresParam(contact: NameAddr): { present: boolean; value: number | null } {
  const text = contact.param('expires');
  if (text === null || text === '') return { present: false, value: null };
  const number = /^[0-9]{1,10}$/.test(text) ? Number(text) : Number.POSITIVE_INFINITY;
  return { present: true, value: number > 0xffff_ffff ? null : number | 0 };
}

/** `q` times 1000; null when malformed. Absent or empty: `absent`. */
export function contactQ(contact: NameAddr, absent: number): number | null {
  const text = contact.param('q');
  return text === null || text === '' ? absent : parseQ(text);
}

/** 0, 1, 0.5, .5, 1.000: times 1000. Digits after the third are read and dropped; null when malformed or above 1. */
export function parseQ(text: string): number | null {
  let i = 0;
  while (text[i] === ' ' || text[i] === '\t') i++;
  let whole = 0;
  let any = false;
  for (; i < text.length && text[i] !== '.'; i++) {
    const d = text.charCodeAt(i) - 0x30;
    if (d < 0 || d > 1 || whole === 1) return null;
    whole = d;
    any = true;
  }
  if (i === text.length) return any ? whole * 1000 : null;
  i++;
  if (i === text.length) return null;
  let value = 0;
  for (let order = 100; i < text.length; i++, order = Math.floor(order / 10)) {
    const d = text.charCodeAt(i) - 0x30;
    if (d < 0 || d > 9 || (whole === 1 && d > 0)) return null;
    value += d * order;
  }
  return whole * 1000 + value;
}

/** `0.5` for 500; '' when there is no q. */
export function qText(q: number): string {
  if (q === Q_UNSET) return '';
  if (q >= 1000) return '1';
  if (q <= 0) return '0';
  return `0.${String(q).padStart(3, '0').replace(/0+$/, '')}`;
}

/** Bit mask of a `methods` parameter or Allow value; null when malformed. */
export function methodMask(text: string): number | null {
  let mask = 0;
  if (text.trim() === '') return 0;
  const names = text.split(',');
  for (const [i, part] of names.entries()) {
    const name = part.trim();
    if (name === '') return i === names.length - 1 ? mask >>> 0 : null;
    if (!isToken(name)) return null;
    mask |= methodId(name);
  }
  return mask >>> 0;
}
const isToken = (text: string): boolean => {
  for (let i = 0; i < text.length; i++) {
    const c = text.charCodeAt(i);
    if (c <= 0x20 || c >= 0x7f || '()<>@,;:\\"/[]?={}'.includes(text[i] ?? '')) return false;
  }
  return true;
};

/** What Allow says; all methods when there is no Allow. */
export function allowedMethods(msg: SipMessage): number {
  const fields = msg.headersOf(HeaderId.Allow);
  if (fields.length === 0) return ALL_METHODS;
  let mask = 0;
  for (const f of fields) {
    const some = methodMask(f.value);
    if (some === null) return ALL_METHODS;
    mask |= some;
  }
  return mask >>> 0;
}

/** Is this option tag in the header fields of that id? */
export function hasOption(msg: SipMessage, id: HeaderId, tag: string): boolean {
  for (const f of msg.headersOf(id)) {
    for (const word of f.value.split(',')) if (word.trim().toLowerCase() === tag) return true;
  }
  return false;
}
