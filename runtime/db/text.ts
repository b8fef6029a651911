/** Text and times between the runtime (bytes, seconds) and SQL servers (characters, local date and time). */
import { isUtf8 } from 'node:buffer';
import { DbError } from './types.js';

const ASCII = /^[\x00-\x7f]*$/;

/** Bytes as characters; null: they are no UTF-8, and no text to a server. */
export function charactersOf(bytes: string): string | null {
  if (ASCII.test(bytes)) return bytes;
  const buffer = Buffer.from(bytes, 'latin1');
  return isUtf8(buffer) ? buffer.toString('utf8') : null;
}
/** As `charactersOf` for what has to be text: anything else would be stored as something that nobody sent. */
export function storedText(bytes: string): string {
  const text = charactersOf(bytes);
  if (text === null) throw new DbError('value', 'a text is no UTF-8');
  return text;
}
/** Bytes as characters: UTF-8 where they are, else each byte the character of its number. Not for what is stored. */
export const toCharacters = (bytes: string): string => charactersOf(bytes) ?? bytes;
/** Characters as bytes. */
export const toBytes = (text: string): string =>
  ASCII.test(text) ? text : Buffer.from(text, 'utf8').toString('latin1');

const two = (n: number): string => (n < 10 ? `0${n}` : String(n));
/** `2024-02-29 23:59:59` in the machine's time zone, as Kamailio writes (db_ut.c, db_time2str). */
export function formatTime(seconds: number): string {
  const at = new Date(seconds * 1000);
  const year = String(at.getFullYear()).padStart(4, '0');
  const day = `${year}-${two(at.getMonth() + 1)}-${two(at.getDate())}`;
  return `${day} ${two(at.getHours())}:${two(at.getMinutes())}:${two(at.getSeconds())}`;
}
/** Seconds since 1970; null when the text is no date and time. */
export function parseTime(text: string): number | null {
  const found = /^\s*(\d{1,4})-(\d{1,2})-(\d{1,2})(?:[ T](\d{1,2}):(\d{1,2}):(\d{1,2}))?/.exec(text);
  if (!found) return null;
  const [year = 0, month = 1, day = 1, hour = 0, minute = 0, second = 0] = found
    .slice(1)
    .map((part) => (part === undefined ? 0 : Number(part)));
  const at = new Date(year, month - 1, day, hour, minute, second);
  if (year < 100) at.setFullYear(year);
  return Math.trunc(at.getTime() / 1000);
}
