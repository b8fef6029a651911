/**
 * Requests of our own: client transactions without a server side (RFC 3261 §8.1, §17.1; tm's uac.c).
 *
 * They live in the same table with the same timers; their responses end here. The text has tm's order of header fields.
 */
import { Draft } from '../message/draft.js';
import { HeaderId } from '../message/headers.js';
import { indexMessage, ParseFailure, type SipMessage } from '../message/message.js';
import { buildRequest } from '../message/serialize.js';
import { buildBranch, tableIndex } from '../transaction/branch-id.js';
import { type Steps, wait } from '../transaction/steps.js';
import { Transaction, TransactionFlag } from '../transaction/transaction.js';
import type { ListenSocket, NextHop } from '../transport/types.js';
import type { Core } from './core.js';
import { RouteError } from './errors.js';
import { sendFailedLater, startTimers } from './forward.js';
import { destroy, newBranch, prepareTransaction } from './life.js';
import { routeUri } from './local-ack.js';

export interface LocalRequest {
  readonly method: string;
  /** Request-URI. */
  readonly uri: string;
  /** URI to send it to, in place of the first Route or the Request-URI; '' or absent: none. */
  readonly nextHop?: string | null;
  readonly socket?: ListenSocket | null;
  /** URI or name-addr; brackets are put around what has none. */
  readonly from: string;
  /** '': `from` has it already; null or absent: made here. */
  readonly fromTag?: string | null;
  readonly to: string;
  readonly toTag?: string;
  /** Absent: made here. */
  readonly callId?: string | null;
  /** 10 when absent, as tm has it. */
  readonly cseq?: number;
  /** Values of the Route header field, in order. */
  readonly routes?: readonly string[];
  /** Whole lines with their line ends. */
  readonly headers?: string;
  readonly body?: string;
  /** Final response, once; `reply` null: nobody answered, `status` then says why. A further 2xx of a fork calls again. */
  readonly completed?: (outcome: LocalOutcome) => void;
  /** Provisional responses, with `pass_provisional_replies`. */
  readonly progress?: (outcome: LocalOutcome) => void;
  /** Gets the transaction before event_route[tm:local-request] runs. */
  readonly prepared?: (t: Transaction) => void;
  /** The caller acknowledges 2xx itself. */
  readonly ownAck?: boolean;
  /** In place of `fr_timer` and `fr_inv_timer`. */
  readonly frTimerMs?: number;
  readonly frInvTimerMs?: number;
}
export interface LocalOutcome {
  readonly status: number;
  readonly reply: SipMessage | null;
  readonly transaction: Transaction;
}
/** `code` 1: sent (or being sent); 0: event_route[tm:local-request] dropped it; negative: a `RouteError`. */
export interface LocalSent {
  readonly code: number;
  readonly transaction: Transaction | null;
}
const failed = (code: number): LocalSent => ({ code, transaction: null });

const DEFAULT_CSEQ = 10;

export function newCallId(core: Core): string {
  return `${core.env.random.hex(16)}-${core.nextLabel()}@${core.transports.sockets[0]?.local.ip ?? 'localhost'}`;
}
export const newFromTag = (core: Core): string => `${core.env.random.hex(32)}-${core.env.random.hex(4)}`;

/** `<uri>` unless the value ends in a bracket or has parameters after one. */
function bracketed(value: string): string {
  const close = value.lastIndexOf('>');
  return close >= 0 && (close === value.length - 1 || value[close + 1] === ';') ? value : `<${value}>`;
}
/** The request without its Via. */
function textOf(core: Core, r: LocalRequest, callId: string, cseq: number): string {
  const fromTag = r.fromTag ?? newFromTag(core);
  const headers = r.headers ?? '';
  const body = r.body ?? '';
  const userAgent = core.settings.userAgentLine;
  return (
    `${r.method} ${r.uri} SIP/2.0\r\n` +
    `To: ${bracketed(r.to)}${r.toTag ? `;tag=${r.toTag}` : ''}\r\n` +
    `From: ${bracketed(r.from)}${fromTag ? `;tag=${fromTag}` : ''}\r\n` +
    `CSeq: ${cseq} ${r.method}\r\n` +
    `Call-ID: ${callId}\r\n` +
    (r.routes && r.routes.length > 0 ? `Route: ${r.routes.join(', ')}\r\n` : '') +
    (headers.includes('Max-Forwards:') ? '' : 'Max-Forwards: 70\r\n') +
    `Content-Length: ${body.length}\r\n` +
    (userAgent === '' ? '' : `${userAgent}\r\n`) +
    headers +
    (headers === '' || headers.endsWith('\n') ? '' : '\r\n') +
    `\r\n${body}`
  );
}

