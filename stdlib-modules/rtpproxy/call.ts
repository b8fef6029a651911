/** Commands about a call: offers and answers stream by stream, its end, recording, playing. */
import {
  type Format,
  Method,
  type PvRef,
  parseSdp,
  type RelayNode,
  type RelaySet,
  type RouteContext,
  relayedSdp,
  type Sdp,
  type SdpAddress,
  type SdpSession,
  type SdpStream,
  type SipMessage,
  type Verdict,
} from '../../runtime/sdk/index.js';
import { type Flags, parseFlags } from './flags.js';
import { Capability, leadingInt, type RelayParams, type Relays } from './relays.js';

type Pv = PvRef<RouteContext>;
export interface CallParams extends RelayParams {
  readonly nortpproxy_str: string;
  readonly timeout_socket: string;
  readonly timeout_tag_pv: Format<RouteContext> | undefined;
  readonly ice_candidate_priority_avp: Pv | undefined;
  readonly extra_id_pv: Format<RouteContext> | undefined;
  readonly rtp_inst_pvar: Pv | undefined;
}
export interface RtpproxyState {
  relays: Relays | null;
  /** What set_rtp_proxy_set() chose for a message. */
  readonly chosen: WeakMap<SipMessage, RelaySet>;
  /** rtpproxy_manage() saw an offer in it. */
  readonly offers: WeakSet<SipMessage>;
}
export interface Me {
  readonly params: CallParams;
  readonly state: RtpproxyState;
}
export const DEFAULT_SET = 0;

const fail = (ctx: RouteContext, text: string, verdict: Verdict = -1): Verdict => {
  ctx.log(-1, text, 'rtpproxy');
  return verdict;
};

interface Parties {
  readonly callId: string;
  readonly fromTag: string;
  readonly toTag: string;
}
/** Null: the message lacks one, or it would not stay one word of a command. */
function partiesOf(ctx: RouteContext): Parties | null {
  const { msg } = ctx;
  const parties = { callId: msg.callId ?? '', fromTag: msg.from?.tag ?? '', toTag: msg.to?.tag ?? '' };
  const words = Object.values(parties);
  if (parties.callId === '' || parties.fromTag === '' || msg.to === null || words.some((w) => /[\s\0]/.test(w))) {
    ctx.log(-1, 'no good Call-ID, From tag or To', 'rtpproxy');
    return null;
  }
  return parties;
}

async function nodeFor(me: Me, ctx: RouteContext, callId: string): Promise<RelayNode | null> {
  const { relays, chosen } = me.state;
  const set = chosen.get(ctx.msg) ?? relays?.sets.get(DEFAULT_SET) ?? null;
  const node = relays === null || set === null ? null : await relays.select(set, callId);
  if (node === null) ctx.log(-1, 'no available proxies', 'rtpproxy');
  return node;
}
/** The node was chosen: its URL goes where `rtp_inst_pvar` says. */
function noteNode(me: Me, ctx: RouteContext, node: RelayNode): void {
  me.params.rtp_inst_pvar?.set?.(ctx, node.url);
}

/** `;branch` behind the Call-ID; null when it was asked for and is not there. */
function suffixOf(me: Me, ctx: RouteContext, flags: Flags): string | null {
  if (flags.via > 0) {
    const branch = ctx.msg.vias()[flags.via - 1]?.branch ?? '';
    if (branch !== '') return `;${branch}`;
    ctx.log(-1, "can't get Via branch", 'rtpproxy');
    return null;
  }
  const extra = flags.extraId ? me.params.extra_id_pv?.(ctx) : undefined;
  return extra === undefined ? '' : `;${extra.replace(/\s/g, '_')}`;
}

export async function destroy(me: Me, ctx: RouteContext, flagText: string): Promise<Verdict> {
  const flags = parseFlags(ctx, flagText);
  const parties = flags === null ? null : partiesOf(ctx);
  const suffix = flags === null || parties === null ? null : suffixOf(me, ctx, flags);
  if (flags === null || parties === null || suffix === null) return -1;
  const node = await nodeFor(me, ctx, parties.callId);
  if (node === null) return -1;
  noteNode(me, ctx, node);
  const to = flags.withoutToTag || parties.toTag === '' ? '' : ` ${parties.toTag}`;
  await me.state.relays?.ask(node, `D ${parties.callId}${suffix} ${parties.fromTag}${to}`);
  return 1;
}

