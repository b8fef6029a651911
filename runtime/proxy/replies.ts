/**
 * Responses made here, sent through a transaction (t_reply.c, `_reply`), and their retransmission.
 */
import type { Draft } from '../message/draft.js';
import { indexMessage, ParseFailure, type SipMessage } from '../message/message.js';
import { buildResponse, buildWarning } from '../message/serialize.js';
import { RfcMode } from '../transaction/settings.js';
import { RetransmitBuffer } from '../transaction/timers.js';
import type { Transaction } from '../transaction/transaction.js';
import { type CancelSet, cancelNow, newCancelSet, prepareToCancel } from './cancel.js';
import type { Core } from './core.js';
import { errorResponse } from './errors.js';
import { putOnWait, stopBranchTimers } from './life.js';

export interface LocalReply {
  /** Instead of the tag every response made here gets. */
  readonly toTag?: string;
  readonly headers?: string;
  readonly body?: string;
  /** Instead of tm's `rich_redirect`. */
  readonly richRedirect?: number;
  readonly contentType?: string;
}

/** Contact of a redirection: the new Request-URI, then the further branches (dset.c, print_dset). */
export function redirectContacts(draft: Draft, rich: number): string {
  const all: string[] = [];
  const one = (uri: string, q: number, path: string | null, flags: number) => {
    const params = `${q >= 0 ? `;q=${qText(q)}` : ''}`;
    const more = rich & 1 && path ? `;path="${path}"` : '';
    const extra = rich & 2 ? `;flags=${flags}` : '';
    return `<${uri}>${params}${more}${extra}`;
  };
  if (draft.uri !== null) all.push(one(draft.uri, draft.q, draft.path, draft.branchFlags));
  for (const b of draft.branches) all.push(one(b.uri, b.q, b.path, b.flags));
  return all.length === 0 ? '' : `Contact: ${all.join(', ')}\r\n`;
}
function qText(q: number): string {
  if (q >= 1000) return '1';
  if (q <= 0) return '0';
  let text = `0.${String(q).padStart(3, '0')}`;
  while (text.endsWith('0')) text = text.slice(0, -1);
  return text;
}

/** MAX_WARNING_LEN of Kamailio: a longer one is left out. */
const MAX_WARNING_BYTES = 1024;
function warningOf(msg: SipMessage, draft: Draft): string | undefined {
  const text = buildWarning(msg, draft, process.pid);
  return text.length <= MAX_WARNING_BYTES ? text : undefined;
}

/** Text of a response to `msg`, with our To-tag where one is due. */
export function responseText(
  core: Core,
  msg: SipMessage,
  draft: Draft,
  status: number,
  reason: string,
  tag: string | null,
  more: LocalReply = {},
): string {
  const redirect =
    status >= 300 && status < 400 ? redirectContacts(draft, more.richRedirect ?? core.tm.richRedirect) : '';
  const headers = redirect + (more.headers ?? '');
  return buildResponse(msg, draft, status, reason, {
    toTag: tag,
    server: core.settings.serverLine,
    warning: core.settings.sipWarning ? warningOf(msg, draft) : undefined,
    forceRport: core.settings.forceRport,
    headers: headers === '' ? undefined : headers,
    body: more.body,
    contentType: more.contentType,
  });
}

/** The To-tag a response with this status needs: none for 100 and where the request has one. */
export const tagFor = (core: Core, msg: SipMessage, status: number): string | null =>
  status >= 180 && !msg.to?.tag ? core.toTags.of(msg) : null;

/** `t_reply()`. False: a final response was sent before, or it could not be built. */
export function replyLocally(
  core: Core,
  t: Transaction,
  msg: SipMessage,
  draft: Draft,
  status: number,
  reason: string,
  more: LocalReply = {},
): boolean {
  if (t.status >= 200) {
    core.log(2, `can't generate ${status} reply when a final ${t.status} was sent out`);
    stopBranchTimers(t);
    putOnWait(core, t);
    return false;
  }
  const tag = more.toTag ?? tagFor(core, msg, status);
  const bytes = responseText(core, msg, draft, status, reason, tag, more);
  t.status = status;
  t.lastResponse = bytes;
  t.relayedBranch = -2;
  t.localToTag = msg.to?.tag || tag;
  countSent(core, status, true);
  if (status >= 200) for (const hook of core.hooks.responseReady) hook(t, null, status);
  const toCancel = newCancelSet(status);
  if (status >= 200) {
    stopBranchTimers(t);
    if (t.isInvite) {
      prepareToCancel(t, toCancel);
      cancelAfterFinal(core, t, toCancel);
    }
    retransmitFinal(core, t);
  }
  if (sendResponse(core, t, bytes)) {
    for (const hook of core.hooks.responseOut) if (status >= 200) hook(t, null, status, bytes);
    madeReplyOut(core, msg, bytes);
    localResponseEvent(core, t, bytes);
  }
  if (status >= 200) putOnWait(core, t);
  return true;
}
const cancelAfterFinal = (core: Core, t: Transaction, set: CancelSet): void => cancelNow(core, t, set, { kill: true });

