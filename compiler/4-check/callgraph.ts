/** Which routes may wait: those that reach a function that may. All others are emitted as plain functions. */
import type { BoundProgram, BoundRoute } from '../3-bind/index.js';
import type { CallExpression, Expression, Statement } from '../ast.js';
import { walkExpression, walkStatements } from '../visit.js';
import { preparedIn } from './reads.js';

interface Reach {
  waits: boolean;
  readonly calls: Set<string>;
}

export const routeKey = (route: Pick<BoundRoute, 'table' | 'name'>): string => `${route.table} ${route.name}`;

/** `route(0)` is the main route. */
export const targetKey = (name: string): string => (name === '0' ? 'request_route ' : `routes ${name}`);

/** Does a loaded module ask to be told of each action? */
export const isWatched = (program: BoundProgram): boolean =>
  program.modules.some((m) => m.declaration?.watchesRoutes === true);

/** Does evaluating this one node, its parts aside, wait for anything but other routes? */
export function nodeWaits(e: Expression, program: BoundProgram): boolean {
  const call = e.kind === 'call' ? program.calls.get(e) : undefined;
  return (call?.kind === 'function' && call.declaration.async !== 'never') || preparedIn(e, program).length > 0;
}

/** Keys (`routeKey`) of the routes that may wait: all of them where a module watches. */
export function waitingRoutes(program: BoundProgram): ReadonlySet<string> {
  if (isWatched(program)) return new Set(program.routes.map(routeKey));
  const reach = new Map<string, Reach>();
  const everyRoute = program.routes.filter((r) => r.table === 'routes').map(routeKey);
  for (const route of program.routes) {
    const of: Reach = { waits: false, calls: new Set() };
    for (const block of route.blocks)
      walkStatements(block.body, {
        expression(e) {
          if (nodeWaits(e, program)) of.waits = true;
          const call = e.kind === 'call' ? program.calls.get(e) : undefined;
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

/** Static calls by which a route comes to itself, with the number of blocks each stands in. Those of a name made at run time count by themselves. */
export function recursiveCalls(program: BoundProgram): ReadonlyMap<CallExpression, number> {
  const sites: {
    readonly from: string;
    readonly to: string;
    readonly call: CallExpression;
    readonly nested: number;
  }[] = [];
  for (const route of program.routes)
    for (const block of route.blocks)
      nestedCalls(block.body, 0, (call, nested) => {
        const bound = program.calls.get(call);
        if (bound?.kind === 'route' && bound.target !== null)
          sites.push({ from: routeKey(route), to: targetKey(bound.target), call, nested });
      });
  const next = new Map<string, string[]>();
  for (const { from, to } of sites) next.set(from, [...(next.get(from) ?? []), to]);
  const comesTo = (from: string, to: string): boolean => {
    const seen = new Set([from]);
    for (const at of seen) {
      if (at === to) return true;
      for (const further of next.get(at) ?? []) seen.add(further);
    }
    return false;
  };
  return new Map(sites.filter(({ from, to }) => comesTo(to, from)).map(({ call, nested }) => [call, nested]));
}

/** The calls of a body with how deep they stand in it. */
function nestedCalls(
  body: readonly Statement[],
  depth: number,
  found: (call: CallExpression, nested: number) => void,
): void {
  walkStatements(body, {
    statement(s) {
      if (s.kind !== 'if' && s.kind !== 'while' && s.kind !== 'switch') return;
      const head = s.kind === 'switch' ? s.subject : s.condition;
      walkExpression(head, { expression: (e) => void (e.kind === 'call' && found(e, depth)) });
      const inner =
        s.kind === 'if' ? [s.then, s.else ?? []] : s.kind === 'while' ? [s.body] : s.cases.map((c) => c.body);
      for (const statements of inner) nestedCalls(statements, depth + 1, found);
      return false;
    },
    expression(e) {
      if (e.kind === 'call') found(e, depth);
      return undefined;
    },
  });
}
