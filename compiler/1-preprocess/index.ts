/**
 * Preprocessing: drives the scanner through the cfg and its includes, obeys the directives, replaces defined names.
 * Out comes one list of tokens; each knows its place in a file and, through `via`, how it got into the cfg.
 * Facts: cfg.lex, ppcfg.c.
 */
import { type LexError, Lexer } from '../0-lex/lexer.js';
import { stringEnd, unescaped } from '../0-lex/strings.js';
import { type Directive, isTrivia, type Lexeme, type Token } from '../0-lex/token.js';
import * as d1 from '../diagnostics/1xxx-preprocess.js';
import * as d2 from '../diagnostics/2xxx-syntax.js';
import type { Diagnostics } from '../diagnostics/define.js';
import { nearest } from '../diagnostics/near.js';
import type { Host } from '../host.js';
import type { SourceFile, Span } from '../span.js';
import { Defines, type Definition, ofText, textOf, versionNumber } from './defines.js';
import { type ExpressionValue, evaluate, isTrue } from './expression.js';
import { parseSubst, type Substitution } from './subst.js';

const maxIncludeDepth = 10;
const maxExpansionDepth = 64;
/** More tokens than this is no cfg but a definition that doubles itself. */
const maxTokens = 4_000_000;

export interface Preprocessed {
  readonly tokens: readonly Token[];
  /** Each file read, once, with everything in it. */
  readonly files: readonly { readonly file: SourceFile; readonly lexemes: readonly Lexeme[] }[];
  readonly defines: Defines;
}

export function preprocess(
  host: Host,
  path: string,
  defines: Readonly<Record<string, string>>,
  diagnostics: Diagnostics,
): Preprocessed {
  return new Preprocessor(host, new Defines(defines), diagnostics).run(path);
}

interface Condition {
  readonly written: string;
  readonly span: Span;
  active: boolean;
}

class Preprocessor {
  private readonly tokens: Token[] = [];
  private readonly files: { file: SourceFile; lexemes: Lexeme[] }[] = [];
  private readonly seen = new Map<string, SourceFile>();
  private readonly substitutions: Substitution[] = [];
  private readonly conditions: Condition[] = [];
  private compat: Lexer['compat'] = 'max';
  private depth = 0;

  constructor(
    private readonly host: Host,
    private readonly defines: Defines,
    private readonly diagnostics: Diagnostics,
  ) {}

  run(path: string): Preprocessed {
    const read = this.host.readFile(path);
    if (read && 'text' in read) {
      this.scan({ path, text: read.text });
    } else {
      const nowhere: Span = { file: { path, text: '' }, start: 0, end: 0 };
      this.diagnostics.report(d1.cannotRead, nowhere, { path, reason: read ? read.error : 'no such file' });
    }
    for (const { written, span } of this.conditions) this.diagnostics.report(d1.unclosedCondition, span, { written });
    return { tokens: this.tokens, files: this.files, defines: this.defines };
  }

  private get active(): boolean {
    return this.conditions.every((c) => c.active);
  }

  private scan(file: SourceFile, via?: Span): void {
    const lexer = new Lexer(file, 0, file.text.length, via);
    const lexemes: Lexeme[] = [];
    this.files.push({ file, lexemes });
    for (;;) {
      lexer.compat = this.compat;
      const lexeme = this.active ? lexer.next() : this.nextInactive(lexer, lexemes);
      this.reportErrors(lexer);
      if (!lexeme) return;
      lexemes.push(lexeme);
      if (!isTrivia(lexeme)) {
        this.token(lexeme, lexer, new Set());
        // A definition may take along what stands behind its use: a comment the rest of the line, a variable its name.
        const taken = { start: lexeme.end, end: lexer.position };
        if (taken.end > taken.start) lexemes.push({ kind: 'comment', ...taken });
      } else if (lexeme.directive) this.directive(lexeme.directive, lexer, lexemes);
      else if (lexeme.kind === 'comment') this.checkComment(file, lexeme.start, lexeme.end, via);
      if (this.tokens.length > maxTokens) return;
    }
  }

