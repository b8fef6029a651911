/** One suite over every driver that reads and writes: the same calls, the same rows, the same refusals. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Database, DbQuery } from '../../runtime/db/database.js';
import type { Databases } from '../../runtime/db/databases.js';
import { DbBlob, DbError, DbTime } from '../../runtime/db/types.js';
import {
  createDatabase,
  databasesWith,
  describeWithServer,
  type TestFolder,
  temporaryFolder,
} from '../support/databases.js';

interface Subject {
  /** What is opened, and how its table is made. */
  readonly open: () => { readonly url: string; readonly drop: () => void };
  readonly types: { readonly key: string; readonly double: string; readonly time: string; readonly blob: string };
}

function laws(module: string, { open, types }: Subject): void {
  let databases: Databases;
  let db: Database;
  let made: { readonly url: string; readonly drop: () => void };
  const log: string[] = [];
  beforeAll(async () => {
    made = open();
    databases = await databasesWith([module], log);
    db = await databases.open(made.url, 'laws');
    await db.raw(
      `CREATE TABLE thing (id ${types.key}, name VARCHAR(64) NOT NULL DEFAULT '', n INT DEFAULT 0, big BIGINT, d ${types.double}, t ${types.time}, b ${types.blob}, CONSTRAINT thing_name UNIQUE (name))`,
    );
    await db.raw('CREATE TABLE version (table_name VARCHAR(32) NOT NULL, table_version INT DEFAULT 0 NOT NULL)');
  });
  afterAll(async () => {
    await databases.close();
    made.drop();
  });
  const empty = () => db.delete('thing', []);
  const failureOf = (call: Promise<unknown>): Promise<string> =>
    call.then(
      () => 'none',
      (error: unknown) => (error instanceof DbError ? error.failure : String(error)),
    );

  it('every type comes back as it went in', async () => {
    await empty();
    const seconds = 1_700_000_001;
    await db.insert('thing', {
      name: 'all',
      n: -5,
      big: 9007199254740993n,
      d: 0.125,
      t: new DbTime(seconds),
      b: new DbBlob('\x00\xff\n'),
    });
    const found = await db.query('thing', { columns: ['name', 'n', 'big', 'd', 't', 'b'] });
    expect(found.rows).toEqual([['all', -5, 9007199254740993n, 0.125, seconds, '\x00\xff\n']]);
    expect(found.columns.map(({ type }) => type)).toEqual(['string', 'int', 'bigint', 'double', 'datetime', 'blob']);
  });

  it('null comes back as null, and equals nothing', async () => {
    await empty();
    await db.insert('thing', { name: 'nil', n: null, t: null });
    expect((await db.query('thing', { columns: ['n', 't', 'b'] })).rows).toEqual([[null, null, null]]);
    expect((await db.query('thing', { where: { n: null } })).rows).toEqual([]);
  });

  it.each([
    "Robert'); DROP TABLE thing;--",
    '" OR ""="',
    '\\',
    "\\' OR 1=1 #",
    '$1 ? %s',
    'gr\xc3\xbc\xc3\x9fe',
    '\xe6\x97\xa5\xe6\x9c\xac',
  ])('text is a value whatever is in it: %s', async (name) => {
    await empty();
    await db.insert('thing', { name });
    expect((await db.query('thing', { where: { name }, columns: ['name'] })).rows).toEqual([[name]]);
    expect((await db.update('thing', { n: 3 }, { name })).affected).toBe(1);
    expect((await db.delete('thing', { name })).affected).toBe(1);
  });

  it('what is no UTF-8 is not stored as something else, and finds nothing', async () => {
    await empty();
    await db.insert('thing', { name: 'gr\xc3\xbcn', n: 1 });
    const name = 'gr\xfcn';
    expect(await failureOf(db.insert('thing', { name }))).toBe('value');
    expect(await failureOf(db.update('thing', { name }, { n: 1 }))).toBe('value');
    const found = await db.query('thing', { where: { name } }).then(
      ({ rows }) => rows,
      (error: unknown) => error,
    );
    // PostgreSQL refuses to look.
    expect(found instanceof DbError ? found.failure : found).toEqual(found instanceof DbError ? 'value' : []);
    expect(await failureOf(db.raw(`SELECT * FROM thing WHERE name = '${name}'`))).toBe('value');
    expect((await db.query('thing', { columns: ['name'] })).rows).toEqual([['gr\xc3\xbcn']]);
  });

  it('names of tables and columns are quoted', async () => {
    expect(await failureOf(db.query('thing"; DROP TABLE thing; --'))).toBe('refused');
    expect(await failureOf(db.query('thing`; DROP TABLE thing; --'))).toBe('refused');
    expect(await failureOf(db.query('thing', { columns: ['1) FROM thing; --'] }))).toBe('refused');
    expect(await failureOf(db.query('thing'))).toBe('none');
  });

  it('operators, order and limit', async () => {
    await empty();
    for (const n of [1, 2, 3, 4, 5, 6]) await db.insert('thing', { name: `n${n}`, n });
    const pick = async (query: DbQuery) =>
      (await db.query('thing', { columns: ['n'], order: ['n'], ...query })).rows.map((row) => row[0]);
    expect(await pick({ where: [['n', '>', 4]] })).toEqual([5, 6]);
    expect(await pick({ where: [['n', '<=', 2]] })).toEqual([1, 2]);
    expect(
      await pick({
        where: [
          ['n', '<>', 1],
          ['n', '!=', 2],
          ['n', '<', 5],
        ],
      }),
    ).toEqual([3, 4]);
    expect(await pick({ where: [['n', '>=', 6]] })).toEqual([6]);
    expect(await pick({ where: [['n', '&', 2]] })).toEqual([2, 3, 6]);
    expect(await pick({ where: [['name', '=', 'n3']] })).toEqual([3]);
    expect(await pick({ order: ['-n'], limit: 2 })).toEqual([6, 5]);
    expect(await pick({ where: [] })).toEqual([1, 2, 3, 4, 5, 6]);
  });

  it('replace puts a row in place of another, insertUpdate sets columns of it', async () => {
    await empty();
    await db.insert('thing', { name: 'a', n: 1, d: 2 });
    await db.insertUpdate('thing', { name: 'a', n: 7 }, ['name']);
    expect((await db.query('thing', { columns: ['name', 'n', 'd'] })).rows).toEqual([['a', 7, 2]]);
    await db.replace('thing', { name: 'a', n: 8 }, ['name']);
    expect((await db.query('thing', { columns: ['name', 'n', 'd'] })).rows).toEqual([['a', 8, null]]);
    await db.replace('thing', { name: 'b', n: 1 }, ['name']);
    await db.insertUpdate('thing', { name: 'c', n: 2 }, ['name']);
    expect((await db.query('thing', { columns: ['name', 'n'], order: ['name'] })).rows).toEqual([
      ['a', 8],
      ['b', 1],
      ['c', 2],
    ]);
  });

  it('a second row with a unique key is refused as duplicate', async () => {
    await empty();
    await db.insert('thing', { name: 'one' });
    expect(await failureOf(db.insert('thing', { name: 'one' }))).toBe('duplicate');
    expect(await failureOf(db.insert('thing', { name: 'two' }))).toBe('none');
  });

  it('a transaction is done or undone as a whole', async () => {
    await empty();
    const broken = db.transaction(async (within) => {
      await within.insert('thing', { name: 'gone' });
      throw new Error('no');
    });
    await expect(broken).rejects.toThrow('no');
    await db.transaction(async (within) => {
      await within.insert('thing', { name: 'kept' });
      await within.insert('thing', { name: 'kept too' });
    });
    expect((await db.query('thing', { columns: ['name'], order: ['name'] })).rows).toEqual([['kept'], ['kept too']]);
  });

  it('raw SQL answers with its columns; a mistake in it is refused and logged without the password', async () => {
    await empty();
    await db.insert('thing', { name: 'raw', n: 4 });
    const found = await db.raw('SELECT n, name FROM thing');
    expect(found.records()).toEqual([{ n: 4, name: 'raw' }]);
    expect(await failureOf(db.raw('SELEKT 1'))).toBe('refused');
    expect(log.filter((line) => line.startsWith('-1')).length).toBeGreaterThan(0);
  });

  it('the version table is read', async () => {
    await db.insert('version', { table_name: 'thing', table_version: 7 });
    expect(await db.tableVersion('thing')).toBe(7);
    expect(await db.tableVersion('nothing')).toBe(0);
  });

  it('200 calls at once all answer', async () => {
    await empty();
    await Promise.all(Array.from({ length: 200 }, (_, i) => db.insert('thing', { name: `p${i}`, n: i })));
    expect((await db.raw('SELECT count(*) FROM thing')).rows).toEqual([[200]]);
  });
}

describe('db_sqlite', () => {
  const types = { key: 'INTEGER PRIMARY KEY', double: 'DOUBLE', time: 'TIMESTAMP WITHOUT TIME ZONE', blob: 'BLOB' };
  describe('in a file', () => {
    let folder: TestFolder;
    const open = () => {
      folder = temporaryFolder();
      return { url: `sqlite://${folder.path}/laws.db`, drop: () => folder.remove() };
    };
    laws('db_sqlite', { open, types });
  });
  describe('in memory', () => {
    laws('db_sqlite', { open: () => ({ url: 'sqlite://:memory:', drop: () => {} }), types });
  });
});
await describeWithServer('mysql', 'db_mysql', () => {
  laws('db_mysql', {
    open: () => createDatabase('mysql', 'laws'),
    types: { key: 'INT AUTO_INCREMENT PRIMARY KEY', double: 'DOUBLE', time: 'DATETIME', blob: 'BLOB' },
  });
});
await describeWithServer('postgres', 'db_postgres', () => {
  laws('db_postgres', {
    open: () => createDatabase('postgres', 'laws'),
    types: { key: 'SERIAL PRIMARY KEY', double: 'DOUBLE PRECISION', time: 'TIMESTAMP', blob: 'BYTEA' },
  });
});
