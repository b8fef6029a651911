/** One command about a call: what it says, who is asked, what becomes of the answer. */
import {
  buildBranch,
  type Extent,
  type Format,
  type PvRef,
  type RelayNode,
  type RelaySet,
  type RouteContext,
  relayedSdp,
  requestDigest,
  type SipMessage,
  tableIndex,
} from '../../runtime/sdk/index.js';
import { Dictionary } from './bencode.js';
import { type FlagSet, parseFlags } from './flags.js';
import type { sidesAsked } from './mos.js';
import { carriesSdp, namesNoParty, namesSubscriber, type Operation } from './operations.js';
import type { RelayParams, Relays } from './relays.js';

type Pv = PvRef<RouteContext>;
export interface CallParams extends RelayParams {
  readonly queried_nodes_limit: number;
  readonly setid_default: number;
  readonly setid_avp: Pv | undefined;
  readonly extra_id_pv: Format<RouteContext> | undefined;
  readonly rtp_inst_pvar: Pv | undefined;
  readonly read_sdp_pv: Pv | undefined;
  readonly write_sdp_pv: Pv | undefined;
  readonly write_sdp_pv_mode: number;
}
export interface RtpengineState {
  relays: Relays | null;
  /** What set_rtpengine_set() chose for a message. */
  readonly chosen: WeakMap<SipMessage, readonly [RelaySet, RelaySet | null]>;
  /** rtpengine_manage() saw an offer in it. */
  readonly offers: WeakSet<SipMessage>;
  /** Which sides of the call quality parameters ask about; null: not looked at yet. */
  sides: ReturnType<typeof sidesAsked> | null;
}
export interface Me {
  readonly params: CallParams;
  readonly state: RtpengineState;
}
/** Most nodes a command is tried at, whatever `queried_nodes_limit` says. */
export const MAX_NODES = 30;

const fail = (ctx: RouteContext, text: string): null => {
  ctx.log(-1, text, 'rtpengine');
  return null;
};

/** `direction` 2: the answer goes through the second set first. Null: there is none. */
export function setFor(me: Me, ctx: RouteContext, direction: 1 | 2): RelaySet | null {
  const { sets } = me.state.relays ?? {};
  const wanted = me.params.setid_avp?.get(ctx) ?? null;
  if (wanted !== null) {
    if (typeof wanted !== 'number') return fail(ctx, 'setid_avp must hold an integer value');
    return sets?.get(wanted) ?? fail(ctx, `could not locate engine set ${wanted}`);
  }
  const chosen = me.state.chosen.get(ctx.msg);
  if (chosen !== undefined) return direction === 2 && chosen[1] !== null ? chosen[1] : chosen[0];
  return sets?.get(me.params.setid_default) ?? fail(ctx, 'no valid set selected');
}

/** The branch parameter of the request as it will leave: of the transaction's next branch. */
function nextBranch(ctx: RouteContext): string {
  const { msg, transaction, branch } = ctx;
  if (transaction !== null)
    return buildBranch(transaction.index, transaction.md5, branch?.index ?? transaction.branches.length);
  return buildBranch(tableIndex(msg.callId ?? '', msg.cseq?.number ?? ''), requestDigest(msg), 0);
}
/** '' when it cannot be had. */
function viaBranchOf(me: Me, ctx: RouteContext, choice: FlagSet['via']): string {
  const { msg } = ctx;
  const via = (n: number) => msg.vias()[n]?.branch ?? '';
  const extra = () => me.params.extra_id_pv?.(ctx) ?? '';
  switch (choice) {
    case 'none':
      return '';
    case 'first':
      return via(0);
    case 'second':
      return via(1);
    case 'auto':
      return via(msg.isRequest ? 0 : 1);
    case 'extra':
      return extra();
    case 'next':
      return nextBranch(ctx);
    case 'auto-next':
      return msg.isRequest ? nextBranch(ctx) : via(0);
    case 'auto-extra':
      return msg.isRequest ? extra() : via(0);
  }
}

/** Who the command is about. False: the message does not say. */
function addParties(command: Dictionary, msg: SipMessage, operation: Operation, flags: FlagSet): boolean {
  const { fromTag, toTag } = flags;
  if (namesNoParty.has(operation)) {
    if (flags.directional) command.add('from-tag', fromTag);
    return true;
  }
  if (namesSubscriber.has(operation)) {
    if (flags.withToTag && toTag !== '') command.add('to-tag', toTag);
    return true;
  }
  const inAnswers: readonly Operation[] = ['delete', 'answer', 'connect'];
  const forward = msg.isRequest ? operation !== 'answer' : inAnswers.includes(operation);
  if (forward || flags.directional) {
    command.add('from-tag', fromTag);
    if (flags.withToTag && toTag !== '') command.add('to-tag', toTag);
    return true;
  }
  if (toTag === '') return false;
  command.add('from-tag', toTag).add('to-tag', fromTag);
  return true;
}

export interface Outcome {
  readonly answer: Dictionary;
  readonly node: RelayNode;
  /** Where the SDP that was sent stands; null when it came from a variable. */
  readonly place: Extent | null;
}

