/** What other modules (acc, uac) get of dialog: told of what happens to dialogs, and their variables. */
import type { Maybe, RouteContext } from '../../runtime/sdk/index.js';
import type { Dialog } from './dialog.js';
import type { DialogListener } from './dialogs.js';

export interface DialogApi {
  /** From the module's start hook on; dialog has to be loaded before. */
  listen(listener: DialogListener): void;
  /** The dialog of this run; null when there is none. */
  of(ctx: RouteContext): Dialog | null;
  /** A variable; null deletes it. */
  set(dialog: Dialog, key: string, value: string | null): boolean;
  /** Makes it the dialog of a run: `$dlg_var(…)` reads it there. */
  give(ctx: RouteContext, dialog: Dialog): void;
  /** BYE to both sides, with these header lines. */
  end(dialog: Dialog, headers?: string): Maybe<boolean>;
  /** The request of this run is sent again with a CSeq number of its own; nothing without track_cseq_updates. */
  nextCseq(ctx: RouteContext): void;
}
export type { Dialog, DialogVar } from './dialog.js';
export { Direction, State } from './dialog.js';
export type { DialogListener } from './dialogs.js';
