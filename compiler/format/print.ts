/**
 * Lexemes of one file to formatted text. Only blanks change: tokens, comments and directives come out in the same order
 * as they went in. No tree is needed, so that all branches of an #!ifdef are formatted, as are parts of a cfg.
 *
 * - one tab a block; one statement a line, but `if (x) exit;` stays on one line if it was; `if (…) {`, `} else {`
 * - a line break inside a statement stays; the next line is indented by two tabs more, at top level by one
 * - at most one empty line in a row, none at the edges of a block
 * - preprocessor lines stay as they are, with their indentation; so do the insides of block comments
 */

import { adjacentStrings } from '../0-lex/strings.js';
import { isTrivia, type Lexeme, type Token, type Trivia } from '../0-lex/token.js';
import { isHead, startsBlock, startsItem } from '../1-preprocess/split.js';
import type { SourceFile } from '../span.js';
import {
  continuesItem,
  continuesName,
  continuesOperand,
  endsCondition,
  type SignUse,
  signUse,
  spaced,
} from './spacing.js';

/** A lexeme that is no blank, with what stood before it. */
interface Piece {
  readonly token: Token | null;
  readonly trivia: Trivia | null;
  readonly text: string;
  /** Line ends before it. */
  readonly lines: number;
  /** Blanks between the line's start, or what stands before it, and this. */
  readonly gap: string;
  /** Index among the tokens: of this one, or of the next. */
  readonly index: number;
}

interface Brace {
  readonly switch: boolean;
  /** The `if` whose body this is, so that an `else` belongs to it. */
  readonly ofIf: boolean;
  /** Indentation of the statement it belongs to. */
  readonly indent: number;
  readonly parens: number;
  readonly controls: readonly Control[];
  /** In a switch: behind the first label. */
  labelled: boolean;
}
type Control = 'if' | 'else' | 'while';

/** Where in a statement the printer is. */
type Place = 'start' | 'inside' | 'condition' | 'label';

interface State {
  braces: Brace[];
  /** if, else, while without braces, whose single statement is due. */
  controls: Control[];
  parens: number;
  place: Place;
  head: 'if' | 'while' | 'switch' | null;
  /** Of the statement being printed. */
  indent: number;
  /** `} else`, `else if`, `if (x) exit;`: the next statement may go on in this line. */
  joined: 'always' | 'as-written' | 'no';
  spacedEquals: boolean;
}

const copy = (s: State): State => ({ ...s, braces: s.braces.map((b) => ({ ...b })), controls: [...s.controls] });

export function printCfg(file: SourceFile, lexemes: readonly Lexeme[]): string {
  return new Printer(file, lexemes).print();
}

class Printer {
  private out = '';
  private readonly newline: string;
  private readonly pieces: Piece[];
  private readonly tokens: Token[];
  private state: State = {
    braces: [],
    controls: [],
    parens: 0,
    place: 'start',
    head: null,
    indent: 0,
    joined: 'no',
    spacedEquals: false,
  };
  /** States at the open #!ifdefs: each branch starts from the same. */
  private readonly branches: State[] = [];
  /** The rest of this line stays as it is. */
  private foreign = false;
  private before: Token | null = null;
  private beforeUse: SignUse = 'binary';
  private last: 'none' | 'token' | 'open' | 'comment' | 'line' = 'none';

  constructor(
    private readonly file: SourceFile,
    lexemes: readonly Lexeme[],
  ) {
    const ends = (mark: string): number => file.text.split(mark).length - 1;
    this.newline = ends('\r\n') * 2 > ends('\n') ? '\r\n' : '\n';
    this.tokens = [];
    this.pieces = this.piecesOf(lexemes);
  }

  print(): string {
    for (const piece of this.pieces) {
      if (piece.token) this.token(piece.token, piece);
      else if (piece.trivia!.kind === 'comment') this.comment(piece);
      else this.directive(piece);
    }
    return this.out === '' ? '' : this.out.replace(/[ \t\r\n]+$/, '') + this.newline;
  }

