/**
 * cfg to formatted cfg. What comes out is scanned and parsed again and held against what went in: when anything but
 * blanks changed, the text is refused, not written.
 */
import { Lexer } from '../0-lex/lexer.js';
import { adjacentStrings } from '../0-lex/strings.js';
import { isTrivia, type Lexeme } from '../0-lex/token.js';
import { preprocess } from '../1-preprocess/index.js';
import { parseConfig } from '../2-parse/index.js';
import { type Diagnostic, Diagnostics } from '../diagnostics/define.js';
import { inOrder } from '../diagnostics/render.js';
import { type Host, withReadFile } from '../host.js';
import type { SourceFile } from '../span.js';
import { printCfg } from './print.js';

export type Formatted =
  | { readonly text: string }
  /** The cfg does not parse. */
  | { readonly diagnostics: readonly Diagnostic[] }
  /** The formatted text would mean something else. */
  | { readonly changed: true };

export interface FormatOptions {
  /** `-A NAME=VALUE`: what counts as defined when the two trees are compared. */
  readonly defines?: Readonly<Record<string, string>>;
}

export function format(host: Host, path: string, text: string, options: FormatOptions = {}): Formatted {
  const defines = options.defines ?? {};
  const before = parsed(host, path, text, defines);
  if (before.mistakes.length > 0) return { diagnostics: before.mistakes };
  // First with all parts under #!ifdef; when one of them is no cfg text, with the inactive parts as they are.
  for (const scan of [allLexemes, activeLexemes(host, defines)]) {
    const file: SourceFile = { path, text };
    const lexemes = scan(file);
    if (!lexemes) continue;
    const printed = printCfg(file, lexemes);
    if (printed === text) return { text };
    const again = scan({ path, text: printed });
    if (!again || content(text, lexemes) !== content(printed, again)) continue;
    const after = parsed(host, path, printed, defines);
    if (after.mistakes.length > 0 || after.tree !== before.tree) continue;
    return { text: printed };
  }
  return { changed: true };
}

/** The whole file as code, whatever is defined; null when some of it cannot be scanned. */
function allLexemes(file: SourceFile): Lexeme[] | null {
  const lexer = new Lexer(file);
  const lexemes: Lexeme[] = [];
  for (let lexeme = lexer.next(); lexeme; lexeme = lexer.next()) {
    lexemes.push(lexeme);
    const compat = isTrivia(lexeme) && lexeme.directive?.name === 'compat' ? lexeme.directive.written : null;
    if (compat) lexer.compat = /MAX|ALL/.test(compat) ? 'max' : /[/#]!SER$/.test(compat) ? 'ser' : 'kamailio';
  }
  return lexer.errors.length > 0 ? null : lexemes;
}

function activeLexemes(host: Host, defines: Readonly<Record<string, string>>): (file: SourceFile) => Lexeme[] | null {
  return ({ path, text }) => {
    const { files } = preprocess(overlaid(host, path, text), path, defines, new Diagnostics());
    return [...(files[0]?.lexemes ?? [])];
  };
}

/** Everything but blanks, in order. */
function content(text: string, lexemes: readonly Lexeme[]): string {
  return lexemes
    .filter((lexeme) => lexeme.kind !== 'blank')
    .map((lexeme) => `${lexeme.kind} ${written(text.slice(lexeme.start, lexeme.end).trim(), lexeme.kind)}`)
    .join('\0');
}

function written(text: string, kind: Lexeme['kind']): string {
  return kind === '"'
    ? adjacentStrings(text)
        .map((part) => part.text)
        .join(' ')
    : text;
}

interface Parsed {
  readonly tree: string;
  readonly mistakes: readonly Diagnostic[];
}

function parsed(host: Host, path: string, text: string, defines: Readonly<Record<string, string>>): Parsed {
  const found = new Diagnostics();
  const config = parseConfig(overlaid(host, path, text), path, { defines }, found);
  const mistakes = inOrder(found.all).filter((d) => d.severity === 'error' && !elsewhere(d, path));
  return { tree: JSON.stringify(config, withoutSpans), mistakes };
}

/** Not a mistake in the shape of this text: a file that is not there, an environment variable, a parameter's name. */
function elsewhere({ code, span }: Diagnostic, path: string): boolean {
  return span.file.path !== path || ['SIPC1001', 'SIPC1011', 'SIPC2029', 'SIPC2030'].includes(code);
}

function withoutSpans(key: string, value: unknown): unknown {
  return key === 'span' || key === 'head' ? undefined : value;
}

function overlaid(host: Host, path: string, text: string): Host {
  return withReadFile(host, (wanted) => (wanted === path ? { text } : host.readFile(wanted)));
}
