/** Which routes may wait: those that reach a function that may. All others are emitted as plain functions. */
import type { BoundProgram, BoundRoute } from '../3-bind/index.js';
import { walkStatements } from '../visit.js';

interface Reach {
  waits: boolean;
  readonly calls: Set<string>;
}

export const routeKey = (route: Pick<BoundRoute, 'table' | 'name'>): string => `${route.table} ${route.name}`;

/** `route(0)` is the main route. */
export const targetKey = (name: string): string => (name === '0' ? 'request_route ' : `routes ${name}`);

/** Keys (`routeKey`) of the routes that may wait. */
export function waitingRoutes(program: BoundProgram): ReadonlySet<string> {
  const reach = new Map<string, Reach>();
  const everyRoute = program.routes.filter((r) => r.table === 'routes').map(routeKey);
  for (const route of program.routes) {
    const of: Reach = { waits: false, calls: new Set() };
    for (const block of route.blocks)
      walkStatements(block.body, {
        expression(e) {
          if (e.kind !== 'call') return;
          const call = program.calls.get(e);
          if (call?.kind === 'function' && call.declaration.async !== 'never') of.waits = true;
          if (call?.kind === 'route')
            for (const key of call.target === null ? everyRoute : [targetKey(call.target)]) of.calls.add(key);
          return undefined;
        },
      });
    reach.set(routeKey(route), of);
  }
  const waiting = new Set<string>();
  for (let grown = true; grown; ) {
    grown = false;
    for (const [key, { waits, calls }] of reach) {
      if (waiting.has(key) || !(waits || [...calls].some((c) => waiting.has(c)))) continue;
      waiting.add(key);
      grown = true;
    }
  }
  return waiting;
}
