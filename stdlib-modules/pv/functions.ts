/** Functions on pseudo-variables. */
import {
  type ArgSpec,
  type FunctionSpec,
  format,
  oneOf,
  pv,
  pvWritable,
  type RouteContext,
} from '../../runtime/sdk/index.js';
import type { PvMe } from './spec.js';

type Fn<Args extends readonly ArgSpec[]> = FunctionSpec<PvMe, RouteContext, Args>;
const fn = <const Args extends readonly ArgSpec[]>(spec: Fn<Args>): Fn<Args> => spec;
const yesNo = { 1: 'yes', [-1]: 'no' } as const;

export const pvFunctions = {
  pv_isset: fn({
    doc: 'True when the pseudo-variable has a value.',
    args: [pv('pv')],
    routes: ['any'],
    returns: yesNo,
    example: 'if (pv_isset("$avp(caller)")) { xlog("set\\n"); }',
    run: (_me, ctx, ref) => (ref.get(ctx) === null ? -1 : 1),
  }),
  pv_unset: fn({
    doc: 'Deletes the value of a pseudo-variable.',
    args: [pvWritable('pv')],
    routes: ['any'],
    returns: yesNo,
    example: 'pv_unset("$avp(caller)");',
    run: (_me, ctx, ref) => (ref.set === null || ref.set(ctx, null) === false ? -1 : 1),
  }),
  is_int: fn({
    doc: 'True when the value is a number, or text that is one.',
    args: [pv('pv')],
    routes: ['any'],
    returns: yesNo,
    example: 'if (is_int("$var(x)")) { xlog("number\\n"); }',
    run: (_me, ctx, ref) => (typeof ref.get(ctx) === 'number' ? 1 : -1),
  }),
  typeof: fn({
    doc: 'True when the value has that type.',
    args: [pv('pv'), oneOf('type', ['int', 'str', 'null'])],
    routes: ['any'],
    returns: yesNo,
    example: 'if (typeof("$avp(x)", "int")) { xlog("number\\n"); }',
    run(_me, ctx, ref, type) {
      const value = ref.get(ctx);
      const actual = value === null ? 'null' : typeof value === 'number' ? 'int' : 'str';
      return actual === type ? 1 : -1;
    },
  }),
  not_empty: fn({
    doc: 'True when the value is text that is not empty.',
    args: [pv('pv')],
    routes: ['any'],
    returns: yesNo,
    example: 'if (not_empty("$ua")) { xlog("has a User-Agent\\n"); }',
    run(_me, ctx, ref) {
      const value = ref.get(ctx);
      return typeof value === 'string' && value !== '' ? 1 : -1;
    },
  }),
  pv_evalx: fn({
    doc: 'Assigns the text of a format.',
    args: [pvWritable('dst'), format('fmt')],
    routes: ['any'],
    constArgs: true,
    returns: yesNo,
    example: 'pv_evalx("$var(x)", "$rU at $rd");',
    run: (_me, ctx, ref, text) => (ref.set === null || ref.set(ctx, text(ctx)) === false ? -1 : 1),
  }),
};
