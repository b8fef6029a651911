/** All that the compiler takes from outside. `bin/node-host.ts` is the real one, `MemoryHost` serves tests. */
import type { ModuleDeclaration } from './declarations.js';

export interface Host {
  /** Bytes as latin1 text; null when there is no such file, an error message when it cannot be read. */
  readFile(path: string): { text: string } | { error: string } | null;
  /** Resolves `path` against the folder of `from`, as Kamailio resolves includes. */
  resolve(from: string, path: string): string;
  env(name: string): string | undefined;
  /** Declaration of a module we have, by Kamailio's name; null when we have none. */
  module(name: string): ModuleDeclaration | null;
  /** Names of all modules we have. */
  moduleNames(): readonly string[];
  /** Kamailio's own names (modules, functions, parameters …), for what we lack. */
  catalog(): Catalog;
  /** When names came and went; asked for only where one is not known. */
  versions?(): Versions;
}

/** The same host, reading files in another way. */
export function withReadFile(host: Host, readFile: Host['readFile']): Host {
  return {
    readFile,
    resolve: (from, path) => host.resolve(from, path),
    env: (name) => host.env(name),
    module: (name) => host.module(name),
    moduleNames: () => host.moduleNames(),
    catalog: () => host.catalog(),
    ...(host.versions && { versions: () => host.versions!() }),
  };
}

/** Names that Kamailio 3.0 or 3.1 had and 5.6.3 has not, with the last version that had them; names newer than 5.6.3, with the first. */
export interface Versions {
  readonly gone: {
    readonly modules: Readonly<Record<string, string>>;
    /** name → module, last version; of a parameter `module:name`. */
    readonly functions: Readonly<Record<string, readonly [module: string, last: string]>>;
    readonly params: Readonly<Record<string, readonly [module: string, last: string]>>;
    readonly pvs: Readonly<Record<string, readonly [module: string, last: string]>>;
  };
  /** `module:name` (of modules the name alone) → the first version that has it: `5.8`. */
  readonly newer: Readonly<
    Record<'modules' | 'functions' | 'params' | 'pvs' | 'transformations', Readonly<Record<string, string>>>
  >;
}

/** Names in Kamailio 5.6.3 and newer, compact: see `scripts/make-catalog.ts`. */
export interface Catalog {
  readonly modules: Readonly<
    Record<
      string,
      {
        /** name → [minArgs, maxArgs (-1 = any)] */
        readonly functions: Readonly<Record<string, readonly [number, number]>>;
        readonly params: Readonly<Record<string, 'int' | 'str' | 'any'>>;
        readonly pvs: readonly string[];
        /** `class.operation`: `s.len`. */
        readonly transformations: readonly string[];
        readonly selects?: readonly string[];
        readonly eventRoutes: readonly string[];
        readonly exportName?: string;
      }
    >
  >;
  readonly core: {
    /** name → the argument kinds of each form, `bare` where it goes without parentheses */
    readonly functions: Readonly<Record<string, readonly string[]>>;
    readonly globals: readonly string[];
    /** What a global parameter takes, where that is not only `number` (0 and up): int string id host ip4 … */
    readonly globalValues?: Readonly<Record<string, readonly string[]>>;
    readonly pvs: readonly string[];
    readonly selects: readonly string[];
    readonly eventRoutes?: readonly string[];
  };
}

/** Files in memory, for tests and the editor. */
export class MemoryHost implements Host {
  constructor(
    private readonly files: Readonly<Record<string, string>>,
    private readonly modules: ReadonlyMap<string, ModuleDeclaration>,
    private readonly names: Catalog,
    private readonly environment: Readonly<Record<string, string>> = {},
  ) {}
  readFile(path: string) {
    const text = this.files[path];
    return text === undefined ? null : { text };
  }
  resolve(from: string, path: string) {
    return path.startsWith('/') ? path : from.replace(/[^/]*$/, '') + path;
  }
  env(name: string) {
    return this.environment[name];
  }
  module(name: string) {
    return this.modules.get(name) ?? null;
  }
  moduleNames() {
    return [...this.modules.keys()];
  }
  catalog() {
    return this.names;
  }
}