  private piecesOf(lexemes: readonly Lexeme[]): Piece[] {
    const { text } = this.file;
    const pieces: Piece[] = [];
    let end = 0;
    for (let i = 0; i < lexemes.length; i++) {
      const lexeme = lexemes[i]!;
      if (lexeme.kind === 'blank') continue;
      const gap = text.slice(end, lexeme.start).replaceAll('\\\n', ' ');
      const place = {
        lines: gap.split('\n').length - 1,
        gap: gap.slice(gap.lastIndexOf('\n') + 1).replace(/[\r\b]/g, ''),
        index: this.tokens.length,
      };
      end = lexeme.end;
      if (!isTrivia(lexeme)) {
        this.tokens.push(lexeme);
        pieces.push({ token: lexeme, trivia: null, text: lexeme.text, ...place });
        continue;
      }
      // The rule behind #!subst is part of the line.
      if (lexeme.directive?.name.startsWith('subst')) {
        while (i + 1 < lexemes.length && end === lexeme.end) {
          const rule = lexemes[++i]!;
          if (!isTrivia(rule)) end = rule.end;
          else if (rule.kind !== 'blank') {
            i--;
            break;
          }
        }
      }
      pieces.push({ token: null, trivia: lexeme, text: text.slice(lexeme.start, end), ...place });
    }
    return pieces;
  }

  // Lines -----------------------------------------------------------------------------------------------------------

  private breakLine(piece: Piece, indent: number | string, mayBeApart: boolean): void {
    if (this.out !== '') {
      if (!this.out.endsWith('\n')) this.out += this.newline;
      if (mayBeApart && piece.lines > 1 && this.last !== 'open') this.out += this.newline;
    }
    this.out += typeof indent === 'string' ? indent : '\t'.repeat(indent);
  }

  /** Of a statement that would start here. */
  private get lineIndent(): number {
    const { braces, controls } = this.state;
    const top = braces.at(-1);
    return (top ? top.indent + 1 + (top.switch && top.labelled ? 1 : 0) : 0) + controls.length;
  }

  /** Of the further lines of a statement; in a block deeper than a body would be. */
  private get furtherIndent(): number {
    return this.state.indent + (this.state.braces.length > 0 ? 2 : 1);
  }

  // Comments and directives -----------------------------------------------------------------------------------------

