/**
 * The scanner of one file, pulled lexeme by lexeme: longest match, as Kamailio 5.6's cfg.lex. It keeps everything
 * (blanks, comments, directives) and knows no definitions; the preprocessor drives it and skips inactive parts.
 */
import type { SourceFile, Span } from '../span.js';
import { keywordKind, wordNumber } from './keywords.js';
import { cInt, stringEnd, unescaped } from './strings.js';
import type { Directive, DirectiveName, Lexeme, Token, TokenKind, Trivia } from './token.js';

export type Compat = 'max' | 'ser' | 'kamailio';

/** A piece that no token can be made of. */
export interface LexError {
  readonly kind: 'unclosed-string' | 'unclosed-comment' | 'unclosed-pv' | 'bad-pv' | 'bad-character';
  readonly start: number;
  readonly end: number;
}

const directiveNames: Readonly<Record<string, DirectiveName>> = {
  define: 'define',
  def: 'define',
  trydefine: 'trydef',
  trydef: 'trydef',
  redefine: 'redefine',
  redef: 'redefine',
  undefine: 'undef',
  undef: 'undef',
  tryundefine: 'tryundef',
  tryundef: 'tryundef',
  defexp: 'defexp',
  defexps: 'defexps',
  defenv: 'defenv',
  defenvs: 'defenvs',
  trydefenv: 'trydefenv',
  trydefenvs: 'trydefenvs',
  subst: 'subst',
  substdef: 'substdef',
  substdefs: 'substdefs',
  ifdef: 'ifdef',
  ifndef: 'ifndef',
  ifexp: 'ifexp',
  else: 'else',
  endif: 'endif',
  include_file: 'include_file',
  import_file: 'import_file',
};

