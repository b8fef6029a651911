/**
 * Cuts the expanded tokens into top-level pieces: route blocks and other items. After expanding, because a definition
 * may hold half a block. A brace that does not match is found here, so that one lost `}` costs one diagnostic.
 */
import type { Token } from '../0-lex/token.js';
import { unclosedCondition } from '../diagnostics/1xxx-preprocess.js';
import * as d2 from '../diagnostics/2xxx-syntax.js';
import type { Diagnostics } from '../diagnostics/define.js';
import { nearest } from '../diagnostics/near.js';

export interface Piece {
  /** Junk is reported already. */
  readonly kind: 'block' | 'item' | 'junk';
  readonly tokens: Token[];
}

export function split(tokens: readonly Token[], diagnostics: Diagnostics): Piece[] {
  const pieces: Piece[] = [];
  let i = 0;
  while (i < tokens.length) {
    const token = tokens[i]!;
    if (token.kind === '}' || !(startsBlock(tokens, i) || startsItem(tokens, i) || token.kind === ';')) {
      const end = junkEnd(tokens, i);
      reportJunk(tokens, i, end, diagnostics);
      pieces.push({ kind: 'junk', tokens: tokens.slice(i, end) });
      i = end;
    } else if (startsBlock(tokens, i)) {
      const end = blockEnd(tokens, i, diagnostics);
      pieces.push({ kind: 'block', tokens: end.tokens });
      i = end.next;
    } else {
      const end = itemEnd(tokens, i);
      pieces.push({ kind: 'item', tokens: tokens.slice(i, end) });
      i = end;
    }
  }
  return pieces;
}

/** To where the top level surely goes on. What a block that ended too early leaves behind is one mistake. */
function junkEnd(tokens: readonly Token[], from: number): number {
  let depth = 0;
  for (let i = from; i < tokens.length; i++) {
    const { kind, leading } = tokens[i]!;
    if (kind === '{') depth++;
    else if (kind === '}') depth--;
    else if (i > from && (isHead(tokens, i) || (depth <= 0 && leading && startsItem(tokens, i)))) return i;
    if (depth < 0) return i + 1;
  }
  return tokens.length;
}

function reportJunk(tokens: readonly Token[], from: number, end: number, diagnostics: Diagnostics): void {
  const first = tokens[from]!;
  const last = tokens[end - 1]!;
  const before = tokens[from - 1];
  const opened = tokens.slice(from, end).filter((t) => t.kind === '{').length;
  const closed = tokens.slice(from, end).filter((t) => t.kind === '}').length;
  if (closed > opened) {
    const related = before?.kind === '}' ? [{ span: before, message: 'the block before it ended here' }] : [];
    diagnostics.report(d2.strayBrace, last, {}, related);
  } else if (first.kind !== '?') {
    const found = first.kind === '"' ? 'a string' : `\`${first.text}\``;
    const near = first.kind === 'a' ? nearest(first.text, topLevelWords) : undefined;
    diagnostics.report(d2.notAnItem, first, { found, near });
  }
}

const topLevelWords = [
  'loadmodule',
  'loadmodulex',
  'loadpath',
  'mpath',
  'modparam',
  'modparamx',
  'request_route',
  'route',
  'failure_route',
  'reply_route',
  'onreply_route',
  'branch_route',
  'onsend_route',
  'event_route',
  'listen',
  'alias',
  'flags',
  'avpflags',
];

/** Also a block with a damaged head: `route RELAY {`. */
export function startsBlock(tokens: readonly Token[], i: number): boolean {
  const kind = tokens[i]!.kind;
  return kind === 'Q' || kind === 'R';
}

/** Certainly the head of a block, wherever it stands: the route keywords, `route {`, `route[…] {`. */
export function isHead(tokens: readonly Token[], i: number): boolean {
  const kind = tokens[i]!.kind;
  if (kind === 'Q') return true;
  if (kind !== 'R') return false;
  const next = tokens[i + 1]?.kind;
  return next === '{' || (next === '[' && tokens[i + 3]?.kind === ']');
}

