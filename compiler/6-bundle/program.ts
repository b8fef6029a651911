/**
 * `program.js`: the emitted program as one import-free script, an expression `(function (link) { … })`. The virtual modules
 * `sipc/program`, `sipc/modules` and `sipc/pvs` become properties of `link`.
 */
import type { Plugin } from 'esbuild';
import type { Emitted } from '../5-emit/index.js';
import { inlineMap } from '../5-emit/map.js';

export interface ProgramScript {
  readonly text: string;
  /** Source map as JSON; its sources are the cfg files as they were named. */
  readonly map: string;
}

/** Sources under names that survive being made relative to some folder. */
const sourceName = (i: number) => `sipc-cfg-source-${i}`;

export async function bundleProgram(emitted: Emitted): Promise<ProgramScript> {
  const { build } = await import('esbuild');
  const sources = emitted.map.sources;
  const map = { ...emitted.map, sources: sources.map((_, i) => sourceName(i)) };
  const result = await build({
    stdin: { contents: emitted.text + inlineMap(map), sourcefile: 'program.ts', loader: 'ts' },
    bundle: true,
    write: false,
    outfile: 'program.js',
    format: 'iife',
    globalName: 'program',
    platform: 'neutral',
    target: 'node20',
    charset: 'ascii',
    sourcemap: 'linked',
    banner: { js: '(function (link) {' },
    footer: { js: 'return program.default;\n})' },
    logLevel: 'silent',
    plugins: [virtualModules(emitted)],
  });
  const output = (end: string) => result.outputFiles.find((f) => f.path.endsWith(end))!.text;
  const merged = JSON.parse(output('.js.map')) as { sources: string[] };
  merged.sources = merged.sources.map((name) => {
    const i = /sipc-cfg-source-(\d+)$/.exec(name)?.[1];
    return (i !== undefined && sources[Number(i)]) || name;
  });
  // The comment has to stay outside of the expression's last line end.
  return { text: output('program.js'), map: JSON.stringify(merged) };
}

function virtualModules(emitted: Emitted): Plugin {
  const contents: Readonly<Record<string, string>> = {
    'sipc/program': picked('link.program', emitted.imports.program),
    'sipc/modules': picked('link.modules', emitted.imports.modules),
    'sipc/pvs': picked('link.pvs', emitted.imports.pvs),
  };
  return {
    name: 'sipc-link',
    setup(build) {
      build.onResolve({ filter: /^sipc\// }, ({ path }) => ({ path, namespace: 'sipc-link' }));
      build.onLoad({ filter: /.*/, namespace: 'sipc-link' }, ({ path }) => ({
        contents: contents[path] ?? '',
        loader: 'js',
      }));
    },
  };
}

/** `const x1 = link.modules["tm"]; export { x1 as "tm" };` */
function picked(from: string, names: readonly string[]): string {
  return names
    .map((name, i) => `const x${i} = ${from}[${JSON.stringify(name)}]; export { x${i} as ${JSON.stringify(name)} };`)
    .join('\n');
}
