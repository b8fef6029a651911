/**
 * Tokens. The kind is one character, so that a run of tokens is a string the grammar matches (2-parse/cfg.ohm.ts);
 * `kindNames` says what each stands for.
 */
import type { SourceFile, Span } from '../span.js';

export const kindNames = {
  a: 'a name',
  u: 'a word',
  '0': 'a number',
  '"': 'a string',
  $: 'a pseudo-variable',
  '@': 'a select',
  '%': 'an attribute',
  '6': 'an IPv6 address',
  e: 'an event name',
  g: 'a parameter name',
  I: '`if`',
  E: '`else`',
  W: '`while`',
  S: '`switch`',
  C: '`case`',
  D: '`default`',
  X: '`exit`, `drop` or `return`',
  B: '`break`',
  R: '`route`',
  Q: 'a route block',
  L: '`loadmodule`',
  P: '`mpath`',
  M: '`modparam`',
  N: '`cfgengine`',
  A: '`flags`',
  V: '`avpflags`',
  T: '`listen`',
  J: '`alias`',
  d: '`advertise`',
  n: '`name`',
  v: '`virtual`',
  y: '`desc`',
  p: 'a transport',
  w: '`ws` or `wss`',
  m: 'a condition keyword',
  Y: '`myself`',
  f: 'a core function',
  F: 'a core function',
  h: '`uri:host` or `uri:port`',
  s: '`strlen`',
  z: '`selval`',
  t: '`defined`',
  c: 'a cast',
  '!': '`!`',
  '~': '`~`',
  '-': '`-`',
  '*': '`*`',
  '/': '`/`',
  b: 'an operator',
  q: 'a comparison',
  r: 'a comparison',
  '=': '`=`',
  x: '`+=`',
  '(': '`(`',
  ')': '`)`',
  '{': '`{`',
  '}': '`}`',
  '[': '`[`',
  ']': '`]`',
  ',': '`,`',
  ';': '`;`',
  ':': '`:`',
  '.': '`.`',
  '?': 'an unknown character',
} as const;
export type TokenKind = keyof typeof kindNames;

/** A piece of a file as scanned; the texts of all lexemes of a file, in order, are the file. */
export type Lexeme = Token | Trivia;

/** What the grammar sees. A token is a span: of its own text, with the way it got here in `via`. */
export interface Token extends Span {
  readonly kind: TokenKind;
  readonly file: SourceFile;
  readonly start: number;
  readonly end: number;
  readonly via?: Span;
  /** As written. */
  readonly text: string;
  /** Of a string: escapes processed, adjacent ones joined. Of a number: its value. */
  readonly value?: string | number;
  /** A plain `$name`, where the compatibility mode lets it be an AVP too. */
  readonly orAttribute?: boolean;
  /** First on its line. */
  readonly leading: boolean;
}

export interface Trivia {
  readonly kind: 'blank' | 'comment' | 'directive' | 'inactive';
  readonly start: number;
  readonly end: number;
  readonly directive?: Directive;
}

/** A preprocessor directive; ranges are offsets in its file. */
export interface Directive {
  readonly name: DirectiveName;
  /** With the prefix: `#!define`. */
  readonly written: string;
  readonly start: number;
  readonly end: number;
  /** What follows the name: the rest of the line, blanks trimmed at the front; continuation lines included. */
  readonly argument: { readonly start: number; readonly end: number };
}
export type DirectiveName =
  | 'define'
  | 'trydef'
  | 'redefine'
  | 'undef'
  | 'tryundef'
  | 'defexp'
  | 'defexps'
  | 'defenv'
  | 'defenvs'
  | 'trydefenv'
  | 'trydefenvs'
  | 'subst'
  | 'substdef'
  | 'substdefs'
  | 'ifdef'
  | 'ifndef'
  | 'ifexp'
  | 'else'
  | 'endif'
  | 'include_file'
  | 'import_file'
  | 'compat';

export function isTrivia(lexeme: Lexeme): lexeme is Trivia {
  return (
    lexeme.kind === 'blank' || lexeme.kind === 'comment' || lexeme.kind === 'directive' || lexeme.kind === 'inactive'
  );
}
