/** `sipc db` against the servers: what it makes, the tables in it, what it refuses. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { command } from '../../bin/commands/db.js';
import { DbBlob, DbTime } from '../../runtime/db/types.js';
import { sipc } from '../support/command.js';
import { adminSql, databasesWith, describeWithServer, type TestFolder, temporaryFolder } from '../support/databases.js';

const sipcDb = (...argv: string[]) => sipc('db', ...argv);

describe('sipc db on SQLite', () => {
  let folder: TestFolder;
  beforeAll(() => {
    folder = temporaryFolder();
  });
  afterAll(() => folder.remove());
  it('create, create again, reinit, drop', async () => {
    const url = `sqlite://${folder.path}/k.db`;
    expect(await sipcDb('create', url)).toEqual({ code: 0, out: `${url} has 29 tables\n`, err: '' });
    const databases = await databasesWith(['db_sqlite']);
    const db = await databases.open(url, 'test');
    expect(await db.tableVersion('subscriber')).toBe(7);
    await databases.close();
    expect((await sipcDb('create', url)).code).toBe(1);
    expect((await sipcDb('reinit', url)).code).toBe(2);
    expect((await sipcDb('reinit', url, '--yes', '--tables', 'all')).out).toContain('has 71 tables');
    expect((await sipcDb('drop', url, '--yes')).code).toBe(0);
  });
  it('wrong use says what to write, and no password', async () => {
    expect((await sipcDb('make', 'sqlite:///x')).code).toBe(2);
    expect((await sipcDb('create', 'sqlite:///x', '--tables', 'none')).code).toBe(2);
    const wrong = await sipcDb('create', 'oracle://u:secret@h/d');
    expect([wrong.code, wrong.err.includes('secret')]).toEqual([2, false]);
    expect((await sipcDb('create', 'mysql://u:p@127.0.0.1/a`;drop')).code).toBe(2);
    expect(command.details).toContain('SIPC_DB_PASSWORD');
  });
});
for (const server of ['mysql', 'postgres'] as const)
  await describeWithServer(server, `sipc db on ${server}`, () => {
    it('create and drop', async () => {
      const name = `sipc_command_${process.pid}`;
      const url = `${server}://root@127.0.0.1/${name}`;
      try {
        expect((await sipcDb('create', url)).out).toBe(`${url} has 29 tables\n`);
        expect((await sipcDb('create', url)).code).toBe(1);
        expect(adminSql(server, "SELECT table_version FROM version WHERE table_name='location';", name).trim()).toBe(
          '9',
        );
      } finally {
        expect((await sipcDb('drop', url, '--yes')).code).toBe(0);
      }
    });
  });

for (const server of ['mysql', 'postgres'] as const)
  await describeWithServer(server, `sipc db migrate by way of ${server}`, () => {
    it('every row arrives and comes back, of an older table what it has', { timeout: 60_000 }, async () => {
      const folder = temporaryFolder();
      const old = `sqlite://${folder.path}/old.db`;
      const between = `${server}://root@127.0.0.1/sipc_migrate_${process.pid}_${Date.now()}`;
      const last = `sqlite://${folder.path}/last.db`;
      await sipcDb('create', old);
      const databases = await databasesWith(['db_sqlite']);
      const db = await databases.open(old, 'test');
      await db.transaction(async (within) => {
        const users = Array.from({ length: 1500 }, (_, i) => ({
          username: `u${i}`,
          domain: 'example.org',
          ha1: '\xc3\xa4',
        }));
        await Promise.all(users.map((user) => within.insert('subscriber', user)));
      });
      await db.delete('subscriber', { username: 'u0' });
      await db.insert('silo', { src_addr: 'a', dst_addr: 'b', body: new DbBlob('\x00\xff') });
      await db.insert('domain', { domain: 'example.org', last_modified: new DbTime(1_700_000_000) });
      // As a version of Kamailio had it that knew fewer columns, and one that is gone.
      await db.raw('DROP TABLE dispatcher');
      await db.raw('CREATE TABLE dispatcher (id INTEGER PRIMARY KEY, setid INTEGER, destination TEXT, colour TEXT)');
      await db.raw("INSERT INTO dispatcher VALUES (7, 1, 'sip:10.0.0.1', 'red')");
      await db.raw('CREATE TABLE mine (x INTEGER)');
      await databases.close();
      try {
        const first = await sipcDb('migrate', old, between);
        expect(first.err).toBe('mine is left: it is none of the tables asked for with --tables\n');
        expect(first.out).toContain('subscriber: 1499 rows\n');
        expect(first.out).toContain('dispatcher: 1 rows; no column for colour\n');
        const name = between.slice(between.lastIndexOf('/') + 1);
        const rows = (sql: string) => adminSql(server, sql, name).trim().replaceAll('|', '\t');
        expect(rows("SELECT count(*), min(username), max(ha1) FROM subscriber WHERE domain='example.org';")).toBe(
          '1499\tu1\tä',
        );
        expect(rows('SELECT id, setid, destination, flags, priority FROM dispatcher;')).toBe(
          '7\t1\tsip:10.0.0.1\t0\t0',
        );
        const hex = server === 'mysql' ? 'hex(body)' : "upper(encode(body, 'hex'))";
        expect(rows(`SELECT ${hex}, src_addr FROM silo;`)).toBe('00FF\ta');
        expect(rows('SELECT domain, last_modified FROM domain;')).toMatch(/^example\.org\t2023-11-1[45] /);
        expect(await sipcDb('migrate', between, last)).toMatchObject({ code: 0, err: '' });
        const both: unknown[][] = [];
        for (const url of [old, last]) {
          const all = await databasesWith(['db_sqlite']);
          const db = await all.open(url, 'test');
          const found: unknown[] = [];
          for (const table of ['subscriber', 'silo', 'domain'])
            found.push((await db.query(table, { order: ['id'] })).records());
          await all.close();
          both.push(found);
        }
        expect(both[1]).toEqual(both[0]);
        // A new row gets a number of its own.
        await expect(sipc('ctl', '--db', between, '--password', 'p', 'add', 'new@example.org')).resolves.toMatchObject({
          code: 0,
        });
      } finally {
        await sipcDb('drop', between, '--yes');
        folder.remove();
      }
    });
  });
