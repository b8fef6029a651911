/**
 * A baseline: the findings of one day, so that later runs show only what is new. An entry is a code, a file and the text of
 * the line, not its number: it survives lines that are added above.
 */
import { lineText, positionAt } from '../span.js';
import type { Diagnostic } from './define.js';
import { readable } from './render.js';

export interface BaselineEntry {
  readonly code: string;
  readonly file: string;
  readonly line: string;
  /** So many of them; one more is new. */
  readonly count: number;
}
export interface Baseline {
  readonly version: 1;
  readonly findings: readonly BaselineEntry[];
}

type PathOf = (path: string) => string;

export function baselineOf(diagnostics: readonly Diagnostic[], pathOf: PathOf): Baseline {
  const findings = new Map<string, BaselineEntry>();
  for (const diagnostic of diagnostics) {
    const entry = entryOf(diagnostic, pathOf);
    const count = (findings.get(keyOf(entry))?.count ?? 0) + 1;
    findings.set(keyOf(entry), { ...entry, count });
  }
  return { version: 1, findings: [...findings.values()] };
}

/** What the baseline does not have, in order; and how many it hid. */
export function withoutKnown(
  diagnostics: readonly Diagnostic[],
  baseline: Baseline,
  pathOf: PathOf,
): { diagnostics: Diagnostic[]; hidden: number } {
  const left = new Map(baseline.findings.map((entry) => [keyOf(entry), entry.count]));
  const kept = diagnostics.filter((diagnostic) => {
    const key = keyOf(entryOf(diagnostic, pathOf));
    const count = left.get(key) ?? 0;
    left.set(key, count - 1);
    return count <= 0;
  });
  return { diagnostics: kept, hidden: diagnostics.length - kept.length };
}

/** From a file; an error message when it is none. */
export function parseBaseline(text: string): Baseline | { error: string } {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return { error: 'it is not JSON' };
  }
  if (!isRecord(value) || value.version !== 1 || !Array.isArray(value.findings))
    return { error: 'it was not written by --write-baseline' };
  const findings = value.findings.filter(isEntry);
  return findings.length < value.findings.length ? { error: 'a finding in it is damaged' } : { version: 1, findings };
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}

function isEntry(value: unknown): value is BaselineEntry {
  if (!isRecord(value)) return false;
  const { code, file, line, count } = value;
  return typeof code === 'string' && typeof file === 'string' && typeof line === 'string' && typeof count === 'number';
}

function entryOf({ code, span }: Diagnostic, pathOf: PathOf): Omit<BaselineEntry, 'count'> {
  const line = lineText(span.file, positionAt(span.file, span.start).line);
  return { code, file: pathOf(span.file.path), line: readable(line.trim().replace(/\s+/g, ' ')) };
}

function keyOf({ code, file, line }: Omit<BaselineEntry, 'count'>): string {
  return JSON.stringify([code, file, line]);
}