export async function startRecording(me: Me, ctx: RouteContext): Promise<Verdict> {
  const parties = partiesOf(ctx);
  const node = parties === null ? null : await nodeFor(me, ctx, parties.callId);
  if (parties === null || node === null) return -1;
  noteNode(me, ctx, node);
  const { callId, fromTag, toTag } = parties;
  if (!ctx.msg.isRequest && toTag === '') return -1;
  const [first, second] = ctx.msg.isRequest ? [fromTag, toTag] : [toTag, fromTag];
  await me.state.relays?.ask(node, `R ${callId} ${first}${second === '' ? '' : ` ${second}`}`);
  return 1;
}

/** The answer `$rtpstat` was prepared with, in a run's data. */
const STATISTICS = 'rtpproxy.statistics';
export async function askStatistics(me: Me, ctx: RouteContext): Promise<void> {
  ctx.data.delete(STATISTICS);
  const parties = partiesOf(ctx);
  const node = parties === null ? null : await nodeFor(me, ctx, parties.callId);
  if (parties === null || node === null) return;
  noteNode(me, ctx, node);
  const { callId, fromTag, toTag } = parties;
  if (!ctx.msg.isRequest && toTag === '') return;
  const [first, second] = ctx.msg.isRequest ? [fromTag, toTag] : [toTag, fromTag];
  const answer = await me.state.relays?.ask(node, `Q ${callId} ${first}${second === '' ? '' : `;1 ${second}`}`);
  if (answer !== null && answer !== undefined) ctx.data.set(STATISTICS, answer);
}
export function statistics(ctx: RouteContext): string | null {
  const answer = ctx.data.get(STATISTICS);
  return typeof answer === 'string' ? answer : null;
}

/** `P5 call prompt session from;1 to;1`, `S call from;1 to;1`: to the caller, or to the callee. */
export async function stream(
  me: Me,
  ctx: RouteContext,
  toCaller: boolean,
  play: { readonly prompt: string; readonly count: number } | null,
): Promise<Verdict> {
  const parties = partiesOf(ctx);
  if (play !== null && /\s/.test(play.prompt)) return fail(ctx, 'a blank in the name of a prompt');
  const node = parties === null ? null : await nodeFor(me, ctx, parties.callId);
  if (parties === null || node === null) return -1;
  if (!node.capabilities.has(Capability.payloads)) return fail(ctx, 'the RTP proxy is too old to play files');
  noteNode(me, ctx, node);
  const { callId, fromTag, toTag } = parties;
  if (!toCaller && toTag === '') return -1;
  const [first, second] = toCaller ? [fromTag, toTag] : [toTag, fromTag];
  const head = play === null ? `S ${callId}` : `P${play.count} ${callId} ${play.prompt} session`;
  await me.state.relays?.ask(node, `${head} ${first};1 ${second === '' ? '' : `${second};1`}`);
  return 1;
}

const isNull = (text: string, family: 4 | 6): boolean => (family === 6 ? /^[0:]*$/.test(text) : text === '0.0.0.0');

/** Puts a new address in the place of one; where the family changes, with what says so. */
function replaceAddress(ctx: RouteContext, old: SdpAddress, next: string, family: 4 | 6): void {
  if ((old.family === family && isNull(old.text, old.family)) || old.text === next) return;
  if (old.family === family) {
    ctx.draft.edits.replace(old.start, old.end, next);
    return;
  }
  const digit = ctx.msg.raw.lastIndexOf(String(old.family), old.start - 1);
  ctx.draft.edits.replace(digit, old.end, `${family} ${next}`);
}

/** Relay candidates in front of the last one there is; `priority` 1: above the others, 2: below. */
function addCandidates(ctx: RouteContext, at: number, ip: string, port: number, priority: number): void {
  const [rtcp, rtp] = priority === 2 ? [16777214, 16777215] : [2197815294, 2197815295];
  const foundation = ip.replace(/\D/g, '');
  const line = (component: number, value: number, p: number) =>
    `a=candidate:${foundation} ${component} UDP ${value} ${ip} ${p} typ relay\r\n`;
  ctx.draft.edits.insertBefore(at, line(2, rtcp, port + 1) + line(1, rtp, port));
}

interface Answer {
  readonly port: number;
  readonly ip: string | null;
  /** Null: as asked. */
  readonly family: 4 | 6 | null;
}
/** `35000 10.0.0.1 6`; null when it holds no port. */
function readAnswer(text: string): Answer | null {
  const words = text.split(/[\s\0]+/).filter((word) => word !== '');
  const port = leadingInt(words[0] ?? '');
  if (port <= 0 || port > 0xffff) return null;
  const family = words.length < 2 ? null : words[2]?.startsWith('6') ? 6 : 4;
  return { port, ip: words[1] ?? null, family };
}

