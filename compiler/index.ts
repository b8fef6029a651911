/**
 * The pipeline in one screen: cfg → AST → bound → checked → TypeScript with its source map. Bundling is `6-bundle`;
 * `format` is cfg → cfg.
 */
import { preprocess } from './1-preprocess/index.js';
import { parseConfig } from './2-parse/index.js';
import { Matches } from './2-parse/matches.js';
import { type BoundProgram, bind } from './3-bind/index.js';
import { ignoreMark, withoutIgnored } from './4-check/ignores.js';
import { checkProgram, lintProgram } from './4-check/index.js';
import { type Emitted, emit } from './5-emit/index.js';
import type { Config } from './ast.js';
import { type Diagnostic, Diagnostics } from './diagnostics/define.js';
import { blocks } from './diagnostics/severity.js';
import { type Host, withReadFile } from './host.js';

export { type FormatOptions, type Formatted, format } from './format/index.js';
export { Matches };

export interface CompileOptions {
  /** `-A NAME=VALUE`. */
  readonly defines?: Readonly<Record<string, string>>;
  /** Names Kamailio has and we lack become warnings, and calls that log once and return -1. */
  readonly allowMissing?: boolean;
  /** False: only what Kamailio refuses and what cannot work; no lint. */
  readonly lint?: boolean;
  /** What an editor keeps from one check to the next. */
  readonly matches?: Matches;
  /** Written into the program. */
  readonly version?: string;
}
export interface Checked {
  readonly config: Config;
  readonly bound: BoundProgram;
  /** In file order. */
  readonly diagnostics: readonly Diagnostic[];
}
export interface Compiled extends Checked {
  /** Null when there are errors. */
  readonly program: Emitted | null;
}

/** Everything that can be said about a cfg without emitting it. */
export function check(host: Host, path: string, options: CompileOptions = {}): Checked {
  const found = new Diagnostics();
  const defines = options.defines ?? {};
  let ignoring = false;
  const reading: Host['readFile'] = (wanted) => {
    const read = host.readFile(wanted);
    ignoring ||= read !== null && 'text' in read && read.text.includes(ignoreMark);
    return read;
  };
  const config = parseConfig(
    withReadFile(host, reading),
    path,
    { defines, ...(options.matches && { matches: options.matches }) },
    found,
  );
  const bound = bind(config, host, found);
  checkProgram(bound, host.catalog(), found);
  // A part that did not parse is missing in what the rules see.
  const linted = options.lint !== false && !found.all.some(isSyntaxError);
  if (linted) lintProgram(bound, found, host.versions && (() => host.versions!()));
  const all = options.allowMissing ? found.all.map(tolerated) : found.all;
  if (!ignoring) return { config, bound, diagnostics: all };
  const { files } = preprocess(host, path, defines, new Diagnostics());
  return { config, bound, diagnostics: withoutIgnored(config, files, all, linted) };
}

/** The cfg as TypeScript. */
export function compile(host: Host, path: string, options: CompileOptions = {}): Compiled {
  const checked = check(host, path, options);
  if (checked.diagnostics.some(blocks)) return { ...checked, program: null };
  return { ...checked, program: emit(checked.bound, { path, version: options.version ?? '' }) };
}

const tolerated = (d: Diagnostic): Diagnostic =>
  d.severity === 'error' && d.slug.startsWith('missing-') ? { ...d, severity: 'warning' } : d;

const isSyntaxError = (d: Diagnostic): boolean => d.severity === 'error' && /^SIPC[12]/.test(d.code);
