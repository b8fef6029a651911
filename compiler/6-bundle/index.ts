/** Bundling: an emitted program and the runtime, as the files of an output folder. Nothing is written here. */
import type { Emitted } from '../5-emit/index.js';
import { bundleProgram, type ProgramScript } from './program.js';
import { bundleServer, type ServerBundle } from './server.js';

export { bundleProgram, type ProgramScript } from './program.js';
export { bundleServer, copied, type ServerBundle } from './server.js';

export interface Bundle {
  readonly program: ProgramScript;
  readonly server: ServerBundle;
}

export async function bundle(emitted: Emitted, root: string, version: string): Promise<Bundle> {
  const [program, server] = await Promise.all([
    bundleProgram(emitted),
    bundleServer({ root, modules: emitted.modules, version }),
  ]);
  return { program, server };
}