export function* sendLocalRequest(core: Core, r: LocalRequest): Steps<LocalSent> {
  const nextHop = r.nextHop || (r.routes?.[0] === undefined ? r.uri : routeUri(r.routes[0], core.settings.grammar));
  const addresses = yield* wait(core.resolve(nextHop, null));
  const [address, ...alternatives] = addresses;
  const socket = address ? core.sendSocket(null, r.socket ?? null, address) : null;
  if (!address || socket === null) {
    core.log(-1, `no socket to send ${r.method} to ${nextHop}`);
    return failed(RouteError.noSocket);
  }
  const callId = r.callId || newCallId(core);
  const cseq = r.cseq ?? DEFAULT_CSEQ;
  const hop: NextHop = { proto: address.proto, ip: address.ip, port: address.port, socket, host: address.host };
  const received = {
    proto: hop.proto,
    src: socket.local,
    dst: { ip: hop.ip, port: hop.port },
    socket,
    connectionId: 0,
    at: core.env.clock.now(),
  };
  const bare = indexMessage(textOf(core, r, callId, cseq), received, core.settings.grammar);
  if (bare instanceof ParseFailure) {
    core.log(-1, `a ${r.method} request could not be built: ${bare.reason}`);
    return failed(RouteError.badRequest);
  }
  const id = { index: tableIndex(callId, cseq), md5: core.env.random.hex(32) };
  const via = { socket, proto: hop.proto, hop, branchParam: buildBranch(id.index, id.md5, 0) };
  const options = { localRport: core.settings.localRport, keepVia: true };
  const request = indexMessage(buildRequest(bare, new Draft(), via, options), received, core.settings.grammar);
  if (request instanceof ParseFailure) return failed(RouteError.badRequest);

  const t = newLocalTransaction(core, r, request, id);
  r.prepared?.(t);
  const branch = newBranch(core, t);
  const isAck = r.method === 'ACK';
  if (!isAck) core.table.insert(t);
  const edited = yield* localRequestRoute(core, t, request, r.socket ?? null, hop, nextHop);
  if (edited === 'dropped') {
    destroy(core, t);
    return failed(0);
  }
  t.request = edited.message;
  branch.hop = edited.hop;
  branch.bytes = edited.message.raw;
  branch.uri = edited.message.requestUri;
  branch.onReply = t.onReply;
  branch.onFailure = t.onFailure;
  branch.alternatives = alternatives;
  const draft = new Draft();
  branch.source = alternatives.length > 0 ? { msg: bare, draft, received: draft } : null;
  branch.sendOptions = { failed: (code) => sendFailedLater(core, branch, code) };
  branch.firstOfStep = true;
  t.branches.push(branch);
  if (!core.transports.send(edited.hop, branch.bytes, branch.sendOptions)) {
    core.log(-1, `sending ${r.method} to ${nextHop} failed`);
  }
  if (isAck) {
    destroy(core, t);
    return { code: 1, transaction: null };
  }
  startTimers(core, t, branch);
  return { code: 1, transaction: t };
}

function newLocalTransaction(
  core: Core,
  r: LocalRequest,
  request: SipMessage,
  id: { readonly index: number; readonly md5: string },
): Transaction {
  const { tm } = core;
  const t = new Transaction({
    request,
    draft: new Draft(),
    index: id.index,
    label: core.nextLabel(),
    md5: id.md5,
    values: {},
    createdAtMs: core.nowMs,
  });
  const invite = r.method === 'INVITE';
  t.flags = TransactionFlag.local | TransactionFlag.originated | (invite ? TransactionFlag.invite : 0);
  if (r.ownAck) t.flags |= TransactionFlag.ownAck;
  t.frTimeoutMs = r.frTimerMs ?? tm.frTimerMs;
  t.frInvTimeoutMs = r.frInvTimerMs ?? tm.frInvTimerMs;
  t.retrT1Ms = tm.retrT1Ms;
  t.retrT2Ms = tm.retrT2Ms;
  t.endOfLifeMs = core.nowMs + (invite ? tm.maxInviteLifetimeMs : tm.maxNonInviteLifetimeMs);
  t.onCompleted = r.completed ?? null;
  t.onProgress = r.progress ?? null;
  prepareTransaction(core, t);
  core.counters.local++;
  return t;
}

/** event_route[tm:local-request]: it may edit the text and choose the socket; where it goes is settled (uac.c, t_run_local_req). */
function* localRequestRoute(
  core: Core,
  t: Transaction,
  request: SipMessage,
  forced: ListenSocket | null,
  hop: NextHop,
  nextHop: string,
): Steps<{ readonly message: SipMessage; readonly hop: NextHop } | 'dropped'> {
  const { script } = core;
  if (script === null || !script.hasEvent('tm:local-request')) return { message: request, hop };
  const draft = new Draft();
  draft.dstUri = nextHop;
  draft.sendSocket = forced;
  draft.uriIsNew = false;
  const run = yield* wait(script.localRequest(t, request, draft, hop));
  if (run.dropped) return 'dropped';
  t.values = run.values;
  const after = run.draft;
  const socket = after.sendSocket ?? hop.socket;
  const moved = socket !== hop.socket && socket.family === hop.socket.family;
  if (!moved && !after.addLocalRport && after.edits.isEmpty && after.uri === null && run.msg === request)
    return { message: request, hop };
  const leaves: NextHop = moved ? { ...hop, socket, proto: socket.proto } : hop;
  const branchParam = run.msg.via?.branch ?? buildBranch(t.index, t.md5, 0);
  const out = { socket: leaves.socket, proto: leaves.proto, hop: leaves, branchParam };
  const newVia = moved || after.addLocalRport;
  const own = newVia ? run.msg.header(HeaderId.Via) : undefined;
  if (own) after.edits.remove(own.start, own.end);
  const text = buildRequest(run.msg, after, out, { noVia: !newVia, keepVia: true, noPath: false });
  const again = indexMessage(text, request.received, request.grammar);
  if (again instanceof ParseFailure) {
    core.log(-1, `event_route[tm:local-request] left no message: ${again.reason}`);
    return { message: request, hop };
  }
  return { message: again, hop: leaves };
}
