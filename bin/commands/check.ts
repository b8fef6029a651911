/** `sipc check`: all mistakes in one run. */
import { readFileSync, writeFileSync } from 'node:fs';
import { dirname, relative, resolve } from 'node:path';
import pc from 'picocolors';
import { baselineOf, parseBaseline, withoutKnown } from '../../compiler/diagnostics/baseline.js';
import type { Diagnostic } from '../../compiler/diagnostics/define.js';
import { inOrder, readable, renderPretty, summarize, toJson } from '../../compiler/diagnostics/render.js';
import { fails, type Threshold, thresholds } from '../../compiler/diagnostics/severity.js';
import { applyFixes } from '../../compiler/format/edits.js';
import { withReadFile } from '../../compiler/host.js';
import { check } from '../../compiler/index.js';
import { type CommandSpec, type Io, parseDefines, toBytes } from '../command.js';
import { createNodeHost } from '../node-host.js';
import { version } from '../version.js';

const formats = ['pretty', 'json', 'sarif', 'github', 'junit'] as const;
type Format = (typeof formats)[number];

export const command: CommandSpec = {
  summary: 'Says all that is wrong with a cfg: each mistake with its code, place, source line and fix.',
  arguments: [{ name: '<file>', doc: 'the cfg; what it includes is read too' }],
  options: [
    { flags: '-A, --define <name[=value]>', doc: 'define a name, as #!define does (repeatable)', repeat: true },
    {
      flags: '--format <format>',
      doc: 'pretty for people, json for programs, sarif for code scanning, github for workflow logs, junit for CI',
      default: 'pretty',
      choices: formats,
    },
    {
      flags: '--fail-on <severity>',
      doc: 'exit with 1 for findings of this severity or above (error, security, warning, hint)',
      default: 'error',
      choices: thresholds,
    },
    { flags: '--fix', doc: 'correct in the files what can be corrected without asking, and report the rest' },
    { flags: '--baseline <file>', doc: 'leave out the findings this file lists' },
    { flags: '--write-baseline <file>', doc: 'write the findings of this run as a baseline, and exit with 0' },
    { flags: '--allow-missing', doc: 'what Kamailio has and sipc lacks is a warning, not an error' },
  ],
  details: [
    'A comment in the cfg silences the next statement; errors stay:',
    '  # sipc-ignore SIPC5004: the caller goes on, on purpose',
    'One that says which Kamailio the cfg is for makes names newer than that a finding:',
    '  # kamailio-target: 5.6',
    '',
    'Examples:',
    '  sipc check kamailio.cfg',
    '  sipc check kamailio.cfg -A WITH_TLS -A WITH_MYSQL --format json',
    '  sipc check kamailio.cfg --fail-on warning --baseline known.json --format github',
    '',
    'Exit code: 0 clean, 1 findings at or above --fail-on, 2 wrong use. `sipc explain CODE` says more about a diagnostic.',
  ].join('\n'),
  async run([file = ''], options, io) {
    const given = parseDefines((options.define as string[] | undefined) ?? []);
    if ('error' in given) {
      io.err(`sipc check: ${given.error}\n`);
      return 2;
    }
    const known = readBaseline(options.baseline as string | undefined);
    if ('error' in known) {
      io.err(`sipc check: ${known.error}\n`);
      return 2;
    }
    const host = await createNodeHost();
    const path = toBytes(file);
    const compileOptions = { defines: given.defines, allowMissing: options.allowMissing === true };
    const fixed = options.fix
      ? applyFixes((texts) => check(withTexts(texts), path, compileOptions).diagnostics)
      : { texts: new Map<string, string>(), applied: [], diagnostics: check(host, path, compileOptions).diagnostics };
    for (const [name, text] of fixed.texts) {
      const problem = write(toPath(name), text, 'latin1');
      if (problem === null) continue;
      io.err(`sipc check: ${problem}\n`);
      return 1;
    }
    const found = known.hide(inOrder(fixed.diagnostics));
    const threshold = options.failOn as Threshold;
    const failed = found.diagnostics.some((d) => fails(d, threshold));
    const format = options.format as Format;
    if (format === 'pretty') {
      for (const d of fixed.applied) io.out(`fixed ${d.code} ${d.slug}: ${readable(d.message)}\n`);
      if (fixed.applied.length > 0 && found.diagnostics.length > 0) io.out('\n');
    }
    await report(format, found.diagnostics, file, threshold, io);
    if (format === 'pretty' && found.hidden > 0) io.out(`${found.hidden} in the baseline\n`);
    const target = options.writeBaseline as string | undefined;
    if (target === undefined) return failed ? 1 : 0;
    const problem = write(
      target,
      `${JSON.stringify(baselineOf(inOrder(fixed.diagnostics), from(target)), null, 2)}\n`,
      'utf8',
    );
    if (problem === null) return 0;
    io.err(`sipc check: ${problem}\n`);
    return 1;

    function withTexts(texts: ReadonlyMap<string, string>) {
      return withReadFile(host, (wanted) => {
        const text = texts.get(wanted);
        return text === undefined ? host.readFile(wanted) : { text };
      });
    }
  },
};