const blank = /[ \t\b\r\n]+/y;
const word = /[A-Za-z0-9_]+/y;
const directive = /(?:#!|!!)([a-z_]+)/y;
const compatHeader = /(?:#|\/\/)!(SER|KAMAILIO|OPENSER|MAXCOMPAT|ALL)(?=\n)/y;
const ipv6 =
  /(?:(?:[0-9a-fA-F]{1,4}:){7}[0-9a-fA-F]{1,4}|(?:[0-9a-fA-F]{1,4}:){1,7}(?::[0-9a-fA-F]{1,4}){1,7}|:(?::[0-9a-fA-F]{1,4}){1,7}|(?:[0-9a-fA-F]{1,4}:){1,7}:|::)/y;
const attribute = /[%$](?:(?:f|t|fr|tr|fu|tu|fd|td|g)\.)?[A-Za-z_][A-Za-z0-9_]*(?:\[(?:-?[0-9]+|\*)?\])?/y;
const select =
  /@[A-Za-z_][A-Za-z0-9_]*(?:\[(?:-?[0-9]+|"[^"\n]*")\])?(?:\.[A-Za-z_][A-Za-z0-9_]*(?:\[(?:-?[0-9]+|"[^"\n]*")\])?)*/y;
const eventName = /[a-zA-Z][0-9a-zA-Z-]*(?::[a-zA-Z][0-9a-zA-Z_-]*)+/y;
const operators: readonly (readonly [string, TokenKind])[] = [
  ['==', 'q'],
  ['!=', 'q'],
  ['=~', 'q'],
  ['<=', 'r'],
  ['>=', 'r'],
  ['<<', 'b'],
  ['>>', 'b'],
  ['&&', 'b'],
  ['||', 'b'],
  ['+=', 'x'],
  ['<', 'r'],
  ['>', 'r'],
  ['+', 'b'],
  ['&', 'b'],
  ['|', 'b'],
  ['^', 'b'],
  ['=', '='],
  ['!', '!'],
  ['~', '~'],
  ['-', '-'],
  ['*', '*'],
  ['/', '/'],
  ['(', '('],
  [')', ')'],
  ['{', '{'],
  ['}', '}'],
  ['[', '['],
  [']', ']'],
  [',', ','],
  [';', ';'],
  [':', ':'],
  ['.', '.'],
];
const operatorsByFirst = new Map<string, (readonly [string, TokenKind])[]>();
for (const row of operators) {
  const list = operatorsByFirst.get(row[0][0]!) ?? [];
  list.push(row);
  operatorsByFirst.set(row[0][0]!, list);
}

function at(pattern: RegExp, text: string, position: number): string | undefined {
  pattern.lastIndex = position;
  return pattern.exec(text)?.[0];
}

export class Lexer {
  position: number;
  compat: Compat = 'max';
  readonly errors: LexError[] = [];
  private readonly text: string;
  private event: 'no' | 'head' | 'name' = 'no';
  /** Is the next token the first on its line? */
  leading = true;

  /** `via` goes into every token; `limit` ends a scan of a part: the value of a definition, which counts as one line. */
  constructor(
    readonly file: SourceFile,
    start = 0,
    readonly limit = file.text.length,
    readonly via?: Span,
    private readonly oneLine = false,
  ) {
    this.text = file.text;
    this.position = start;
  }

  /** Null at the end. */
  next(): Lexeme | null {
    const start = this.position;
    if (start >= this.limit) return null;
    const c = this.text[start]!;
    if (c === ' ' || c === '\n' || c === '\t' || c === '\r' || c === '\b') {
      const spaces = at(blank, this.text, start)!;
      if (spaces.includes('\n')) this.leading = true;
      return this.trivia('blank', start + spaces.length);
    }
    if (c === '\\' && this.text[start + 1] === '\n') return this.trivia('blank', start + 2);
    if (c === '#' || (c === '!' && this.text[start + 1] === '!') || (c === '/' && this.text[start + 1] === '/')) {
      const found = this.directive(start);
      if (found) return found;
      if (c !== '!') return this.trivia('comment', this.lineEnd(start));
    }
    if (c === '/' && this.text[start + 1] === '*') return this.comment(start);
    if (this.event !== 'no') {
      const token = this.eventRouteName(start);
      if (token) return token;
    }
    return this.code(start, c);
  }

  /** From the middle of a line to the directive that may end an inactive part, or to the end. */
  skipInactive(): Trivia {
    const pattern = /(?:#!|!!)(?:ifdef[ \t\b\r]|ifndef[ \t\b\r]|ifexp[ \t\b\r]|else[ \t\b\r]*\n|endif[ \t\b\r]*\n)/g;
    pattern.lastIndex = this.position;
    const found = pattern.exec(this.text);
    this.leading = true;
    return this.trivia('inactive', found ? found.index : this.limit);
  }

  private trivia(kind: Trivia['kind'], end: number): Trivia {
    const start = this.position;
    this.position = Math.min(end, this.limit);
    return { kind, start, end: this.position };
  }

  private token(kind: TokenKind, end: number, value?: string | number, orAttribute?: boolean): Token {
    const start = this.position;
    const leading = this.leading;
    this.leading = false;
    this.position = end;
    const text = this.text.slice(start, end);
    return { kind, file: this.file, start, end, via: this.via, text, value, orAttribute, leading };
  }

  private error(kind: LexError['kind'], end: number): void {
    this.errors.push({ kind, start: this.position, end });
  }

  /** Drops the rest of the line: a definition that ends in a comment takes it along. */
  skipLine(): Trivia {
    return this.trivia('comment', this.lineEnd(this.position));
  }

  private lineEnd(from: number): number {
    if (this.oneLine) return this.limit;
    const newline = this.text.indexOf('\n', from);
    return newline < 0 || newline > this.limit ? this.limit : newline;
  }

  private comment(start: number): Trivia {
    // Comments nest (cfg.lex counts them).
    const mark = /\/\*|\*\//g;
    mark.lastIndex = start;
    let depth = 0;
    for (let found = mark.exec(this.text); found && mark.lastIndex <= this.limit; found = mark.exec(this.text)) {
      depth += found[0] === '/*' ? 1 : -1;
      if (depth === 0) return this.trivia('comment', mark.lastIndex);
    }
    this.error('unclosed-comment', start + 2);
    return this.trivia('comment', this.limit);
  }

  private directive(start: number): Trivia | null {
    const header = at(compatHeader, this.text, start);
    if (header) return this.directiveOf('compat', header, start, start + header.length, start + header.length);
    directive.lastIndex = start;
    const found = directive.exec(this.text);
    const name = found && directiveNames[found[1]!];
    if (!found || !name) return null;
    const after = start + found[0].length;
    const next = this.text[after] ?? '\n';
    const spaced = next === ' ' || next === '\t' || next === '\b' || next === '\r';
    switch (name) {
      case 'subst':
      case 'substdef':
      case 'substdefs':
        return this.directiveOf(name, found[0], start, after, after);
      case 'include_file':
      case 'import_file':
      case 'defenv':
      case 'defenvs':
      case 'trydefenv':
      case 'trydefenvs':
        return this.directiveOf(name, found[0], start, after, this.wordEnd(after));
      case 'else':
      case 'endif': {
        // What follows on the line makes it a comment (KAMAILIO-LANGUAGE item 9); at the end of the file there is no line end.
        const end = this.lineEnd(after);
        const rest = this.text.slice(after, end);
        return /^[ \t\b\r]*$/.test(rest) && this.text[end] === '\n'
          ? this.directiveOf(name, found[0], start, after, end)
          : null;
      }
      case 'ifdef':
      case 'ifndef':
      case 'ifexp':
        return spaced ? this.directiveOf(name, found[0], start, after, this.lineEnd(after)) : null;
      default:
        return spaced ? this.directiveOf(name, found[0], start, after, this.continuedLineEnd(after)) : null;
    }
  }

  private directiveOf(name: DirectiveName, written: string, start: number, after: number, end: number): Trivia {
    let from = after;
    while (from < end && ' \t\b\r'.includes(this.text[from]!)) from++;
    const found: Directive = { name, written, start, end, argument: { start: from, end } };
    this.position = end;
    this.leading = true;
    return { kind: 'directive', start, end, directive: found };
  }

  private wordEnd(from: number): number {
    let i = from;
    while (i < this.limit && (this.text[i] === ' ' || this.text[i] === '\t')) i++;
    while (i < this.limit && !' \t\r\n'.includes(this.text[i]!)) i++;
    return i;
  }

  private continuedLineEnd(from: number): number {
    let end = this.lineEnd(from);
    while (end < this.limit && this.text[end - 1] === '\\') end = this.lineEnd(end + 1);
    return end;
  }

  private eventRouteName(start: number): Token | null {
    if (this.event === 'head') {
      if (this.text[start] !== '[') {
        this.event = 'no';
        return null;
      }
      this.event = 'name';
      return this.token('[', start + 1);
    }
    this.event = 'no';
    const quote = this.text[start] === '"' ? 1 : 0; // Kamailio passes over quotes here
    const name = at(eventName, this.text, start + quote);
    if (!name || (quote > 0 && this.text[start + 1 + name.length] !== '"')) return null;
    return { ...this.token('e', start + name.length + 2 * quote), text: name };
  }

  private code(start: number, c: string): Lexeme {
    if (c === '"') return this.doubleQuoted(start);
    if (c === "'") return this.singleQuoted(start);
    if (c === '$') return this.pv(start);
    if (c === '@' || c === '%') {
      const text = at(c === '@' ? select : attribute, this.text, start);
      return text ? this.token(c, start + text.length) : this.unknown(start);
    }
    const name = at(word, this.text, start);
    if (name) return this.word(start, name);
    if (c === ':') {
      const address = at(ipv6, this.text, start);
      if (address) return this.token('6', start + address.length);
    }
    if (c === '(') {
      const cast = this.text.slice(start, start + 5);
      if (cast === '(int)' || cast === '(str)') return this.token('c', start + 5);
    }
    for (const [text, kind] of operatorsByFirst.get(c) ?? [])
      if (this.text.startsWith(text, start)) return this.token(kind, start + text.length);
    return this.unknown(start);
  }

  private unknown(start: number): Token {
    let end = start + 1;
    if (this.text.charCodeAt(start) >= 0x80) while (end < this.limit && this.text.charCodeAt(end) >= 0x80) end++;
    this.error('bad-character', end);
    return this.token('?', end);
  }

  private word(start: number, name: string): Lexeme {
    const end = start + name.length;
    const next = this.text[end];
    if (next === ':') {
      if (name.length <= 4) {
        const address = at(ipv6, this.text, start);
        if (address && address.length > name.length) return this.token('6', start + address.length);
      }
      if (name === 'uri' || name === 'msg') {
        const tail = at(word, this.text, end + 1);
        if (name === 'uri' && (tail === 'host' || tail === 'port')) return this.token('h', end + 5);
        if (name === 'msg' && tail === 'len') return this.token('m', end + 4);
      }
    }
    if (/^[0-9]/.test(name)) {
      if (/^(?:0|[1-9][0-9]*)$/.test(name)) return this.token('0', end, cInt(name, 10));
      if (/^0[0-7]+$/.test(name)) return this.token('0', end, cInt(name, 8));
      if (/^0x[0-9a-fA-F]+$/.test(name)) return this.token('0', end, cInt(name.slice(2), 16));
      if (/^[01]+b$/.test(name)) return this.token('0', end, cInt(name.slice(0, -1), 2));
      return this.token('u', end);
    }
    if (name === 'include_file' || name === 'import_file')
      return this.directiveOf(name, name, start, end, this.wordEnd(end));
    const kind = keywordKind(name);
    if (kind === '0') return this.token('0', end, wordNumber(name));
    if (name === 'event_route') this.event = 'head';
    return this.token(kind ?? 'a', end);
  }

  private doubleQuoted(start: number): Token {
    let value = '';
    let from = start;
    for (;;) {
      const end = stringEnd(this.text, from, this.limit);
      // A word right behind the closing quote, lines later: that quote opens the next string, and this one was never closed.
      const swallows = end > this.lineEnd(from) && /[A-Za-z0-9_$]/.test(this.text[end] ?? '');
      if (end < 0 || swallows) {
        this.error('unclosed-string', this.lineEnd(from));
        return this.token('"', this.lineEnd(from), value + unescaped(this.text.slice(from + 1, this.lineEnd(from))));
      }
      value += unescaped(this.text.slice(from + 1, end - 1));
      const gap = at(blank, this.text, end)?.length ?? 0;
      if (this.text[end + gap] !== '"' || end + gap >= this.limit) return this.token('"', end, value);
      from = end + gap;
    }
  }

  private singleQuoted(start: number): Token {
    const end = stringEnd(this.text, start, this.limit);
    if (end >= 0) return this.token('"', end, this.text.slice(start + 1, end - 1));
    this.error('unclosed-string', this.lineEnd(start));
    return this.token('"', this.lineEnd(start), this.text.slice(start + 1, this.lineEnd(start)));
  }

  private pv(start: number): Token {
    if (this.text[start + 1] === '?') return this.token('$', start + 2);
    if (this.text[start + 1] === '(' && this.compat !== 'ser') return this.parenthesized(start, start + 1);
    const name = at(word, this.text, start + 1);
    if (name?.startsWith('retcode')) return this.token('$', start + 8);
    if (name?.startsWith('rc')) return this.token('$', start + 3); // longest match: `$rcv(af)` is `$rc` and `v(af)`
    if (!name || /^[0-9]/.test(name)) {
      this.error('bad-pv', start + 1 + (name?.length ?? 0));
      return this.token('?', start + 1 + (name?.length ?? 0));
    }
    const end = start + 1 + name.length;
    const next = this.text[end];
    if (this.compat !== 'kamailio') {
      const isAttribute = this.compat === 'ser' || next === '[' || (next === '.' && /^(?:[ft][rud]?|g)$/.test(name));
      const text = isAttribute ? at(attribute, this.text, start) : undefined;
      if (text) return this.token('%', start + text.length);
    }
    if (next === '(') return this.parenthesized(start, end);
    return this.token('$', end, undefined, this.compat === 'max');
  }

  private parenthesized(start: number, open: number): Token {
    let depth = 0;
    for (let i = open; i < this.limit; i++) {
      const c = this.text[i];
      if (c === '(') depth++;
      else if (c === ')' && --depth === 0) return this.token('$', i + 1);
      else if (c === '\n') break;
    }
    this.error('unclosed-pv', this.lineEnd(start));
    return this.token('?', this.lineEnd(start));
  }
}
