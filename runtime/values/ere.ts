/**
 * POSIX extended regular expressions as glibc reads them (RE_SYNTAX_POSIX_EXTENDED): text → tree → text for an engine.
 *
 * Subjects are one-byte strings, so every character class is a set of bytes, and ASCII case folding is done in the sets:
 * the engine's own folding (which reaches beyond ASCII) stays off.
 */

export type Ere =
  | { readonly kind: 'set'; readonly bytes: ByteSet }
  | { readonly kind: 'start' | 'end' | 'word' | 'notWord' | 'wordStart' | 'wordEnd' | 'textStart' | 'textEnd' }
  | { readonly kind: 'group'; readonly of: Ere }
  | { readonly kind: 'repeat'; readonly of: Ere; readonly min: number /** -1: no limit. */; readonly max: number }
  | { readonly kind: 'sequence' | 'choice'; readonly of: readonly Ere[] }
  | { readonly kind: 'back'; readonly group: number };

/** 256 flags. */
export type ByteSet = Uint8Array;

export class EreError extends Error {
  override readonly name = 'EreError';
}
export interface EreOptions {
  readonly ignoreCase: boolean;
  /** REG_NEWLINE: `.` and negated sets leave out \n, anchors match at lines. */
  readonly newline: boolean;
}

const MAX_LENGTH = 8192;
const MAX_DEPTH = 100;
const MAX_REPEAT = 0x7fff;

export const byteSet = (has: (c: number) => boolean): ByteSet => {
  const set = new Uint8Array(256);
  for (let c = 0; c < 256; c++) if (has(c)) set[c] = 1;
  return set;
};
const between = (c: number, from: string, to: string) => c >= from.charCodeAt(0) && c <= to.charCodeAt(0);
const isUpper = (c: number) => between(c, 'A', 'Z');
const isLower = (c: number) => between(c, 'a', 'z');
const isDigit = (c: number) => between(c, '0', '9');
const isAlnum = (c: number) => isUpper(c) || isLower(c) || isDigit(c);
const isWord = (c: number) => isAlnum(c) || c === 0x5f;
const isSpace = (c: number) => c === 0x20 || (c >= 9 && c <= 13);
/** The C locale's classes. */
const classes: Readonly<Record<string, (c: number) => boolean>> = {
  alpha: (c) => isUpper(c) || isLower(c),
  digit: isDigit,
  alnum: isAlnum,
  upper: isUpper,
  lower: isLower,
  space: isSpace,
  blank: (c) => c === 0x20 || c === 9,
  punct: (c) => c > 0x20 && c < 0x7f && !isAlnum(c),
  print: (c) => c >= 0x20 && c < 0x7f,
  graph: (c) => c > 0x20 && c < 0x7f,
  cntrl: (c) => c < 0x20 || c === 0x7f,
  xdigit: (c) => isDigit(c) || between(c, 'a', 'f') || between(c, 'A', 'F'),
};

/** Throws `EreError` with glibc's message. */
export function parseEre(source: string, options: EreOptions): { tree: Ere; groups: number } {
  if (source.length > MAX_LENGTH) throw new EreError('Regular expression too big');
  const parser = new Parser(source, options);
  return { tree: parser.whole(), groups: parser.groups };
}

class Parser {
  groups = 0;
  #at = 0;
  #depth = 0;
  readonly #closed = new Set<number>();
  constructor(
    private readonly source: string,
    private readonly options: EreOptions,
  ) {}

