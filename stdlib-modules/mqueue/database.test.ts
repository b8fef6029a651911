/** Queues that a database keeps from one start to the next (`dbmode`). */
import { afterEach, beforeEach, expect, it } from 'vitest';
import { startBench } from '../../runtime/sdk/testing.js';
import type { TestFolder } from '../../test/support/databases.js';
import { databasesWith, temporaryFolder } from '../../test/support/databases.js';
import core from '../core/module.js';
import sqlite from '../db_sqlite/module.js';
import mqueue from './module.js';

let folder: TestFolder;
let url: string;
beforeEach(async () => {
  folder = temporaryFolder();
  url = `sqlite://${folder.path}/mq.db`;
  await sql(
    'CREATE TABLE q (id INTEGER PRIMARY KEY AUTOINCREMENT, key TEXT, value TEXT)',
    `INSERT INTO q (key, value) VALUES ('a', '1'), ('b', '2')`,
  );
});
afterEach(() => folder.remove());

async function sql(...statements: readonly string[]): Promise<void> {
  const databases = await databasesWith(['db_sqlite']);
  const db = await databases.open(url, 'test');
  for (const statement of statements) await db.raw(statement);
  await databases.close();
}
async function rows(): Promise<unknown> {
  const databases = await databasesWith(['db_sqlite']);
  const db = await databases.open(url, 'test');
  const { rows: found } = await db.query('q', { columns: ['key', 'value'], order: ['id'] });
  await databases.close();
  return found;
}
const start = (dbmode: number, more: readonly object[] = [{ module: 'mqueue', name: 'db_url', value: url }]) =>
  startBench({
    modules: [core, sqlite, mqueue],
    program: `return { modparams: ${JSON.stringify([{ module: 'mqueue', name: 'mqueue', value: `name=q;dbmode=${dbmode}` }, ...more])},
      request_route(ctx) { link.modules.mqueue.mq_fetch(ctx, 'q'); link.modules.mqueue.mq_add(ctx, 'q', 'c', '3'); return 1; } };`,
  });
const left = [
  ['a', '1'],
  ['b', '2'],
];
it.each([
  [0, left],
  [
    1,
    [
      ['b', '2'],
      ['c', '3'],
    ],
  ],
  [2, []],
  [3, [...left, ['c', '3']]],
])('dbmode %i: what the table holds after one item was taken and one added', async (mode, after) => {
  const bench = await start(mode);
  await bench.exchange(
    'OPTIONS sip:x SIP/2.0\r\nVia: SIP/2.0/UDP 10.0.0.2:5070;branch=z9hG4bKx\r\nFrom: <sip:a@b>;tag=1\r\nTo: <sip:b@b>\r\nCall-ID: n\r\nCSeq: 1 OPTIONS\r\n\r\n',
  );
  await bench.stop();
  expect(await rows()).toEqual(after);
});
it('a dbmode without db_url does not start', async () => {
  await expect(start(1, [])).rejects.toThrow('db_url');
});
