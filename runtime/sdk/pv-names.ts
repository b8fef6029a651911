/** Pseudo-variables named in module parameters (`$avp(x)`, `$(avp(x)[1])`, `$var(y)`): looked up when the server starts. */
import type { DbCell } from '../db/types.js';
import { StartError } from '../errors.js';
import type { RouteContext, ServerApi } from './context.js';
import type { Value } from './define.js';

export interface NamedPv {
  readonly name: string;
  get(ctx: RouteContext): Value;
  /** False when it cannot be written. */
  set(ctx: RouteContext, value: Value): boolean;
}

const FORM = /^\$(?:\(\s*([\w]+)(?:\((.*)\))?(?:\[(-?\d+|\*)\])?\s*\)|([\w]+)(?:\((.*)\))?)$/s;

/** `where` is the parameter, for the message of the StartError when there is no such variable. */
export function namedPv(server: ServerApi, written: string, where: string): NamedPv {
  const found = FORM.exec(written.trim());
  const name = found?.[1] ?? found?.[4];
  const pv = name === undefined ? null : server.pv(name);
  if (!pv) throw new StartError('SIPC8065', `${where}: ${written} is no pseudo-variable; load the module that has it`);
  const key = found?.[2] ?? found?.[5] ?? '';
  const at = found?.[3];
  const index = at === undefined ? undefined : at === '*' ? '*' : Number(at);
  return {
    name: written.trim(),
    get: (ctx) => pv.get(ctx, key, index),
    set: (ctx, value) => pv.set(ctx, value, key, index) > 0,
  };
}

/** A cell of a database as a pseudo-variable takes it: what does not fit 32 bits is text (srdb1/db_ut.c, db_val2pv_spec). */
export function pvValueOf(cell: DbCell): Value {
  if (typeof cell === 'bigint') return String(cell);
  if (typeof cell !== 'number') return cell;
  if (!Number.isInteger(cell)) return String(cell);
  return cell >= -0x8000_0000 && cell <= 0xffff_ffff ? cell | 0 : String(cell);
}
