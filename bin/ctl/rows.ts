/** `sipc ctl` commands that read and write rows; the tables are Kamailio's, and so is what stands in them (kamctl). */
import { createHash } from 'node:crypto';
import { type DbRow, DbTime } from '../../runtime/db/types.js';
import { Misuse } from '../command.js';
import type { CtlContext, User } from './context.js';
import type { CtlCommand } from './table.js';

const md5 = (text: string): string => createHash('md5').update(text).digest('hex');
/** The realm is the domain, as kamctl has it. `ha1b` is for phones that send `user@domain` as user name. */
function secrets({ username, domain }: User, password: string, digestOnly: boolean) {
  return {
    password: digestOnly ? '' : password,
    ha1: md5(`${username}:${domain}:${password}`),
    ha1b: md5(`${username}@${domain}:${domain}:${password}`),
  };
}
const now = () => new DbTime(Math.floor(Date.now() / 1000));
const at = ({ username, domain }: User): string => `${username}@${domain}`;

function whole(text: string | undefined, what: string, preset: number, max = 2 ** 31 - 1): number {
  if (text === undefined) return preset;
  const value = Number(text);
  if (!Number.isInteger(value) || value < 0 || value > max) throw new Misuse(`${what}: ${text} is not 0 … ${max}`);
  return value;
}
function wholeOf(text: string, what: string): number {
  return whole(text, what, 0);
}

async function known(ctx: CtlContext, user: User): Promise<boolean> {
  return (await ctx.rows('subscriber', ['username'], { ...user }, [])).length > 0;
}
async function mustBeKnown(ctx: CtlContext, user: User): Promise<void> {
  if (!(await known(ctx, user))) throw new Error(`there is no subscriber ${at(user)}`);
}
function changed(count: number, what: string): void {
  if (count === 0) throw new Error(`there is no ${what}`);
}

export const subscribers: readonly CtlCommand[] = [
  {
    words: 'add',
    usage: '<user>',
    doc: 'a new subscriber; the password is asked for',
    async run(ctx, [name]) {
      const user = ctx.user(name);
      if (await known(ctx, user)) throw new Error(`${at(user)} is there already; passwd changes the password`);
      const password = await ctx.newPassword(user);
      await ctx.insert('subscriber', { ...user, ...secrets(user, password, ctx.options.digestOnly === true) });
      ctx.say(`${at(user)} is a subscriber`);
    },
  },
  {
    words: 'passwd',
    usage: '<user>',
    doc: 'another password',
    async run(ctx, [name]) {
      const user = ctx.user(name);
      await mustBeKnown(ctx, user);
      const password = await ctx.newPassword(user);
      await ctx.update('subscriber', secrets(user, password, ctx.options.digestOnly === true), { ...user });
      ctx.say(`the password of ${at(user)} is changed`);
    },
  },
  {
    words: 'rm',
    usage: '<user>',
    doc: 'a subscriber goes, with aliases, groups and short numbers',
    async run(ctx, [name]) {
      const user = ctx.user(name);
      changed(await ctx.remove('subscriber', { ...user }), `subscriber ${at(user)}`);
      for (const table of ['dbaliases', 'grp', 'speed_dial']) await ctx.remove(table, { ...user });
      ctx.say(`${at(user)} is gone; what is registered goes with \`sipc ctl ul rm ${at(user)}\``);
    },
  },
  {
    words: 'show',
    usage: '[user]',
    doc: 'subscribers',
    async run(ctx, [name]) {
      const where = name === undefined ? {} : { ...ctx.user(name) };
      const rows = await ctx.rows('subscriber', ['id', 'username', 'domain', 'password'], where, [
        'username',
        'domain',
      ]);
      const shown = rows.map(([id = '', username = '', domain = '', password]) => [
        id,
        username,
        domain,
        password === '' ? 'digest only' : 'digest and text',
      ]);
      ctx.print(['id', 'username', 'domain', 'password'], shown);
    },
  },
];

export const groups: readonly CtlCommand[] = [
  {
    words: 'acl show',
    usage: '[user]',
    doc: 'who is in which group',
    async run(ctx, [name]) {
      const columns = ['username', 'domain', 'grp'];
      ctx.print(columns, await ctx.rows('grp', columns, name === undefined ? {} : { ...ctx.user(name) }, columns));
    },
  },
  {
    words: 'acl grant',
    usage: '<user> <group>',
    doc: 'puts a user into a group',
    async run(ctx, [name, grp]) {
      const user = ctx.user(name);
      await mustBeKnown(ctx, user);
      await ctx.insert('grp', { ...user, grp, last_modified: now() });
      ctx.say(`${at(user)} is in ${grp}`);
    },
  },
  {
    words: 'acl revoke',
    usage: '<user> [group]',
    doc: 'takes a user out of one group, or of all',
    async run(ctx, [name, grp]) {
      const user = ctx.user(name);
      changed(await ctx.remove('grp', grp === undefined ? { ...user } : { ...user, grp }), `such group of ${at(user)}`);
      ctx.say(`${at(user)} is not in ${grp ?? 'any group'}`);
    },
  },
];

