/** Calls: name, number of arguments and kind of block choose the function among the modules loaded above. */
import type { RouteKind, RouteMask } from '../../runtime/sdk/define.js';
import type { CallExpression } from '../ast.js';
import { missingTransport, unknownFunction } from '../diagnostics/3xxx-names.js';
import { wrongArgumentCount, wrongRouteKind } from '../diagnostics/4xxx-types.js';
import type { ArgContext } from './args.js';
import { arityFits, bindArgs, describeArity, specAt } from './args.js';
import { constantOf } from './constant.js';
import type { Scope } from './scope.js';
import type { BoundCall } from './symbols.js';

/** The block a call stands in. */
export interface Block {
  /** `failure_route[X]`, for messages. */
  readonly title: string;
  readonly kinds: readonly RouteKind[];
}

/** Does an entry with these masks work in a block of these kinds? */
export function allowedIn(masks: readonly RouteMask[], kinds: readonly RouteKind[]): boolean {
  return masks.some(
    (m) =>
      m === 'any' || (m === 'reply' ? kinds.includes('tm_reply') || kinds.includes('core_reply') : kinds.includes(m)),
  );
}

export function bindCall(
  call: CallExpression,
  block: Block,
  scope: Scope,
  context: ArgContext,
  later: (name: string) => string | undefined,
): BoundCall {
  const name = call.name.text;
  if (name === 'route') return bindRoute(call, context);
  if (name === 'selval') return { kind: 'choice' }; // the grammar has counted its arguments
  const candidates = scope.functions(name);
  const fitting = candidates.filter((c) => arityFits(c.declaration.args, call.args.length));
  const chosen = fitting.find((c) => allowedIn(c.declaration.routes, block.kinds));
  if (chosen) {
    const { module, declaration } = chosen;
    if (declaration.lacks !== undefined)
      scope.diagnostics.report(missingTransport, call.name.span, {
        transport: declaration.lacks,
        outcome: `${name}() sends nothing and is false`,
      });
    const args = bindArgs(call, declaration, context);
    return { kind: 'function', module, declaration, args, specs: call.args.map((_, i) => specAt(declaration.args, i)) };
  }
  if (fitting[0])
    scope.diagnostics.report(wrongRouteKind, call.name.span, {
      name,
      block: block.title,
      allowed: fitting[0].declaration.routes,
    });
  else if (candidates[0])
    scope.diagnostics.report(wrongArgumentCount, call.name.span, {
      name,
      wants: candidates.map((c) => describeArity(c.declaration.args)).join(' or '),
      has: call.args.length,
    });
  else return absent(call, scope, later);
  return { kind: 'bad' };
}

function absent(call: CallExpression, scope: Scope, later: (name: string) => string | undefined): BoundCall {
  const name = call.name.text;
  if (scope.excused('function', name)) return { kind: 'missing', name };
  const below = later(name);
  if (below !== undefined)
    scope.diagnostics.report(unknownFunction, call.name.span, { name, module: below, later: true });
  else {
    const module = scope.ownerOf('functions', name);
    // A module that is not loaded is one mistake, however many of its names follow.
    if (module !== undefined && scope.toldOnce(`load ${module}`)) return { kind: 'bad' };
    scope.diagnostics.report(unknownFunction, call.name.span, {
      ...(module === undefined
        ? { ...scope.nearFunction(name), ...scope.wentWith('functions', name) }
        : { name, module }),
    });
  }
  return { kind: 'bad' };
}

function bindRoute(call: CallExpression, context: ArgContext): BoundCall {
  const argument = call.args[0];
  if (!argument || call.args.length > 1) {
    context.diagnostics.report(wrongArgumentCount, call.name.span, {
      name: 'route',
      wants: '1 argument',
      has: call.args.length,
    });
    return { kind: 'bad' };
  }
  const constant = constantOf(argument);
  const target = argument.kind === 'word' ? argument.text : constant === undefined ? null : String(constant);
  if (target !== null) context.targets.push({ table: 'routes', name: target, span: argument.span });
  return { kind: 'route', target, argument };
}
