/** Is there a blank between two tokens of one line? What was written counts only where the tokens alone do not tell. */
import type { Token, TokenKind } from '../0-lex/token.js';

/** How a sign was printed decides what follows it. */
export type SignUse = 'binary' | 'prefix' | 'tight';

const has = (kinds: string, kind: TokenKind | undefined): boolean => kind !== undefined && kinds.includes(kind);

/** An expression goes on behind these, so that no operand has ended. */
const opensOperand = 'IWSCXEqrb*/-=([{,:!~ct;}';
const words = 'aeugp0mwdnvD"';
const calls = 'afFRszMt';

/** Of `-`, `*`, `/` and the other operators, when it is about to be printed. */
export function signUse(
  before: Token | null,
  sign: Token,
  next: Token | null,
  beforeThat: Token | null,
  prefixBefore: boolean,
): SignUse {
  if (sign.kind === '/' && before?.kind === 'C') return 'prefix';
  if (sign.kind === '!' || sign.kind === '~') return sign.text === 'not' ? 'binary' : 'prefix';
  if (sign.kind === 'c') return 'prefix';
  if (sign.kind !== '-' && sign.kind !== '*' && sign.kind !== '/') return 'binary';
  if (before === null || prefixBefore || has(opensOperand, before.kind)) return 'prefix';
  if (sign.kind === '*' || next === null) return 'binary';
  const touching = before.end === sign.start && sign.end === next.start;
  if (!touching) return 'binary';
  // my-host.org, 10.0.0.0/8: one word. 8/2 and $x-1 are calculations.
  if (sign.kind === '-') return has(words, before.kind) && has('aeugpmwdnvD', next.kind) ? 'tight' : 'binary';
  const network = has('6]a', before.kind) || (before.kind === '0' && beforeThat?.kind === '.');
  return network && has('a06', next.kind) ? 'tight' : 'binary';
}

export interface Around {
  readonly before: Token;
  /** How `before` was used, if it is a sign. */
  readonly beforeUse: SignUse;
  readonly token: Token;
  readonly use: SignUse;
  readonly next: Token | null;
  /** `name = value`, as in a block; `debug=2` otherwise. */
  readonly spacedEquals: boolean;
}

export function spaced({ before, beforeUse, token, use, next, spacedEquals }: Around): boolean {
  const { kind } = token;
  if (has(';,)].:', kind) || has('([.:', before.kind)) return false;
  if (kind === '{') return true;
  if (kind === '=' || before.kind === '=') return spacedEquals;
  if (beforeUse !== 'binary' || use === 'tight') return false;
  if (kind === '(') return !(has(calls, before.kind) || (before.kind === 'X' && next?.kind === ')'));
  if (kind === '[') return !(has('QR', before.kind) || before.text === 'coreparam');
  return true;
}

/** Behind `token`, outside parentheses: is the condition of an `if`, `while` or `switch` complete? */
export function endsCondition(token: Token, next: Token | null): boolean {
  if (has('IWSqrb*/-=!~ct.:', token.kind)) return false;
  if (next === null) return true;
  if (has('qrb*/-.:=', next.kind)) return false;
  return !(next.kind === '(' && has(calls, token.kind));
}

/** Behind a `}`: is the block an operand? */
export function continuesOperand(next: Token | null): boolean {
  return has('qrb*/-=,)]', next?.kind);
}

/** Behind a bare name on the line above: can this token go on with its statement? */
export function continuesName(next: Token | null): boolean {
  return next === null || has('qrb*/-=([,)].:;?x', next.kind);
}

/** On a line of its own at top level: surely a part of what stands above it. */
export function continuesItem(before: Token, token: Token): boolean {
  return has('qrb*/-=([,.:', before.kind) || has('qrb*/-=([{,)].:;dnvy', token.kind);
}
