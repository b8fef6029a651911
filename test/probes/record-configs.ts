/** What `kamailio -c` says of each config: `ok` or `refused`. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { configs } from './configs.js';
import { checkFile } from './kamailio.js';

export async function recordConfigs(): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'configs-'));
  const rows: string[] = [];
  for (const [name, text] of configs) {
    const path = join(folder, 'kamailio.cfg');
    writeFileSync(path, text, 'latin1');
    rows.push(`${(await checkFile(path)) === null ? 'ok' : 'refused'} ${JSON.stringify(name)}`);
  }
  rmSync(folder, { recursive: true, force: true });
  writeFileSync(new URL('goldens/configs.txt', import.meta.url), `${rows.join('\n')}\n`);
  console.log(`configs: ${rows.length}`);
}
