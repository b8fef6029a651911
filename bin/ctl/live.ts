/** `sipc ctl` commands that ask or change the running server. */

import { double } from '../../runtime/admin/rpc.js';
import { Misuse } from '../command.js';
import { type CtlContext, DOMAIN_VARIABLE, fromBytes, printable } from './context.js';
import { type Answer, named } from './control.js';
import type { CtlCommand } from './table.js';

/** As kamcmd writes it: `name: value`, what is inside further to the right. */
export function written(answers: readonly Answer[]): string {
  const lines: string[] = [];
  const put = (answer: Answer, name: string | null, depth: number): void => {
    const head = '  '.repeat(depth) + (name === null ? '' : `${name}: `);
    if (typeof answer !== 'object') {
      lines.push(head + printable(fromBytes(String(answer))));
      return;
    }
    if (name !== null) lines.push(head.trimEnd());
    const inside = name === null ? depth : depth + 1;
    answer.forEach((entry, i) => {
      if (entry.name === null && typeof entry.value === 'object' && i > 0) lines.push('');
      put(entry.value, entry.name, inside);
    });
  };
  answers.forEach((answer, i) => {
    if (i > 0 && typeof answer === 'object') lines.push('');
    put(answer, null, 0);
  });
  return lines.map((line) => `${line}\n`).join('');
}
/** For `--json`: a struct becomes an object; where a name comes twice, or some have none, a list. */
export function jsonOf(answer: Answer): unknown {
  if (typeof answer === 'string') return fromBytes(answer);
  if (typeof answer === 'number') return answer;
  const names = answer.map(({ name }) => name);
  if (names.every((name) => name === null)) return answer.map(({ value }) => jsonOf(value));
  if (new Set(names).size === names.length && !names.includes(null))
    return Object.fromEntries(answer.map(({ name, value }) => [name, jsonOf(value)]));
  return answer.map(({ name, value }) => (name === null ? jsonOf(value) : { [name]: jsonOf(value) }));
}

function tell(ctx: CtlContext, answers: readonly Answer[]): void {
  if (!ctx.options.json) {
    ctx.io.out(written(answers));
    return;
  }
  const values = answers.map(jsonOf);
  ctx.io.out(`${JSON.stringify(values.length === 1 ? values[0] : values, null, 2)}\n`);
}

/** A command that is one RPC with nothing to say. */
const passOn = (words: string, method: string, doc: string): CtlCommand => ({
  words,
  usage: '',
  doc,
  async run(ctx) {
    const answers = await ctx.control.call(method);
    if (answers.length === 0) ctx.say('done');
    else tell(ctx, answers);
  },
});

/** The key of the location table: with the domain where the cfg has use_domain, as both --domain and user@domain say. */
function aorOf(ctx: CtlContext, text: string): string {
  const bare = text.replace(/^sips?:/, '');
  const domain = ctx.options.domain ?? process.env[DOMAIN_VARIABLE];
  return bare.includes('@') || domain === undefined ? bare : `${bare}@${domain}`;
}
/** First with the domain, then without: only the cfg knows which the table has. */
async function withAor<T>(ctx: CtlContext, user: string, ask: (aor: string) => Promise<T>): Promise<T> {
  const aor = aorOf(ctx, user);
  try {
    return await ask(aor);
  } catch (error) {
    if (!aor.includes('@') || !(error instanceof Error) || !/not found|no AOR|AOR/i.test(error.message)) throw error;
    return ask(aor.slice(0, aor.lastIndexOf('@')));
  }
}
const LOCATION = 'location';
/** Kamailio's bits of the methods a contact allows. */
const ALL_METHODS = 8191;

