/** Which pseudo-variables an expression reads, those in the keys, indexes and transformations of others too. */
import type { BoundArg, BoundProgram, BoundPv, Format } from '../3-bind/index.js';
import type { Expression } from '../ast.js';
import { walkExpression } from '../visit.js';

/** The variable itself and those it is read with, innermost first. */
export function* withInner(pv: BoundPv): Generator<BoundPv> {
  yield* inFormat(pv.key ?? []);
  if (pv.index !== null && typeof pv.index === 'object') yield* withInner(pv.index);
  for (const { args } of pv.transforms)
    for (const arg of args)
      if (typeof arg === 'object')
        yield* 'replacement' in arg
          ? inFormat(arg.replacement.filter((p) => typeof p !== 'number') as Format)
          : withInner(arg);
  yield pv;
}

function* inFormat(parts: Format): Generator<BoundPv> {
  for (const part of parts) if (typeof part === 'object') yield* withInner(part);
}

/** Of an argument that is no expression: expressions are walked where they stand. */
function* inArgument(arg: BoundArg): Generator<BoundPv> {
  if (arg.kind === 'format' || arg.kind === 'int') yield* inFormat(arg.parts);
  if (arg.kind === 'pv') yield* withInner(arg.pv);
  if (arg.kind === 'subst')
    yield* inFormat(arg.substitution.replacement.filter((p) => typeof p !== 'number') as Format);
}

/** What evaluating this one node reads, apart from the expressions inside it. */
export function* readsOfNode(e: Expression, program: BoundProgram): Generator<BoundPv> {
  const pv = e.kind === 'pv' ? program.pvs.get(e) : undefined;
  if (pv) yield* withInner(pv);
  const call = e.kind === 'call' ? program.calls.get(e) : undefined;
  if (call?.kind === 'function') for (const arg of call.args) yield* inArgument(arg);
}

/** Those that have to be asked for before they are read. */
export const preparedIn = (e: Expression, program: BoundProgram): BoundPv[] =>
  [...readsOfNode(e, program)].filter((pv) => pv.what === 'declared' && pv.declaration?.prepared === true);

/** Does the expression read a variable that has to be asked for? */
export function readsPrepared(e: Expression, program: BoundProgram): boolean {
  let found = false;
  walkExpression(e, {
    expression(x) {
      found ||= preparedIn(x, program).length > 0;
      return !found;
    },
  });
  return found;
}
