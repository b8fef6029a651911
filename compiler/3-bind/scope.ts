/** What is loaded at one place of the cfg. Names are looked up in file order: what is loaded further down does not count. */
import type { LoadModule } from '../ast.js';
import type { FunctionDeclaration, ModuleDeclaration, PvDeclaration } from '../declarations.js';
import { loadedTwice, missingModule, unknownModule } from '../diagnostics/3xxx-names.js';
import type { Diagnostics } from '../diagnostics/define.js';
import { type Near, nearTo } from '../diagnostics/near.js';
import { insteadOf } from '../diagnostics/renamed.js';
import type { Catalog, Host, Versions } from '../host.js';
import type { BoundModule } from './symbols.js';

export interface Declared<D> {
  readonly module: string;
  readonly declaration: D;
}

export class Scope {
  readonly modules: BoundModule[] = [];
  readonly catalog: Catalog;
  /** Names of functions, pvs … whose absence was said once. */
  readonly told = new Set<string>();

  constructor(
    readonly host: Host,
    readonly diagnostics: Diagnostics,
  ) {
    this.catalog = host.catalog();
    const core = host.module('core');
    if (core) this.modules.push({ name: 'core', declaration: core, node: null });
  }

  load(node: LoadModule): void {
    const name = node.name.text;
    if (this.modules.some((m) => m.name === name)) {
      this.diagnostics.report(loadedTwice, node.name.span, { name });
      return;
    }
    const declaration = this.host.module(name);
    if (declaration === null && !(name in this.catalog.modules)) {
      const last = own(this.host.versions?.().gone.modules, name);
      if (last !== undefined) {
        this.diagnostics.report(unknownModule, node.name.span, { name, last, ...insteadOf(name) });
        this.modules.push({ name, declaration: null, node });
        return;
      }
      const known = [...Object.keys(this.catalog.modules), ...this.host.moduleNames()];
      const meant = nearTo(name, known);
      const { near = name } = meant;
      this.diagnostics.report(unknownModule, node.name.span, meant);
      // Taken for the one that was meant: what the cfg does with it is still checked.
      this.modules.push({ name: near, declaration: this.host.module(near), node });
      return;
    }
    // A missing module is kept: what is written for it is not reported again.
    if (declaration === null)
      this.diagnostics.report(missingModule, node.name.span, { name, ...this.sinceOf('modules', name) });
    this.modules.push({ name, declaration, node });
  }

  /** Modules named so that they hide what belongs to them: Kamailio's that we lack, and those nobody knows. */
  get lacking(): readonly BoundModule[] {
    return this.modules.filter((m) => m.declaration === null);
  }

  has(module: string): boolean {
    return this.modules.some((m) => m.name === module);
  }

  /** All functions of this name in the order Kamailio tries them (`find_mod_export_record()`): last loaded first, after the core's. */
  functions(name: string): Declared<FunctionDeclaration>[] {
    const found: Declared<FunctionDeclaration>[] = [];
    const [core, ...loaded] = this.modules;
    for (const { name: module, declaration } of [...(core ? [core] : []), ...loaded.reverse()]) {
      const f = own(declaration?.functions, name);
      if (f) found.push({ module, declaration: f });
    }
    return found;
  }

  pv(name: string): Declared<PvDeclaration> | null {
    for (const { name: module, declaration } of this.modules) {
      const pv = own(declaration?.pvs, name);
      if (pv) return { module, declaration: pv };
    }
    return null;
  }

  /** Does Kamailio have this pseudo-variable, in the core or in a module that is loaded? */
  hasPv(name: string): boolean {
    return (
      this.catalog.core.pvs.includes(name) ||
      this.modules.some((m) => m.declaration && own(this.catalog.modules, m.name)?.pvs.includes(name))
    );
  }

  /** True when a module we lack, or do not know, may own this. */
  excused(what: 'function' | 'pv' | 'transformation', name: string): boolean {
    return this.lacking.some((m) => {
      const known = own(this.catalog.modules, m.name);
      if (!known) return true;
      if (what === 'function') return own(known.functions, name) !== undefined;
      return (what === 'pv' ? known.pvs : known.transformations).includes(name);
    });
  }

  /** A module that is not loaded and has the function or pv. */
  ownerOf(what: 'functions' | 'pvs', name: string): string | undefined {
    for (const module of this.host.moduleNames()) {
      const names: Readonly<Record<string, unknown>> | undefined = this.host.module(module)?.[what];
      if (own(names, name) !== undefined) return module;
    }
    for (const [module, known] of Object.entries(this.catalog.modules)) {
      const has = what === 'functions' ? own(known.functions, name) !== undefined : known.pvs.includes(name);
      if (has && !this.modules.some((m) => m.name === module)) return module;
    }
    return undefined;
  }

  /** The function of a module that is not loaded, or of one that is, whose name is nearest. */
  nearFunction(name: string): Near & { readonly module?: string } {
    const loaded = nearTo(name, [...this.functionNames(), 'route']);
    if (loaded.near !== undefined) return loaded;
    const all = nearTo(
      name,
      Object.values(this.catalog.modules).flatMap((m) => Object.keys(m.functions)),
    );
    const module = all.near === undefined ? undefined : this.ownerOf('functions', all.near);
    // One slip: a name of some module is near to anything.
    return module === undefined || !all.sure ? { name } : { ...all, module };
  }

  /** True when this was said before. */
  toldOnce(what: string): boolean {
    if (this.told.has(what)) return true;
    this.told.add(what);
    return false;
  }

  /** Kamailio had it once: the last version that did. */
  wentWith(
    what: 'functions' | 'params' | 'pvs',
    name: string,
  ): { last: string; instead?: string } | Record<string, never> {
    const gone = own(this.host.versions?.().gone[what], name);
    return gone === undefined ? {} : { last: gone[1], ...insteadOf(name) };
  }

  /** The first version that has it, where that is after the one that is followed. */
  sinceOf(what: keyof Versions['newer'], name: string, module?: string): { since: string } | Record<string, never> {
    const newer = this.host.versions?.().newer[what] ?? {};
    const since = newerSince(newer, name, module);
    return since === undefined ? {} : { since };
  }

  functionNames(): string[] {
    return this.modules.flatMap((m) => Object.keys(m.declaration?.functions ?? {}));
  }
  pvNames(): string[] {
    return this.modules.flatMap((m) => Object.keys(m.declaration?.pvs ?? {}));
  }
}

/** By `module:name`; without a module the first that has the name. */
function newerSince(newer: Readonly<Record<string, string>>, name: string, module?: string): string | undefined {
  if (module !== undefined) return own(newer, `${module}:${name}`);
  return Object.entries(newer).find(([entry]) => entry.slice(entry.indexOf(':') + 1) === name)?.[1];
}

/** A property that is the object's own: names come from a cfg and may be `constructor`. */
export function own<V>(object: Readonly<Record<string, V>> | undefined, name: string): V | undefined {
  return object !== undefined && Object.hasOwn(object, name) ? object[name] : undefined;
}

export type { ModuleDeclaration };
