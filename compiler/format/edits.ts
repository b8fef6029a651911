/**
 * Edits of diagnostics, put into the texts. `applyFixes` checks again after each round: a fix that leaves its mistake, or
 * makes an error where it was put in, is taken back. What a fix brings to light elsewhere (a part that was switched off, the
 * value of a parameter whose name was wrong) is the cfg's.
 */
import type { Diagnostic, Edit } from '../diagnostics/define.js';
import { inOrder } from '../diagnostics/render.js';
import { lineText, positionAt } from '../span.js';

/** Path → text. */
export type Texts = ReadonlyMap<string, string>;

/** Where the new text of an edit stands. */
interface Place {
  readonly path: string;
  readonly start: number;
  readonly end: number;
  /** Of the diagnostic. */
  readonly code: string;
}

export interface Edited {
  /** Only of files that change. */
  readonly texts: Texts;
  readonly applied: readonly Diagnostic[];
  readonly places: readonly Place[];
}

/**
 * A diagnostic's edits are made together or not at all; one that overlaps with those of a diagnostic before it is left out.
 */
export function applyEdits(diagnostics: readonly Diagnostic[]): Edited {
  const byFile = new Map<string, { edit: Edit; code: string }[]>();
  const applied: Diagnostic[] = [];
  for (const diagnostic of diagnostics) {
    const edits = diagnostic.edits ?? [];
    const clash = edits.some((edit) => byFile.get(edit.span.file.path)?.some((other) => overlap(edit, other.edit)));
    if (edits.length === 0 || clash) continue;
    for (const edit of edits) {
      const { path } = edit.span.file;
      byFile.set(path, [...(byFile.get(path) ?? []), { edit, code: diagnostic.code }]);
    }
    applied.push(diagnostic);
  }
  const texts = new Map<string, string>();
  const places: Place[] = [];
  for (const [path, list] of byFile) {
    const { text } = list[0]!.edit.span.file;
    let out = '';
    let at = 0;
    for (const { edit, code } of list.sort((a, b) => a.edit.span.start - b.edit.span.start)) {
      out += text.slice(at, edit.span.start);
      places.push({ path, start: out.length, end: out.length + edit.text.length, code });
      out += edit.text;
      at = edit.span.end;
    }
    texts.set(path, out + text.slice(at));
  }
  return { texts, applied, places };
}

/** Two insertions at one place clash too: their order would be chance. */
function overlap({ span: a }: Edit, { span: b }: Edit): boolean {
  return (a.start < b.end && b.start < a.end) || a.start === b.start;
}

/** Rounds of fixing and checking, and fixes tried alone in one, at most. */
const maxRounds = 20;
const maxAlone = 30;

export interface Fixed {
  /** What to write: only files that changed. */
  readonly texts: Texts;
  readonly applied: readonly Diagnostic[];
  /** What is left. */
  readonly diagnostics: readonly Diagnostic[];
}

/** `check` says what is wrong when these texts stand in place of the files. */
export function applyFixes(check: (texts: Texts) => readonly Diagnostic[]): Fixed {
  let fixed: Fixed = { texts: new Map(), applied: [], diagnostics: inOrder(check(new Map())) };
  const refused = new Set<string>();
  const attempt = (diagnostics: readonly Diagnostic[]): Fixed | null => {
    const { texts, applied, places } = applyEdits(diagnostics);
    const all = new Map([...fixed.texts, ...texts]);
    const after = inOrder(check(all));
    if (after.some((d) => places.some((place) => spoils(d, place)))) return null;
    return { texts: all, applied: [...fixed.applied, ...applied], diagnostics: after };
  };
  for (let round = 0; round < maxRounds; round++) {
    const fixable = fixed.diagnostics.filter((d) => d.edits && !refused.has(keyOf(d)));
    if (fixable.length === 0) break;
    let next = attempt(fixable);
    for (const diagnostic of next ? [] : fixable.slice(0, maxAlone)) {
      next = fixable.length > 1 ? attempt([diagnostic]) : null;
      if (next) break;
      refused.add(keyOf(diagnostic));
    }
    if (!next) break;
    fixed = next;
  }
  return fixed;
}

function spoils({ code, severity, span }: Diagnostic, place: Place): boolean {
  if (code !== place.code && severity !== 'error') return false;
  return span.file.path === place.path && span.start <= place.end && span.end >= place.start;
}

function keyOf({ code, span }: Diagnostic): string {
  return `${code} ${span.file.path} ${lineText(span.file, positionAt(span.file, span.start).line)}`;
}
