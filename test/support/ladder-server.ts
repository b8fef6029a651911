/** The server of a ladder: its cfg compiled, bundled and started on the simulated environment, all in this process. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type BuiltCfg, buildCfg, projectRoot, startBuilt } from './in-process.js';
import type { StartLadderServer } from './ladder.js';
import type { LadderFile } from './ladder-file.js';

export { projectRoot };

/** Ladders of one cfg share its build. */
const builds = new Map<string, Promise<BuiltCfg>>();

function build(ladder: LadderFile): Promise<BuiltCfg> {
  const path = 'path' in ladder.cfg ? ladder.cfg.path : ladder.path.replace(/\.ladder$/, '.cfg');
  return buildCfg(path, 'path' in ladder.cfg ? readFileSync(join(projectRoot, path), 'latin1') : ladder.cfg.text);
}

export const startLadderServer: StartLadderServer = async (ladder, env) => {
  const key = 'path' in ladder.cfg ? ladder.cfg.path : ladder.cfg.text;
  let building = builds.get(key);
  if (!building) builds.set(key, (building = build(ladder)));
  const server = await startBuilt(await building, env);
  // What the cfg logs can be asserted, whatever its debug level.
  env.log.level = Math.max(env.log.level, 2);
  return { transactions: () => server.transactions.size, stop: () => server.stop(0) };
};
