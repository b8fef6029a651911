/** `sipc db` against the servers: what it makes, the tables in it, what it refuses. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { command } from '../../bin/commands/db.js';
import { main } from '../../bin/sipc.js';
import { adminSql, databasesWith, describeWithServer, type TestFolder, temporaryFolder } from '../support/databases.js';

async function sipcDb(...argv: string[]): Promise<{ code: number; out: string; err: string }> {
  let out = '';
  let err = '';
  const io = { out: (text: string) => void (out += text), err: (text: string) => void (err += text), color: false };
  const code = await main(['db', ...argv], io);
  return { code, out, err };
}

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