const rtpTransports = new Set(['rtp/avp', 'rtp/avpf', 'rtp/savp', 'rtp/savpf']);

class Relaying {
  private options: string;
  private bridge: boolean;
  private count = 0;
  constructor(
    private readonly me: Me,
    private readonly ctx: RouteContext,
    private readonly flags: Flags,
    private readonly create: boolean,
    private readonly parties: Parties,
    private readonly suffix: string,
    /** What the SDP gets whatever the relay says. */
    private readonly forcedIp: string | null,
    private readonly icePriority: number,
  ) {
    this.options = flags.options;
    this.bridge = flags.bridge;
  }

  async run(sdp: Sdp): Promise<Verdict> {
    for (const session of sdp.sessions) {
      const verdict = await this.session(session);
      if (verdict < 0) return verdict;
    }
    return 1;
  }
  private async session(session: SdpSession): Promise<Verdict> {
    const { ctx } = this;
    let commonDone = false;
    let originDone = false;
    for (const media of session.streams) {
      if (this.icePriority > 0 && media.hasRemoteCandidates) break;
      const old = media.address ?? session.address;
      if (old === null) return -1;
      const told = await this.tell(media, old);
      if (typeof told === 'number') return told;
      const family = told.family ?? (this.flags.trustSdp ? old.family : this.sourceFamily);
      const ip = isNull(old.text, old.family)
        ? family === 6
          ? '::'
          : '0.0.0.0'
        : (this.forcedIp ?? told.ip ?? ctx.msg.received.dst.ip);
      const { edits } = ctx.draft;
      const port = String(told.port);
      if (media.port !== '0' && media.port !== port)
        edits.replace(media.portStart, media.portStart + media.port.length, port);
      if (media.rtcp !== null) edits.replace(media.rtcp.start, media.rtcp.end, String(told.port + 1));
      if (this.icePriority > 0 && media.lastCandidate !== null)
        addCandidates(ctx, media.lastCandidate, ip, told.port, this.icePriority);
      if (media.address !== null) replaceAddress(ctx, media.address, ip, family);
      if (session.address !== null && !commonDone && (media.address === null || this.flags.commonAddress)) {
        replaceAddress(ctx, session.address, ip, family);
        commonDone = true;
      }
      if (!originDone) replaceAddress(ctx, session.origin, ip, family);
      originDone = true;
    }
    return 1;
  }
  private get sourceFamily(): 4 | 6 {
    return this.ctx.msg.received.src.ip.includes(':') ? 6 : 4;
  }

  /** Asks for a port for a stream; a number is a verdict. */
  private async tell(media: SdpStream, old: SdpAddress): Promise<Answer | Verdict> {
    const { me, ctx, flags } = this;
    this.count++;
    if (this.bridge) this.options += old.family === 6 ? 'EI' : 'IE';
    this.bridge = false;
    if (old.family === 6) this.options += '6';
    const ip = flags.trustSdp ? old.text : ctx.msg.received.src.ip;
    const notify = this.notify();
    if (notify === null) return fail(ctx, "can't get timeout notification tag");
    for (;;) {
      const node = await nodeFor(me, ctx, this.parties.callId);
      if (node === null) return -3;
      noteNode(me, ctx, node);
      const answer = await me.state.relays?.ask(node, this.command(node, media, ip, notify));
      if (answer === null || answer === undefined) continue;
      const read = readAnswer(answer);
      if (read !== null) return read;
      if (!flags.lookup || leadingInt(answer) !== 0) fail(ctx, 'incorrect port in reply from rtp proxy');
      return -1;
    }
  }
  /** Whom the proxy tells that the session timed out, and what: '' is nobody; null: what is no word. */
  private notify(): string | null {
    const { timeout_socket: socket, timeout_tag_pv: tag } = this.me.params;
    if (!this.create || socket === '') return '';
    // 5.6.3 has no tag: the proxy makes one of the call's, and tells nobody before both sides are known.
    if (tag === undefined) return this.parties.toTag === '' ? '' : ` ${socket}`;
    const text = tag(this.ctx);
    return text === '' || /[\s\0]/.test(text) ? null : ` ${socket} ${text}`;
  }
  private command(node: RelayNode, media: SdpStream, ip: string, notify: string): string {
    const { flags } = this;
    const repacketize = node.capabilities.has(Capability.repacketize) ? flags.repacketize : '';
    const ids = media.payloads.map(({ id }) => id).filter((id) => /^\d+$/.test(id));
    const lists =
      ids.length > 0 && rtpTransports.has(media.transport.toLowerCase()) && node.capabilities.has(Capability.payloads);
    const { callId, fromTag, toTag } = this.parties;
    const to = toTag === '' ? '' : ` ${toTag};${this.count}`;
    return `${this.create ? 'U' : 'L'}${this.options}${repacketize}${lists ? `c${ids.join(',')}` : ''} ${callId}${this.suffix} ${ip} ${media.port} ${fromTag};${this.count}${to}${notify}`;
  }
}

