/** Asks `kamailio -c` about every cell of params.ts. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { checkFile } from './kamailio.js';
import { names, paramCfg, printTaken, values } from './params.js';

export async function recordParams(): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'params-'));
  const taken = new Map(names.map((name) => [name, new Set<string>()]));
  try {
    for (const [name, set] of taken)
      await Promise.all(
        values.map(async (value, i) => {
          const path = join(folder, `${i}.cfg`);
          writeFileSync(path, paramCfg(name, value));
          if ((await checkFile(path)) === null) set.add(value);
        }),
      );
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  writeFileSync(new URL('goldens/params.txt', import.meta.url), printTaken(taken));
  console.log(`params: ${names.length} names, ${names.length * values.length} cells`);
}
