/**
 * Diagnostics as text: the source line with a caret, further labels, and the way a piece of text got into the cfg
 * (includes, definitions); and as JSON. Colours come from the caller, so that this stays pure.
 */
import { lineText, positionAt, type Span } from '../span.js';
import type { Diagnostic, Severity } from './define.js';

export interface Colors {
  readonly bold: (text: string) => string;
  readonly dim: (text: string) => string;
  readonly red: (text: string) => string;
  readonly yellow: (text: string) => string;
  readonly cyan: (text: string) => string;
  readonly green: (text: string) => string;
}
const same = (text: string): string => text;
export const noColors: Colors = { bold: same, dim: same, red: same, yellow: same, cyan: same, green: same };

export interface DiagnosticJson {
  readonly code: string;
  readonly slug: string;
  readonly severity: Severity;
  readonly message: string;
  readonly file: string;
  readonly line: number;
  readonly column: number;
  readonly endLine: number;
  readonly endColumn: number;
  readonly fix?: string;
  readonly related?: readonly {
    message: string;
    file: string;
    line: number;
    column: number;
    endLine: number;
    endColumn: number;
  }[];
}

/** By file as first met, then by place; the same mistake at the same place (a definition used twice) once. */
export function inOrder(diagnostics: readonly Diagnostic[]): Diagnostic[] {
  const seen = new Set<string>();
  const files: string[] = [];
  const kept = diagnostics.filter((d) => {
    const key = `${d.code} ${d.span.file.path} ${d.span.start} ${d.message}`;
    if (seen.has(key)) return false;
    seen.add(key);
    if (!files.includes(d.span.file.path)) files.push(d.span.file.path);
    return true;
  });
  const place = (d: Diagnostic): number => files.indexOf(d.span.file.path);
  return kept.sort((a, b) => place(a) - place(b) || a.span.start - b.span.start);
}

export function toJson(diagnostic: Diagnostic): DiagnosticJson {
  const { code, slug, severity, message, fix, span } = diagnostic;
  const related = [
    ...diagnostic.related.map((label) => ({ message: readable(label.message), ...range(label.span) })),
    ...origin(span).map(({ span: via, word }) => ({ message: readable(word), ...range(via) })),
  ];
  return {
    code,
    slug,
    severity,
    message: readable(message),
    ...range(span),
    ...(fix ? { fix: readable(fix) } : {}),
    ...(related.length > 0 ? { related } : {}),
  };
}

function range(span: Span): { file: string; line: number; column: number; endLine: number; endColumn: number } {
  const from = positionAt(span.file, span.start);
  const to = positionAt(span.file, Math.max(span.end, span.start));
  return {
    file: readable(span.file.path),
    line: from.line,
    column: from.column,
    endLine: to.line,
    endColumn: to.column,
  };
}

/** As `range`, with columns in characters of the decoded text. */
export function textRange(span: Span): { line: number; column: number; endLine: number; endColumn: number } {
  const place = (offset: number): { line: number; column: number } => {
    const { line, column } = positionAt(span.file, offset);
    return { line, column: readable(lineText(span.file, line).slice(0, column - 1)).length + 1 };
  };
  const from = place(span.start);
  const to = place(Math.max(span.end, span.start));
  return { ...from, endLine: to.line, endColumn: to.column };
}

export function renderPretty(
  diagnostic: Diagnostic,
  colors: Colors = noColors,
  pathOf: (path: string) => string = same,
): string {
  const { code, slug, severity, span, related } = diagnostic;
  const message = readable(diagnostic.message);
  const fix = diagnostic.fix && readable(diagnostic.fix);
  const paint =
    severity === 'error' || severity === 'security' ? colors.red : severity === 'warning' ? colors.yellow : colors.cyan;
  const others = [...related, ...origin(span).map(({ span: via, word }) => ({ span: via, message: word }))];
  const width = String(
    Math.max(...[span, ...others.map((o) => o.span)].map((s) => positionAt(s.file, s.start).line)),
  ).length;
  const lines = [
    `${paint(colors.bold(`${severity} ${code}`))} ${colors.dim(slug)}: ${colors.bold(message)}`,
    ...frame(span, '', paint, colors, width, pathOf),
    ...others.flatMap((label) => frame(label.span, label.message, colors.cyan, colors, width, pathOf)),
  ];
  if (fix) lines.push(`${' '.repeat(width)} ${colors.green('fix:')} ${fix}`);
  return lines.join('\n');
}

/** The line, and under it the caret; a span over several lines is marked to the end of its first. */
function frame(
  span: Span,
  label: string,
  paint: (text: string) => string,
  colors: Colors,
  width: number,
  pathOf: (path: string) => string,
): string[] {
  const pad = ' '.repeat(width);
  const { line, column } = positionAt(span.file, span.start);
  const at = `${pad}${colors.dim('-->')} ${readable(pathOf(span.file.path))}:${line}:${column}`;
  if (span.file.text === '') return [label ? `${at}  ${paint(label)}` : at];
  const text = readable(lineText(span.file, line));
  const source = lineText(span.file, line);
  const before = readable(source.slice(0, column - 1)).replace(/[^\t]/g, ' ');
  const marked = readable(
    source.slice(column - 1, Math.min(source.length, column - 1 + Math.max(1, span.end - span.start))),
  );
  const caret = '^'.repeat(Math.max(1, marked.trimEnd().length));
  return [
    at,
    `${colors.dim(`${String(line).padStart(width)} |`)} ${text}`,
    `${colors.dim(`${pad} |`)} ${before}${paint(caret)}${label ? ` ${paint(label)}` : ''}`,
  ];
}

/** Spans count bytes; what is shown is text. Text already decoded stays as it is. */
export function readable(bytes: string): string {
  if (/^[\x00-\x7f]*$/.test(bytes) || /[^\x00-\xff]/.test(bytes)) return bytes;
  const text = new TextDecoder('utf-8').decode(Uint8Array.from(bytes, (c) => c.charCodeAt(0)));
  return text.includes('\ufffd') ? bytes : text;
}

/** From inside a definition or an include outwards. */
function origin(span: Span): { span: Span; word: string }[] {
  const steps: { span: Span; word: string }[] = [];
  for (let via = span.via; via && steps.length < 32; via = via.via) {
    const text = via.file.text.slice(via.start, via.end);
    steps.push({ span: via, word: text.startsWith('"') ? 'included from here' : `in ${text}, used here` });
  }
  return steps;
}

/** `2 errors, 1 warning`. */
export function summarize(diagnostics: readonly Diagnostic[]): string {
  const count = (severity: Severity): number => diagnostics.filter((d) => d.severity === severity).length;
  const say = (n: number, word: string): string[] => (n > 0 ? [`${n} ${word}${n > 1 ? 's' : ''}`] : []);
  const parts = [
    ...say(count('error'), 'error'),
    ...say(count('security'), 'security finding'),
    ...say(count('warning'), 'warning'),
    ...say(count('hint'), 'hint'),
  ];
  return parts.length > 0 ? parts.join(', ') : 'no mistakes';
}