/** An offer makes a session at the relay, an answer completes it. */
export async function relay(
  me: Me,
  ctx: RouteContext,
  offer: boolean,
  flagText: string,
  forcedIp: string | null,
): Promise<Verdict> {
  const { msg } = ctx;
  const flags = parseFlags(ctx, flagText);
  if (flags === null || (flags.lookup && !offer)) return -1;
  const body = relayedSdp(msg);
  if (body === null || body.fragment) return fail(ctx, "can't extract body from the message");
  const own = partiesOf(ctx);
  const suffix = own === null ? null : suffixOf(me, ctx, flags);
  if (own === null || suffix === null) return -1;
  const backwards = flags.lookup ? msg.isRequest : msg.isRequest !== offer;
  if ((backwards || flags.lookup) && own.toTag === '') return -1;
  const parties = backwards ? { ...own, fromTag: own.toTag, toTag: own.fromTag } : own;
  const mark = me.params.nortpproxy_str.replace(/[\r\n]+$/, '');
  const proxied = mark !== '' && hasLine(msg.raw.slice(body.start, body.end), mark);
  if (proxied && !flags.force) return -2;
  const sdp = parseSdp(msg);
  if (sdp === null || sdp === 'empty') return fail(ctx, 'Unable to parse sdp');
  const priority = icePriority(me, ctx);
  if (priority === null) return fail(ctx, 'invalid ice candidate priority value');
  const work = new Relaying(me, ctx, flags, offer && !flags.lookup, parties, suffix, forcedIp, priority);
  const verdict = await work.run(sdp);
  if (verdict < 0) return verdict;
  if (mark !== '' && !proxied) {
    let end = body.end;
    while (end > body.start && '\r\n'.includes(msg.raw[end - 1] ?? '')) end--;
    ctx.draft.edits.insertAfter(end, `\r\n${mark}`);
  }
  return 1;
}
function hasLine(body: string, start: string): boolean {
  for (let at = body.indexOf(start); at >= 0; at = body.indexOf(start, at + start.length))
    if (at === 0 || body[at - 1] === '\n' || body[at - 1] === '\r') return true;
  return false;
}
/** 0: no candidates are added; null: the AVP holds something else. */
function icePriority(me: Me, ctx: RouteContext): number | null {
  const { ice_candidate_priority_avp: avp } = me.params;
  if (avp === undefined) return 0;
  const value = avp.get(ctx) ?? 2;
  return typeof value === 'number' && value >= 0 && value <= 2 ? value : null;
}

/** Answers stand in responses and ACK. */
export function answer(me: Me, ctx: RouteContext, flags: string, ip: string | null): Verdict | Promise<Verdict> {
  return ctx.msg.isRequest && ctx.msg.methodId !== Method.ACK ? -1 : relay(me, ctx, false, flags, ip);
}

const managed = [Method.INVITE, Method.ACK, Method.CANCEL, Method.BYE, Method.UPDATE, Method.PRACK] as const;
export function manage(me: Me, ctx: RouteContext, flags: string, ip: string | null): Verdict | Promise<Verdict> {
  if (ctx.kind === 'branch_failure') return 1;
  const { msg, transaction } = ctx;
  const { offers } = me.state;
  const method = msg.cseq?.methodId ?? 0;
  if (!managed.some((m) => m === method)) return -1;
  if (method === Method.CANCEL || method === Method.BYE) return destroy(me, ctx, flags);
  const sdp = offers.has(msg) ? true : parseSdp(msg);
  const hasSdp = sdp !== null && sdp !== 'empty';
  if (!msg.isRequest) {
    if (msg.status >= 300) return destroy(me, ctx, flags);
    if (!hasSdp) return -1;
    const answers =
      method === Method.PRACK || method === Method.UPDATE || transaction === null || offers.has(transaction.request);
    return relay(me, ctx, !answers, flags, ip);
  }
  if (!hasSdp) return -1;
  if (method === Method.ACK) return relay(me, ctx, false, flags, ip);
  if (method !== Method.INVITE) return relay(me, ctx, true, flags, ip);
  offers.add(msg);
  if (transaction !== null) offers.add(transaction.request);
  return ctx.kind === 'failure' ? destroy(me, ctx, flags) : relay(me, ctx, true, flags, ip);
}
