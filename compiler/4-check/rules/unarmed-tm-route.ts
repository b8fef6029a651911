/** t_on_failure("X") where only another kind of block is named X. Evidence: kamailio#3572; Kamailio warns once at start. */
import type { RouteTarget } from '../../3-bind/index.js';
import { unarmedTmRoute } from '../../diagnostics/6xxx-lint.js';
import type { Rule } from '../lint.js';

export const checkArmedKinds: Rule = ({ program, found }) => {
  for (const target of program.targets) {
    const other = target.table === 'routes' ? null : otherKind(target, program.routes);
    if (!other) continue;
    found.report(
      unarmedTmRoute,
      target.span,
      { name: target.name, wants: target.table, has: other.keyword },
      other.blocks[0] ? [{ span: other.blocks[0].head, message: 'this one' }] : [],
    );
  }
};

/** The block of this name that is of another kind, where none of the right kind is. */
export function otherKind(
  target: RouteTarget,
  routes: Parameters<Rule>[0]['program']['routes'],
): Parameters<Rule>[0]['program']['routes'][number] | null {
  if (routes.some((r) => r.table === target.table && r.name === target.name)) return null;
  return routes.find((r) => r.name === target.name && target.name !== '') ?? null;
}
