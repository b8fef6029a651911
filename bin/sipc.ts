/** The command table: parses argv, nothing else. A command is loaded when it is called. */
import { Command, CommanderError, Option } from 'commander';
import { nearest } from '../compiler/diagnostics/near.js';
import type { CommandSpec, Io } from './command.js';
import { version } from './version.js';

interface Row {
  readonly name: string;
  readonly usage: string;
  readonly summary: string;
  readonly load: () => Promise<{ readonly command: CommandSpec }>;
}

const table: readonly Row[] = [
  {
    name: 'run',
    usage: '<file>',
    summary: 'build in a cache and run; takes the flags of kamailio too',
    load: () => import('./commands/run.js'),
  },
  {
    name: 'build',
    usage: '<file> -o <folder>',
    summary: 'compile to a folder that runs with nothing but Node',
    load: () => import('./commands/build.js'),
  },
  {
    name: 'check',
    usage: '<file>',
    summary: 'say all that is wrong with a cfg',
    load: () => import('./commands/check.js'),
  },
  {
    name: 'fmt',
    usage: '<files...>',
    summary: 'format cfgs in place; --check only says which would change',
    load: () => import('./commands/fmt.js'),
  },
  {
    name: 'bench',
    usage: '<file>',
    summary: "CPU time a call under sipp, beside Kamailio's",
    load: () => import('./commands/bench.js'),
  },
  {
    name: 'db',
    usage: '<action> <url>',
    summary: "make, remove or migrate a database with Kamailio's tables",
    load: () => import('./commands/db.js'),
  },
  {
    name: 'ctl',
    usage: '<command>',
    summary: 'subscribers, aliases, domains …; who is online; any RPC',
    load: () => import('./commands/ctl.js'),
  },
  {
    name: 'explain',
    usage: '<code>',
    summary: 'what a diagnostic means, with an example and its fix',
    load: () => import('./commands/explain.js'),
  },
];

export async function main(argv: readonly string[], io: Io = terminal()): Promise<number> {
  const [name = '--help', ...rest] = argv;
  if (name === '--help' || name === '-h' || name === 'help') {
    const row = table.find((r) => r.name === rest[0]);
    if (row) return call(row, ['--help'], io);
    io.out(overview());
    return argv.length === 0 ? 2 : 0;
  }
  if (name === '--version' || name === '-V') {
    io.out(`sipc ${version()}\n`);
    return 0;
  }
  const row = table.find((r) => r.name === name);
  if (!row) {
    const near = nearest(
      name,
      table.map((r) => r.name),
    );
    io.err(`sipc: there is no command ${name}${near ? `; did you mean ${near}?` : ''}\n\n${overview()}`);
    return 2;
  }
  return call(row, rest, io);
}

async function call(row: Row, argv: readonly string[], io: Io): Promise<number> {
  const { command: spec } = await row.load();
  const parser = parserOf(row, spec, io);
  const help = argv.includes('--help') || (argv.includes('-h') && !spec.raw);
  if (spec.raw && !help) return spec.run(argv, {}, io);
  let code = 0;
  parser.action(async () => {
    code = await spec.run(parser.args, parser.opts(), io);
  });
  try {
    await parser.parseAsync(help ? ['--help'] : [...argv], { from: 'user' });
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
    throw error;
  }
  return code;
}

function parserOf(row: Row, spec: CommandSpec, io: Io): Command {
  const parser = new Command(`sipc ${row.name}`).description(spec.summary).exitOverride();
  parser.configureOutput({ writeOut: io.out, writeErr: io.err });
  parser.configureHelp({ helpWidth: 100 });
  parser.showHelpAfterError(`sipc ${row.name} --help says more.`);
  for (const { name, doc } of spec.arguments) parser.argument(name, doc);
  for (const { flags, doc, default: initial, repeat, choices } of spec.options) {
    const option = new Option(flags, doc);
    if (initial !== undefined) option.default(initial);
    if (choices) option.choices(choices);
    if (repeat) option.argParser((value: string, before: string[] | undefined) => [...(before ?? []), value]);
    parser.addOption(option);
  }
  if (spec.details) parser.addHelpText('after', `\n${spec.details}`);
  return parser;
}

function overview(): string {
  const rows = table.map((r) => [`sipc ${r.name} ${r.usage}`, r.summary] as const);
  const width = Math.max(...rows.map(([use]) => use.length));
  return [
    'sipc compiles kamailio.cfg to TypeScript and runs it on Node.',
    '',
    ...rows.map(([use, summary]) => `  ${use.padEnd(width)}  ${summary}`),
    '',
    'sipc COMMAND --help says more about a command; sipc --version prints the version.',
    '',
  ].join('\n');
}

function terminal(): Io {
  return {
    out: (text) => void process.stdout.write(text),
    err: (text) => void process.stderr.write(text),
    outBytes: (bytes) => void process.stdout.write(Buffer.from(bytes, 'latin1')),
    color: process.stdout.isTTY === true && !process.env.NO_COLOR,
  };
}