function blockEnd(tokens: readonly Token[], from: number, diagnostics: Diagnostics): { tokens: Token[]; next: number } {
  const open: Token[] = [];
  for (let i = from; i < tokens.length; i++) {
    const token = tokens[i]!;
    if (token.kind === '{') open.push(token);
    else if (token.kind === '}') {
      if (open.length === 0) return { tokens: tokens.slice(from, i), next: i };
      open.pop();
      if (open.length === 0) return { tokens: tokens.slice(from, i + 1), next: i + 1 };
    } else if (i > from && (isHead(tokens, i) || (open.length === 0 && startsItem(tokens, i)))) {
      return unclosed(tokens.slice(from, i), open, i, diagnostics);
    }
  }
  // The rest of the file went into a comment or an inactive part, which is reported.
  const swallowed = diagnostics.all.some(
    (d) => d.code === d2.unclosedComment.code || d.code === unclosedCondition.code,
  );
  return unclosed(tokens.slice(from), open, tokens.length, swallowed ? null : diagnostics);
}

/** Closes what is open with tokens of our own, so that the statements before are still checked. */
function unclosed(
  tokens: Token[],
  open: Token[],
  next: number,
  diagnostics: Diagnostics | null,
): { tokens: Token[]; next: number } {
  const last = tokens.at(-1)!;
  if (open.length > 0) diagnostics?.report(d2.unclosedBlock, guilty(tokens, open), {});
  for (let i = 0; i < open.length; i++) tokens.push({ ...last, kind: '}', text: '', start: last.end });
  return { tokens, next };
}

/**
 * The brace to blame: by indentation, the innermost one whose line starts deeper than, or level with, the `}` that
 * closed it; else the innermost still open.
 */
function guilty(tokens: readonly Token[], open: readonly Token[]): Token {
  const stack: { brace: Token; indent: number }[] = [];
  for (const token of tokens) {
    if (token.kind === '{') stack.push({ brace: token, indent: indentOf(token) });
    else if (token.kind === '}') {
      const closed = stack.pop();
      if (closed && token.leading && indentOf(token) < closed.indent) return closed.brace;
    }
  }
  return open.at(-1)!;
}

function indentOf({ file, start }: Token): number {
  const line = file.text.lastIndexOf('\n', start - 1) + 1;
  let i = line;
  while (file.text[i] === ' ' || file.text[i] === '\t') i++;
  return i - line;
}

function itemEnd(tokens: readonly Token[], from: number): number {
  let depth = 0;
  for (let i = from; i < tokens.length; i++) {
    const { kind } = tokens[i]!;
    if (kind === '{') depth++;
    else if (kind === '}') {
      if (depth === 0) return i;
      depth--;
      if (depth === 0 && tokens[i + 1]?.kind !== ';') return i + 1;
    } else if (kind === ';' && depth === 0) return i + 1;
    else if (i > from && (depth === 0 ? startsBlock(tokens, i) || startsItem(tokens, i) : isHead(tokens, i))) return i;
  }
  return tokens.length;
}

/** `coreparam[iuid] =`. */
const isCoreParam = (tokens: readonly Token[], i: number): boolean =>
  tokens[i]!.text === 'coreparam' && tokens[i + 1]?.kind === '[' && tokens[i + 4]?.kind === '=';

export function startsItem(tokens: readonly Token[], i: number): boolean {
  const next = tokens[i + 1]?.kind;
  switch (tokens[i]!.kind) {
    case 'L':
    case 'P':
    case 'M':
    case 'N':
    case 'V':
    case 'T':
    case 'J':
    case 'A':
      return true;
    case 'g':
    case 'F':
    case 'f':
    case 'a':
    case 'D':
      if (tokens[i - 1]?.kind === '.') return false; // the second half of `group.id =`
      return next === '=' || (next === '.' && tokens[i + 3]?.kind === '=') || isCoreParam(tokens, i);
    default:
      return false;
  }
}
