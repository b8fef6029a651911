/**
 * `# sipc-ignore SIPC6003: reason` silences the next statement, with all that is in it; above a route block, its head;
 * above a directive or a label, that line. Errors stay: what Kamailio refuses does not become right. An ignore that hides
 * nothing is reported.
 */
import { isTrivia, type Lexeme } from '../0-lex/token.js';
import type { Preprocessed } from '../1-preprocess/index.js';
import type { Config } from '../ast.js';
import { malformedIgnore, unusedIgnore } from '../diagnostics/6xxx-ignores.js';
import { type Diagnostic, Diagnostics } from '../diagnostics/define.js';
import { registry } from '../diagnostics/registry.js';
import { blocks } from '../diagnostics/severity.js';
import { positionAt, type SourceFile, type Span } from '../span.js';
import { walkConfig } from '../visit.js';

/** What a file has to contain for any of this to matter. */
export const ignoreMark = 'sipc-ignore';

interface Ignore {
  readonly codes: readonly string[];
  readonly span: Span;
  readonly covers: { readonly start: number; readonly end: number };
}

/** `complete`: every rule was run, so that an ignore without use is one. */
export function withoutIgnored(
  config: Config,
  files: Preprocessed['files'],
  diagnostics: readonly Diagnostic[],
  complete: boolean,
): Diagnostic[] {
  const own = new Diagnostics();
  const ends = statementEnds(config);
  const ignores = new Map<string, Ignore[]>();
  for (const { file, lexemes } of files) {
    if (ignores.has(file.path)) continue; // included twice
    ignores.set(file.path, ignoresOf(file, lexemes, ends, own));
  }
  const used = new Set<string>();
  const refused = new Set<string>();
  const kept = diagnostics.filter((d) => {
    const ignore = ignoreOf(d, ignores);
    if (!ignore) return true;
    (blocks(d) ? refused : used).add(key(ignore, d.code));
    return blocks(d);
  });
  for (const ignore of complete ? [...ignores.values()].flat() : [])
    for (const code of ignore.codes) {
      if (used.has(key(ignore, code))) continue;
      const why = refused.has(key(ignore, code)) ? 'error' : registry.has(code) ? 'nothing' : 'unknown';
      own.report(unusedIgnore, ignore.span, { code, why });
    }
  return [...kept, ...own.all];
}

const key = ({ span }: Ignore, code: string): string => `${span.file.path} ${span.start} ${code}`;

function ignoreOf(diagnostic: Diagnostic, ignores: ReadonlyMap<string, readonly Ignore[]>): Ignore | undefined {
  for (let at: Span | undefined = diagnostic.span; at; at = at.via) {
    const { file, start } = at;
    const found = ignores
      .get(file.path)
      ?.find(({ codes, covers }) => codes.includes(diagnostic.code) && start >= covers.start && start <= covers.end);
    if (found) return found;
  }
  return undefined;
}

/** Where the statements and top-level items end that begin at a place. */
function statementEnds(config: Config): ReadonlyMap<string, number> {
  const ends = new Map<string, number>();
  const note = (span: Span): undefined => {
    for (let at: Span | undefined = span; at; at = at.via) {
      const place = `${at.file.path}:${at.start}`;
      ends.set(place, Math.max(at.end, ends.get(place) ?? 0));
    }
  };
  walkConfig(config, {
    item: (item) => note(item.kind === 'route' ? item.head : item.span),
    statement: (statement) => note(statement.span),
  });
  return ends;
}

function ignoresOf(
  file: SourceFile,
  lexemes: readonly Lexeme[],
  ends: ReadonlyMap<string, number>,
  own: Diagnostics,
): Ignore[] {
  if (!file.text.includes(ignoreMark)) return [];
  const found: Ignore[] = [];
  lexemes.forEach((lexeme, i) => {
    if (lexeme.kind !== 'comment') return;
    const text = file.text.slice(lexeme.start, lexeme.end).trimEnd();
    const written = /^(?:#|\/\/|\/\*)[ \t]*sipc-ignore\b(.*?)(?:\*\/)?$/s.exec(text)?.[1]?.trim();
    if (written === undefined) return;
    const span: Span = { file, start: lexeme.start, end: lexeme.start + text.length };
    const parts = /^(SIPC\d{4}(?:\s*,\s*SIPC\d{4})*)\s*(?::\s*(.*))?$/s.exec(written);
    const problem = !parts ? 'no code follows' : parts[2] ? null : 'it gives no reason';
    if (problem !== null) own.report(malformedIgnore, span, { problem });
    else found.push({ codes: parts![1]!.split(/\s*,\s*/), span, covers: covered(file, lexemes, i, ends) });
  });
  return found;
}

function covered(
  file: SourceFile,
  lexemes: readonly Lexeme[],
  comment: number,
  ends: ReadonlyMap<string, number>,
): Ignore['covers'] {
  // A directive that is written wrong is a comment.
  const isDirective = (l: Lexeme): boolean => /^(?:#!|!!)/.test(file.text.slice(l.start, l.start + 2));
  const next = lexemes.slice(comment + 1).find((l) => !isTrivia(l) || isDirective(l));
  if (!next) return { start: file.text.length, end: file.text.length };
  const end = ends.get(`${file.path}:${next.start}`);
  if (end !== undefined) return { start: next.start, end };
  const newline = file.text.indexOf('\n', next.start);
  const lineEnd = newline < 0 ? file.text.length : newline;
  const { column } = positionAt(file, next.start);
  return { start: next.start - column + 1, end: Math.max(lineEnd, next.end) };
}
