/** What msilo writes into messages, and reads from them (msfuncs.c). */
import { HeaderId, Method, methodId, type SipMessage, strftime } from '../../runtime/sdk/index.js';

/** Longest header part and body that Kamailio puts together. */
const MAX_TEXT = 1024;
/** Room for the words in front of a body. */
const PREFIX_ROOM = 46;

const ctime = (sec: number): string => strftime('%a %b %e %H:%M:%S %Y', new Date(sec * 1000));
const dateField = (sec: number): string =>
  `Date: ${strftime('%a, %d %b %Y %H:%M:%S', new Date(sec * 1000), true)} GMT\r\n`;

/** Header lines of a stored message; null: too long. `sec` 0: without a date. */
export function headersOf(contentType: string, contact: string, sec: number, extra: string): string | null {
  const length = 14 + contentType.length + 2 + extra.length + (contact === '' ? 0 : contact.length + 23);
  if (length >= MAX_TEXT) return null;
  const type = contentType === '' ? '' : `Content-Type: ${contentType}\r\n`;
  const contactField = contact === '' ? '' : `Contact: <${contact}>;msilo=yes\r\n`;
  return `${sec > 0 ? dateField(sec) : ''}${type}${contactField}${extra}`;
}

/** The body with when it came, or when it was to be sent; a long one stays as it is. */
export function bodyOf(body: string, kind: 'Offline' | 'Reminder', sec: number): string {
  if (body === '' || PREFIX_ROOM + body.length > MAX_TEXT) return body;
  return `[${kind} message - ${ctime(sec)}] ${body}`;
}

/** What is stored as the type: `text/plain` for that and for message/cpim, else the type without parameters; null: malformed. */
export function storedType(value: string): string | null {
  const type = /^[ \t]*([^\s;/]+\/[^\s;]+)/.exec(value)?.[1];
  if (type === undefined) return null;
  return /^(?:text\/plain|message\/cpim)$/i.test(type) ? 'text/plain' : type;
}

const stored: ReadonlySet<number> = new Set([
  HeaderId.Other,
  HeaderId.PPreferredIdentity,
  HeaderId.PAssertedIdentity,
  HeaderId.Privacy,
]);
/** Header fields that are stored with a message; null: too long. */
export function furtherHeaders(msg: SipMessage): string | null {
  let text = '';
  for (const { id, start, end } of msg.headers) {
    if (!stored.has(id)) continue;
    text += msg.raw.slice(start, end);
    if (text.length >= MAX_TEXT) return null;
  }
  return text;
}

/** A time as far as it is written: `2026`, `20261231`, `20261231235900`. */
const [year, month, day, hour, minute] = [
  '[2-9]\\d{3}',
  '(?:0[1-9]|1[0-2])',
  '(?:0[1-9]|[12]\\d|3[01])',
  '(?:[01]\\d|2[0-3])',
  '[0-5]\\d',
];
const written = [
  '[2-9]\\d{0,3}',
  `${year}[01]`,
  `${year}${month}[0-3]?`,
  `${year}${month}${day}[0-2]?`,
  `${year}${month}${day}${hour}[0-5]?`,
  `${year}${month}${day}${hour}${minute}(?:[0-5]\\d?)?`,
];
const timeShape = new RegExp(`^(?:${written.join('|')})$`);

/** `20261231235900`, local time, as seconds since 1970; 0 when it is no time. */
export function readTime(text: string): number {
  if (!timeShape.test(text)) return 0;
  const part = (from: number, to: number, absent: number) =>
    text.length > from ? Number(text.slice(from, to).padEnd(to - from, '0')) : absent;
  const date = new Date(
    part(0, 4, 0),
    part(4, 6, 1) - 1,
    part(6, 8, 0),
    part(8, 10, 0),
    part(10, 12, 0),
    part(12, 14, 0),
  );
  // The column is an integer of 32 bits.
  return Math.floor(date.getTime() / 1000) | 0;
}

const names = (list: string): number =>
  list.split(',').reduce((mask, name) => (name.trim() === '' ? mask : mask | methodId(name.trim())), 0);

/** Does a REGISTER bind a contact that takes MESSAGE? Without Allow and `methods` one does. */
export function takesMessages(msg: SipMessage): boolean {
  const contacts = msg.contacts();
  if (contacts === null || contacts === 'star') return false;
  const allow = msg.headersOf(HeaderId.Allow);
  const allowed = allow.some(({ value }) => (names(value) & Method.MESSAGE) !== 0);
  let binds = false;
  for (const { params } of contacts) {
    const find = (name: string) => params.find((p) => p.name.toLowerCase() === name)?.value ?? null;
    const own = find('expires');
    const expires = own !== null && own !== '' ? Number(own) : (msg.expires ?? 1);
    if (!(expires > 0)) continue;
    binds = true;
    const methods = find('methods');
    if (methods === null ? allowed : (names(methods.replaceAll('"', '')) & Method.MESSAGE) !== 0) return true;
  }
  return binds && allow.length === 0;
}
