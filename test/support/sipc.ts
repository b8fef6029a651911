/**
 * sipc, started as a user would: `bin/sipc run FILE`, with the flags Kamailio has.
 */
import { fileURLToPath } from 'node:url';
import { type LaunchOptions, launch, listenArgs, type ServerProcess } from './server-process.js';

/** SIPC_TREE: another checkout to test, such as one with a planted bug. */
const tree = process.env.SIPC_TREE ?? fileURLToPath(new URL('../..', import.meta.url));

export function startSipc(options: LaunchOptions): Promise<ServerProcess> {
  return launch(options, (folder) => ({
    name: 'sipc',
    program: `${tree}/bin/sipc`,
    args: ['run', options.cfg, '-DD', '-E', '-Y', folder, ...listenArgs(options), ...(options.args ?? [])],
  }));
}
