import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { DbBlob, DbError, DbTime, RpcCall } from '../../runtime/sdk/index.js';
import { type Bench, startBench } from '../../runtime/sdk/testing.js';
import module from './module.js';
import { parseSql } from './sql.js';
import { Table } from './table.js';

const format = { delimiter: ':', emptyText: false, maxField: 1000 };
const THINGS =
  'id(int,auto) name(string) note(str,null) n(int,null) d(double,null) t(time,null) b(blob,null)\n1:one::5:1.50::\n3:a\\:b\\nc:x:-2::7:\\\\\n';

describe('files', () => {
  test('are written as they were read', () => {
    const table = Table.parse(THINGS, format);
    expect(table.rows).toEqual([
      [1, 'one', null, 5, 1.5, null, null],
      [3, 'a:b\nc', 'x', -2, null, 7, '\\'],
    ]);
    expect(table.print(':')).toBe(THINGS);
  });
  test('numbers of their own go on', () => {
    const table = Table.parse(THINGS, format);
    table.insert({ name: 'new' });
    expect(table.rows[0]?.slice(0, 2)).toEqual([4, 'new']);
  });
  const wrong: [string, string][] = [
    ['nothing', ''],
    ['no type', 'id\n'],
    ['an unknown type', 'id(float)\n'.replace('float', 'x')],
    ['an unknown flag', 'id(string,auto)\n'],
    ['a word for a number', 'id(int)\nx\n'],
    ['too many fields', 'id(int)\n1:2\n'],
    ['an unknown escape', 'id(string)\n\\q\n'],
    ['a field that is too long', `id(string)\n${'x'.repeat(1001)}\n`],
  ];
  test.each(wrong)('%s is refused', (_, text) => expect(() => Table.parse(text, format)).toThrow(DbError));
  const folder = '/usr/share/kamailio/dbtext/kamailio';
  const shipped = (() => {
    try {
      return readdirSync(folder);
    } catch {
      return [];
    }
  })();
  test.skipIf(shipped.length === 0)('all of Kamailio’s own are read', () => {
    for (const name of shipped)
      expect(Table.parse(readFileSync(join(folder, name), 'latin1'), format).columns.length, name).toBeGreaterThan(0);
  });
});

describe('SQL', () => {
  const known: [string, unknown][] = [
    ['SELECT * FROM t', { kind: 'query', table: 't', columns: null, where: [], order: [], limit: null }],
    [
      "select a, b from t where a = 'x''y' and b >= -2 order by a desc, b limit 3;",
      {
        kind: 'query',
        table: 't',
        columns: ['a', 'b'],
        where: [
          ['a', '=', "x'y"],
          ['b', '>=', -2],
        ],
        order: ['-a', 'b'],
        limit: 3,
      },
    ],
    ['delete from t', { kind: 'delete', table: 't', where: [] }],
    [
      'update t set a=null, b="q" where c like "x%"',
      { kind: 'update', table: 't', set: { a: null, b: 'q' }, where: [['c', 'like', 'x%']] },
    ],
    ['insert into t (a,b) values (1,2.5)', { kind: 'insert', table: 't', row: { a: 1, b: 2.5 }, delayed: false }],
    ['replace into t (a,b) values (1,2)', { kind: 'replace', table: 't', row: { a: 1, b: 2 }, keys: ['a'] }],
  ];
  test.each(known)('%s', (sql, expected) => expect(parseSql(sql, [])).toEqual(expected));
  test.each([
    '',
    'drop table t',
    'select from t',
    'select a from t where a',
    'insert into t (a) values (1,2)',
    'select a from t x',
    "select 'a from t",
  ])('%j is refused', (sql) => expect(() => parseSql(sql, [])).toThrow(DbError));
});

describe('a folder', () => {
  let bench: Bench;
  let folder = '';
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'sipc-text-'));
    writeFileSync(join(folder, 'thing'), THINGS);
    writeFileSync(join(folder, 'version'), 'id(int,auto) table_name(string) table_version(int)\n0:thing:3\n');
    bench = await startBench({ modules: [module] });
  });
  afterAll(async () => {
    await bench.stop();
    rmSync(folder, { recursive: true });
  });
  const open = () => bench.server.databases.open(`text://${folder}`, 'test');
  const command = async (name: string) => {
    const call = new RpcCall(name, []);
    bench.server.rpc.execute(call, (error) => {
      throw error;
    });
    return call.results;
  };

  test('is read, changed, and written when asked', async () => {
    const db = await open();
    expect(await db.tableVersion('thing')).toBe(3);
    await db.insert('thing', { name: 'new', t: new DbTime(9), b: new DbBlob('\x00:') });
    expect((await db.update('thing', { n: 7 }, { name: 'one' })).affected).toBe(1);
    expect((await db.query('thing', { columns: ['name'], where: [['n', '>=', -2]], order: ['-n'] })).rows).toEqual([
      ['one'],
      ['a:b\nc'],
    ]);
    expect((await db.query('thing', { where: { n: null } })).rows).toEqual([]);
    await db.insertUpdate('thing', { name: 'one', n: 8 }, ['name']);
    await db.replace('thing', { name: 'one', n: 9 }, ['name']);
    expect((await db.delete('thing', [['name', 'like', 'a%c']])).affected).toBe(1);
    expect((await db.raw("select n, name from thing where name='one'")).records()).toEqual([{ n: 9, name: 'one' }]);
    expect(readFileSync(join(folder, 'thing'), 'latin1')).toBe(THINGS);
    expect(await command('db_text.dump')).toEqual(['Dump OK']);
    expect(readFileSync(join(folder, 'thing'), 'latin1').split('\n').slice(1)).toEqual([
      '5:one::9:::',
      '4:new::::9:\\0\\:',
      '',
    ]);
  });
  test('what is wrong is refused', async () => {
    const db = await open();
    const failures = [
      db.query('none'),
      db.query('../thing'),
      db.query('thing', { columns: ['none'] }),
      db.insert('thing', { n: 1 }),
      db.insert('thing', { name: 'x', n: 'word' }),
      db.update('thing', { name: null }, {}),
    ].map((call) =>
      call.then(
        () => 'done',
        (error: unknown) => (error instanceof DbError ? error.failure : 'other'),
      ),
    );
    expect(await Promise.all(failures)).toEqual(failures.map(() => 'refused'));
  });
  test('a folder that is not there', async () => {
    await expect(bench.server.databases.open('text:///nowhere/at/all', 'test')).rejects.toThrow('is no folder');
  });
});
