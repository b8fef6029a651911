/** `sipc ctl` on each kind of database: rows it writes are those of kamctl, and what it refuses. */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { type Outcome, sipc } from '../support/command.js';
import { adminSql, describeWithServer, type Server, temporaryFolder } from '../support/databases.js';
import { findTool, missingTools } from '../support/tools.js';

// Each command loads its driver anew, as in a shell.
vi.setConfig({ testTimeout: 60_000 });

const md5 = (text: string) => createHash('md5').update(text).digest('hex');

function commands(url: () => string): void {
  const ctl = (...words: string[]): Promise<Outcome> => sipc('ctl', '--db', url(), ...words);
  const json = async (...words: string[]): Promise<unknown> => JSON.parse((await ctl('--json', ...words)).out);

  it('subscribers: add, show, passwd, rm', async () => {
    expect(await ctl('--password', 'secret', 'add', 'alice@example.org')).toEqual({
      code: 0,
      out: 'alice@example.org is a subscriber\n',
      err: '',
    });
    expect((await ctl('--password', 'x', 'add', 'alice@example.org')).err).toContain('is there already');
    expect((await ctl('--domain', 'example.org', '--digest-only', '--password', 'geheim', 'add', 'jürgen')).code).toBe(
      0,
    );
    const shown = await ctl('show');
    expect(shown.out).toMatch(/alice +example\.org +digest and text\n.*jürgen +example\.org +digest only/);
    expect(shown.out).not.toMatch(/secret|geheim|[0-9a-f]{32}/);
    expect((await ctl('--password', 'new', 'passwd', 'alice@example.org')).code).toBe(0);
    expect((await ctl('--password', 'new', 'passwd', 'nobody@example.org')).code).toBe(1);
    expect((await ctl('rm', 'jürgen@example.org')).code).toBe(0);
    expect((await ctl('rm', 'jürgen@example.org')).code).toBe(1);
    expect(await json('show')).toMatchObject([{ username: 'alice', domain: 'example.org' }]);
  });
  it('a user takes aliases, groups and short numbers along', async () => {
    await ctl('acl', 'grant', 'alice@example.org', 'ld');
    await ctl('alias', 'add', 'al@example.org', 'alice@example.org');
    await ctl('speeddial', 'add', 'alice@example.org', '11', 'sip:bob@example.org', 'Bob');
    expect(await json('acl', 'show')).toEqual([{ username: 'alice', domain: 'example.org', grp: 'ld' }]);
    expect(await json('alias', 'show', 'alice@example.org')).toMatchObject([{ alias_username: 'al' }]);
    expect(await json('speeddial', 'show', 'alice@example.org')).toEqual([
      { sd_username: '11', sd_domain: 'example.org', new_uri: 'sip:bob@example.org', description: 'Bob' },
    ]);
    expect((await ctl('alias', 'add', 'al@example.org', 'alice@example.org')).code).toBe(1);
    expect((await ctl('acl', 'grant', 'nobody@example.org', 'ld')).code).toBe(1);
    await ctl('rm', 'alice@example.org');
    expect([await json('acl', 'show'), await json('alias', 'show')]).toEqual([[], []]);
  });
  it('domains, addresses, peers, destinations', async () => {
    for (const words of [
      'domain add example.org',
      'address add 1 10.0.0.0 8 0 lan',
      'address add 1 2001:db8::1',
      'trusted add 10.0.0.1 any ^sip:.*$',
      'dispatcher add 1 sip:10.0.0.1:5060 0 3 weight=50 first',
    ])
      expect(await ctl(...words.split(' '))).toMatchObject({ code: 0, err: '' });
    expect(await json('domain', 'show')).toEqual([{ domain: 'example.org', did: '' }]);
    expect(await json('address', 'show', '1')).toMatchObject([
      { ip_addr: '10.0.0.0', mask: '8', port: '0', tag: 'lan' },
      { ip_addr: '2001:db8::1', mask: '128' },
    ]);
    expect(await json('trusted', 'show')).toMatchObject([{ src_ip: '10.0.0.1', from_pattern: '^sip:.*$' }]);
    expect(await json('dispatcher', 'show', '1')).toMatchObject([{ priority: '3', attrs: 'weight=50' }]);
    for (const words of ['domain rm example.org', 'address rm 1 10.0.0.0', 'trusted rm 10.0.0.1', 'dispatcher rm 1'])
      expect([(await ctl(...words.split(' '))).code, (await ctl(...words.split(' '))).code]).toEqual([0, 1]);
  });
  it('SQL in names is text', async () => {
    const name = `x';DROP/**/TABLE/**/subscriber;--`;
    expect((await ctl('--password', 'p', 'add', `${name}@example.org`)).code).toBe(0);
    expect(await json('show', `${name}@example.org`)).toMatchObject([{ username: name }]);
    expect((await ctl('rm', `${name}@example.org`)).code).toBe(0);
  });
}

