/** What the README shows of `kamailio -c` is what it says: recorded in docs/readme/broken.kamailio.txt (UPDATE=1 records it anew). */
import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { findTool, missingTools } from '../support/tools.js';

const folder = fileURLToPath(new URL('../../docs/readme/', import.meta.url));
const missing = missingTools(['kamailio']);
const withoutPid = (text: string): string => text.replaceAll(/^ 0\(\d+\)/gm, ' 0(…)');

it('kamailio -c says of the broken cfg what the README shows', ({ skip }) => {
  if (missing !== null) skip(missing);
  const done = spawnSync(findTool('kamailio') ?? '', ['-c', '-f', `${folder}broken.cfg`], { encoding: 'utf8' });
  const said = done.stderr.replaceAll(`${folder}broken.cfg`, 'kamailio.cfg').replace(/^loading modules.*\n/gm, '');
  const recorded = `${folder}broken.kamailio.txt`;
  if (process.env.UPDATE) writeFileSync(recorded, said);
  expect(done.status).not.toBe(0);
  expect(withoutPid(said)).toBe(withoutPid(readFileSync(recorded, 'utf8')));
});
