/** `sipc ctl`: what kamctl does: subscribers and other rows of the database, and questions to the running server. */
import { type CommandSpec, Misuse } from '../command.js';
import { CtlContext, type CtlOptions, DB_VARIABLE, DOMAIN_VARIABLE } from '../ctl/context.js';
import { DEFAULT_SERVER } from '../ctl/control.js';
import { areas, find } from '../ctl/table.js';
import { PASSWORD_VARIABLE } from '../database.js';

function overview(): string {
  const width = Math.max(
    ...areas.flatMap(({ commands }) => commands.map(({ words, usage }) => words.length + usage.length + 1)),
  );
  return areas
    .map(({ title, commands }) => {
      const lines = commands.map(({ words, usage, doc }) => `  ${`${words} ${usage}`.padEnd(width)}  ${doc}`);
      return [`${title}:`, ...lines].join('\n');
    })
    .join('\n\n');
}

export const command: CommandSpec = {
  summary: 'Manages subscribers and other rows, and asks a running server.',
  arguments: [{ name: '<words...>', doc: 'the command and its words' }],
  options: [
    {
      flags: '--db <url>',
      doc: `the database: sqlite:///path, mysql://user@host/name, postgres://… (or ${DB_VARIABLE})`,
    },
    { flags: '--server <address>', doc: 'control socket: unixs:/path or tcp:host:port', default: DEFAULT_SERVER },
    { flags: '--domain <name>', doc: `domain of users written without one (or ${DOMAIN_VARIABLE})` },
    { flags: '--password <text>', doc: 'password of add and passwd; other users of this machine can see it here' },
    { flags: '--digest-only', doc: 'store no readable password: for a cfg whose auth_db does not calculate_ha1' },
    { flags: '--json', doc: 'for scripts' },
    { flags: '--once', doc: 'monitor: one look' },
  ],
  details: [
    overview(),
    '',
    `Without --password it is asked for on a terminal, else read from standard input. The database's: ${PASSWORD_VARIABLE}.`,
    '',
    'Examples:',
    '  sipc ctl --db mysql://kamailio@localhost/kamailio add alice@example.org',
    '  sipc ctl ul show alice@example.org',
    '  pass show sip/alice | sipc ctl --db sqlite:///var/lib/sipc/kamailio.db passwd alice@example.org',
    '',
    'Exit code: 0 done, 1 refused or not there, 2 wrong use.',
  ].join('\n'),
  async run(words, options, io) {
    const context = new CtlContext(options as unknown as CtlOptions, io);
    try {
      const { command: chosen, args } = find(words);
      await chosen.run(context, args);
      return 0;
    } catch (error) {
      io.err(`sipc ctl: ${error instanceof Error ? error.message : String(error)}\n`);
      return error instanceof Misuse ? 2 : 1;
    } finally {
      await context.close();
    }
  },
};
