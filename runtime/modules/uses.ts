/** What a module gets of the others: the `api` of each, made at first use and kept. */
import { StartError } from '../errors.js';
import type { AnyModule, Uses } from '../sdk/context.js';

export class Apis {
  readonly #made = new Map<string, unknown>();
  readonly #sources = new Map<string, () => unknown>();

  offer(module: string, make: () => unknown): void {
    this.#sources.set(module, make);
  }
  /** The view of one module: only what it named in `uses`. */
  of(module: AnyModule): Uses {
    const named = new Set(module.uses.map((name) => (name.endsWith('?') ? name.slice(0, -1) : name)));
    const find = (name: string): unknown => {
      if (!named.has(name)) throw new TypeError(`module ${module.name} uses ${name} without naming it in uses`);
      return this.get(name);
    };
    return {
      get: <Api>(name: string): Api => {
        const api = find(name);
        if (api === undefined) throw new TypeError(`module ${module.name} needs ${name}, which is not loaded`);
        return api as Api;
      },
      find: <Api>(name: string): Api | null => (find(name) ?? null) as Api | null,
    };
  }
  private get(name: string): unknown {
    if (this.#made.has(name)) return this.#made.get(name);
    const make = this.#sources.get(name);
    if (!make) return undefined;
    const api = make();
    this.#made.set(name, api);
    return api;
  }
}

/** Throws when a module's needs are not loaded. */
export function checkUses(modules: readonly AnyModule[]): void {
  const loaded = new Set(modules.map(({ name }) => name));
  for (const module of modules)
    for (const need of module.uses)
      if (!need.endsWith('?') && !loaded.has(need))
        throw new StartError(
          'SIPC8012',
          `module ${module.name} needs module ${need}: add  loadmodule "${need}.so"  before it`,
        );
}
