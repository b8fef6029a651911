/** What the emitting of one program shares: imports used, constants hoisted, names given. */

import type { BoundProgram, BoundRoute } from '../3-bind/index.js';
import { isWatched, recursiveCalls, routeKey, waitingRoutes } from '../4-check/callgraph.js';
import type { CallExpression } from '../ast.js';
import { describeSpan, type Span } from '../span.js';
import { writtenSpan } from './map.js';
import { isIdentifier, Names, quote } from './text.js';
import { Writer } from './writer.js';

export class EmitContext {
  readonly writer = new Writer();
  /** Names the file has, imports included. */
  readonly names = new Names();
  /** Imported from `sipc/program`, as names in use. */
  readonly helpers = new Set<string>();
  readonly types = new Set<string>();
  /** Module → name in the file. */
  readonly modules = new Map<string, string>();
  /** `$ru` → name in the file. */
  readonly pvs = new Map<string, string>();
  /** Code of a hoisted constant → its name. */
  readonly constants = new Map<string, string>();
  /** Emitted name of each route, by `routeKey`. */
  readonly functions = new Map<string, string>();
  readonly waiting: ReadonlySet<string>;
  /** A module is told of each action. */
  readonly watched: boolean;
  /** The cfg writes `latency_limit_action`: how long each action takes is measured. */
  readonly measured: boolean;
  /** Calls by which a route comes to itself → blocks they stand in. */
  readonly recursion: ReadonlyMap<CallExpression, number>;
  readonly returnMode: number;
  private readonly counters = new Map<string, number>();

  constructor(readonly program: BoundProgram) {
    this.waiting = waitingRoutes(program);
    this.watched = isWatched(program);
    this.measured = program.globals.some((g) => g.name.text === 'latency_limit_action');
    this.recursion = recursiveCalls(program);
    const mode = program.globals.findLast((g) => g.name.text === 'return_mode')?.value;
    this.returnMode = mode?.kind === 'int' ? mode.value : 0;
    for (const fixed of ['routes', 'program', 'v', 'ctx', 'watch', 'action', 'started', 'took'])
      this.names.claim(fixed);
    for (const route of program.routes) this.functions.set(routeKey(route), this.names.claim(functionName(route)));
  }

  /** A helper of `sipc/program`, imported once it is used. */
  helper(name: string): string {
    this.helpers.add(name);
    return name;
  }
  module(name: string): string {
    let local = this.modules.get(name);
    if (local === undefined) {
      local = this.names.claim(name);
      this.modules.set(name, local);
    }
    return local;
  }
  /** The accessor of `$name`. */
  pv(name: string): string {
    const key = `$${name}`;
    let local = this.pvs.get(key);
    if (local === undefined) {
      local = isIdentifier(key) ? this.names.claim(key) : this.names.claim(`$${name.replace(/\W/g, '_')}`);
      this.pvs.set(key, local);
    }
    return local;
  }
  /** A constant at the top of the file: `re1`, `subst2` … */
  hoist(prefix: string, code: string): string {
    let name = this.constants.get(code);
    if (name === undefined) {
      const n = (this.counters.get(prefix) ?? 0) + 1;
      this.counters.set(prefix, n);
      name = this.names.claim(`${prefix}${n}`);
      this.constants.set(code, name);
    }
    return name;
  }
  regex(source: string, flags: string): string {
    return this.hoist('re', `${this.helper('regex')}(${quote(source)}, ${quote(flags)})`);
  }
  /** `kamailio.cfg:12:3`, as text of the program. */
  at(span: Span): string {
    return quote(describeSpan(writtenSpan(span)));
  }
}

function functionName(route: BoundRoute): string {
  const prefix = route.table === 'routes' ? 'route' : route.table;
  return route.name === '' ? prefix : `${prefix}_${route.name}`;
}

/** State of one emitted function. */
export class Frame {
  private temporaries = 0;
  constructor(
    readonly routeName: string,
    /** The function may wait: it is `async`. */
    readonly waits: boolean,
    /** The block reads `$rc`. */
    readonly readsRc: boolean,
  ) {}
  temporary(): string {
    return `t${++this.temporaries}`;
  }
  counter(): string {
    return `n${++this.temporaries}`;
  }
  moment(): string {
    return `m${++this.temporaries}`;
  }
}
