/**
 * What a run of a route knows of its dialog: Kamailio's `_dlg_ctx`, which there belongs to the process. The request's run makes
 * it; its transaction keeps it, so that reply, branch and failure routes find the dialog again.
 */
import type { RouteContext, RouteRun, Transaction } from '../../runtime/sdk/index.js';
import { type Dialog, type DialogVar, Direction, type State } from './dialog.js';
import type { ProfileLink } from './profiles.js';

const KEY = 'dialog';
/** The dialog whose first INVITE this transaction is: its responses move the state. */
const FIRST = 'dialog.first';
/** The dialog this transaction ends: held until it is gone. */
const LAST = 'dialog.last';

export class DialogContext {
  dialog: Dialog | null = null;
  /** `$dlg_ctx(…)`: for the dialog to come, but `on`, `flags` and `timeout` are the script's own. */
  on = 0;
  flags = 0;
  iflags = 0;
  timeout = 0;
  timeoutBye = 0;
  timeoutRoute = '';
  direction: Direction = Direction.none;
  /** It was created, or ended, in this run: without a transaction nothing else lets it go. */
  own = false;
  /** Its transaction is told of the dialog, and lets it go. */
  told = false;
  /** The request ends the dialog. */
  ends = false;
  /** The INVITE came here before (null: it was not looked at). */
  spiral: boolean | null = null;
  /** Variables and profiles set before there is a dialog. */
  vars: DialogVar[] = [];
  profiles: ProfileLink[] = [];
  /** `$DLG_lifetime` and `$DLG_status`. */
  within: { readonly lifetime: number; readonly state: State } | null = null;
}

const dataOf = (run: RouteRun): Map<string, unknown> => (run as RouteContext).data;

/** The context of this run, when there is one. */
export function knownContext(run: RouteRun): DialogContext | null {
  const own = dataOf(run).get(KEY) as DialogContext | undefined;
  if (own !== undefined) return own;
  const t = run.transaction;
  const kept = t?.kept(KEY) as DialogContext | undefined;
  if (kept === undefined) return null;
  if (run.kind === 'branch') return kept;
  const fresh = new DialogContext();
  // Of a spiral only the first transaction is told.
  fresh.dialog = kept.spiral === true ? null : kept.dialog;
  dataOf(run).set(KEY, fresh);
  return fresh;
}
export function contextOf(run: RouteRun): DialogContext {
  const known = knownContext(run);
  if (known !== null) return known;
  const made = new DialogContext();
  dataOf(run).set(KEY, made);
  return made;
}
/** For runs that are made for a dialog: events, timeouts, what other modules read. */
export function giveContext(run: RouteRun, dialog: Dialog): void {
  const made = new DialogContext();
  made.dialog = dialog;
  dataOf(run).set(KEY, made);
}

export const keepContext = (t: Transaction, context: DialogContext): void => void t.data.set(KEY, context);
export const dialogOf = (t: Transaction): Dialog | null => (t.kept(KEY) as DialogContext | undefined)?.dialog ?? null;
export const startsDialog = (t: Transaction, dialog: Dialog): void => void t.data.set(FIRST, dialog);
export const startedDialog = (t: Transaction): Dialog | null => (t.kept(FIRST) as Dialog | undefined) ?? null;
export const endsDialog = (t: Transaction, dialog: Dialog): void => void t.data.set(LAST, dialog);
export const endedDialog = (t: Transaction): Dialog | null => (t.kept(LAST) as Dialog | undefined) ?? null;