export const aliases: readonly CtlCommand[] = [
  {
    words: 'alias show',
    usage: '[user]',
    doc: 'aliases, of one user or all',
    async run(ctx, [name]) {
      const columns = ['alias_username', 'alias_domain', 'username', 'domain'];
      const where = name === undefined ? {} : { ...ctx.user(name) };
      ctx.print(columns, await ctx.rows('dbaliases', columns, where, columns));
    },
  },
  {
    words: 'alias add',
    usage: '<alias> <user>',
    doc: 'another name of a user',
    async run(ctx, [name, target]) {
      const alias = ctx.user(name);
      const user = ctx.user(target);
      const row = { alias_username: alias.username, alias_domain: alias.domain };
      if ((await ctx.rows('dbaliases', ['id'], row, [])).length > 0)
        throw new Error(`${at(alias)} is an alias already`);
      if (await known(ctx, alias)) throw new Error(`${at(alias)} is a subscriber`);
      await ctx.insert('dbaliases', { ...row, ...user });
      ctx.say(`${at(alias)} is ${at(user)}`);
    },
  },
  {
    words: 'alias rm',
    usage: '<alias>',
    doc: 'an alias goes',
    async run(ctx, [name]) {
      const alias = ctx.user(name);
      const where = { alias_username: alias.username, alias_domain: alias.domain };
      changed(await ctx.remove('dbaliases', where), `alias ${at(alias)}`);
      ctx.say(`${at(alias)} is gone`);
    },
  },
];

export const shortNumbers: readonly CtlCommand[] = [
  {
    words: 'speeddial show',
    usage: '<user>',
    doc: 'short numbers of a user',
    async run(ctx, [name]) {
      const columns = ['sd_username', 'sd_domain', 'new_uri', 'description'];
      ctx.print(columns, await ctx.rows('speed_dial', columns, { ...ctx.user(name) }, columns));
    },
  },
  {
    words: 'speeddial add',
    usage: '<user> <short> <uri> [description]',
    doc: 'a short number of a user',
    async run(ctx, [name, short, uri, description = '']) {
      const user = ctx.user(name);
      if (!/^sips?:\S+$/.test(uri)) throw new Misuse(`${uri}: write sip:user@host`);
      const dialled = short.includes('@') ? ctx.user(short) : { username: short, domain: user.domain };
      const row = { sd_username: dialled.username, sd_domain: dialled.domain, new_uri: uri };
      await ctx.insert('speed_dial', { ...user, ...row, fname: '', lname: '', description });
      ctx.say(`${at(user)} dials ${short} for ${uri}`);
    },
  },
  {
    words: 'speeddial rm',
    usage: '<user> <short>',
    doc: 'a short number goes',
    async run(ctx, [name, short]) {
      const user = ctx.user(name);
      const dialled = short.includes('@') ? ctx.user(short) : { username: short, domain: user.domain };
      const where = { ...user, sd_username: dialled.username, sd_domain: dialled.domain };
      changed(await ctx.remove('speed_dial', where), `short number ${short} of ${at(user)}`);
      ctx.say(`${short} is gone`);
    },
  },
];

const readAnew = (area: string): string => `a running server reads it with \`sipc ctl ${area} reload\``;

export const domainRows: readonly CtlCommand[] = [
  {
    words: 'domain show',
    usage: '',
    doc: 'domains in the database',
    async run(ctx) {
      ctx.print(['domain', 'did'], await ctx.rows('domain', ['domain', 'did'], {}, ['domain']));
    },
  },
  {
    words: 'domain add',
    usage: '<domain> [did]',
    doc: 'a domain served here',
    async run(ctx, [domain, did]) {
      await ctx.insert('domain', { domain, did: did ?? null, last_modified: now() });
      ctx.say(`${domain} is served; ${readAnew('domain')}`);
    },
  },
  {
    words: 'domain rm',
    usage: '<domain>',
    doc: 'a domain goes',
    async run(ctx, [domain]) {
      changed(await ctx.remove('domain', { domain }), `domain ${domain}`);
      ctx.say(`${domain} is gone; ${readAnew('domain')}`);
    },
  },
];

