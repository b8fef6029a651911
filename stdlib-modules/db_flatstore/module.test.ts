import { mkdtempSync, readdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { DbBlob, DbTime, type DbValue, RpcCall } from '../../runtime/sdk/index.js';
import { type Bench, startBench } from '../../runtime/sdk/testing.js';
import { fieldText } from './files.js';
import module from './module.js';

const format = { fieldDelimiter: '|', recordDelimiter: '\n', suffix: '.log', encodeDelimiter: true };
const fields: [DbValue, string][] = [
  ['a|b', 'a%7Cb'],
  [5, '5'],
  [-1.5, '-1.500000'],
  [9007199254740993n, '9007199254740993'],
  [new DbTime(7), '7'],
  [new DbBlob('a\x01\\|\xff'), 'a\\x01\\x5C\\x7C\\xFF'],
  [null, ''],
];
test.each(fields)('%s', (value, expected) => expect(fieldText(value, format)).toBe(expected));

test('delimiters and the end of the name are the cfg’s', async () => {
  const own = mkdtempSync(join(tmpdir(), 'sipc-flat-'));
  const starting = (params: Readonly<Record<string, string | number>>) => {
    const modparams = Object.entries(params).map(([name, value]) => ({ module: 'db_flatstore', name, value, at: 'x' }));
    return startBench({ modules: [module], program: `return { modparams: ${JSON.stringify(modparams)} };` });
  };
  const params = { field_delimiter: ';', record_delimiter: '#', encode_delimiter: 1, file_suffix: '.rows' };
  const bench = await starting(params);
  const db = await bench.server.databases.open(`flatstore:${own}`, 'test');
  await db.insert('acc', { method: 'a;b', code: 200 });
  await db.insert('acc', { method: 'a|b', code: 0 });
  await bench.stop();
  expect(readFileSync(join(own, 'acc_1.rows'), 'latin1')).toBe('a%3Bb;200#a|b;0#');
  rmSync(own, { recursive: true });
  await expect(starting({ escape_char: 'xx' })).rejects.toThrow('escape_char has to be one character');
});

describe('a folder', () => {
  let bench: Bench;
  let folder = '';
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'sipc-flat-'));
    bench = await startBench({ modules: [module] });
  });
  afterAll(async () => {
    await bench.stop();
    rmSync(folder, { recursive: true });
  });
  test('gets a line a row, in the order of the columns, and new files after a rotation', async () => {
    const db = await bench.server.databases.open(`flatstore:${folder}`, 'test');
    await Promise.all([
      db.insert('acc', { method: 'INVITE', code: 200 }),
      db.insert('acc', { method: 'BYE', code: 481 }),
    ]);
    await db.insert('missed_calls', { method: 'X' });
    renameSync(join(folder, 'acc_1.log'), join(folder, 'old'));
    bench.server.rpc.execute(new RpcCall('flatstore.k_rotate', []), () => {});
    await db.insert('acc', { method: 'ACK', code: 0 });
    expect(readdirSync(folder).sort()).toEqual(['acc_1.log', 'missed_calls_1.log', 'old']);
    expect(readFileSync(join(folder, 'old'), 'latin1')).toBe('INVITE|200\nBYE|481\n');
    expect(readFileSync(join(folder, 'acc_1.log'), 'latin1')).toBe('ACK|0\n');
  });
  test('only takes rows', async () => {
    const db = await bench.server.databases.open(`flatstore:${folder}`, 'test');
    await expect(db.query('acc')).rejects.toMatchObject({ failure: 'unsupported' });
    await expect(db.insert('../acc', { a: 1 })).rejects.toMatchObject({ failure: 'refused' });
  });
  test('a folder that is not there fails the row', async () => {
    const db = await bench.server.databases.open('flatstore:/nowhere/at/all', 'test');
    await expect(db.insert('acc', { a: 1 })).rejects.toMatchObject({ failure: 'refused' });
  });
});
