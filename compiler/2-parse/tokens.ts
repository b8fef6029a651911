/** A piece in work: its tokens, and the kinds that the grammar sees, one character each. */
import type { Token } from '../0-lex/token.js';
import type { Span } from '../span.js';

export const badStatementKind = '¡';
export const badExpressionKind = '¿';

export interface Work {
  readonly tokens: Token[];
  readonly kinds: string[];
}

export function workOn(tokens: readonly Token[]): Work {
  return { tokens: [...tokens], kinds: tokens.map((t) => t.kind) };
}

/** From the first token to the last, in the innermost text that both stand in: a definition, or the place of its use. */
export function spanOver(first: Span, last: Span): Span {
  if (first.file === last.file && first.via === last.via)
    return { file: first.file, start: first.start, end: Math.max(first.end, last.end), via: first.via };
  const ways: Span[] = [];
  for (let s: Span | undefined = first; s; s = s.via) ways.push(s);
  for (let s: Span | undefined = last; s; s = s.via) {
    const to = s;
    const from = ways.find((w) => w.file === to.file && w.via === to.via);
    if (from) return { file: from.file, start: from.start, end: Math.max(from.end, to.end), via: from.via };
  }
  return first;
}