/** A response made here is on its way: whoever listens gets it as a message. */
function madeReplyOut(core: Core, request: SipMessage, bytes: string): void {
  if (core.hooks.replyOut.length === 0) return;
  const reply = indexMessage(bytes, request.received, core.settings.grammar);
  if (!(reply instanceof ParseFailure)) for (const hook of core.hooks.replyOut) hook(reply);
}

/** event_route[tm:local-response] runs on the response itself. */
function localResponseEvent(core: Core, t: Transaction, bytes: string): void {
  const { script } = core;
  if (script === null || !script.hasEvent('tm:local-response')) return;
  const reply = indexMessage(bytes, t.request.received, core.settings.grammar);
  if (!(reply instanceof ParseFailure)) void script.event('tm:local-response', reply, t);
}

export function countSent(core: Core, status: number, generated: boolean): void {
  if (generated) core.counters.repliesGenerated++;
  core.counters.repliesSent++;
  if (status >= 200) core.counters.finals[Math.min(6, Math.floor(status / 100)) as 2]++;
}

/** Negative finals of INVITEs until the ACK, over datagrams; 2xx made here until the ACK over any (§17.2.1, §13.3.1.4). */
export function retransmitFinal(core: Core, t: Transaction): void {
  if (!t.isInvite || t.isLocal) return;
  const datagram = t.responseHop?.proto === 'udp';
  const finalMs = core.tm.rfcMode & RfcMode.timers ? 64 * t.retrT1Ms : t.frTimeoutMs;
  if (t.status >= 300) responseTimers(core, t).start(datagram ? t.retrT1Ms : 0, t.retrT2Ms, finalMs);
  else if (t.relayedBranch === -2 && t.status >= 200) responseTimers(core, t).start(t.retrT1Ms, t.retrT2Ms, finalMs);
}

function responseTimers(core: Core, t: Transaction): RetransmitBuffer<Transaction> {
  if (t.response !== null) return t.response;
  t.response = new RetransmitBuffer(core.env.clock, t);
  t.response.onRetransmit = core.bound(retransmitResponse);
  t.response.onFinal = core.bound(putOnWait);
  return t.response;
}

export function sendResponse(core: Core, t: Transaction, bytes: string): boolean {
  return t.responseHop !== null && core.transports.send(t.responseHop, bytes, t.responseOptions);
}

/** The last response once more; false when none was sent yet. */
export function retransmitResponse(core: Core, t: Transaction): boolean {
  if (t.lastResponse === '') return false;
  sendResponse(core, t, t.lastResponse);
  return true;
}

/** Answers for a routing error (`kill_transaction`). */
export function replyError(core: Core, t: Transaction, code: number): boolean {
  const { status, reason } = errorResponse(code, 'TM');
  return replyLocally(core, t, t.request, t.draft, status, reason);
}

/** A response without a transaction (sl_funcs.c). Null: it could not be sent. */
export function replyStateless(
  core: Core,
  msg: SipMessage,
  draft: Draft,
  status: number,
  reason: string,
  tag: string | null,
  more: LocalReply = {},
): string | null {
  // As build_res_buf_from_sip_req: nothing is answered of which a header field cannot be read.
  if (msg.method === 'ACK' || !msg.isRequest || !msg.wellFormed) return null;
  const bytes = responseText(core, msg, draft, status, reason, tag, more);
  const options = { noConnect: draft.noConnectReply, close: draft.closeReply };
  if (!core.transports.send(core.responseHop(msg, draft), bytes, options)) return null;
  madeReplyOut(core, msg, bytes);
  return bytes;
}
