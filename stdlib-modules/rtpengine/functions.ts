/** What the functions do: each is one command, or two where two sets were chosen. */
import {
  double,
  Method,
  type PvRef,
  parseSdp,
  printJson,
  type RelaySet,
  type RouteContext,
  RpcArray,
  RpcStruct,
  type RpcValue,
  type Verdict,
  XavpRecord,
} from '../../runtime/sdk/index.js';
import { type Bencode, Dictionary } from './bencode.js';
import { command, type Me, setFor, takeSdp } from './call.js';
import { sidesAsked, writeQuality } from './mos.js';
import type { Operation } from './operations.js';

type Pv = PvRef<RouteContext>;
/** Totals of the answer that `$rtpstat` was prepared with. */
const TOTALS = 'rtpengine.totals';

/** `more`: a second set follows; `sdp`: what the first one answered. */
type Step = (set: RelaySet, sdp: string | null, more: boolean) => Promise<{ verdict: Verdict; sdp: string | null }>;

async function overSets(me: Me, ctx: RouteContext, direction: 1 | 2, step: Step): Promise<Verdict> {
  const first = setFor(me, ctx, direction);
  if (first === null) return -1;
  const second = me.state.chosen.get(ctx.msg)?.[1] ?? null;
  const twice = second !== null && second !== me.state.chosen.get(ctx.msg)?.[0];
  const done = await step(first, null, twice);
  if (done.verdict < 0 || !twice) return done.verdict;
  const other = setFor(me, ctx, direction === 1 ? 2 : 1);
  return other === null ? -1 : (await step(other, done.sdp, false)).verdict;
}

/** A command that changes nothing here. */
export function simple(me: Me, ctx: RouteContext, operation: Operation, flags: string): Promise<Verdict> {
  return overSets(me, ctx, 1, async (set) => ({
    verdict: (await command(me, ctx, set, operation, flags)) === null ? -1 : 1,
    sdp: null,
  }));
}

const media =
  (me: Me, ctx: RouteContext, operation: 'offer' | 'answer', flags: string): Step =>
  async (set, given, more) => {
    const outcome = await command(me, ctx, set, operation, flags, given);
    const sdp = outcome?.answer.text('sdp') ?? null;
    if (outcome !== null && sdp === null) ctx.log(-1, 'failed to extract sdp body from proxy reply', 'rtpengine');
    if (outcome === null || sdp === null) return { verdict: -1, sdp };
    return { verdict: more || takeSdp(me, ctx, sdp, outcome.place) ? 1 : -1, sdp };
  };

/** delete and query: they tell what the call was like. */
const told =
  (me: Me, ctx: RouteContext, operation: 'delete' | 'query', flags: string): Step =>
  async (set) => {
    const outcome = await command(me, ctx, set, operation, flags);
    if (outcome === null) return { verdict: -1, sdp: null };
    const params = me.params as unknown as Readonly<Record<string, unknown>>;
    writeQuality(ctx, params, (me.state.sides ??= sidesAsked(params)), outcome.answer);
    return { verdict: 1, sdp: null };
  };
/** Asks about the call, for `statistics`. */
export async function askStatistics(me: Me, ctx: RouteContext): Promise<void> {
  ctx.data.delete(TOTALS);
  await overSets(me, ctx, 1, async (set) => {
    const outcome = await command(me, ctx, set, 'query', '');
    const totals = outcome?.answer.dictionary('totals') ?? null;
    if (totals !== null) ctx.data.set(TOTALS, totals);
    return { verdict: totals === null ? -1 : 1, sdp: null };
  });
}

export const offer = (me: Me, ctx: RouteContext, flags: string): Promise<Verdict> =>
  overSets(me, ctx, 1, media(me, ctx, 'offer', flags));

/** Answers stand in responses, ACK and PRACK. */
export function answer(me: Me, ctx: RouteContext, flags: string): Verdict | Promise<Verdict> {
  const { msg } = ctx;
  if (msg.isRequest && (msg.methodId & (Method.ACK | Method.PRACK)) === 0) return -1;
  return overSets(me, ctx, 2, media(me, ctx, 'answer', flags));
}
export const remove = (me: Me, ctx: RouteContext, flags: string): Promise<Verdict> =>
  overSets(me, ctx, 1, told(me, ctx, 'delete', flags));
export const query = (me: Me, ctx: RouteContext, flags: string): Promise<Verdict> =>
  overSets(me, ctx, 1, told(me, ctx, 'query', flags));

const managed = Method.INVITE | Method.ACK | Method.CANCEL | Method.BYE | Method.UPDATE | Method.PRACK;

