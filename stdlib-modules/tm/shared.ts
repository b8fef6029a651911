/** What the files of this module share. */
import type { RouteContext, Transaction, Transactions, Verdict } from '../../runtime/sdk/index.js';

/** Parameters `tw_append` by name, in lower case (write.ts). */
export interface Append {
  readonly elements: readonly (
    | { readonly kind: 'avp'; readonly title: string; readonly key: string }
    | { readonly kind: 'hdr'; readonly title: string; readonly name: string }
  )[];
  readonly body: boolean;
}
export interface TmState {
  /** Commands that wait for the end of a request. */
  waiting: number;
  appends: ReadonlyMap<string, Append>;
}

export const tmOf = (ctx: RouteContext): Transactions => ctx.server.transactions;
/** The run's transaction, looked up when it has none yet. */
export const found = (ctx: RouteContext): Transaction | null => tmOf(ctx).check(ctx);

export function noTransaction(ctx: RouteContext, what: string): Verdict {
  ctx.log(-1, `cannot ${what} for a message which has no T-state established`, 'tm');
  return -1;
}

/** Switches a `TransactionFlag` of the transaction, or of the one to come. */
export function onOff(ctx: RouteContext, flag: number, on: boolean): Verdict {
  const t = ctx.transaction;
  if (t !== null) t.flags = on ? t.flags | flag : t.flags & ~flag;
  else if (on) {
    ctx.armed.flagsOn |= flag;
    ctx.armed.flagsOff &= ~flag;
  } else {
    ctx.armed.flagsOff |= flag;
    ctx.armed.flagsOn &= ~flag;
  }
  return 1;
}
