/** Every `.ladder` in and below this folder (the flows of RFC 3665 and 3666 have theirs), and the `call.ladder` of every example. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'vitest';
import { playLadder } from '../support/ladder.js';
import { parseLadder } from '../support/ladder-file.js';
import { projectRoot, startLadderServer } from '../support/ladder-server.js';

const own = readdirSync(join(projectRoot, 'test/ladders'), { recursive: true, encoding: 'utf8' })
  .filter((name) => name.endsWith('.ladder'))
  .map((name) => `test/ladders/${name.replaceAll('\\', '/')}`);
const examples = readdirSync(join(projectRoot, 'examples'))
  .map((name) => `examples/${name}/call.ladder`)
  .filter((path) => existsSync(join(projectRoot, path)));

describe('ladders', () => {
  for (const path of [...own, ...examples].sort()) {
    const ladder = parseLadder(path, readFileSync(join(projectRoot, path), 'latin1'));
    it(`${path}: ${Buffer.from(ladder.title, 'latin1').toString()}`, () => playLadder(ladder, startLadderServer));
  }
});
