/** The compiler's real host: files, environment, the declarations of our modules, the names Kamailio has. */
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, isAbsolute, join, resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { declarationOf, type ModuleDeclaration } from '../compiler/declarations.js';
import type { Catalog, Host, Versions } from '../compiler/host.js';
import { toBytes } from './command.js';

/** The folder of package.json, from the sources as from dist/. */
export function packageRoot(): string {
  let folder = dirname(fileURLToPath(import.meta.url));
  while (!existsSync(join(folder, 'package.json'))) {
    const up = dirname(folder);
    if (up === folder) throw new Error('package.json is missing beside the program');
    folder = up;
  }
  return folder;
}

/** Run from the sources, not from dist/? */
const fromSource = import.meta.url.endsWith('.ts');

/** A cfg names paths in bytes; Node wants text. */
const toPath = (bytes: string): string => Buffer.from(bytes, 'latin1').toString('utf8');

const reasons: Readonly<Record<string, string>> = {
  EACCES: 'no permission',
  EISDIR: 'it is a folder',
  ELOOP: 'too many links',
  ENAMETOOLONG: 'the name is too long',
};

export function readSource(path: string): { text: string } | { error: string } | null {
  try {
    return { text: readFileSync(toPath(path), 'latin1') };
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? '';
    if (code === 'ENOENT' || code === 'ENOTDIR') return null;
    return { error: reasons[code] ?? code };
  }
}

/** Relative paths: as they are from the working directory, else beside the file that names them (cfg.lex, sr_push_yy_state). */
function resolveInclude(from: string, path: string): string {
  if (isAbsolute(path) || existsSync(toPath(path))) return path;
  const beside = from.includes('/') ? from.slice(0, from.lastIndexOf('/') + 1) + path : path;
  return beside;
}

export async function createNodeHost(): Promise<Host> {
  const root = packageRoot();
  const modules = await loadDeclarations(root);
  let catalog: Catalog | undefined;
  let versions: Versions | undefined;
  return {
    readFile: readSource,
    resolve: resolveInclude,
    env: (name) => {
      const value = process.env[name];
      return value === undefined ? undefined : toBytes(value);
    },
    module: (name) => modules.get(name) ?? null,
    moduleNames: () => [...modules.keys()],
    catalog: () => (catalog ??= readNames<Catalog>(root, 'kamailio-names.json')),
    versions: () => (versions ??= readNames<Versions>(root, 'kamailio-versions.json')),
  };
}

function readNames<T>(root: string, file: string): T {
  const built = join(root, 'dist', file);
  const path = !fromSource && existsSync(built) ? built : join(root, 'compiler/catalog', file);
  return JSON.parse(readFileSync(path, 'utf8')) as T;
}

/** The index that the build wrote; working in the sources, the modules themselves when one is newer than the index. */
async function loadDeclarations(root: string): Promise<ReadonlyMap<string, ModuleDeclaration>> {
  const index = join(root, 'dist/declarations.json');
  const sources = moduleFiles(join(root, 'stdlib-modules'));
  const newest = fromSource ? Math.max(0, ...sources.map((file) => statSync(file).mtimeMs)) : 0;
  if (existsSync(index) && statSync(index).mtimeMs >= newest) {
    const found = JSON.parse(readFileSync(index, 'utf8')) as Record<string, ModuleDeclaration> | ModuleDeclaration[];
    const list = Array.isArray(found) ? found : Object.values(found);
    return new Map(list.map((declaration) => [declaration.name, declaration]));
  }
  if (!fromSource) throw new Error('dist/declarations.json is missing: run npm run build');
  const loaded = new Map<string, ModuleDeclaration>();
  for (const file of sources) {
    const module = (await import(pathToFileURL(resolve(file)).href)) as {
      default: Parameters<typeof declarationOf>[0];
    };
    const declaration = declarationOf(module.default);
    loaded.set(declaration.name, declaration);
  }
  return loaded;
}

function moduleFiles(folder: string): string[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder)
    .map((name) => join(folder, name, 'module.ts'))
    .filter((file) => existsSync(file));
}