  private comment(piece: Piece): void {
    const { text } = piece;
    const line = !text.startsWith('/*');
    const own = piece.lines > 0 || this.out === '' || this.last === 'line';
    if (!own) this.out += (piece.gap === '' && line ? ' ' : piece.gap) + (line ? text.trimEnd() : text);
    else if (/^(?:#!|!!)/.test(text)) this.verbatim(piece);
    else {
      const next = this.tokens[piece.index];
      const { place, braces, parens } = this.state;
      const top = braces.at(-1);
      const started = place === 'start' || (!top && parens === 0 && !(this.before && this.isContinued(next)));
      const labelNext = top?.switch && (next?.kind === 'C' || next?.kind === 'D');
      this.breakLine(
        piece,
        started ? (labelNext ? top.indent + 1 : top ? this.lineIndent : 0) : this.furtherIndent,
        started,
      );
      this.out += line ? text.trimEnd() : text;
    }
    this.last = line ? 'line' : 'comment';
  }

  private isContinued(next: Token | undefined): boolean {
    return (
      next !== undefined && this.before !== null && continuesItem(this.before, next) && this.state.place !== 'start'
    );
  }

  private verbatim(piece: Piece): void {
    // The blanks before it may be the end of an inactive part.
    const line = this.out.slice(this.out.lastIndexOf('\n') + 1);
    if (line === '' || line.trim() !== '')
      this.breakLine(piece, piece.lines > 0 || this.out === '' ? piece.gap : '', true);
    this.out += piece.text.replace(/\r$/, '');
  }

  private directive(piece: Piece): void {
    const { kind, directive } = piece.trivia!;
    if (kind === 'inactive') {
      const text = piece.text.replace(/^[ \t]*\r?\n/, '');
      if (text !== '') {
        this.breakLine(piece, '', false);
        this.out += text;
      }
    } else if (directive && /^[#!]/.test(directive.written)) this.verbatim(piece);
    else {
      this.breakLine(piece, this.state.place === 'start' ? this.lineIndent : this.state.indent, true);
      this.out += piece.text;
    }
    if (directive?.name.startsWith('if')) this.branches.push(copy(this.state));
    else if (directive?.name === 'else' && this.branches.length > 0) this.state = copy(this.branches.at(-1)!);
    else if (directive?.name === 'endif') this.branches.pop();
    this.last = 'line';
  }

  // Tokens ----------------------------------------------------------------------------------------------------------

  private token(token: Token, piece: Piece): void {
    const next = this.tokens[piece.index + 1] ?? null;
    if (isHead(this.tokens, piece.index) && this.state.braces.length > 0 && token.leading) this.resetToTop();
    const top = this.state.braces.length === 0;
    const before = this.tokens[piece.index - 1] ?? null;
    const prefixed = this.beforeUse === 'prefix';
    const use = signUse(this.before, token, next, this.tokens[piece.index - 2] ?? null, prefixed);
    const starts = top ? this.startsItem(token, piece) : this.startsStatement(token);
    if (piece.lines > 0) this.foreign = top && starts && this.isForeign(token, piece.index);
    if (starts) this.state.spacedEquals = !top || next?.kind === '.' || this.opensBraces(piece.index);
    if (this.foreign) {
      if (piece.lines > 0) this.breakLine(piece, piece.gap, true);
      else this.out += piece.gap;
    } else if (token.kind === '}') {
      if (!top) this.state.controls = [];
      this.breakLine(piece, this.state.braces.at(-1)?.indent ?? 0, this.last === 'line');
    } else if (starts) this.startLine(token, piece);
    else if (this.last === 'line' || (piece.lines > 0 && !this.gluedTo(token, before))) {
      this.breakLine(piece, '{)'.includes(token.kind) ? this.state.indent : this.furtherIndent, false);
    } else if (this.last === 'comment') this.out += piece.gap === '' && token.kind !== '{' ? '' : ' ';
    else if (this.before && this.out !== '') {
      const { beforeUse, state } = this;
      const around = { before: this.before, beforeUse, token, use, next, spacedEquals: state.spacedEquals };
      if (spaced(around)) this.out += ' ';
    }
    this.out += token.kind === '"' && !this.foreign ? this.strings(token.text) : token.text;
    this.last = token.kind === '{' ? 'open' : 'token';
    this.before = token;
    this.beforeUse = use;
    this.advance(token, next, starts);
  }

  /** At top level, in a part that is off: a line that is no cfg text stays as it is. */
  private isForeign(token: Token, index: number): boolean {
    const next = this.tokens[index + 1];
    const alone = token.kind === 'a' && (!next || next.leading);
    return !(alone || token.kind === '}' || startsBlock(this.tokens, index) || startsItem(this.tokens, index));
  }

  /** Adjacent strings are one token; each stays on its line. */
  private strings(text: string): string {
    return adjacentStrings(text)
      .map(({ text: part, lines }, i) =>
        i === 0 ? part : (lines ? this.newline + '\t'.repeat(this.furtherIndent) : ' ') + part,
      )
      .join('');
  }

  private resetToTop(): void {
    Object.assign(this.state, { braces: [], controls: [], parens: 0, place: 'start', head: null, joined: 'no' });
  }

  /** `socket = {`. */
  private opensBraces(index: number): boolean {
    return this.tokens[index + 1]?.kind === '=' && this.tokens[index + 2]?.kind === '{';
  }

  private startsItem(token: Token, piece: Piece): boolean {
    if (this.state.parens > 0 || token.kind === ';') return this.before === null;
    if (this.before === null || this.state.place === 'start') return true;
    if (startsBlock(this.tokens, piece.index) || startsItem(this.tokens, piece.index)) return true;
    return piece.lines > 0 && !continuesItem(this.before, token);
  }

  private startsStatement(token: Token): boolean {
    return this.state.place === 'start' && !(token.kind === ';' && this.before?.kind === '}' && this.last === 'token');
  }

  private gluedTo(token: Token, before: Token | null): boolean {
    if (token.kind === '{' || token.kind === ';') return true;
    if (before === null) return false;
    return (token.kind === '(' || token.kind === '[') && 'IWSRQafFszM'.includes(before.kind);
  }

  private startLine(token: Token, piece: Piece): void {
    const { state } = this;
    const top = state.braces.at(-1);
    const joins = state.joined === 'always' || (state.joined === 'as-written' && piece.lines === 0);
    if (joins && this.last !== 'line') {
      this.out += ' ';
    } else {
      const label = top?.switch && (token.kind === 'C' || token.kind === 'D');
      state.indent = label ? top.indent + 1 : this.lineIndent;
      this.breakLine(piece, state.indent, token.kind !== 'E' || this.last === 'line');
    }
    state.joined = 'no';
  }

  /** What this token makes of the state. */
  private advance(token: Token, next: Token | null, starts: boolean): void {
    const { state } = this;
    const top = state.braces.at(-1);
    if (starts) {
      state.place = top?.switch && (token.kind === 'C' || token.kind === 'D') ? 'label' : 'inside';
      state.head = null;
    }
    switch (token.kind) {
      case '(':
      case '[':
        state.parens++;
        break;
      case ')':
      case ']':
        state.parens = Math.max(0, state.parens - 1);
        break;
      case '{':
        this.open();
        return;
      case '}':
        this.close(next);
        return;
      case ';':
        state.parens = 0;
        this.endStatement(next);
        return;
      case 'I':
      case 'W':
      case 'S':
        if (!top) break;
        state.head = token.kind === 'I' ? 'if' : token.kind === 'W' ? 'while' : 'switch';
        state.place = 'condition';
        return;
      case 'E':
        if (!top) break;
        this.afterElse(next);
        return;
      case ':':
        if (state.place !== 'label' || state.parens > 0 || !top) break;
        top.labelled = true;
        state.place = 'start';
        return;
    }
    if (state.place === 'condition' && state.parens === 0 && endsCondition(token, next)) this.endCondition(next);
    // A definition may be a whole statement; it has no semicolon.
    else if (top && state.place === 'inside' && state.parens === 0 && token.kind === 'a')
      if (next?.leading && !continuesName(next)) this.endStatement(next);
  }

  private open(): void {
    const { state } = this;
    const { controls, indent, parens, head } = state;
    const ofIf = head === 'if';
    state.braces.push({ switch: head === 'switch', ofIf, indent, parens, controls, labelled: false });
    Object.assign(state, { controls: [], parens: 0, place: 'start', head: null, joined: 'no' });
  }

  private close(next: Token | null): void {
    const { state } = this;
    const brace = state.braces.pop();
    if (!brace) {
      this.resetToTop();
      return;
    }
    state.parens = brace.parens;
    state.controls = [...brace.controls];
    state.indent = brace.indent;
    state.spacedEquals = true;
    if (state.braces.length > 0 && (brace.parens > 0 || continuesOperand(next))) {
      state.place = 'inside';
      return;
    }
    if (next?.kind === 'E' && brace.ofIf) {
      state.place = 'start';
      state.joined = 'always';
    } else this.endStatement(next);
  }

  private endStatement(next: Token | null): void {
    const { state } = this;
    state.place = 'start';
    state.head = null;
    state.joined = 'no';
    // An else belongs to the innermost if that waits for one.
    while (state.controls.length > 0) {
      const control = state.controls.pop();
      if (next?.kind === 'E' && control === 'if') return;
    }
  }

  private endCondition(next: Token | null): void {
    const { state } = this;
    if (next?.kind === '{') {
      state.place = 'inside';
      return;
    }
    state.controls.push(state.head === 'while' ? 'while' : 'if');
    state.place = 'start';
    state.head = null;
    state.joined = next && 'IWSE'.includes(next.kind) ? 'no' : 'as-written';
  }

  private afterElse(next: Token | null): void {
    const { state } = this;
    state.head = null;
    if (next?.kind === '{') {
      state.place = 'inside';
      return;
    }
    state.place = 'start';
    if (next?.kind === 'I') state.joined = 'always';
    else {
      state.controls.push('else');
      state.joined = next && 'WS'.includes(next.kind) ? 'no' : 'as-written';
    }
  }
}
