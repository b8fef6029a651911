/**
 * `track_cseq_updates`: a request that answers a challenge for the caller (uac_auth()) needs a CSeq number of its own (RFC 3261
 * §22.2), and from then on the caller's numbers leave raised by as many. Who sent a request finds its own number in the response:
 * it travels in our Via (`;branch=….cs1`), as Kamailio has it (dlg_cseq.c).
 */
import { type Draft, HeaderId, type RouteContext, type SipMessage } from '../../runtime/sdk/index.js';
import { type Dialog, Direction, PropertyFlag } from './dialog.js';
import type { Dialogs } from './dialogs.js';

/** The variable that holds the difference. */
const DIFFERENCE = 'cseq_diff';
const MAX_CSEQ = 0x7fff_ffff;

export class CseqTracking {
  constructor(private readonly dialogs: Dialogs) {}

  watch(): void {
    const { dialogs } = this;
    dialogs.refreshCseq = (ctx, dialog, direction) => this.raise(ctx, dialog, direction);
    dialogs.server.transactions.hooks.responseIn.push((_t, _branch, reply, draft) => restore(reply, draft));
  }

  private differenceOf(dialog: Dialog): number {
    const text = dialog.has(PropertyFlag.cseqDiff) ? dialog.get(DIFFERENCE) : null;
    return text !== null && /^\d{1,9}$/.test(text) ? Number(text) : 0;
  }
  /** The request of this run is sent once more with the next number. */
  next(ctx: RouteContext): void {
    const found = this.dialogs.lookup(ctx);
    if (found === null || found.direction !== Direction.downstream) return;
    const { dialog } = found;
    const difference = this.differenceOf(dialog) + 1;
    this.dialogs.setVariable(dialog, DIFFERENCE, String(difference));
    dialog.iflags |= PropertyFlag.cseqDiff;
    write(ctx, difference);
  }
  private raise(ctx: RouteContext, dialog: Dialog, direction: Direction): void {
    if (direction !== Direction.downstream) return;
    const difference = this.differenceOf(dialog);
    if (difference > 0) write(ctx, difference);
  }
}

/** Where the digits of CSeq stand. */
function digitsOf(msg: SipMessage): { readonly start: number; readonly end: number } | null {
  const field = msg.header(HeaderId.CSeq);
  const { cseq } = msg;
  return field === undefined || cseq === null || cseq.number < 0
    ? null
    : { start: field.valueStart, end: field.valueStart + cseq.numberText.length };
}
function write(ctx: RouteContext, difference: number): void {
  const { msg, draft } = ctx;
  const at = digitsOf(msg);
  const number = (msg.cseq?.number ?? 0) + difference;
  if (at === null || number > MAX_CSEQ) return;
  draft.edits.drop((e) => e.about === HeaderId.CSeq);
  draft.edits.replace(at.start, at.end, String(number), HeaderId.CSeq);
  draft.branchSuffix = `.cs${msg.cseq?.numberText ?? ''}`;
}
function restore(reply: SipMessage, draft: Draft): void {
  const branch = reply.via?.branch ?? '';
  const at = branch.lastIndexOf('.cs');
  const number = at < 0 ? '' : branch.slice(at + 3);
  const place = digitsOf(reply);
  if (/^\d{1,10}$/.test(number) && place !== null) draft.edits.replace(place.start, place.end, number, HeaderId.CSeq);
}