/**
 * Sends a command and takes the answer. Null when it failed, or the relay said so: it is logged.
 * `sdp`: of another set, instead of the message's.
 */
export async function command(
  me: Me,
  ctx: RouteContext,
  set: RelaySet,
  asked: Operation,
  flagText: string,
  sdp: string | null = null,
): Promise<Outcome | null> {
  const { msg } = ctx;
  const callId = msg.callId ?? '';
  const fromTag = msg.from?.tag ?? '';
  if (callId === '') return fail(ctx, 'there is no Call-ID');
  if (msg.to === null) return fail(ctx, 'there is no To');
  if (fromTag === '') return fail(ctx, 'there is no From tag');
  const head = new Dictionary().add('supports', ['load limit']);
  let place: Extent | null = null;
  let fragment = false;
  if (carriesSdp.has(asked)) {
    const { read_sdp_pv: source } = me.params;
    let own: string;
    if (source !== undefined) own = String(source.get(ctx) ?? '');
    else {
      const found = relayedSdp(msg);
      if (found === null) return fail(ctx, "can't extract body from the message");
      place = found;
      fragment = found.fragment;
      own = msg.raw.slice(found.start, found.end);
    }
    head.add('sdp', sdp ?? own);
  }
  const flags = parseFlags(flagText, { operation: asked, callId, fromTag, toTag: msg.to.tag ?? '', fragment });
  if (typeof flags === 'string') return fail(ctx, flags);
  const { operation } = flags;
  for (const [key, value] of flags.entries) head.add(key, value);
  head.add('call-id', flags.callId);
  const branch = viaBranchOf(me, ctx, flags.via);
  if (flags.via !== 'none') {
    if (branch === '') return fail(ctx, "can't get Via branch/extra ID");
    head.add('via-branch', branch);
  }
  const { ip } = msg.received.src;
  head.add('received-from', [ip.includes(':') ? 'IP6' : 'IP4', ip]);
  if (!addParties(head, msg, operation, flags)) return fail(ctx, 'No to-tag present');
  const reached = await askUntilTaken(me, ctx, set, operation, flags.callId, branch, head);
  if (reached === null) return null;
  const { relays } = me.state;
  if (relays?.recall(flags.callId, branch, operation === 'delete') === null)
    relays.remember(flags.callId, branch, reached.node);
  if (operation === 'delete') relays?.forget(flags.callId, branch);
  if (reached.answer.text('result') !== 'ok') return fail(ctx, 'proxy didn\'t return "ok" result');
  return { ...reached, place };
}

/** One node after the other, until one neither is silent nor has no room left. */
async function askUntilTaken(
  me: Me,
  ctx: RouteContext,
  set: RelaySet,
  operation: Operation,
  callId: string,
  branch: string,
  head: Dictionary,
): Promise<{ answer: Dictionary; node: RelayNode } | null> {
  const { relays } = me.state;
  if (relays === null) return fail(ctx, 'no available proxies');
  const asked: RelayNode[] = [];
  for (;;) {
    if (asked.length >= Math.min(me.params.queried_nodes_limit, MAX_NODES))
      return fail(ctx, 'queried nodes limit reached');
    const node = await relays.select(set, callId, branch, operation, asked);
    if (node === null) return fail(ctx, 'no available proxies');
    const question = new Dictionary();
    question.entries.push(...head.entries);
    const answer = await relays.ask(node, operation, question);
    asked.push(node);
    if (answer === null) {
      relays.disable(node);
      ctx.log(-1, `timeout waiting for the reply to "${operation}" from ${node.url}`, 'rtpengine');
      continue;
    }
    me.params.rtp_inst_pvar?.set?.(ctx, node.url);
    const result = answer.text('result');
    if (result === 'load limit') {
      ctx.log(2, `${node.url} has reached its load limit - trying next one`, 'rtpengine');
      continue;
    }
    if (result === null) return fail(ctx, `no result in the answer of ${node.url}`);
    if (result !== 'error') return { answer, node };
    const reason = (answer.text('error-reason') ?? 'no reason given').slice(0, 200);
    if (reason !== 'Parallel session limit reached' && reason !== 'Ran out of ports')
      return fail(ctx, `proxy replied with error: ${reason}`);
    ctx.log(0, `${node.url}: ${reason}`, 'rtpengine');
  }
}

/** Puts the new SDP where `write_sdp_pv` says, or into the message; with `write_sdp_pv_mode` 1 into both. */
export function takeSdp(me: Me, ctx: RouteContext, sdp: string, place: Extent | null): boolean {
  const { write_sdp_pv: target, write_sdp_pv_mode: mode } = me.params;
  if (target !== undefined) {
    const set = target.set?.(ctx, sdp) !== false;
    if (mode === 0 || !set) return set;
  }
  const { start, end } = place ?? { start: ctx.msg.bodyStart, end: ctx.msg.raw.length };
  return ctx.draft.edits.replace(start, end, sdp);
}
