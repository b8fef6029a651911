/**
 * The real Kamailio, started in the foreground on a cfg.
 */
import { execFileSync } from 'node:child_process';
import { type LaunchOptions, launch, listenArgs, type ServerProcess } from './server-process.js';
import { findTool } from './tools.js';

/** One worker a socket: what it does then has an order, and so has its log. */
export function startKamailio(options: LaunchOptions): Promise<ServerProcess> {
  const program = findTool('kamailio');
  if (program === null) throw new Error('kamailio is not installed (apt-get install kamailio)');
  return launch(options, (folder) => ({
    name: 'kamailio',
    program,
    args: ['-DD', '-E', '-n', '1', '-f', options.cfg, '-Y', folder, ...listenArgs(options), ...(options.args ?? [])],
  }));
}

export function kamailioVersion(): string {
  const program = findTool('kamailio');
  if (program === null) return 'absent';
  return /version: kamailio (\S+)/.exec(execFileSync(program, ['-v'], { encoding: 'latin1' }))?.[1] ?? 'unknown';
}
