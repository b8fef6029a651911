/** `msg_apply_changes_mode`, or the mark of that name: changes are part of the request once it has a transaction (t_lookup.c, new_t()). */
import { MessageMark } from '../message/draft.js';
import { applyNow } from '../message/serialize.js';
import type { RouteRun } from '../transaction/types.js';
import type { Core } from './core.js';

export const appliesChanges = (core: Core, { draft }: Pick<RouteRun, 'draft'>): boolean =>
  core.settings.applyChanges || (draft.marks & MessageMark.applyChanges) !== 0;

/** False: not where it may be done, or no longer a request. */
export function beginChanged(run: RouteRun): boolean {
  const { draft } = run;
  const { uriIsNew } = draft;
  if (run.kind !== 'request' || applyNow(run) !== 1) return false;
  // It is the same target as before, if it was one.
  draft.uriIsNew = uriIsNew;
  return true;
}
