/** `sipc run`: builds into a cache, then serves in this process. Takes the flags of kamailio, so it can stand in for it. */
import { existsSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import { BuildCache, type CachedBuild } from '../cache.js';
import { type CommandSpec, type Io, parseDefines, toBytes } from '../command.js';
import { version } from '../version.js';

/** Kamailio's options that take a value (main.c). */
const withValue = 'fmMblLnNWwtuguPGOaAxXY';
const longWithValue = new Set([
  '--alias',
  '--subst',
  '--substdef',
  '--substdefs',
  '--server-id',
  '--loadmodule',
  '--modparam',
  '--log-engine',
  '--debug',
  '--atexit',
]);

export interface RunArguments {
  readonly file: string | null;
  readonly defines: readonly string[];
  readonly allowMissing: boolean;
  /** `-c`: check and stop. */
  readonly checkOnly: boolean;
  /** What the server reads itself. */
  readonly rest: readonly string[];
}

/** Takes the cfg and the definitions out; an error message when a value is missing or two files are named. */
export function readArguments(argv: readonly string[]): RunArguments | { error: string } {
  let file: string | null = null;
  const defines: string[] = [];
  const rest: string[] = [];
  let allowMissing = false;
  let checkOnly = false;
  for (let i = 0; i < argv.length; i++) {
    const word = argv[i]!;
    if (word === '--allow-missing') allowMissing = true;
    else if (word.startsWith('--')) {
      rest.push(word);
      if (longWithValue.has(word)) rest.push(argv[++i] ?? '');
    } else if (word.startsWith('-') && word.length > 1) {
      // `-DDE`, `-ludp:1.2.3.4:5060`: letters run together, a value ends the word.
      for (let at = 1; at < word.length; at++) {
        const letter = word[at]!;
        if (!withValue.includes(letter)) {
          if (letter === 'c') checkOnly = true;
          else rest.push(`-${letter}`);
          continue;
        }
        const value = at + 1 < word.length ? word.slice(at + 1) : argv[++i];
        if (value === undefined) return { error: `-${letter} needs a value` };
        if (letter === 'f') file = value;
        else if (letter === 'A') defines.push(value);
        else rest.push(`-${letter}`, value);
        break;
      }
    } else if (file !== null) return { error: `one cfg at a time: ${file} or ${word}` };
    else file = word;
  }
  return { file, defines, allowMissing, checkOnly, rest };
}

export const command: CommandSpec = {
  summary: 'Builds a cfg in a cache and runs it; takes the flags of kamailio.',
  arguments: [{ name: '<file>', doc: 'the cfg; -f FILE works too' }],
  options: [
    { flags: '-f <file>', doc: 'the cfg' },
    { flags: '-c', doc: 'check the cfg and stop' },
    { flags: '-A <name[=value]>', doc: 'define a name, as #!define does (repeatable)', repeat: true },
    {
      flags: '-l <address>',
      doc: 'listen: [proto:]host[:port][/advertised], an interface name (repeatable)',
      repeat: true,
    },
    { flags: '-a <mode>', doc: 'find aliases of our addresses: no or yes' },
    { flags: '-E', doc: 'log to standard error' },
    { flags: '-e', doc: 'colours in the log' },
    { flags: '-d', doc: 'one more level of debug lines (repeatable)' },
    { flags: '-D', doc: 'stay in the foreground, as sipc always does' },
    { flags: '-P <file>', doc: 'write the process id there' },
    { flags: '-Y <folder>', doc: 'folder for run-time files, such as control sockets' },
    { flags: '-w <folder>', doc: 'working folder' },
    { flags: '--allow-missing', doc: 'what Kamailio has and sipc lacks logs once and gives -1' },
  ],
  raw: true,
  details: [
    "Kamailio's other flags (-L -m -M -n -N -u -g …) are accepted; what means nothing here is said once.",
    '',
    'Example:',
    '  sipc run kamailio.cfg -l udp:127.0.0.1:5060 -E',
  ].join('\n'),
  async run(argv, _options, io) {
    const given = readArguments(argv);
    if ('error' in given) {
      io.err(`sipc run: ${given.error}\n`);
      return 2;
    }
    if (given.file === null) {
      io.err('sipc run: which cfg? sipc run FILE\n');
      return 2;
    }
    const defines = parseDefines(given.defines);
    if ('error' in defines) {
      io.err(`sipc run: ${defines.error}\n`);
      return 2;
    }
    if (!existsSync(given.file)) {
      io.err(`sipc run: there is no file ${given.file}\n`);
      return 1;
    }
    const cache = new BuildCache(given.file, defines.defines, given.allowMissing, version());
    const cached = cache.find((name) => (process.env[name] === undefined ? undefined : toBytes(process.env[name])));
    const build = cached ?? (await buildInto(cache, given.file, defines.defines, given.allowMissing, io));
    if (!build) return 1;
    if (given.checkOnly) {
      io.err('config file ok, exiting...\n');
      return 0;
    }
    return serve(build, given.rest, given.file, io);
  },
};

/** The compiler is loaded only here: from the cache the start is quick. */
async function buildInto(
  cache: BuildCache,
  file: string,
  defines: Readonly<Record<string, string>>,
  allowMissing: boolean,
  io: Io,
): Promise<CachedBuild | null> {
  const [
    { compile },
    { bundleProgram, bundleServer },
    { createNodeHost, packageRoot },
    { recording },
    { printDiagnostics },
  ] = await Promise.all([
    import('../../compiler/index.js'),
    import('../../compiler/6-bundle/index.js'),
    import('../node-host.js'),
    import('../sources.js'),
    import('./check.js'),
  ]);
  const { host, read } = recording(await createNodeHost());
  const compiled = compile(host, toBytes(file), { defines, allowMissing, lint: false, version: version() });
  printDiagnostics(compiled.diagnostics, io, io.err);
  const { program } = compiled;
  if (!program) return null;
  const [script, server] = await Promise.all([
    bundleProgram(program),
    cache.server(program.modules, () =>
      bundleServer({ root: packageRoot(), modules: program.modules, version: version() }),
    ),
  ]);
  const build = { program: cache.program(program, script), server };
  cache.keep(build, read());
  return build;
}

interface ServerModule {
  main(argv: readonly string[], at: URL, cfgPath: string): Promise<unknown>;
}

async function serve(build: CachedBuild, argv: readonly string[], file: string, io: Io): Promise<number> {
  const { main } = (await import(pathToFileURL(build.server).href)) as ServerModule;
  try {
    await main(argv, pathToFileURL(`${build.program}/`), file);
    return 0;
  } catch (error) {
    const { exitCode } = error as { exitCode?: unknown };
    if (typeof exitCode !== 'number') {
      io.err(`${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
      process.exit(1);
    }
    process.exit(exitCode);
  }
}