async function report(
  format: Format,
  diagnostics: readonly Diagnostic[],
  file: string,
  threshold: Threshold,
  io: Io,
): Promise<void> {
  // The forms that only machines read are loaded when they are asked for.
  switch (format) {
    case 'json':
      io.out(`${JSON.stringify({ diagnostics: diagnostics.map(toJson) })}\n`);
      break;
    case 'sarif':
      io.out((await import('../../compiler/diagnostics/sarif.js')).renderSarif(diagnostics, version()));
      break;
    case 'github':
      io.out((await import('../../compiler/diagnostics/github.js')).renderGithub(diagnostics));
      break;
    case 'junit':
      io.out((await import('../../compiler/diagnostics/junit.js')).renderJunit(diagnostics, file, threshold));
      break;
    case 'pretty':
      printDiagnostics(diagnostics, io, diagnostics.some((d) => fails(d, threshold)) ? io.err : io.out);
      if (diagnostics.length === 0) io.out(`${file}: no mistakes\n`);
  }
}

/** Names in a baseline are relative to its folder, so that a checkout can lie anywhere. */
function from(baseline: string): (path: string) => string {
  const folder = dirname(resolve(baseline));
  return (path) => relative(folder, resolve(toPath(path)));
}

type Hide = (diagnostics: readonly Diagnostic[]) => { diagnostics: readonly Diagnostic[]; hidden: number };

function readBaseline(file: string | undefined): { hide: Hide } | { error: string } {
  if (file === undefined) return { hide: (diagnostics) => ({ diagnostics, hidden: 0 }) };
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch {
    return { error: `cannot read the baseline ${file}; --write-baseline makes one` };
  }
  const baseline = parseBaseline(text);
  if ('error' in baseline) return { error: `${file} is no baseline: ${baseline.error}` };
  return { hide: (diagnostics) => withoutKnown(diagnostics, baseline, from(file)) };
}

/** Cfg text is bytes; so is the name of a file that a cfg includes. */
const toPath = (bytes: string): string => Buffer.from(bytes, 'latin1').toString('utf8');

function write(file: string, text: string, encoding: 'latin1' | 'utf8'): string | null {
  try {
    writeFileSync(file, text, encoding);
    return null;
  } catch (error) {
    return `cannot write ${file}: ${(error as NodeJS.ErrnoException).code ?? String(error)}`;
  }
}

/** All of them with a count at the end; nothing for none. */
export function printDiagnostics(diagnostics: readonly Diagnostic[], io: Io, write: (text: string) => void): void {
  if (diagnostics.length === 0) return;
  const colors = pc.createColors(io.color);
  const sorted = inOrder(diagnostics);
  for (const diagnostic of sorted) write(`${renderPretty(diagnostic, colors)}\n\n`);
  write(`${summarize(sorted)}\n`);
}
