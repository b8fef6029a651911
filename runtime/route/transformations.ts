/** Transformations by name: `{s.len}` is `tr.s_len`. Text classes in `string-` and `sip-transformations.ts`. */
import type { Grammar } from '../message/grammar.js';
import type { Substitution, Value } from '../sdk/define.js';
import { addressTransformations } from '../values/address-transformations.js';
import { escapeCommon } from '../values/codecs.js';
import { stringTransformations } from '../values/string-transformations.js';
import { reSubst } from '../values/substitution.js';
import { sipTransformations } from './sip-transformations.js';

export type Transformation = (value: Value, a?: Value, b?: Value) => Value;
/** A value as SQL writes it: a number bare, text in quotes with its own escaped, nothing as `none` (sqlops/sql_trans.c). */
const sqlValue =
  (none: string): Transformation =>
  (value) =>
    value === null ? none : typeof value === 'number' ? String(value) : `'${escapeCommon(value)}'`;

type Subst = (value: Value, by?: Substitution<never> | Value, ctx?: unknown) => Value;
export type Transformations = Readonly<Record<string, Transformation>> & { readonly re_subst: Subst };
/** Those of one server. */
export const makeTransformations = (grammar: () => Grammar): Transformations => ({
  re_subst: reSubst,
  ...addressTransformations,
  ...stringTransformations,
  sql_val: sqlValue('NULL'),
  sql_val_int: sqlValue('0'),
  sql_val_str: sqlValue("''"),
  ...sipTransformations(grammar),
});
