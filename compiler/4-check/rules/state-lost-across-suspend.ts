/**
 * What a process keeps does not come along when a transaction is suspended. Evidence: the dialog README ($dlg_var without a
 * dialog); tried with 5.6.3, where after async_route() and async_sleep() `$var` is 0, `$vn` and `$dlg_var` undefined, `$vz`
 * and `$sf` 0, while `$avp`, `$xavp`, message flags, `$ru` and `$du` are as they were.
 */
import type { BoundPv, BoundRoute } from '../../3-bind/index.js';
import type { Expression } from '../../ast.js';
import { stateLost } from '../../diagnostics/6xxx-async.js';
import type { Span } from '../../span.js';
import { routeKey, targetKey } from '../callgraph.js';
import { type Leak, resumedRoutes } from '../flow.js';
import { functionOf, type Lint, pvAndInner, pvsOfCall, type Rule } from '../lint.js';

export const checkLostState: Rule = (lint) => {
  const { program, flow, found } = lint;
  const told = new Set<string>();
  const report = (text: string, span: Span, by: NonNullable<Leak['resumedBy']>): void => {
    if (told.has(text)) return;
    told.add(text);
    found.report(stateLost, span, { text, by: by.name.text }, [{ span: by.name.span, message: 'suspended here' }]);
  };
  for (const leak of flow.leaks)
    if (leak.resumedBy && writtenBefore(leak, lint)) report(`$var(${leak.name})`, leak.span, leak.resumedBy);
  const resumed = resumedRoutes(program);
  if (resumed.size === 0) return;
  const uses = processUses(lint);
  for (const [name, by] of resumed) {
    const later = reachedFrom(`routes ${name}`, lint);
    for (const { text, span, route, writes } of uses) {
      if (writes || !later.has(routeKey(route))) continue;
      const others = uses.filter((u) => u.writes && u.text === text);
      if (others.length > 0 && others.every((u) => !later.has(routeKey(u.route)))) report(text, span, by);
    }
  }
};

/** Was something else than a leak meant: a value from before the suspension? */
export function writtenBefore({ name, resumedBy, root }: Leak, { program, statements }: Lint): boolean {
  if (!resumedBy) return false;
  return statements.some(({ node, route }) => {
    if (node.kind !== 'assign' || node.target.kind !== 'pv' || (root.table === 'routes' && route === root))
      return false;
    const pv = program.pvs.get(node.target);
    return pv?.what === 'var' && String(pv.key?.[0] ?? '') === name;
  });
}

interface Use {
  readonly text: string;
  readonly span: Span;
  readonly route: BoundRoute;
  readonly writes: boolean;
}
/** `$vn`, `$vz`, script flags; and `$dlg_var` in a cfg that makes no dialog before it suspends. */
function processUses(lint: Lint): readonly Use[] {
  const { program, expressions, statements, calls } = lint;
  const dialogs =
    calls.some(({ node }) => /^dlg_(?:manage|bridge|refer)$/.test(node.name.text)) ||
    program.params.some(({ module, name }) => module === 'dialog' && name === 'dlg_flag');
  const textOf = (pv: BoundPv): string | null => {
    if (pv.name === 'sf' || pv.name === 'sF') return '$sf';
    const key = pv.key?.length === 1 && typeof pv.key[0] === 'string' ? pv.key[0] : null;
    if (key === null || !(pv.name === 'vn' || pv.name === 'vz' || (pv.name === 'dlg_var' && !dialogs))) return null;
    return `$${pv.name}(${key})`;
  };
  const uses: Use[] = [];
  const written = new Set<Expression>(statements.flatMap(({ node }) => (node.kind === 'assign' ? [node.target] : [])));
  for (const { node, route } of expressions) {
    const pv = node.kind === 'pv' ? program.pvs.get(node) : undefined;
    if (!pv) continue;
    for (const inner of pvAndInner(pv)) {
      const text = textOf(inner);
      if (text !== null) uses.push({ text, span: node.span, route, writes: inner === pv && written.has(node) });
    }
  }
  for (const site of calls) {
    const { node, route } = site;
    const call = functionOf(site);
    for (const pv of call ? pvsOfCall(call) : []) {
      const text = textOf(pv);
      if (text !== null) uses.push({ text, span: pv.span, route, writes: false });
    }
    if (/^(?:set|reset|is)sflag(?:set)?$/.test(node.name.text))
      uses.push({ text: '$sf', span: node.name.span, route, writes: !node.name.text.startsWith('is') });
  }
  return uses;
}

/** Keys of the blocks that run once this one does. */
function reachedFrom(start: string, { calls }: Lint): ReadonlySet<string> {
  const seen = new Set([start]);
  for (const at of seen)
    for (const { bound, route } of calls)
      if (bound?.kind === 'route' && bound.target !== null && routeKey(route) === at) seen.add(targetKey(bound.target));
  return seen;
}
