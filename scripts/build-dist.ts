/**
 * `npm run build`: what `bin/sipc` runs. The command line as plain JavaScript in `dist/cli`, split so that a command loads
 * only what it needs; the declarations of all modules, without their code, in `dist/declarations.json`; Kamailio's names.
 */
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join, resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { build, type Plugin } from 'esbuild';
import type { Grammar } from 'ohm-js';
import { grammar } from '../compiler/2-parse/grammar.js';
import { declarationOf, type ModuleDeclaration } from '../compiler/declarations.js';

const root = resolve(fileURLToPath(new URL('..', import.meta.url)));
const dist = join(root, 'dist');

/** The grammar as a recipe, which ohm takes without reading its source. */
const preparedGrammar: Plugin = {
  name: 'prepared-grammar',
  setup(builder) {
    builder.onLoad({ filter: /2-parse[/\\]grammar\.ts$/ }, () => {
      const recipe = (grammar as Grammar & { toRecipe(): string }).toRecipe();
      return {
        contents: `import { makeRecipe } from 'ohm-js';\nexport const grammar = makeRecipe(${recipe});\n`,
        loader: 'js',
      };
    });
  },
};

async function buildCli(): Promise<void> {
  const { dependencies, optionalDependencies } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as Record<
    string,
    Record<string, string>
  >;
  const folder = join(dist, 'cli');
  const fresh = `${folder}.new`;
  rmSync(fresh, { recursive: true, force: true });
  await build({
    entryPoints: [join(root, 'bin/sipc.ts')],
    outdir: fresh,
    outExtension: { '.js': '.mjs' },
    bundle: true,
    splitting: true,
    format: 'esm',
    platform: 'node',
    target: 'node20',
    // The parser is bundled: resolving its forty files takes longer than parsing a cfg.
    external: [...Object.keys(dependencies ?? {}), ...Object.keys(optionalDependencies ?? {})].filter(
      (name) => name !== 'ohm-js',
    ),
    plugins: [preparedGrammar],
    sourcemap: 'linked',
    sourcesContent: false,
    logLevel: 'warning',
  });
  rmSync(folder, { recursive: true, force: true });
  renameSync(fresh, folder);
}

async function writeDeclarations(): Promise<void> {
  const folder = join(root, 'stdlib-modules');
  const found: Record<string, ModuleDeclaration> = {};
  for (const name of readdirSync(folder).sort()) {
    const file = join(folder, name, 'module.ts');
    if (!existsSync(file)) continue;
    const { default: module } = (await import(pathToFileURL(file).href)) as {
      default: Parameters<typeof declarationOf>[0];
    };
    const declaration = declarationOf(module);
    found[declaration.name] = declaration;
  }
  writeFileSync(join(dist, 'declarations.json'), JSON.stringify(found));
}

mkdirSync(dist, { recursive: true });
await Promise.all([buildCli(), writeDeclarations()]);
for (const name of ['kamailio-names.json', 'kamailio-versions.json'])
  copyFileSync(join(root, 'compiler/catalog', name), join(dist, name));