  whole(): Ere {
    return this.choice();
  }
  private choice(): Ere {
    const alternatives = [this.sequence()];
    while (this.source[this.#at] === '|') {
      this.#at++;
      alternatives.push(this.sequence());
    }
    return alternatives.length === 1 ? (alternatives[0] as Ere) : { kind: 'choice', of: alternatives };
  }
  private sequence(): Ere {
    const parts: Ere[] = [];
    for (;;) {
      const c = this.source[this.#at];
      if (c === undefined || c === '|' || (c === ')' && this.#depth > 0)) break;
      parts.push(this.repeated());
    }
    return parts.length === 1 ? (parts[0] as Ere) : { kind: 'sequence', of: parts };
  }
  private repeated(): Ere {
    let atom = this.atom();
    for (;;) {
      const c = this.source[this.#at];
      if (c === '*' || c === '+' || c === '?') {
        this.#at++;
        atom = { kind: 'repeat', of: atom, min: c === '+' ? 1 : 0, max: c === '?' ? 1 : -1 };
      } else if (c === '{') {
        const { min, max } = this.interval();
        atom = { kind: 'repeat', of: atom, min, max };
      } else return atom;
    }
  }
  private interval(): { min: number; max: number } {
    this.#at++;
    const min = this.number();
    let max = min;
    if (this.source[this.#at] === ',') {
      this.#at++;
      max = this.number();
    } else if (min === -1) throw new EreError('Invalid preceding regular expression');
    if (this.source[this.#at] === undefined) throw new EreError('Unmatched { or \\{');
    if (this.source[this.#at] !== '}') throw new EreError('Invalid content of \\{\\}');
    this.#at++;
    const low = min === -1 ? 0 : min;
    if (max !== -1 && low > max) throw new EreError('Invalid content of \\{\\}');
    if (low > MAX_REPEAT || max > MAX_REPEAT) throw new EreError('Regular expression too big');
    return { min: low, max };
  }
  /** -1: no digits. */
  private number(): number {
    let value = -1;
    while (isDigit(this.source.charCodeAt(this.#at))) {
      value = Math.min((value === -1 ? 0 : value) * 10 + Number(this.source[this.#at]), MAX_REPEAT + 1);
      this.#at++;
    }
    return value;
  }
  private atom(): Ere {
    const c = this.source[this.#at++] as string;
    switch (c) {
      case '(':
        return this.group();
      case '[':
        return { kind: 'set', bytes: this.bracket() };
      case '.':
        return { kind: 'set', bytes: byteSet((b) => b !== 0 && !(this.options.newline && b === 10)) };
      case '^':
        return { kind: 'start' };
      case '$':
        return { kind: 'end' };
      case '*':
      case '+':
      case '?':
      case '{':
        throw new EreError('Invalid preceding regular expression');
      case '\\':
        return this.escape();
      default:
        return this.literal(c.charCodeAt(0));
    }
  }
  private literal(code: number): Ere {
    return { kind: 'set', bytes: this.folded(byteSet((b) => b === code)) };
  }
  private group(): Ere {
    if (++this.#depth > MAX_DEPTH) throw new EreError('Regular expression too big');
    const number = ++this.groups;
    const of = this.choice();
    if (this.source[this.#at] !== ')') throw new EreError('Unmatched ( or \\(');
    this.#at++;
    this.#depth--;
    this.#closed.add(number);
    return { kind: 'group', of };
  }
  private escape(): Ere {
    const c = this.source[this.#at++];
    switch (c) {
      case undefined:
        throw new EreError('Trailing backslash');
      case 'w':
        return { kind: 'set', bytes: byteSet(isWord) };
      case 'W':
        return { kind: 'set', bytes: byteSet((b) => !isWord(b) && !(this.options.newline && b === 10)) };
      case 's':
        return { kind: 'set', bytes: byteSet(isSpace) };
      case 'S':
        return { kind: 'set', bytes: byteSet((b) => !isSpace(b)) };
      case 'b':
        return { kind: 'word' };
      case 'B':
        return { kind: 'notWord' };
      case '<':
        return { kind: 'wordStart' };
      case '>':
        return { kind: 'wordEnd' };
      case '`':
        return { kind: 'textStart' };
      case "'":
        return { kind: 'textEnd' };
      default:
        if (c >= '1' && c <= '9') {
          if (!this.#closed.has(Number(c))) throw new EreError('Invalid back reference');
          return { kind: 'back', group: Number(c) };
        }
        return this.literal(c.charCodeAt(0));
    }
  }
  private bracket(): ByteSet {
    const set = new Uint8Array(256);
    const negated = this.source[this.#at] === '^';
    if (negated) this.#at++;
    let first = true;
    for (;;) {
      const c = this.source[this.#at];
      if (c === undefined) throw new EreError('Unmatched [, [^, [:, [., or [=');
      if (c === ']' && !first) {
        this.#at++;
        break;
      }
      first = false;
      const named = this.className();
      if (named) {
        for (let b = 0; b < 256; b++) if (named(b)) set[b] = 1;
        continue;
      }
      const from = this.element();
      let to = from;
      if (
        this.source[this.#at] === '-' &&
        this.source[this.#at + 1] !== ']' &&
        this.source[this.#at + 1] !== undefined
      ) {
        this.#at++;
        to = this.element();
        if (to < from) throw new EreError('Invalid range end');
      }
      for (let b = from; b <= to; b++) set[b] = 1;
    }
    const folded = this.folded(set);
    if (!negated) return folded;
    return byteSet((b) => folded[b] === 0 && b !== 0 && !(this.options.newline && b === 10));
  }
  private className(): ((c: number) => boolean) | null {
    if (this.source[this.#at] !== '[' || this.source[this.#at + 1] !== ':') return null;
    const end = this.source.indexOf(':]', this.#at + 2);
    const name = end < 0 ? '' : this.source.slice(this.#at + 2, end);
    const has = Object.hasOwn(classes, name) ? classes[name] : undefined;
    if (end < 0) throw new EreError('Unmatched [, [^, [:, [., or [=');
    if (!has) throw new EreError('Invalid character class name');
    this.#at = end + 2;
    return has;
  }
  private element(): number {
    const c = this.source.charCodeAt(this.#at);
    const kind = this.source[this.#at + 1];
    if (c === 0x5b && (kind === '.' || kind === '=')) {
      const end = this.source.indexOf(`${kind}]`, this.#at + 2);
      if (end < 0) throw new EreError('Unmatched [, [^, [:, [., or [=');
      if (end !== this.#at + 3) throw new EreError('Invalid collation character');
      this.#at = end + 2;
      return this.source.charCodeAt(end - 1);
    }
    this.#at++;
    return c & 0xff;
  }
  private folded(set: ByteSet): ByteSet {
    if (!this.options.ignoreCase) return set;
    for (let upper = 0x41; upper <= 0x5a; upper++) {
      const either = (set[upper] ?? 0) | (set[upper | 0x20] ?? 0);
      set[upper] = either;
      set[upper | 0x20] = either;
    }
    return set;
  }
}

// Printing --------------------------------------------------------------------------------------------------------

export type Engine = 'js' | 're2';

/** As a pattern of that engine, without flags. */
export function printEre(tree: Ere, engine: Engine, newline: boolean): string {
  switch (tree.kind) {
    case 'set':
      return printSet(tree.bytes);
    case 'start':
      return newline ? '(?:^|(?<=\\n))' : '^';
    case 'end':
      return newline ? '(?:$|(?=\\n))' : '$';
    case 'textStart':
      return '^';
    case 'textEnd':
      return '$';
    case 'word':
      return '\\b';
    case 'notWord':
      return '\\B';
    case 'wordStart':
      return '\\b(?=\\w)';
    case 'wordEnd':
      return '\\b(?<=\\w)';
    case 'group':
      return `(${printEre(tree.of, engine, newline)})`;
    case 'back':
      return `\\${tree.group}(?:)`;
    case 'choice':
      return `(?:${tree.of.map((part) => printEre(part, engine, newline)).join('|')})`;
    case 'sequence':
      return tree.of.map((part) => printEre(part, engine, newline)).join('');
    case 'repeat': {
      const inner = printEre(tree.of, engine, newline);
      const atom = tree.of.kind === 'set' || tree.of.kind === 'group' ? inner : `(?:${inner})`;
      if (tree.max === -1) return atom + (tree.min === 0 ? '*' : tree.min === 1 ? '+' : `{${tree.min},}`);
      if (tree.min === 0 && tree.max === 1) return `${atom}?`;
      return tree.min === tree.max ? `${atom}{${tree.min}}` : `${atom}{${tree.min},${tree.max}}`;
    }
  }
}
function printSet(set: ByteSet): string {
  const ranges: [number, number][] = [];
  for (let b = 0; b < 256; b++) {
    if (set[b] === 0) continue;
    const last = ranges[ranges.length - 1];
    if (last && last[1] === b - 1) last[1] = b;
    else ranges.push([b, b]);
  }
  const only = ranges[0];
  if (!only) return '[^\\x00-\\xff]';
  if (ranges.length === 1 && only[0] === only[1]) return printByte(only[0]);
  return `[${ranges.map(([a, b]) => (a === b ? printByte(a) : `${printByte(a)}-${printByte(b)}`)).join('')}]`;
}
const printByte = (b: number): string =>
  isAlnum(b) ? String.fromCharCode(b) : `\\x${b.toString(16).padStart(2, '0')}`;

// What an engine may be given -------------------------------------------------------------------------------------

/**
 * What a backtracking engine costs on a subject of n bytes, for a yes-or-no match: 'linear', 'quadratic' where each place may
 * be a start that is followed to the end, else 'unknown'.
 */
export function backtrackingCost(tree: Ere, newline: boolean): 'linear' | 'quadratic' | 'unknown' {
  const count = { unbounded: 0, weight: 0 };
  const simple = isSimple(tree, count, false) && count.unbounded <= 1 && count.weight <= MAX_WEIGHT;
  if (simple && count.unbounded === 0) return 'linear';
  if (isDeterministic(tree)) return beginsAtStart(tree, newline) ? 'linear' : 'quadratic';
  return simple || (isFlat(tree, newline) && count.unbounded <= 2 && count.weight <= MAX_WEIGHT)
    ? 'quadratic'
    : 'unknown';
}
const MAX_WEIGHT = 64;
/** No repetition within another, and no choice within one. */
function isSimple(tree: Ere, count: { unbounded: number; weight: number }, repeated: boolean): boolean {
  switch (tree.kind) {
    case 'back':
      return false;
    case 'group':
      return isSimple(tree.of, count, repeated);
    case 'choice':
    case 'sequence':
      return (
        (!repeated || tree.of.length < 2 || tree.kind === 'sequence') &&
        tree.of.every((part) => isSimple(part, count, repeated))
      );
    case 'repeat':
      if (repeated) return false;
      if (tree.max === -1) count.unbounded++;
      else if (tree.max !== tree.min) count.weight += tree.max;
      return isSimple(tree.of, count, true);
    default:
      return true;
  }
}
const isStart = (tree: Ere | undefined, newline: boolean): boolean =>
  tree?.kind === 'textStart' || (tree?.kind === 'start' && !newline);
const beginsAtStart = (tree: Ere, newline: boolean): boolean =>
  tree.kind === 'sequence'
    ? tree.of[0] !== undefined && beginsAtStart(tree.of[0], newline)
    : tree.kind === 'choice'
      ? tree.of.every((part) => beginsAtStart(part, newline))
      : tree.kind === 'group'
        ? beginsAtStart(tree.of, newline)
        : isStart(tree, newline);

/**
 * From one start, the next byte alone says how the match goes on (a one-unambiguous expression: Brüggemann-Klein and Wood, 1998).
 * So what backtracking tries again fails at its first byte, and the greedy match is the longest, with the same groups.
 */
export const isDeterministic = (tree: Ere): boolean => decided(tree, NOTHING);
const NOTHING: ByteSet = new Uint8Array(256);
const either = (a: ByteSet, b: ByteSet): ByteSet => a.map((has, i) => has | b[i]!);
const disjoint = (a: ByteSet, b: ByteSet): boolean => a.every((has, i) => has === 0 || b[i] === 0);
/** `follow`: bytes that may come right behind this part. */
function decided(tree: Ere, follow: ByteSet): boolean {
  switch (tree.kind) {
    case 'back':
      return false;
    case 'group':
      return decided(tree.of, follow);
    case 'sequence': {
      let behind = follow;
      for (const part of tree.of.toReversed()) {
        if (!decided(part, behind)) return false;
        behind = isNullable(part) ? either(firstOf(part), behind) : firstOf(part);
      }
      return true;
    }
    case 'choice': {
      let seen = NOTHING;
      for (const part of tree.of) {
        // An empty alternative is taken before a longer one that stands behind it.
        if (isNullable(part) || !disjoint(seen, firstOf(part)) || !decided(part, follow)) return false;
        seen = either(seen, firstOf(part));
      }
      return true;
    }
    case 'repeat': {
      const first = firstOf(tree.of);
      if (isNullable(tree.of)) return false;
      if (tree.min !== tree.max && !disjoint(first, follow)) return false;
      return decided(tree.of, tree.max === 1 ? follow : either(first, follow));
    }
    default:
      return true;
  }
}
function isNullable(tree: Ere): boolean {
  switch (tree.kind) {
    case 'set':
      return false;
    case 'group':
      return isNullable(tree.of);
    case 'sequence':
      return tree.of.every(isNullable);
    case 'choice':
      return tree.of.some(isNullable);
    case 'repeat':
      return tree.min === 0 || isNullable(tree.of);
    default:
      return true;
  }
}
function firstOf(tree: Ere): ByteSet {
  switch (tree.kind) {
    case 'set':
      return tree.bytes;
    case 'group':
    case 'repeat':
      return firstOf(tree.of);
    case 'choice':
      return tree.of.map(firstOf).reduce(either, NOTHING);
    case 'sequence': {
      let first = NOTHING;
      for (const part of tree.of) {
        first = either(first, firstOf(part));
        if (!isNullable(part)) break;
      }
      return first;
    }
    default:
      return NOTHING;
  }
}
/**
 * From the start of the text to its end, with nothing to choose but how often a byte is repeated: the length is given, so that
 * the greedy match has the groups of the POSIX one, in which each part takes the most that the parts before it leave.
 */
export function isFlat(tree: Ere, newline: boolean): boolean {
  const parts = tree.kind === 'sequence' ? tree.of : [];
  const last = parts.at(-1);
  const toEnd = last?.kind === 'textEnd' || (last?.kind === 'end' && !newline);
  return isStart(parts[0], newline) && toEnd && parts.slice(1, -1).every(isPlain);
}
const isPlain = (tree: Ere): boolean =>
  tree.kind === 'group'
    ? isPlain(tree.of)
    : tree.kind === 'sequence'
      ? tree.of.every(isPlain)
      : tree.kind === 'repeat'
        ? tree.of.kind === 'set'
        : tree.kind === 'set';

/** A group that may match more than once: engines differ in what it holds then. */
export const repeatsGroups = (tree: Ere, repeated = false): boolean =>
  tree.kind === 'group'
    ? repeated || repeatsGroups(tree.of, repeated)
    : tree.kind === 'repeat'
      ? repeatsGroups(tree.of, repeated || tree.max !== 1)
      : (tree.kind === 'choice' || tree.kind === 'sequence') && tree.of.some((part) => repeatsGroups(part, repeated));

export const uses = (tree: Ere, kind: Ere['kind']): boolean =>
  tree.kind === kind ||
  (tree.kind === 'choice' || tree.kind === 'sequence'
    ? tree.of.some((part) => uses(part, kind))
    : (tree.kind === 'group' || tree.kind === 'repeat') && uses(tree.of, kind));
/** Largest count in an interval. */
export const largestCount = (tree: Ere): number =>
  tree.kind === 'choice' || tree.kind === 'sequence'
    ? Math.max(0, ...tree.of.map(largestCount))
    : tree.kind === 'group'
      ? largestCount(tree.of)
      : tree.kind === 'repeat'
        ? Math.max(tree.min, tree.max) * Math.max(1, largestCount(tree.of))
        : 0;