describe('sipc ctl on SQLite', () => {
  const folder = temporaryFolder();
  const url = `sqlite://${folder.path}/k.db`;
  beforeAll(() => sipc('db', 'create', url));
  afterAll(() => folder.remove());
  commands(() => url);

  it.each([
    [['alais', 'show'], 'did you mean alias'],
    [['acl'], 'there are acl show, acl grant, acl revoke'],
    [['acl', 'grant', 'alice'], 'write sipc ctl acl grant <user> <group>'],
    [['add', 'alice'], 'write alice@domain, or give --domain'],
    [['address', 'add', '1', '10.0.0.1', '999'], 'mask: 999 is not 0 … 128'],
    [['trusted', 'add', '10.0.0.1', 'icmp'], 'icmp: write any, udp'],
    [['speeddial', 'add', 'a@b', '1', 'bob'], 'write sip:user@host'],
  ])('%j says what to write', async (words, expected) => {
    const outcome = await sipc('ctl', '--db', url, ...words);
    expect([outcome.code, outcome.out]).toEqual([2, '']);
    expect(outcome.err).toContain(expected);
  });
  it('without a database, or a server, it says which option names one', async () => {
    expect(await sipc('ctl', 'show')).toMatchObject({ code: 2, err: expect.stringContaining('--db or SIPC_DB') });
    const nobody = await sipc('ctl', '--server', `unixs:${folder.path}/nobody`, 'uptime');
    expect(nobody).toMatchObject({ code: 1, err: expect.stringContaining('does its cfg load ctl?') });
  });
});

for (const server of ['mysql', 'postgres'] as const)
  await describeWithServer(server, `sipc ctl on ${server}`, () => {
    const url = `${server}://root@127.0.0.1/sipc_ctl_${process.pid}`;
    beforeAll(() => sipc('db', 'create', url));
    afterAll(() => sipc('db', 'drop', url, '--yes'));
    commands(() => url);
  });

await describeWithServer('mysql', 'beside kamctl', () => {
  const server: Server = 'mysql';
  const missing = missingTools(['kamctl', 'mysql']);
  const home = temporaryFolder();
  const names = { kamctl: `kamctl_${process.pid}`, sipc: `sipc_beside_${process.pid}` };
  const login = `kamctl_${process.pid}`;
  const urlOf = (name: string) => `mysql://root@127.0.0.1/${name}`;
  beforeAll(async () => {
    for (const name of Object.values(names)) await sipc('db', 'create', urlOf(name));
    adminSql(server, `CREATE USER ${login}@'%' IDENTIFIED BY 'pw'; GRANT ALL ON ${names.kamctl}.* TO ${login}@'%';`);
    const lines = ['DBENGINE=MYSQL', 'DBHOST=127.0.0.1', `DBNAME=${names.kamctl}`, 'SIP_DOMAIN=example.org'];
    for (const role of ['RW', 'RO']) lines.push(`DB${role}USER=${login}`, `DB${role}PW=pw`);
    mkdirSync(join(home.path, 'home'));
    writeFileSync(join(home.path, 'home/.kamctlrc'), `${lines.join('\n')}\n`);
  });
  afterAll(async () => {
    for (const name of Object.values(names)) await sipc('db', 'drop', urlOf(name), '--yes');
    adminSql(server, `DROP USER IF EXISTS ${login}@'%';`);
    home.remove();
  });

  it('the same rows', ({ skip }) => {
    if (missing !== null) skip(missing);
    return same();
  });
  async function same(): Promise<void> {
    const pairs: readonly (readonly [kamctl: string, sipc: string])[] = [
      ['add bob@example.org secret', '--password secret add bob@example.org'],
      ['passwd bob@example.org other', '--password other passwd bob@example.org'],
      ['acl grant bob@example.org ld', 'acl grant bob@example.org ld'],
      ['address add 2 10.1.1.1 32 5060 tag1', 'address add 2 10.1.1.1 32 5060 tag1'],
      ['trusted add 10.1.1.2 any ^sip:.*$ tag2', 'trusted add 10.1.1.2 any ^sip:.*$ tag2'],
      ['dispatcher add 1 sip:1.2.3.4:5060 0 3 a=b first', 'dispatcher add 1 sip:1.2.3.4:5060 0 3 a=b first'],
      ['domain add example.net', 'domain add example.net'],
    ];
    for (const [theirs, ours] of pairs) {
      const env = { ...process.env, HOME: join(home.path, 'home') };
      spawnSync(findTool('kamctl') ?? '', theirs.split(' '), { env, encoding: 'utf8', timeout: 20_000 });
      expect(await sipc('ctl', '--db', urlOf(names.sipc), ...ours.split(' '))).toMatchObject({ code: 0, err: '' });
    }
    for (const table of ['subscriber', 'grp', 'address', 'trusted', 'dispatcher', 'domain']) {
      const rows = (name: string) =>
        adminSql(server, `SELECT * FROM ${table};`, name).replace(/\d{4}-\d\d-\d\d \d\d:\d\d:\d\d/g, 'TIME');
      expect(rows(names.sipc), table).not.toBe('');
      expect(rows(names.sipc), table).toBe(rows(names.kamctl));
    }
    expect(adminSql(server, 'SELECT ha1 FROM subscriber;', names.sipc).trim()).toBe(md5('bob:example.org:other'));
  }
});
