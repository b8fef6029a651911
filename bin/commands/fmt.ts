/** `sipc fmt`: formats cfgs in place. What would change the meaning of one is not written. */
import { readFileSync, writeFileSync } from 'node:fs';
import { inOrder } from '../../compiler/diagnostics/render.js';
import { format } from '../../compiler/index.js';
import { type CommandSpec, type Io, parseDefines, toBytes } from '../command.js';
import { createNodeHost, readSource } from '../node-host.js';
import { printDiagnostics } from './check.js';

export const command: CommandSpec = {
  summary:
    'Formats cfgs in place: indentation, blanks and line breaks. The parsed cfg stays the same, which is checked.',
  arguments: [{ name: '[files...]', doc: 'the cfgs; - reads standard input and writes standard output' }],
  options: [
    { flags: '--check', doc: 'write nothing; name the files that would change' },
    { flags: '--stdout', doc: 'write to standard output instead of the files' },
    { flags: '-A, --define <name[=value]>', doc: 'define a name, as #!define does (repeatable)', repeat: true },
  ],
  details: [
    'One tab a block, one statement a line, at most one empty line in a row. Comments, preprocessor lines and line breaks',
    'inside a statement stay. Files that a cfg includes are formatted only when they are named.',
    '',
    'Examples:',
    '  sipc fmt kamailio.cfg',
    '  sipc fmt --check *.cfg',
    '',
    'Exit code: 0 done (--check: nothing to change), 1 a file would change or cannot be formatted, 2 wrong use.',
  ].join('\n'),
  async run(files, options, io) {
    const given = parseDefines((options.define as string[] | undefined) ?? []);
    const wrong =
      'error' in given
        ? given.error
        : files.length === 0
          ? 'name a file, or - for standard input'
          : options.check && options.stdout
            ? '--check and --stdout exclude each other'
            : null;
    if (wrong !== null || 'error' in given) {
      io.err(`sipc fmt: ${wrong}\n`);
      return 2;
    }
    const host = await createNodeHost();
    let failed = false;
    for (const file of files) {
      const read = file === '-' ? { text: readFileSync(0, 'latin1') } : readSource(toBytes(file));
      if (!read || 'error' in read) {
        io.err(`sipc fmt: cannot read ${file}: ${read ? read.error : 'no such file'}\n`);
        failed = true;
        continue;
      }
      const result = format(host, file === '-' ? '<stdin>' : toBytes(file), read.text, given);
      if (!('text' in result)) {
        failed = true;
        refuse(file, result, io);
      } else if (options.check) {
        if (result.text === read.text) continue;
        failed = true;
        io.out(`${file}\n`);
      } else if (options.stdout || file === '-') (io.outBytes ?? io.out)(result.text);
      else if (result.text !== read.text) {
        const problem = write(file, result.text);
        if (problem === null) io.out(`${file}\n`);
        else {
          failed = true;
          io.err(`sipc fmt: cannot write ${file}: ${problem}\n`);
        }
      }
    }
    return failed ? 1 : 0;
  },
};

function refuse(file: string, result: Exclude<ReturnType<typeof format>, { text: string }>, io: Io): void {
  if ('diagnostics' in result) {
    printDiagnostics(inOrder(result.diagnostics), io, io.err);
    io.err(`sipc fmt: ${file} is left as it is: it does not parse\n`);
  } else io.err(`sipc fmt: ${file} is left as it is: other line breaks would change what it means\n`);
}

function write(file: string, text: string): string | null {
  try {
    writeFileSync(file, text, 'latin1');
    return null;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code ?? String(error);
  }
}
