/** "Did you mean": the closest of some names by edit distance. */
import type { Span } from '../span.js';
import type { Edit } from './define.js';

export function nearest(name: string, candidates: Iterable<string>, limit = 2): string | undefined {
  return closest(name, candidates, limit)?.name;
}

export interface Near {
  readonly name: string;
  readonly near?: string;
  /** One slip away, and nothing else is as close: it may be put in unseen. */
  readonly sure?: boolean;
}

/** As arguments of a diagnostic. */
export function nearTo(name: string, candidates: Iterable<string>): Near {
  const found = closest(name, candidates, 2);
  if (!found) return { name };
  const slip = found.distance <= 1 || (found.distance === 2 && name.length >= 8);
  return { name, near: found.name, sure: found.alone && slip };
}

/** Puts `near` for `name`, which stands once in the text of `span`. */
export function renamed(span: Span, { name, near, sure }: Near): readonly Edit[] {
  if (near === undefined || !sure) return [];
  const text = span.file.text.slice(span.start, span.end);
  const at = text.indexOf(name);
  if (at < 0 || text.indexOf(name, at + 1) >= 0) return [];
  return [{ span: { ...span, start: span.start + at, end: span.start + at + name.length }, text: near }];
}

function closest(
  name: string,
  candidates: Iterable<string>,
  limit: number,
): { name: string; distance: number; alone: boolean } | undefined {
  let best: string | undefined;
  let alone = true;
  let bestDistance = Math.min(limit, Math.floor(name.length / 2)) + 1;
  for (const candidate of candidates) {
    // As close as the best is looked for too, to know whether it is alone.
    const longest = best === undefined ? bestDistance - 1 : bestDistance;
    if (candidate === best || Math.abs(candidate.length - name.length) > longest) continue;
    const found = distance(name.toLowerCase(), candidate.toLowerCase());
    if (found < bestDistance) {
      best = candidate;
      bestDistance = found;
      alone = true;
    } else if (found === bestDistance && best !== undefined) {
      // `$fU` and `$fu` are as near to `$fUU` when case does not count: then it does.
      const closer = distance(name, candidate) - distance(name, best);
      if (closer < 0) best = candidate;
      alone = closer !== 0 && found > 0 ? alone : false;
    }
  }
  return best === undefined ? undefined : { name: best, distance: bestDistance, alone };
}

/** Optimal string alignment: insertions, deletions, changes, swaps of neighbours. */
function distance(a: string, b: string): number {
  const rows: number[][] = [Array.from({ length: b.length + 1 }, (_, i) => i)];
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1];
      row[j] = Math.min(row[j - 1]! + 1, rows[i - 1]![j]! + 1, rows[i - 1]![j - 1]! + (same ? 0 : 1));
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1])
        row[j] = Math.min(row[j]!, rows[i - 2]![j - 2]! + 1);
    }
    rows.push(row);
  }
  return rows[a.length]![b.length]!;
}