export const location: readonly CtlCommand[] = [
  {
    words: 'online',
    usage: '',
    doc: 'who is registered',
    async run(ctx) {
      const aors = (await ctx.control.call('ul.dump', 'brief')).flatMap((answer) => named(answer, 'AoR'));
      const names = aors.map((aor) => fromBytes(String(aor))).sort();
      ctx.print(
        ['aor'],
        names.map((name) => [name]),
      );
    },
  },
  {
    words: 'ul show',
    usage: '[user]',
    doc: 'contacts, of one user or all',
    async run(ctx, [user]) {
      const { control } = ctx;
      if (user === undefined) return tell(ctx, await control.call('ul.dump'));
      tell(ctx, await withAor(ctx, user, (aor) => control.call('ul.lookup', LOCATION, aor)));
    },
  },
  {
    words: 'ul add',
    usage: '<user> <uri> [expires]',
    doc: 'a contact; without a time it stays',
    async run(ctx, [user, uri, expires = '0']) {
      if (!/^\d+$/.test(expires)) throw new Misuse(`${expires}: seconds, 0 for ever`);
      await ctx.control.call(
        'ul.add',
        LOCATION,
        aorOf(ctx, user),
        uri,
        Number(expires),
        double(1),
        '',
        0,
        0,
        ALL_METHODS,
      );
      ctx.say(`${user} is at ${uri}`);
    },
  },
  {
    words: 'ul rm',
    usage: '<user> [contact]',
    doc: 'one contact goes, or all of a user',
    async run(ctx, [user, contact]) {
      const { control } = ctx;
      await withAor(ctx, user, (aor) =>
        contact === undefined
          ? control.call('ul.rm', LOCATION, aor)
          : control.call('ul.rm_contact', LOCATION, aor, contact),
      );
      ctx.say(contact === undefined ? `nobody is registered as ${user}` : `${contact} is gone`);
    },
  },
];

const MONITOR_MS = 2000;
async function lookOnce(ctx: CtlContext): Promise<string> {
  const { control } = ctx;
  const [version, uptime, statistics] = await Promise.all([
    control.call('core.version'),
    control.call('core.uptime'),
    control.call('stats.get_statistics', 'all'),
  ]);
  const up = uptime.flatMap((answer) => named(answer, 'uptime'))[0] ?? 0;
  const interesting =
    /^(core:(rcv|fwd|drop|err|bad)|sl:(sent|received)_|tmx:|usrloc:|registrar:(accepted|rejected)|dialog:)/;
  const lines = statistics.map((line) => fromBytes(String(line))).filter((line) => interesting.test(line));
  return [`${version.join(' ')}, up ${up} s`, ...lines].map((line) => `${printable(line)}\n`).join('');
}

export const server: readonly CtlCommand[] = [
  passOn('domain reload', 'domain.reload', 'the running server reads its domains again'),
  passOn('domain dump', 'domain.dump', 'domains the running server has'),
  passOn('address reload', 'permissions.addressReload', 'the running server reads its addresses again'),
  passOn('address dump', 'permissions.addressDump', 'addresses the running server has'),
  passOn('trusted reload', 'permissions.trustedReload', 'the running server reads its trusted peers again'),
  passOn('trusted dump', 'permissions.trustedDump', 'trusted peers the running server has'),
  passOn('dispatcher reload', 'dispatcher.reload', 'the running server reads its destinations again'),
  passOn('dispatcher dump', 'dispatcher.list', 'destinations the running server has, with their state'),
  passOn('dialog show', 'dlg.list', 'dialogs the running server has'),
  passOn('uptime', 'core.uptime', 'since when the server runs'),
  passOn('version', 'core.version', 'what runs'),
  passOn('ps', 'core.psx', 'its processes'),
  passOn('sockets', 'core.sockets_list', 'where it listens'),
  passOn('commands', 'system.listMethods', 'what it can be asked'),
  {
    words: 'stats',
    usage: '[group]',
    doc: 'statistics',
    async run(ctx, [group]) {
      tell(ctx, await ctx.control.call('stats.get_statistics', group === undefined ? 'all' : `${group}:`));
    },
  },
  {
    words: 'monitor',
    usage: '',
    doc: 'what the server does, every two seconds until Ctrl-C; --once for one look',
    async run(ctx) {
      for (;;) {
        const text = await lookOnce(ctx);
        if (ctx.options.once) return ctx.io.out(text);
        // Home, then clear to the end of the screen.
        ctx.io.out(`${ctx.io.color ? '\x1b[H\x1b[J' : ''}${text}`);
        await new Promise((resolve) => setTimeout(resolve, MONITOR_MS));
      }
    },
  },
  {
    words: 'rpc',
    usage: '<method> [params...]',
    doc: 'any command; digits are a number, s:123 is text',
    async run(ctx, [method, ...params]) {
      const values = params.map((text) => {
        if (/^s:/.test(text)) return text.slice(2);
        return /^-?\d{1,9}$/.test(text) ? Number(text) : text;
      });
      const answers = await ctx.control.call(method, ...values);
      if (answers.length > 0) tell(ctx, answers);
    },
  },
];
