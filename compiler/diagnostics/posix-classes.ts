/** Perl's classes in a POSIX regular expression, rewritten in the text of the cfg: `\d` becomes `[0-9]`. */
import type { Span } from '../span.js';
import type { Edit } from './define.js';

const outside: Readonly<Record<string, string>> = { d: '[0-9]', D: '[^0-9]' };
const inside: Readonly<Record<string, string>> = { d: '0-9', w: '[:alnum:]_', s: '[:space:]' };

/**
 * For a regular expression `source` that stands at `span` between double quotes. None when it stands there in another way,
 * as in a string put together of several.
 */
export function posixClasses(span: Span, source: string): readonly Edit[] {
  const raw = span.file.text.slice(span.start, span.end);
  const units = unitsOf(raw);
  if (!units || units.map((unit) => unit.value).join('') !== source) return [];
  const edits: Edit[] = [];
  let bracket = -1;
  for (let i = 0; i < units.length; i++) {
    const { value } = units[i]!;
    const next = units[i + 1]?.value ?? '';
    if (bracket >= 0) {
      const named = value === '[' && ':.='.includes(next) && next !== '';
      if (named) i = Math.max(i, source.indexOf(`${next}]`, i + 2) + 1);
      else if (value === ']' && i > bracket) bracket = -1;
    } else if (value === '[') {
      // A ] right behind [ or [^ is one of the characters.
      const first = next === '^' ? i + 2 : i + 1;
      bracket = units[first]?.value === ']' ? first : i;
      i = Math.max(i, next === '^' ? i + 1 : i, bracket);
      continue;
    }
    if (value !== '\\') continue;
    const text = (bracket >= 0 ? inside : outside)[next];
    if (text !== undefined)
      edits.push({ span: { ...span, start: span.start + units[i]!.start, end: span.start + units[i + 1]!.end }, text });
    // Between brackets a backslash is a character like any other.
    if (bracket < 0 || text !== undefined) i++;
  }
  return edits;
}

interface Unit {
  readonly value: string;
  readonly start: number;
  readonly end: number;
}

/** The characters of a `"…"` without exotic escapes, each with its place; null for anything else. */
function unitsOf(raw: string): Unit[] | null {
  if (raw.length < 2 || raw[0] !== '"' || !raw.endsWith('"')) return null;
  const units: Unit[] = [];
  for (let i = 1; i < raw.length - 1; i++) {
    const c = raw[i]!;
    const next = raw[i + 1]!;
    if (c === '"') return null;
    const escaped = c === '\\' && (next === '\\' || next === '"') && i + 1 < raw.length - 1;
    units.push({ value: escaped ? next : c, start: i, end: escaped ? i + 2 : i + 1 });
    if (escaped) i++;
  }
  return units;
}
