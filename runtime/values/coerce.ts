/**
 * The cfg's operators on values, with Kamailio's meaning (core/rvalue.c): the left operand decides, undefined equals
 * both '' and 0, integers are 32 bits wide and wrap.
 */
import { ArithmeticFailure } from '../errors.js';
import type { Value } from '../sdk/define.js';

/** Text as an integer: decimal with a sign or 0x digits, the whole text; anything else, and decimal beyond 32 bits, is 0. */
export function toInt(value: Value): number {
  if (typeof value === 'number') return value | 0;
  return value === null ? 0 : (parseInt32(value) ?? 0);
}

/** Decimal (ut.h, str2sint) or 0x text, the whole of it; undefined when it is not a number. */
export function parseInt32(text: string): number | undefined {
  const second = text.charCodeAt(1) | 0x20;
  return text.charCodeAt(0) === 0x30 && second === 0x78 ? parseHex(text) : parseDecimal(text);
}

/** From -2147483648 to 2147483647, with a sign. */
export function parseDecimal(text: string): number | undefined {
  const first = text.charCodeAt(0);
  const signed = first === 0x2d || first === 0x2b;
  if (text.length === (signed ? 1 : 0)) return undefined;
  let value = 0;
  for (let i = signed ? 1 : 0; i < text.length; i++) {
    const digit = text.charCodeAt(i) - 0x30;
    if (digit < 0 || digit > 9) return undefined;
    value = value * 10 + digit;
    if (value > 0x8000_0000) return undefined;
  }
  if (first === 0x2d) return -value | 0;
  return value > 0x7fff_ffff ? undefined : value;
}

/** As many digits as there are: what exceeds 32 bits falls out at the top. */
function parseHex(text: string): number | undefined {
  if (text.length === 2) return undefined;
  let value = 0;
  for (let i = 2; i < text.length; i++) {
    const digit = hexDigit(text.charCodeAt(i));
    if (digit < 0) return undefined;
    value = (value << 4) | digit;
  }
  return value;
}
function hexDigit(c: number): number {
  if (c >= 0x30 && c <= 0x39) return c - 0x30;
  const lower = c | 0x20;
  return lower >= 0x61 && lower <= 0x66 ? lower - 0x57 : -1;
}

/** `''` for undefined. */
export function toStr(value: Value): string {
  return typeof value === 'string' ? value : value === null ? '' : String(value);
}

/** Inside format strings undefined shows as `<null>`. */
export function text(value: Value): string {
  return typeof value === 'string' ? value : value === null ? '<null>' : String(value);
}

/** An integer argument given as a pseudo-variable: NaN when its value is not a number. */
export function argInt(value: Value): number {
  if (typeof value === 'number') return value;
  return value === null ? Number.NaN : (parseInt32(value) ?? Number.NaN);
}

/** As `argInt`, of an expression: no text is 0, as to Kamailio's str2sint(). */
export const argSum = (value: string): number => (value === '' ? 0 : argInt(value));

/** `==`. */
export function eq(a: Value, b: Value): boolean {
  if (typeof a === 'number') return a === toInt(b);
  if (a === null) return typeof b === 'number' ? b === 0 : toStr(b) === '';
  return a === toStr(b);
}
export const ne = (a: Value, b: Value): boolean => !eq(a, b);

/** `+`: a number on the left adds, text on the left joins. */
export function plus(a: Value, b: Value): Value {
  return typeof a === 'number' ? (a + toInt(b)) | 0 : toStr(a) + toStr(b);
}

/** `/`, towards zero. */
export function div(a: number, b: number): number {
  if (b === 0) throw new ArithmeticFailure('division by zero');
  return (a / b) | 0;
}
export function mod(a: number, b: number): number {
  if (b === 0) throw new ArithmeticFailure('division by zero');
  return (a % b) | 0;
}
