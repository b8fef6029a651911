/** The generated entry of `server.mjs`: the runtime and the modules the cfg loads, nothing else. */

export interface EntryOptions {
  /** The folder that has `runtime/` and `stdlib-modules/`. */
  readonly root: string;
  /** In load order, `core` first. */
  readonly modules: readonly string[];
  readonly version: string;
}

export function entryText({ root, modules, version }: EntryOptions): string {
  const path = (p: string) => JSON.stringify(`${root}/${p}`);
  const imports = modules.map((name, i) => `import m${i} from ${path(`stdlib-modules/${name}/module.ts`)};`);
  const used = [
    "import { readFileSync, realpathSync } from 'node:fs';",
    "import { fileURLToPath } from 'node:url';",
    `import { start } from ${path('runtime/index.ts')};`,
    ...imports,
  ];
  return `${used.join('\n')}

const modules = [${modules.map((_, i) => `m${i}`).join(', ')}];
const folder = new URL('.', import.meta.url);

/** Starts the server; \`argv\` are Kamailio's flags. \`at\` is where program.js lies, when not beside this file. */
export function main(argv, at = folder, cfgPath = 'program.js') {
  const programPath = fileURLToPath(new URL('program.js', at));
  return start({
    argv,
    modules,
    programText: readFileSync(programPath, 'utf8'),
    programMap: readFileSync(programPath + '.map', 'utf8'),
    programPath,
    cfgPath,
    name: 'sipc',
    version: ${JSON.stringify(version)},
  });
}

if (process.argv[1] !== undefined && realpathSync(process.argv[1]) === fileURLToPath(import.meta.url)) {
  main(process.argv.slice(2)).catch((error) => {
    if (typeof error?.exitCode !== 'number') console.error(error);
    process.exit(typeof error?.exitCode === 'number' ? error.exitCode : 1);
  });
}
`;
}
