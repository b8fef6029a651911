/** A piece of emitted code with what is known about its value, and the ways to turn it into something else. */

export interface Code {
  readonly code: string;
  /** `bool` is an integer 0 or 1 held as a boolean; `value` can be anything; the rest are numbers and strings. */
  readonly type: 'bool' | 'int' | 'str' | 'value';
  /** Constants, where known. */
  readonly constant?: number | string | null;
  /** Code of a `value` where an integer is wanted, when that is not the value turned into one: `"12" + "x"` is then 12. */
  readonly asInt?: string;
  /** A select: a text to operators that look at types, though it may be undefined (RV_SEL is an RV_STR). */
  readonly textual?: boolean;
  /** A pseudo-variable as it stands: a number of it has a text too (PV_VAL_STR), which a literal or computed one has not. */
  readonly hasText?: boolean;
  /** Code of the opposite, where it reads better than `!(…)`. */
  readonly opposite?: string;
  /** The logical operator at its top: mixed ones need brackets. */
  readonly joins?: '&&' | '||';
  /** Binds tightly enough to stand anywhere. */
  readonly atom?: boolean;
}

const wrap = (c: Code): string => (c.atom ? c.code : `(${c.code})`);

/** The operand of an operator. */
export const tight = wrap;

export function asInt(c: Code): string {
  if (c.type === 'int') return c.code;
  if (c.type === 'bool') return `(${c.code} ? 1 : 0)`;
  if (c.constant === null) return '0';
  if (c.asInt !== undefined) return `(${c.asInt})`;
  return `toInt(${c.code})`;
}
/** As an operand of an arithmetic or comparing operator. */
export function intOperand(c: Code): string {
  return c.type === 'int' ? wrap(c) : asInt(c);
}
export function asStr(c: Code): string {
  if (c.type === 'str') return c.code;
  if (c.type === 'int' && typeof c.constant === 'number') return `'${c.constant}'`;
  if (c.type === 'int') return `String(${c.code})`;
  if (c.type === 'bool') return `(${c.code} ? '1' : '0')`;
  if (c.constant === null) return "''";
  return `toStr(${c.code})`;
}
/** As `Value`. */
export function asValue(c: Code): string {
  return c.type === 'bool' ? `${wrap(c)} ? 1 : 0` : c.code;
}
/** Kamailio's truth: greater than zero. */
export function asTruth(c: Code): string {
  if (c.type === 'bool') return c.code;
  if (typeof c.constant === 'number') return String(c.constant > 0);
  return `${intOperand(c)} > 0`;
}
/** Operand of `!`, `&&`, `||` and `while`: not zero. */
export function asNonZero(c: Code): Code {
  if (c.type === 'bool') return c;
  if (typeof c.constant === 'number') return { code: String(c.constant !== 0), type: 'bool', atom: true };
  return { code: `${intOperand(c)} !== 0`, type: 'bool', opposite: `${intOperand(c)} === 0` };
}
/** A verdict as a condition. */
export const verdictTruth = (verdict: string): Code => ({
  code: `${verdict} > 0`,
  type: 'bool',
  opposite: `${verdict} <= 0`,
});
/** The opposite, without piling up brackets. */
export function negated(c: Code): Code {
  if (c.opposite !== undefined) return { code: c.opposite, type: 'bool', opposite: c.code };
  if (c.atom && c.code.startsWith('!')) return { code: c.code.slice(1), type: 'bool', atom: true };
  return { code: `!${wrap(c)}`, type: 'bool', atom: true };
}
