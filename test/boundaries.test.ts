/** The import rules of the tree: who may import whom. A wrong arrow fails here, with the file and the line. */
import { readdirSync, readFileSync } from 'node:fs';
import { builtinModules } from 'node:module';
import { dirname, join, normalize, relative } from 'node:path';
import { describe, expect, it } from 'vitest';

const root = join(import.meta.dirname, '..');

function sources(folder: string): string[] {
  return readdirSync(join(root, folder), { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith('.ts'))
    .map((entry) => relative(root, join(entry.parentPath, entry.name)));
}

interface Import {
  readonly file: string;
  readonly line: number;
  /** Path from the root without extension, `node:x`, or a package name. */
  readonly target: string;
}
const statement =
  /^\s*(?:import|export)\b[^'"`;]*?from\s*['"]([^'"]+)['"]|\bimport\(\s*['"]([^'"]+)['"]\s*\)|^\s*import\s*['"]([^'"]+)['"]/gm;

function imports(file: string): Import[] {
  const text = readFileSync(join(root, file), 'utf8');
  return [...text.matchAll(statement)].map((match) => {
    const specifier = (match[1] ?? match[2] ?? match[3])!;
    const line = text.slice(0, match.index).split('\n').length;
    const target = specifier.startsWith('.')
      ? normalize(join(dirname(file), specifier)).replace(/\.(js|ts)$/, '')
      : builtinModules.includes(specifier)
        ? `node:${specifier}`
        : specifier;
    return { file, line, target };
  });
}

const isTest = (file: string) => file.endsWith('.test.ts');
const under = (target: string, folder: string) => target === folder || target.startsWith(`${folder}/`);

/** Numbered compiler phases and what else in `compiler/` each may see. */
const phases = ['0-lex', '1-preprocess', '2-parse', '3-bind', '4-check', '5-emit', '6-bundle'];
const compilerLeaves = ['span', 'ast', 'visit', 'host', 'declarations', 'diagnostics', 'catalog'].map(
  (n) => `compiler/${n}`,
);

/** Runtime layers, lowest first; a layer imports only layers above it in this list, and its own folder. */
const layers: readonly (readonly string[])[] = [
  ['runtime/sdk/define'],
  ['runtime/env', 'runtime/clock', 'runtime/script', 'runtime/errors', 'runtime/transport/types', 'runtime/dns/ip'],
  ['runtime/log', 'runtime/values'],
  ['runtime/message', 'runtime/settings', 'runtime/db'],
  ['runtime/dns'],
  ['runtime/transport'],
  ['runtime/transaction'],
  ['runtime/proxy'],
  ['runtime/admin'],
  ['runtime/media'],
  [
    'runtime/sdk/context',
    'runtime/sdk/script-actions',
    'runtime/sdk/dmq',
    'runtime/sdk/script-flags',
    'runtime/sdk/tkv',
    'runtime/sdk/line-iterator',
    'runtime/sdk/pv-names',
    'runtime/sdk/uri-users',
    'runtime/sdk/select-families',
    'runtime/sdk/index',
    'runtime/sdk/variables',
    'runtime/sdk/watch',
    'runtime/sdk/xml',
  ],
  ['runtime/route'],
  ['runtime/modules'],
];
const layerOf = (path: string) => layers.findIndex((layer) => layer.some((folder) => under(path, folder)));

function violations(files: readonly string[], allowed: (from: Import) => boolean): string[] {
  return files
    .filter((file) => !isTest(file))
    .flatMap(imports)
    .filter((entry) => !allowed(entry))
    .map(({ file, line, target }) => `${file}:${line} imports ${target}`);
}

describe('import rules', () => {
  it('the compiler sees no module, no runtime but the module contract, and nothing of Node', () => {
    expect(
      violations(
        sources('compiler'),
        ({ target }) =>
          under(target, 'compiler') ||
          target === 'runtime/sdk/define' ||
          // What `1 + "2"` is has one place, for what is computed at build and at run time.
          target === 'runtime/values/coerce' ||
          !(
            under(target, 'runtime') ||
            under(target, 'stdlib-modules') ||
            under(target, 'bin') ||
            target.startsWith('node:')
          ),
      ),
    ).toEqual([]);
  });

  it('a compiler phase imports only lower phases and the leaves', () => {
    const files = phases.flatMap((phase) => sources(`compiler/${phase}`));
    expect(
      violations(files, ({ file, target }) => {
        if (!under(target, 'compiler')) return true;
        if (compilerLeaves.some((leaf) => under(target, leaf))) return true;
        const own = phases.findIndex((phase) => under(file, `compiler/${phase}`));
        const seen = phases.findIndex((phase) => under(target, `compiler/${phase}`));
        return seen >= 0 && seen <= own;
      }),
    ).toEqual([]);
  });

  it('the runtime sees neither the compiler nor a module', () => {
    expect(
      violations(
        sources('runtime'),
        ({ target }) => !under(target, 'compiler') && !under(target, 'stdlib-modules') && !under(target, 'bin'),
      ),
    ).toEqual([]);
  });

  it('a runtime layer imports only lower layers; type-only imports included', () => {
    const files = sources('runtime').filter((file) => layerOf(file.replace(/\.ts$/, '')) >= 0);
    expect(
      violations(files, ({ file, target }) => {
        const seen = layerOf(target);
        return seen < 0 ? !under(target, 'runtime') : seen <= layerOf(file.replace(/\.ts$/, ''));
      }),
    ).toEqual([]);
  });

  it('only the environment and the process shell touch sockets, timers of Node or DNS', () => {
    const shell = ['runtime/env', 'runtime/log', 'runtime/index', 'runtime/admin', 'runtime/options', 'runtime/route'];
    const closed = ['node:dgram', 'node:net', 'node:dns', 'node:dns/promises', 'node:timers', 'node:child_process'];
    expect(
      violations(
        sources('runtime').filter((file) => !shell.some((path) => under(file.replace(/\.ts$/, ''), path))),
        ({ target }) => !closed.includes(target),
      ),
    ).toEqual([]);
  });

  /** What a driver stands on: the client package of its server, a thread, files. */
  const drivers: Readonly<Record<string, readonly string[]>> = {
    'stdlib-modules/db_mysql': ['mysql2', 'node:fs'],
    'stdlib-modules/db_postgres': ['pg'],
    'stdlib-modules/db_sqlite': ['node:worker_threads', 'node:module', 'node:fs'],
    'stdlib-modules/xmlops': ['xpath'],
    'stdlib-modules/permissions': ['node:fs', 'node:path'],
    'stdlib-modules/dispatcher': ['node:fs', 'node:path'],
    'stdlib-modules/db_text': ['node:fs', 'node:fs/promises', 'node:path'],
    'stdlib-modules/db_flatstore': ['node:fs/promises', 'node:path'],
    'stdlib-modules/cfgt': ['node:async_hooks', 'node:fs', 'node:fs/promises', 'node:path'],
  };
  it('a module sees runtime/sdk and its own folder only; database drivers their packages, and those that read lists their files', () => {
    expect(
      violations(sources('stdlib-modules'), ({ file, target }) => {
        const own = file.split('/').slice(0, 2).join('/');
        return (
          under(target, own) ||
          under(target, 'runtime/sdk') ||
          target === 'node:crypto' ||
          (drivers[own] ?? []).includes(target)
        );
      }),
    ).toEqual([]);
  });

  it('sees the imports it is meant to see', () => {
    expect(imports('compiler/ast.ts')).toEqual([{ file: 'compiler/ast.ts', line: 2, target: 'compiler/span' }]);
  });
});
