/**
 * Blocks nothing leads to. Evidence: Kamailio never says so; a route renamed in one place only is the usual reason.
 * A name that a part of the cfg outside this build uses, or a text a module may look up, counts as a use.
 */
import type { BoundRoute } from '../../3-bind/index.js';
import { deadRoute } from '../../diagnostics/6xxx-lint.js';
import { routeKey, targetKey } from '../callgraph.js';
import { headOf, mentioned, type Rule, titleOf } from '../lint.js';

const tables: Readonly<Record<string, string>> = {
  request: 'routes',
  failure: 'failure_route',
  branch: 'branch_route',
  tm_reply: 'onreply_route',
};

export const checkDeadRoutes: Rule = ({ program, calls, found }) => {
  const leadsTo = new Map<string, Set<string>>();
  let anyRoute = false;
  const anyOf = new Set<string>();
  for (const { bound, node, route } of calls) {
    const to = leadsTo.get(routeKey(route)) ?? new Set<string>();
    leadsTo.set(routeKey(route), to);
    if (bound?.kind === 'route') {
      if (bound.target === null) anyRoute = true;
      else to.add(targetKey(bound.target));
    } else if (bound?.kind === 'function')
      bound.specs.forEach((spec, i) => {
        const table = spec?.kind === 'route' ? tables[spec.route ?? ''] : undefined;
        const arg = bound.args[i];
        if (!table) return;
        if (arg?.kind === 'constant') to.add(`${table} ${arg.value}`);
        else anyOf.add(table);
      });
    else if (node.args.some((a) => a.kind === 'str')) anyRoute = anyRoute || bound?.kind === 'missing';
  }
  const armed = (r: BoundRoute) => r.table === 'routes' || Object.values(tables).includes(r.table);
  const reached = new Set<string>();
  const reach = (key: string): void => {
    if (reached.has(key)) return;
    reached.add(key);
    for (const next of leadsTo.get(key) ?? []) reach(next);
  };
  for (const route of program.routes) if (!armed(route)) reach(routeKey(route));
  for (const route of program.routes) {
    if (reached.has(routeKey(route)) || (route.table === 'routes' ? anyRoute : anyOf.has(route.table))) continue;
    const head = headOf(route);
    const name = route.name.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
    const used = new RegExp(`"[^"]*\\b${name}\\b[^"]*"|\\broute\\s*\\(\\s*"?${name}\\b`);
    const inactive = !isNamed(route.table, route.name, leadsTo) && mentioned(program, used);
    if (head && !inactive) found.report(deadRoute, head, { title: titleOf(route) });
  }
};

/** Named from a block that is dead itself. */
const isNamed = (table: string, name: string, leadsTo: ReadonlyMap<string, ReadonlySet<string>>): boolean =>
  [...leadsTo.values()].some((to) => to.has(`${table} ${name}`));