  private nextInactive(lexer: Lexer, lexemes: Lexeme[]): Lexeme | null {
    const skipped = lexer.skipInactive();
    if (skipped.end > skipped.start) {
      lexemes.push(skipped);
      const text = lexer.file.text.slice(skipped.start, skipped.end);
      for (const line of text.matchAll(/^([ \t]*)((?:#!|!!)(?:else|endif)(?![a-z_])[^\n]*)/gm)) {
        const start = skipped.start + line.index + line[1]!.length;
        this.checkComment(lexer.file, start, start + line[2]!.length, lexer.via);
      }
    }
    return lexer.next();
  }

  /** One token of a file or of a definition: replaced, or kept with substitutions applied. */
  private token(token: Token, lexer: Lexer, within: Set<string>): void {
    if (token.kind === 'a') {
      const definition = this.defines.get(token.text);
      if (definition) {
        this.expand(definition, token, lexer, within);
        return;
      }
    }
    const kept = this.substitutions.length > 0 ? this.substituted(token) : token;
    const before = this.tokens.at(-1);
    this.tokens.push(kept);
    if (before?.kind === 'L' && kept.kind === '"') this.loaded(String(kept.value));
  }

  private expand(definition: Definition, use: Token, outer: Lexer, within: Set<string>): void {
    if (within.has(definition.name) || within.size > maxExpansionDepth || this.tokens.length > maxTokens) {
      this.diagnostics.report(d1.recursiveDefine, definition.span ?? use, { name: definition.name });
      this.defines.delete(definition.name);
      this.tokens.push(use);
      return;
    }
    if (!definition.value) return;
    const { file, start, end } = definition.value;
    const via: Span = { file: use.file, start: use.start, end: use.end, via: use.via };
    const inner = new Lexer(file, start, end, via, true);
    inner.compat = this.compat;
    inner.leading = use.leading;
    const nested = new Set(within).add(definition.name);
    let last: Lexeme | null = null;
    for (let lexeme = inner.next(); lexeme; lexeme = inner.next()) {
      this.reportErrors(inner);
      last = lexeme;
      if (!isTrivia(lexeme)) this.token(lexeme, inner, nested);
    }
    this.reportErrors(inner);
    if (!last) return;
    if (isTrivia(last)) {
      const lineComment = last.kind !== 'blank' && !file.text.startsWith('/*', last.start);
      if (lineComment) outer.skipLine(); // the text is pushed back and scanned again: its comment takes the line along
    } else this.joinInner(last, outer, via);
  }

  /** `#!define X $var`, then `X(a)`: the pushed back text and what follows it are one pseudo-variable. */
  private joinInner(last: Token, outer: Lexer, via: Span): void {
    const token = this.tokens.at(-1);
    const text = outer.file.text;
    if (token !== undefined && token.start === last.start && last.kind === '$' && text[outer.position] === '(') {
      const end = text.indexOf(')', outer.position) + 1;
      if (end === 0 || end > outer.limit || !/^\$[A-Za-z]\w*$/.test(last.text)) return;
      const joined = last.text + text.slice(outer.position, end);
      this.tokens[this.tokens.length - 1] = { ...token, ...via, end, via: via.via, text: joined, orAttribute: false };
      outer.position = end;
    }
  }

  private substituted(token: Token): Token {
    if (token.kind === '"') {
      const value = this.substitutions.reduce((text, s) => s.apply(text), String(token.value));
      return value === token.value ? token : { ...token, value };
    }
    if (token.kind !== '$') return token;
    const text = this.substitutions.reduce((t, s) => s.apply(t), token.text);
    return text === token.text ? token : { ...token, text };
  }

  /** A module that is loaded defines `MOD_name`. */
  private loaded(written: string): void {
    const name = `MOD_${written.replace(/^.*\//, '').replace(/\.so$/, '')}`;
    if (!this.defines.has(name)) this.defines.set({ name, value: null, span: null });
  }

  // Directives ------------------------------------------------------------------------------------------------------

  private directive(directive: Directive, lexer: Lexer, lexemes: Lexeme[]): void {
    const span = this.span(lexer, directive.start, directive.start + directive.written.length);
    const { written } = directive;
    switch (directive.name) {
      case 'ifdef':
      case 'ifndef':
      case 'ifexp':
        this.conditions.push({ written, span, active: this.active && this.holds(directive, lexer) });
        return;
      case 'else': {
        const top = this.conditions.at(-1);
        if (top) top.active = !top.active;
        else this.diagnostics.report(d1.strayElse, span, {});
        return;
      }
      case 'endif':
        if (!this.conditions.pop()) this.diagnostics.report(d1.strayCondition, span, { written });
        return;
      case 'compat':
        this.compat =
          /SER$/.test(written) && !written.includes('OPEN') ? 'ser' : /MAX|ALL/.test(written) ? 'max' : 'kamailio';
        return;
      case 'include_file':
      case 'import_file':
        this.include(directive, lexer);
        return;
      case 'subst':
      case 'substdef':
      case 'substdefs':
        this.subst(directive, lexer, lexemes);
        return;
      case 'defenv':
      case 'defenvs':
      case 'trydefenv':
      case 'trydefenvs':
        this.environment(directive, lexer);
        return;
      default:
        this.define(directive, lexer);
    }
  }

  private holds(directive: Directive, lexer: Lexer): boolean {
    if (directive.name === 'ifexp') {
      const value = this.expression(directive.argument.start, directive.argument.end, lexer);
      if (value !== null) this.newer(directive, lexer);
      return isTrue(value ?? 0);
    }
    const name = this.directiveName(directive, lexer);
    return name !== null && this.defines.has(name.text) === (directive.name === 'ifdef');
  }

  private newer(directive: Directive, lexer: Lexer): void {
    const span = this.span(lexer, directive.start, directive.start + directive.written.length);
    this.diagnostics.report(d1.newerDirective, span, { written: directive.written });
  }

  /** The name after a directive, or null with its diagnostic reported. */
  private directiveName(directive: Directive, lexer: Lexer): { text: string; span: Span; end: number } | null {
    const { start: from, end } = directive.argument;
    // The scanner passes over digits in front of the name: `#!define 1A` defines A.
    const digits = /^[0-9]*(?=[A-Za-z_])/.exec(lexer.file.text.slice(from, end))?.[0].length ?? 0;
    const start = from + digits;
    const found = /^[A-Za-z_][A-Za-z0-9_]*/.exec(lexer.file.text.slice(start, end));
    const word = /^[^ \t\b\r]*/.exec(lexer.file.text.slice(start, end))![0];
    if (found && lexer.file.text[start + found[0].length] !== '-') {
      const stop = start + found[0].length;
      return { text: found[0], span: this.span(lexer, start, stop), end: stop };
    }
    const at = word === '' ? directive.start : start;
    const span = this.span(lexer, at, word === '' ? directive.start + directive.written.length : start + word.length);
    this.diagnostics.report(d1.badDefineName, span, { written: directive.written, found: word });
    return null;
  }

  private define(directive: Directive, lexer: Lexer): void {
    const name = this.directiveName(directive, lexer);
    if (!name) return;
    if (directive.name === 'undef' || directive.name === 'tryundef') {
      this.newer(directive, lexer);
      this.defines.delete(name.text);
      return;
    }
    const { file } = lexer;
    let start = name.end;
    while (start < directive.end && ' \t\b\r'.includes(file.text[start]!)) start++;
    let definition: Definition = {
      name: name.text,
      span: name.span,
      value: start < directive.end ? { file, start, end: directive.end } : null,
    };
    if (directive.name === 'defexp' || directive.name === 'defexps') {
      this.newer(directive, lexer);
      const value = this.expression(start, directive.end, lexer);
      if (value === null) return;
      const text = directive.name === 'defexps' ? `"${value}"` : String(value);
      definition = ofText(name.text, text, `${directive.written} ${name.text}`, name.span);
    }
    if (directive.name === 'trydef' && this.defines.has(name.text)) return;
    if (directive.name !== 'redefine' && !this.isNew(name.text, name.span)) return;
    this.defines.set(definition);
    this.checkValue(definition);
  }

  private isNew(name: string, span: Span): boolean {
    const first = this.defines.get(name);
    if (!first) return true;
    const label = first.span ? [{ span: first.span, message: 'first defined here' }] : [];
    this.diagnostics.report(d1.alreadyDefined, span, { name }, label);
    return false;
  }

  private checkValue(definition: Definition): void {
    if (!definition.value) return;
    const { file, start, end } = definition.value;
    const lexer = new Lexer(file, start, end, undefined, true);
    for (let lexeme = lexer.next(); lexeme; lexeme = lexer.next())
      if (isTrivia(lexeme) && lexeme.kind === 'comment' && !file.text.startsWith('/*', lexeme.start))
        this.diagnostics.report(d1.commentInDefine, { file, start: lexeme.start, end: lexeme.end }, definition);
  }

  private expression(start: number, end: number, lexer: Lexer): ExpressionValue | null {
    const text = lexer.file.text.slice(start, end).replaceAll('\\\n', '');
    const result = evaluate(text, (name) => this.expressionName(name, 0));
    if ('value' in result) return result.value;
    this.diagnostics.report(
      d1.badCondition,
      this.span(lexer, start, Math.max(start + 1, start + text.trimEnd().length)),
      {
        reason: result.error,
      },
    );
    return null;
  }

  private expressionName(name: string, depth: number): ExpressionValue | undefined {
    if (name === 'KAMAILIO_VERSION') return versionNumber;
    const definition = this.defines.get(name);
    if (!definition || depth > 8) return undefined;
    const text = textOf(definition).trim();
    if (text === '') return 1;
    const result = evaluate(text, (inner) => this.expressionName(inner, depth + 1));
    return 'value' in result ? result.value : text;
  }

  private environment(directive: Directive, lexer: Lexer): void {
    const { start, end } = directive.argument;
    const text = lexer.file.text.slice(start, end);
    const equals = text.indexOf('=');
    const name = equals < 0 ? text : text.slice(0, equals);
    const variable = equals < 0 ? text : text.slice(equals + 1);
    const span = this.span(lexer, text === '' ? directive.start : start, end);
    if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(name)) {
      this.diagnostics.report(d1.badDefineName, span, { written: directive.written, found: name });
      return;
    }
    const value = this.host.env(variable);
    if (value === undefined) {
      if (!directive.name.startsWith('try')) this.diagnostics.report(d1.environmentUnset, span, { name: variable });
      return;
    }
    if (!this.isNew(name, span)) return;
    const quoted = directive.name.endsWith('s') ? `"${value}"` : value;
    this.defines.set(ofText(name, quoted, `environment variable ${variable}`, span));
  }

  private subst(directive: Directive, lexer: Lexer, lexemes: Lexeme[]): void {
    const { written } = directive;
    let rule: Token | null = null;
    for (let lexeme = lexer.next(); lexeme; lexeme = lexer.next()) {
      lexemes.push(lexeme);
      if (!isTrivia(lexeme)) {
        rule = lexeme;
        break;
      }
    }
    this.reportErrors(lexer);
    const head = this.span(lexer, directive.start, directive.start + written.length);
    if (rule?.kind !== '"') {
      this.diagnostics.report(d1.badSubst, head, { reason: `a string has to follow ${written}` });
      if (rule) this.token(rule, lexer, new Set());
      return;
    }
    const span = rule;
    // The rule is a string like others: what was substituted before is replaced in it too.
    const parsed = parseSubst(String(this.substituted(rule).value), (name) => this.host.env(name));
    if ('error' in parsed) {
      this.diagnostics.report(d1.badSubst, span, { reason: parsed.error });
      return;
    }
    this.substitutions.push(parsed.subst);
    if (directive.name === 'subst') return;
    if (!this.isNew(parsed.pattern, span)) return;
    const value = parsed.replacement.replace(/\$env\(([^)]*)\)/g, (_, name: string) => this.host.env(name) ?? '');
    const text = directive.name === 'substdefs' ? `"${value}"` : value;
    this.defines.set(ofText(parsed.pattern, text, `${written} ${parsed.pattern}`, span));
  }

  private include(directive: Directive, lexer: Lexer): void {
    const { start, end } = directive.argument;
    const raw = lexer.file.text.slice(start, end);
    const text = this.substitutions.reduce((t, s) => s.apply(t), raw);
    const span = this.span(lexer, start === end ? directive.start : start, end);
    if (text.length < 3 || text[0] !== '"' || stringEnd(text, 0, text.length) !== text.length) {
      this.diagnostics.report(d1.includeName, span, { written: directive.written });
      return;
    }
    if (this.depth >= maxIncludeDepth) {
      this.diagnostics.report(d1.includeTooDeep, span, {});
      return;
    }
    const path = this.host.resolve(lexer.file.path, unescaped(text.slice(1, -1)));
    const read = this.host.readFile(path);
    if (!read || 'error' in read) {
      if (directive.name === 'import_file') return;
      this.diagnostics.report(d1.cannotRead, span, { path, reason: read ? read.error : 'no such file' });
      return;
    }
    let file = this.seen.get(path);
    if (!file || file.text !== read.text) this.seen.set(path, (file = { path, text: read.text }));
    this.depth++;
    this.scan(file, span);
    this.depth--;
  }

  // Reports ---------------------------------------------------------------------------------------------------------

  private span(lexer: Lexer, start: number, end: number): Span {
    return { file: lexer.file, start, end, via: lexer.via };
  }

  private checkComment(file: SourceFile, start: number, end: number, via?: Span): void {
    const found = /^(?:#!|!!)([a-z_]+)/.exec(file.text.slice(start, Math.min(end, start + 40)));
    if (!found) return;
    const [written, name] = [found[0], found[1]!];
    const span: Span = { file, start, end: start + written.length, via };
    if (name === 'else' || name === 'endif') {
      const atEnd = /^[ \t\r]*$/.test(file.text.slice(start + written.length, end)) && end === file.text.length;
      this.diagnostics.report(d1.ignoredDirective, span, { written, atEnd });
      return;
    }
    const near = nearest(name, directiveWords, 2);
    if (near && near !== name) this.diagnostics.report(d1.misspelledDirective, span, { written, near: `#!${near}` });
  }

  private reportErrors(lexer: Lexer): void {
    for (const { kind, start, end } of lexer.errors)
      this.diagnostics.report(lexErrors[kind], this.span(lexer, start, end), {});
    lexer.errors.length = 0;
  }
}

const directiveWords = [
  'define',
  'trydef',
  'redefine',
  'ifdef',
  'ifndef',
  'ifexp',
  'else',
  'endif',
  'subst',
  'substdef',
  'substdefs',
  'defenv',
  'defenvs',
  'trydefenv',
  'trydefenvs',
  'include_file',
  'import_file',
  'defexp',
  'defexps',
  'undef',
];

const lexErrors = {
  'unclosed-string': d2.unclosedString,
  'unclosed-comment': d2.unclosedComment,
  'unclosed-pv': d2.unclosedPv,
  'bad-pv': d2.badPv,
  'bad-character': d2.badCharacter,
} satisfies Record<LexError['kind'], unknown>;
