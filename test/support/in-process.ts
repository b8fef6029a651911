/** A cfg compiled, bundled and started on a simulated environment, all in this process. */
import { join } from 'node:path';
import { createNodeHost } from '../../bin/node-host.js';
import { bundleProgram, type ProgramScript } from '../../compiler/6-bundle/program.js';
import type { Host } from '../../compiler/host.js';
import { compile } from '../../compiler/index.js';
import { describeSpan } from '../../compiler/span.js';
import type { SimulatedEnvironment } from '../../runtime/env/simulated.js';
import type { Environment } from '../../runtime/env.js';
import { type Server, start } from '../../runtime/index.js';
import type { AnyModule } from '../../runtime/sdk/context.js';

export const projectRoot = join(import.meta.dirname, '..', '..');

export interface BuiltCfg {
  readonly script: ProgramScript;
  readonly modules: readonly AnyModule[];
  readonly path: string;
}

let host: Promise<Host> | null = null;

/** The module in `stdlib-modules/<name>`. */
export const loadModule = async (name: string): Promise<AnyModule> =>
  ((await import(join(projectRoot, 'stdlib-modules', name, 'module.ts'))) as { default: AnyModule }).default;

/** Throws with all errors when it does not compile. */
export async function buildCfg(path: string, text: string): Promise<BuiltCfg> {
  host ??= createNodeHost();
  const real = await host;
  const withCfg: Host = { ...real, readFile: (wanted) => (wanted === path ? { text } : real.readFile(wanted)) };
  const compiled = compile(withCfg, path, { version: 'test', lint: false });
  if (!compiled.program) {
    const errors = compiled.diagnostics.filter(({ severity }) => severity === 'error');
    throw new Error(
      `${path} does not compile:\n${errors.map(({ code, message, span }) => `  ${describeSpan(span)} ${code} ${message}`).join('\n')}`,
    );
  }
  const names = ['core', ...compiled.program.modules.filter((name) => name !== 'core')];
  return { script: await bundleProgram(compiled.program), modules: await Promise.all(names.map(loadModule)), path };
}

export const startBuilt = (
  { script, modules, path }: BuiltCfg,
  environment: Environment,
  argv: readonly string[] = [],
): Promise<Server> =>
  start({
    argv,
    modules,
    programText: script.text,
    programMap: script.map,
    programPath: 'program.js',
    cfgPath: path,
    name: 'sipc',
    version: 'test',
    environment,
    print: () => {},
    signals: false,
  });

/** A start that waits for names, and they for the clock: ten seconds of it at most. */
export async function startOnClock(built: BuiltCfg, env: SimulatedEnvironment): Promise<Server> {
  let over = false;
  const starting = startBuilt(built, env).finally(() => {
    over = true;
  });
  starting.catch(() => undefined);
  for (let i = 0; i < 1000 && !over; i++) await env.clock.advance(10);
  return starting;
}

/** Moves the clock on, and gives the databases the time they need for what was asked of them. */
export async function passWithDatabases(server: Server, env: SimulatedEnvironment, ms: number): Promise<void> {
  await env.clock.advance(ms);
  while (server.databases.underWay > 0) {
    await server.databases.idle();
    await env.clock.advance(1);
  }
}
