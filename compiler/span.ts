/** Places in cfg text. */

/** A file as read; `include_file` makes more of them. Text is one-byte characters (UTF-8 bytes as latin1, ARCHITECTURE §2). */
export interface SourceFile {
  readonly path: string;
  readonly text: string;
}

/** A range of one file: offsets, end excluded. `via` leads from inside an expanded macro or an include to its place of use. */
export interface Span {
  readonly file: SourceFile;
  readonly start: number;
  readonly end: number;
  readonly via?: Span;
}

export interface Position {
  /** From 1. */
  readonly line: number;
  /** From 1, in bytes. */
  readonly column: number;
}

const lineStartsOf = new WeakMap<SourceFile, readonly number[]>();
function lineStarts(file: SourceFile): readonly number[] {
  let starts = lineStartsOf.get(file);
  if (!starts) {
    const found = [0];
    for (let i = file.text.indexOf('\n'); i >= 0; i = file.text.indexOf('\n', i + 1)) found.push(i + 1);
    starts = found;
    lineStartsOf.set(file, starts);
  }
  return starts;
}

export function positionAt(file: SourceFile, offset: number): Position {
  const starts = lineStarts(file);
  let low = 0;
  let high = starts.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (starts[middle]! <= offset) low = middle;
    else high = middle - 1;
  }
  return { line: low + 1, column: offset - starts[low]! + 1 };
}

/** Text of line `line` (from 1) without its end. */
export function lineText(file: SourceFile, line: number): string {
  const starts = lineStarts(file);
  const from = starts[line - 1] ?? file.text.length;
  const to = starts[line] ?? file.text.length;
  return file.text.slice(from, to).replace(/\r?\n$/, '');
}

/** `kamailio.cfg:12:3`. */
export function describeSpan(span: Span): string {
  const { line, column } = positionAt(span.file, span.start);
  return `${span.file.path}:${line}:${column}`;
}

/** From the start of `a` to the end of `b`, when both are in one file and one expansion; else `a`. */
export function joinSpans(a: Span, b: Span): Span {
  return a.file === b.file && a.via === b.via ? { ...a, end: Math.max(a.end, b.end) } : a;
}
