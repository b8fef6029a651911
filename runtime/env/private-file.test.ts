import { chmodSync, mkdtempSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { openPrivateFile } from './private-file.js';

const folder = mkdtempSync(join(tmpdir(), 'sipc-private-'));
afterAll(() => rmSync(folder, { recursive: true }));
const path = join(folder, 'keys');

it('adds to a file that only its owner may read, new or not', async () => {
  for (const before of [null, 'before\n']) {
    rmSync(path, { force: true });
    if (before !== null) writeFileSync(path, before);
    if (before !== null) chmodSync(path, 0o644);
    const file = openPrivateFile(path);
    const failures: string[] = [];
    for (const line of ['one\n', 'two\n']) file.append(line, (code) => failures.push(code));
    file.close();
    file.append('late\n', (code) => failures.push(code));
    await expect.poll(() => readFileSync(path, 'latin1')).toBe(`${before ?? ''}one\ntwo\n`);
    expect([failures, statSync(path).mode & 0o777]).toEqual([[], 0o600]);
  }
});
it('opens no link, and nothing where it may not', () => {
  symlinkSync(path, join(folder, 'link'));
  expect(() => openPrivateFile(join(folder, 'link'))).toThrow('ELOOP');
  expect(() => openPrivateFile(join(folder, 'no', 'keys'))).toThrow('ENOENT');
});