export const addressRows: readonly CtlCommand[] = [
  {
    words: 'address show',
    usage: '[group]',
    doc: 'addresses in the database',
    async run(ctx, [grp]) {
      const columns = ['id', 'grp', 'ip_addr', 'mask', 'port', 'tag'];
      const where: DbRow = grp === undefined ? {} : { grp: wholeOf(grp, 'group') };
      ctx.print(columns, await ctx.rows('address', columns, where, ['grp', 'id']));
    },
  },
  {
    words: 'address add',
    usage: '<group> <address> [mask] [port] [tag]',
    doc: 'an address or network',
    async run(ctx, [grp, address, mask, port, tag]) {
      await ctx.insert('address', {
        grp: wholeOf(grp, 'group'),
        ip_addr: address,
        mask: whole(mask, 'mask', address.includes(':') ? 128 : 32, 128),
        port: whole(port, 'port', 0, 65_535),
        tag: tag ?? null,
      });
      ctx.say(`${address} is in group ${grp}; ${readAnew('address')}`);
    },
  },
  {
    words: 'address rm',
    usage: '<group> <address>',
    doc: 'an address goes',
    async run(ctx, [grp, address]) {
      const where = { grp: wholeOf(grp, 'group'), ip_addr: address };
      changed(await ctx.remove('address', where), `${address} in group ${grp}`);
      ctx.say(`${address} is gone; ${readAnew('address')}`);
    },
  },
];

const protocols = ['any', 'udp', 'tcp', 'tls', 'sctp', 'ws', 'wss', 'none'];
export const trustedRows: readonly CtlCommand[] = [
  {
    words: 'trusted show',
    usage: '',
    doc: 'trusted peers in the database',
    async run(ctx) {
      const columns = ['id', 'src_ip', 'proto', 'from_pattern', 'ruri_pattern', 'tag', 'priority'];
      ctx.print(columns, await ctx.rows('trusted', columns, {}, ['src_ip', 'id']));
    },
  },
  {
    words: 'trusted add',
    usage: '<address> <protocol> [from-pattern] [tag]',
    doc: 'a peer that needs no password',
    async run(ctx, [address, proto, pattern, tag]) {
      if (!protocols.includes(proto)) throw new Misuse(`${proto}: write ${protocols.join(', ')}`);
      await ctx.insert('trusted', { src_ip: address, proto, from_pattern: pattern ?? null, tag: tag ?? null });
      ctx.say(`${address} is trusted; ${readAnew('trusted')}`);
    },
  },
  {
    words: 'trusted rm',
    usage: '<address>',
    doc: 'all entries of an address go',
    async run(ctx, [address]) {
      changed(await ctx.remove('trusted', { src_ip: address }), `trusted ${address}`);
      ctx.say(`${address} is gone; ${readAnew('trusted')}`);
    },
  },
];

export const dispatcherRows: readonly CtlCommand[] = [
  {
    words: 'dispatcher show',
    usage: '[set]',
    doc: 'destinations in the database',
    async run(ctx, [set]) {
      const columns = ['id', 'setid', 'destination', 'flags', 'priority', 'attrs', 'description'];
      const where: DbRow = set === undefined ? {} : { setid: wholeOf(set, 'set') };
      ctx.print(columns, await ctx.rows('dispatcher', columns, where, ['setid', 'id']));
    },
  },
  {
    words: 'dispatcher add',
    usage: '<set> <uri> [flags] [priority] [attrs] [description]',
    doc: 'a destination',
    async run(ctx, [set, destination, flags, priority, attrs = '', description = '']) {
      if (!/^sips?:\S+$/.test(destination)) throw new Misuse(`${destination}: write sip:host:port`);
      await ctx.insert('dispatcher', {
        setid: wholeOf(set, 'set'),
        destination,
        flags: whole(flags, 'flags', 0),
        priority: whole(priority, 'priority', 0),
        attrs,
        description,
      });
      ctx.say(`${destination} is in set ${set}; ${readAnew('dispatcher')}`);
    },
  },
  {
    words: 'dispatcher rm',
    usage: '<id>',
    doc: 'a destination goes; `dispatcher show` has its id',
    async run(ctx, [id]) {
      changed(await ctx.remove('dispatcher', { id: wholeOf(id, 'id') }), `destination with id ${id}`);
      ctx.say(`destination ${id} is gone; ${readAnew('dispatcher')}`);
    },
  },
];

export const records: readonly CtlCommand[] = [
  {
    words: 'acc show',
    usage: '',
    doc: 'accounting records in the database',
    async run(ctx) {
      const columns = ['time', 'method', 'callid', 'from_tag', 'to_tag', 'sip_code', 'sip_reason'];
      const rows = await ctx.rows('acc', columns, {}, ['id']);
      ctx.print(
        columns,
        rows.map(([seconds, ...rest]) => [new Date(Number(seconds) * 1000).toISOString(), ...rest]),
      );
    },
  },
  {
    words: 'dialog showdb',
    usage: '',
    doc: 'dialogs in the database',
    async run(ctx) {
      const columns = ['id', 'callid', 'from_uri', 'to_uri', 'state', 'start_time', 'timeout'];
      ctx.print(columns, await ctx.rows('dialog', columns, {}, ['id']));
    },
  },
];