/** The command that fits the message and the route; null: none does. */
function fitting(me: Me, ctx: RouteContext): 'offer' | 'answer' | 'delete' | null {
  const { msg, transaction } = ctx;
  const method = msg.cseq?.methodId ?? 0;
  if ((method & managed) === 0) return null;
  if (method & (Method.CANCEL | Method.BYE)) return 'delete';
  const { offers } = me.state;
  const sdp = offers.has(msg) ? true : parseSdp(msg);
  const hasSdp = sdp !== null && sdp !== 'empty';
  if (!msg.isRequest) {
    if (msg.status >= 300) return 'delete';
    if (!hasSdp) return null;
    // An INVITE without offer: the response carries it.
    return method === Method.UPDATE || transaction === null || offers.has(transaction.request) ? 'answer' : 'offer';
  }
  if (!hasSdp) return null;
  if (method & (Method.ACK | Method.PRACK)) return 'answer';
  if (method === Method.UPDATE) return 'offer';
  offers.add(msg);
  if (transaction !== null) offers.add(transaction.request);
  return ctx.kind === 'failure' ? 'delete' : 'offer';
}
export function manage(me: Me, ctx: RouteContext, flags: string): Verdict | Promise<Verdict> {
  if (ctx.kind === 'branch_failure') return 1;
  const operation = fitting(me, ctx);
  if (operation === null) return -1;
  return overSets(
    me,
    ctx,
    1,
    operation === 'delete' ? told(me, ctx, 'delete', flags) : mediaOnce(media(me, ctx, operation, flags)),
  );
}
/** rtpengine_manage() gives the message to each set as it is, and takes each answer. */
const mediaOnce =
  (step: Step): Step =>
  (set) =>
    step(set, null, false);

export function playMedia(me: Me, ctx: RouteContext, flags: string, duration: Pv | undefined): Promise<Verdict> {
  return overSets(me, ctx, 1, async (set) => {
    const outcome = await command(me, ctx, set, 'play media', flags);
    if (outcome === null) return { verdict: -1, sdp: null };
    const stored = duration?.set?.(ctx, String(outcome.answer.int('duration')));
    return { verdict: stored === false ? -1 : 1, sdp: null };
  });
}

/** Where the answer to `subscribe request` goes. */
export interface SubscribeTargets {
  readonly sdp: Pv;
  readonly toTag: Pv;
  /** Name of the `$xavp`. */
  readonly streams: string;
}
/** Asks for copies of the media: the SDP to offer to who gets them, its To tag, and whose streams they are. */
export function subscribe(me: Me, ctx: RouteContext, flags: string, targets: SubscribeTargets): Promise<Verdict> {
  return overSets(me, ctx, 1, async (set) => {
    const failed = (text: string) => {
      ctx.log(-1, text, 'rtpengine');
      return { verdict: -1, sdp: null } as const;
    };
    const outcome = await command(me, ctx, set, 'subscribe request', flags);
    if (outcome === null) return { verdict: -1, sdp: null };
    const { answer } = outcome;
    const sdp = answer.text('sdp');
    if (sdp === null) return failed('failed to extract sdp body from proxy reply');
    if (targets.sdp.set?.(ctx, sdp) === false) return failed(`failed to set ${targets.sdp.name}`);
    const toTag = answer.text('to-tag');
    if (toTag === null) return failed('failed to extract to-tag from proxy reply');
    if (targets.toTag.set?.(ctx, toTag) === false) return failed(`failed to set ${targets.toTag.name}`);
    for (const record of streamRecords(answer)) ctx.xavps.add(targets.streams, record);
    return { verdict: 1, sdp: null };
  });
}
/** One of each party, as the answer lists them: `tag`, and the `label` of each of its streams. */
function* streamRecords(answer: Dictionary): Iterable<XavpRecord> {
  for (const party of answer.list('tag-medias') ?? []) {
    if (!(party instanceof Dictionary)) continue;
    const tag = party.text('tag');
    const medias = party.list('medias');
    if (tag === null || medias === null) continue;
    const record = new XavpRecord();
    record.add('tag', tag);
    for (const media of medias) {
      const label = media instanceof Dictionary ? media.text('label') : null;
      if (label !== null && /^-?\d{1,9}$/.test(label)) record.add('label', Number(label));
    }
    yield record;
  }
}

function rpcValue(value: Bencode): RpcValue {
  if (typeof value === 'string') return value;
  if (typeof value === 'number') return double(value);
  if (Array.isArray(value)) return new RpcArray(value.map(rpcValue));
  const struct = new RpcStruct();
  for (const [key, inner] of value.entries) struct.add(key, rpcValue(inner));
  return struct;
}
/** `format`: `j` JSON on one line, `jp` with line ends. */
export function queryInto(me: Me, ctx: RouteContext, format: string, target: Pv): Verdict | Promise<Verdict> {
  if (format === '') return -1;
  return overSets(me, ctx, 1, async (set) => {
    const outcome = await command(me, ctx, set, 'query', '');
    if (outcome === null) return { verdict: -1, sdp: null };
    if (!/^j/i.test(format)) {
      ctx.log(-1, `invalid format parameter value: ${format}`, 'rtpengine');
      return { verdict: -1, sdp: null };
    }
    target.set?.(ctx, printJson(rpcValue(outcome.answer), /^.p/i.test(format)));
    return { verdict: 1, sdp: null };
  });
}

/** Null before this run has asked about the call. */
export function statistics(ctx: RouteContext): string | null {
  const totals = ctx.data.get(TOTALS);
  if (!(totals instanceof Dictionary)) return null;
  const [rtp, rtcp] = [totals.dictionary('RTP'), totals.dictionary('RTCP')];
  if (rtp === null || rtcp === null) return null;
  const line = (d: Dictionary) => `${d.int('bytes')} bytes, ${d.int('packets')} packets, ${d.int('errors')} errors`;
  return `RTP: ${line(rtp)}; RTCP: ${line(rtcp)}`;
}
