/** Route blocks that are named somewhere and do not exist. */
import type { BoundProgram, BoundRoute, RouteTarget } from '../3-bind/index.js';
import { unknownEventRoute, unknownRoute } from '../diagnostics/3xxx-names.js';
import { unknownArmedRoute } from '../diagnostics/5xxx-routes.js';
import type { Diagnostics, Label } from '../diagnostics/define.js';
import { nearest, nearTo } from '../diagnostics/near.js';
import type { Catalog } from '../host.js';
import { otherKind } from './rules/unarmed-tm-route.js';

const headOf = (route: BoundRoute | undefined): Label[] => {
  const head = route?.blocks[0]?.head;
  return head ? [{ span: head, message: 'this one' }] : [];
};

export function checkTargets(program: BoundProgram, diagnostics: Diagnostics): void {
  const names = (table: RouteTarget['table']) => program.routes.filter((r) => r.table === table).map((r) => r.name);
  // A block that did not parse is reported; that its name is then missing follows from it.
  const broken = program.config.items.flatMap((item) => {
    const { file, start, end } = item.span;
    if (item.kind === 'bad') return [file.text.slice(start, end)];
    // A head that did not parse leaves a block without its name.
    if (item.kind === 'route' && item.name === null) return [file.text.slice(start, file.text.indexOf('{', start))];
    return [];
  });
  for (const target of program.targets) {
    const { table, name, span } = target;
    const known = names(table);
    if (known.includes(name) || broken.some((text) => text.includes(name))) continue;
    if (table === 'routes' && name === '0' && program.routes.some((r) => r.table === 'request_route')) continue;
    // A block of another kind has the name: the lint rule says more.
    if (table !== 'routes' && otherKind(target, program.routes)) continue;
    const args = nearTo(name, known);
    const other = program.routes.find((r) => r.name === name && r.table !== 'routes' && name !== '');
    if (table === 'routes')
      diagnostics.report(unknownRoute, span, other ? { name, other: other.keyword } : args, headOf(other));
    else diagnostics.report(unknownArmedRoute, span, { keyword: table, ...args });
  }
}

/** Event blocks whose name is one letter off a name that events have. What is further off may be a module's own. */
export function checkEventRoutes(program: BoundProgram, catalog: Catalog, diagnostics: Diagnostics): void {
  const names = new Set([
    ...(catalog.core.eventRoutes ?? []),
    ...Object.values(catalog.modules).flatMap((m) => m.eventRoutes),
    ...program.modules.flatMap((m) => Object.keys(m.declaration?.eventRoutes ?? {})),
  ]);
  const patterns = [...names].filter((n) => n.includes('{')).map((n) => n.slice(0, n.indexOf('{')));
  for (const { table, name, blocks } of program.routes) {
    const head = blocks[0]?.head;
    if (table !== 'event_route' || !head || names.has(name) || patterns.some((p) => name.startsWith(p))) continue;
    const near = nearest(name, names, 2);
    if (near !== undefined) diagnostics.report(unknownEventRoute, head, { name, near });
  }
}
