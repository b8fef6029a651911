/**
 * Takes `$rU`, `$(hdr(Via)[1])` and `$(ru{uri.user}{s.len})` apart: name, key, index and transformations, still as text.
 * The rules are those of Kamailio's pvapi.c; which names exist is decided in `pvs.ts`.
 */

export interface TransformSyntax {
  /** `s`, `uri`, `param` … */
  readonly class: string;
  /** `len`, `substr` … */
  readonly operation: string;
  /** As written, between commas; a pv is one argument, whatever it holds. */
  readonly args: readonly string[];
  /** All that follows the first comma; null without one. */
  readonly rest: string | null;
}
export interface PvSyntax {
  readonly name: string;
  /** Text inside the round brackets, null without. */
  readonly key: string | null;
  /** Text inside the square brackets. */
  readonly index: string | null;
  readonly transforms: readonly TransformSyntax[];
  /** Offset after the last character. */
  readonly end: number;
}
export interface PvSyntaxError {
  readonly error: string;
  /** How far the text was understood. */
  readonly end: number;
}

const isNameCode = (c: number) =>
  (c >= 48 && c <= 57) || (c >= 65 && c <= 90) || (c >= 97 && c <= 122) || c === 95 || c === 46 || c === 63;

/** Index of the closing character that matches an opening one before `at`; -1 when there is none. */
function closing(text: string, at: number, open: string, close: string): number {
  let depth = 0;
  for (let i = at; i < text.length; i++) {
    if (text[i] === close) {
      if (depth === 0) return i;
      depth--;
    } else if (text[i] === open) depth++;
  }
  return -1;
}

/** Reads the pseudo-variable whose `$` stands at `start`. */
export function parsePvSyntax(text: string, start: number): PvSyntax | PvSyntaxError {
  let at = start + 1;
  const wrapped = text[at] === '(';
  if (wrapped) at++;
  if (text[at] === '$') {
    if (wrapped && text[at + 1] !== ')') return { error: '`$($` has to be closed at once', end: at + 1 };
    return { name: '$', key: null, index: null, transforms: [], end: at + (wrapped ? 2 : 1) };
  }
  const nameStart = at;
  while (at < text.length && isNameCode(text.charCodeAt(at))) at++;
  const name = text.slice(nameStart, at);
  if (name === '') return { error: 'a name has to follow `$`', end: at };
  let key: string | null = null;
  if (text[at] === '(') {
    const end = closing(text, at + 1, '(', ')');
    if (end < 0) return { error: `the bracket after \`$${name}\` is not closed`, end: at };
    key = text.slice(at + 1, end);
    if (key === '') return { error: `\`$${name}()\` has an empty name`, end };
    at = end + 1;
  }
  if (!wrapped) return { name, key, index: null, transforms: [], end: at };
  let index: string | null = null;
  if (text[at] === '[') {
    const end = closing(text, at + 1, '[', ']');
    if (end < 0) return { error: 'the index is not closed', end: at };
    index = text.slice(at + 1, end);
    if (index === '') return { error: 'the index is empty', end };
    at = end + 1;
  }
  const transforms: TransformSyntax[] = [];
  for (;;) {
    while (transforms.length > 0 && (text[at] === ' ' || text[at] === '\t')) at++;
    if (text[at] !== '{') break;
    const end = closing(text, at + 1, '{', '}');
    if (end < 0) return { error: 'the transformation is not closed', end: at };
    const parsed = parseTransform(text.slice(at + 1, end));
    if (typeof parsed === 'string') return { error: parsed, end };
    transforms.push(parsed);
    at = end + 1;
  }
  if (text[at] !== ')') return { error: `\`$(${name}\` is not closed`, end: at };
  return { name, key, index, transforms, end: at + 1 };
}

/** `s.substr,0,4`; arguments may be pseudo-variables with commas of their own. */
function parseTransform(text: string): TransformSyntax | string {
  const dot = text.indexOf('.');
  const comma = text.indexOf(',');
  if (dot < 0 || (comma >= 0 && comma < dot)) return `\`{${text}}\` is no transformation: it has no class`;
  const operation = text.slice(dot + 1, comma < 0 ? text.length : comma).trim();
  const args: string[] = [];
  let at = comma;
  while (at >= 0 && at < text.length) {
    at++;
    while (text[at] === ' ' || text[at] === '\t' || text[at] === '\n') at++;
    let end = at;
    if (text[at] === '$') end = parsePvSyntax(text, at).end;
    const next = text.indexOf(',', end);
    args.push(text.slice(at, next < 0 ? text.length : next));
    at = next;
  }
  return { class: text.slice(0, dot).trim(), operation, args, rest: comma < 0 ? null : text.slice(comma + 1) };
}
