/** `server.mjs`: runtime, the modules in use and their packages, in one file that needs only Node. */
import { type EntryOptions, entryText } from './entry.js';

export interface ServerBundle {
  readonly text: string;
  readonly map: string;
  /** Files that went in, relative to the working directory: a cache is stale when one changes. */
  readonly inputs: readonly string[];
}

/**
 * Packages that cannot be part of a bundle (a native addon, one that reads a file beside it): `sipc build` puts them beside
 * server.mjs when it names them.
 */
export const copied = ['koffi', 'node-sqlite3-wasm'] as const;

/** CommonJS packages call `require`, which an ES module does not have. */
const requireBanner =
  "import { createRequire as sipcCreateRequire } from 'node:module';\nconst require = sipcCreateRequire(import.meta.url);";

export async function bundleServer(options: EntryOptions): Promise<ServerBundle> {
  const { build } = await import('esbuild');
  const result = await build({
    stdin: { contents: entryText(options), sourcefile: 'server.ts', loader: 'ts', resolveDir: options.root },
    bundle: true,
    write: false,
    outfile: 'server.mjs',
    format: 'esm',
    platform: 'node',
    target: 'node20',
    // `copied`: see there. The other two are optional parts of pg that nothing here uses.
    external: [...copied, 'pg-native', 'cloudflare:sockets'],
    sourcemap: 'linked',
    sourcesContent: false,
    metafile: true,
    banner: { js: requireBanner },
    logLevel: 'silent',
  });
  const output = (end: string) => result.outputFiles.find((f) => f.path.endsWith(end))!.text;
  return { text: output('.mjs'), map: output('.mjs.map'), inputs: Object.keys(result.metafile.inputs) };
}
