/** Choosing a destination: the algorithms, the list of those to try next, and going through it (dispatch.c, ds_manage_routes()). */
import {
  coreHash,
  HeaderId,
  type ListenSocket,
  parseCredentials,
  type RouteContext,
  rewriteUri,
  type SipUri,
  type Verdict,
  XavpRecord,
} from '../../runtime/sdk/index.js';
import { type Dispatcher, ModuleFlag } from './dispatcher.js';
import { type Destination, type DestinationSet, skipped } from './sets.js';

/** Where the choice goes: next hop, host of the Request-URI, or the list only. */
export type Push = 'nextHop' | 'uri' | 'list';

export const Algorithm = {
  callId: 0,
  fromUri: 1,
  toUri: 2,
  requestUri: 3,
  roundRobin: 4,
  user: 5,
  random: 6,
  variable: 7,
  serial: 8,
  weight: 9,
  load: 10,
  relativeWeight: 11,
  parallel: 12,
  latency: 13,
  overload: 64,
} as const;

/** Bits of `xavp_dst_mode` and `xavp_ctx_mode`. */
const DstMode = { noAttrs: 1, socketText: 2, socketName: 4 } as const;
const NO_COUNT = 1;
/** Sockets of list records: an extended AVP holds text, numbers and records only. */
const SOCKETS = new WeakMap<XavpRecord, ListenSocket>();

/** Never 0. */
export const dsHash = (first: string, second = ''): number => coreHash(first, second) || 1;

/** `user` and `host[:port]` (the port when it is not the usual one), or the user only. */
function hashOfUri(uri: SipUri | null, userOnly: boolean): number | null {
  if (uri === null) return null;
  const usual = uri.scheme === 'sips' ? 5061 : 5060;
  const host = uri.port !== 0 && uri.port !== usual ? `${uri.host}:${uri.port}` : uri.host;
  return dsHash(uri.user ?? '', userOnly ? '' : host);
}

function hashOfUser(ctx: RouteContext): number | null {
  for (const id of [HeaderId.ProxyAuthorization, HeaderId.Authorization]) {
    const field = ctx.msg.header(id);
    const found = field ? parseCredentials(ctx.msg.raw.slice(field.valueStart, field.valueEnd)) : null;
    if (found !== null) return found.user === '' ? null : dsHash(found.user.trim());
  }
  return null;
}

/** One `ds_select…()`: its rule or rules put records into one list. */
export class Selection {
  readonly #records: XavpRecord[] = [];
  #pushed = false;
  constructor(
    private readonly ds: Dispatcher,
    private readonly ctx: RouteContext,
    private readonly limit: number,
  ) {}

  /** A next hop or Request-URI was set. */
  get pushed(): boolean {
    return this.#pushed;
  }
  get #full(): boolean {
    return this.#records.length >= this.limit;
  }
  #fail(text: string): -1 {
    this.ctx.log(-1, text, 'dispatcher');
    return -1;
  }

  /** The records on top of the list, in order; with `count` their number too. */
  finish(count: boolean): void {
    const { xavp_dst, xavp_ctx, xavp_ctx_mode } = this.ds.params;
    for (let i = this.#records.length - 1; i >= 0; i--) this.ctx.xavps.add(xavp_dst, this.#records[i] as XavpRecord);
    if (!count || xavp_ctx_mode & NO_COUNT) return;
    const found = new XavpRecord();
    found.add('cnt', this.#records.length);
    this.ctx.xavps.add(xavp_ctx, found);
  }

  choose(setId: number, algorithm: number, push: Push): Verdict {
    const { ds, ctx } = this;
    const { params } = ds;
    if (ds.sets.size === 0) return this.#fail('no destination sets');
    if (push === 'nextHop' && params.force_dst === 0 && ctx.draft.dstUri !== null)
      return this.#fail(`destination already set [${ctx.draft.dstUri}]`);
    const set = setId < 0 ? undefined : ds.sets.get(setId);
    if (!set) return this.#fail(`destination set [${setId}] not found`);
    const { list } = set;
    let listAs = algorithm;
    let turn = false;
    let start: number | null = 0;
    switch (algorithm) {
      case Algorithm.load:
        if (!ctx.msg.isRequest || ctx.msg.method !== 'INVITE' || params.xavp_dst === '') listAs = 0;
        else {
          start = leastLoaded(set);
          if (start === null) return -1;
          if (!this.#addLoad(set, start)) listAs = 0;
        }
        break;
      case Algorithm.latency:
        start = this.#byLatency(set, algorithm);
        if (start === null) return -1;
        break;
      case Algorithm.user:
        start = hashOfUser(ctx);
        turn = start === null;
        start ??= set.takeTurn();
        break;
      case Algorithm.roundRobin:
      case Algorithm.overload:
        turn = true;
        start = set.takeTurn();
        break;
      default:
        start = this.#hash(algorithm, set);
        if (start === null) return -1;
    }
    const at = algorithm === Algorithm.latency ? this.#within(set, start) : this.#inUse(set, start, algorithm);
    const chosen = at === null ? undefined : list[at];
    if (at === null || !chosen) return -1;
    if (push !== 'list') {
      if (!this.push(chosen.uri, chosen.socket, push)) return -1;
      this.#pushed = true;
    }
    if (turn) set.last = (at + 1) % list.length;
    if (algorithm === Algorithm.parallel) return this.#addBranches(set, at, push) ? 1 : 2;
    if ((params.flags & ModuleFlag.failover) === 0 || params.xavp_dst === '') return 1;
    if (algorithm !== Algorithm.latency && !this.#listFrom(set, at, listAs)) return -1;
    const last = list.length - 1;
    if (params.use_default !== 0 && at !== last && !this.#full && !this.#record(set, last, listAs)) return -1;
    return 1;
  }

  #hash(algorithm: number, set: DestinationSet): number | null {
    const { ctx, ds } = this;
    const userOnly = (ds.params.flags & ModuleFlag.hashUserOnly) !== 0;
    switch (algorithm) {
      case Algorithm.callId:
        return ctx.msg.callId === null ? null : dsHash(ctx.msg.callId);
      case Algorithm.fromUri:
        return hashOfUri(ctx.msg.from?.uri ?? null, userOnly);
      case Algorithm.toUri:
        return hashOfUri(ctx.msg.to?.uri ?? null, userOnly);
      case Algorithm.requestUri:
        return hashOfUri(ctx.requestUri, userOnly);
      case Algorithm.random:
        return ctx.server.env.random.uint32();
      case Algorithm.variable: {
        const text = ds.params.hash_pvar?.(ctx).trim() ?? '';
        if (text !== '') return dsHash(text);
        this.#fail("can't get PV hash");
        return null;
      }
      case Algorithm.weight:
        return set.takeWeighted();
      case Algorithm.relativeWeight:
        return set.takeRelative();
      case Algorithm.serial:
      case Algorithm.parallel:
        return 0;
      default:
        ctx.log(0, `algo ${algorithm} not implemented - using first entry...`, 'dispatcher');
        return 0;
    }
  }

  /** Destinations that are chosen from: with `use_default` all but the last. */
  #choices({ list }: DestinationSet): number {
    return this.ds.params.use_default !== 0 && list.length !== 1 ? list.length - 1 : list.length;
  }
  #within(set: DestinationSet, start: number): number {
    return start % this.#choices(set);
  }
  /** From there on the first that is in use; with `use_default` the last one when none is. */
  #inUse(set: DestinationSet, start: number, algorithm: number): number | null {
    const now = this.ctx.server.env.clock.now();
    const takes = (d: Destination | undefined) =>
      d !== undefined && !skipped(d.flags) && (algorithm !== Algorithm.overload || !d.overload.skips(now));
    const { list } = set;
    const choices = this.#choices(set);
    const first = start % choices;
    for (let n = 0; n < choices; n++) {
      const at = (first + n) % choices;
      if (takes(list[at])) return at;
    }
    const last = list.length - 1;
    return this.ds.params.use_default !== 0 && takes(list[last]) ? last : null;
  }

  #addLoad(set: DestinationSet, at: number): boolean {
    const duid = set.list[at]?.attrs.duid ?? '';
    const callId = this.ctx.msg.callId ?? '';
    if (this.ds.calls?.add(callId, set.id, duid) === true) return true;
    this.ctx.log(-1, `cannot add load to ${set.id} (${callId})`, 'dispatcher');
    return false;
  }

  /** Round robin in the order of priority less what slowness costs; null when none is in use. */
  #byLatency(set: DestinationSet, algorithm: number): number | null {
    const { list } = set;
    const choices = this.#choices(set);
    const sorted: { at: number; priority: number }[] = [];
    for (let n = 0, at = set.last; n < list.length; n++, at = (at + 1) % choices) {
      const d = list[at] as Destination;
      const delay = d.attrs.congestionControl ? d.latency.congestionMs : Math.trunc(d.latency.estimate);
      const handicap = delay > d.priority && d.priority > 0 ? Math.trunc(delay / d.priority) : 0;
      const rank = d.priority > 0 ? Math.max(1, d.priority - handicap) : d.priority - handicap;
      sorted.push(skipped(d.flags) ? { at: -1, priority: -1 } : { at, priority: rank });
    }
    sorted.sort((a, b) => b.priority - a.priority);
    const first = sorted[0]?.at ?? -1;
    const isDefault = (at: number) => this.ds.params.use_default !== 0 && at === list.length - 1;
    if (this.ds.params.flags & ModuleFlag.failover)
      for (const { at } of sorted) {
        if (this.#full) break;
        if (at < 0 || isDefault(at)) continue;
        if (!this.#record(set, at, algorithm)) break;
      }
    set.last = (first + 1) % list.length;
    return first < 0 ? null : first;
  }

  /** The one chosen, those behind it, those before it. */
  #listFrom(set: DestinationSet, at: number, algorithm: number): boolean {
    const { list } = set;
    if (!this.#record(set, at, algorithm)) return false;
    const others = [...list.keys()];
    for (const i of [...others.slice(at + 1), ...others.slice(0, at)]) {
      const { flags, load, attrs } = list[i] as Destination;
      if (this.#full) break;
      if (skipped(flags) || (this.ds.params.use_default !== 0 && i === list.length - 1)) continue;
      if (algorithm === Algorithm.load && attrs.maxload !== 0 && load >= attrs.maxload) continue;
      if (!this.#record(set, i, algorithm)) return false;
    }
    return true;
  }
  #record(set: DestinationSet, at: number, algorithm: number): boolean {
    const { uri, attrs, socket } = set.list[at] as Destination;
    const mode = this.ds.params.xavp_dst_mode;
    if (algorithm === Algorithm.load && attrs.duid === '') {
      this.#fail(`no uid for destination: ${set.id} ${uri}`);
      return false;
    }
    const record = new XavpRecord();
    record.add('uri', uri);
    record.add('grp', set.id);
    if ((mode & DstMode.noAttrs) === 0 && attrs.body) record.add('attrs', attrs.body);
    if (socket !== null) {
      record.add('sock', '<<vptr:0x1>>');
      SOCKETS.set(record, socket);
      if (mode & DstMode.socketText && attrs.socket !== '') record.add('socket', attrs.socket);
      if (mode & DstMode.socketName && attrs.sockname !== '') record.add('sockname', attrs.sockname);
    }
    if (algorithm === Algorithm.load) record.add('dstid', attrs.duid);
    this.#records.push(record);
    return true;
  }

  /** Sets next hop or Request-URI, and the socket; false when the URI cannot be made. */
  push(uri: string, socket: ListenSocket | null, push: Push): boolean {
    const { ctx } = this;
    if (push === 'list') return true;
    if (push === 'uri') {
      const changed = rewriteUri(ctx.uri, { kind: 'hostAll', text: uri.replace(/^sips?:/i, '') }, ctx.grammar);
      if (changed === null) {
        this.#fail(`error while setting r-uri domain with: ${uri}`);
        return false;
      }
      ctx.draft.uri = changed;
    } else {
      ctx.draft.dstUri = uri;
      ctx.draft.uriIsNew = true;
    }
    if (socket !== null) ctx.draft.sendSocket = socket;
    return true;
  }

  /** All others of the set ring too; false when there are too many. */
  #addBranches({ list }: DestinationSet, at: number, push: Push): boolean {
    const { ctx } = this;
    const user = push === 'uri' ? (ctx.requestUri?.user ?? '') : '';
    for (const { uri, socket } of list.slice(push === 'list' ? at : at + 1)) {
      let target = push === 'uri' ? uri : ctx.uri;
      if (user !== '') {
        const scheme = /^sips?:/.exec(uri)?.[0];
        if (scheme === undefined) continue;
        target = `${scheme}${user}@${uri.slice(scheme.length)}`;
      }
      if (ctx.draft.branches.length >= ctx.server.settings.values.max_branches - 1) {
        this.#fail('failed to add branch');
        return false;
      }
      ctx.draft.addBranch({
        uri: target,
        dstUri: push === 'uri' ? null : uri,
        path: null,
        q: -1,
        flags: 0,
        socket,
        instance: null,
        regId: 0,
        ruid: null,
        locationUa: null,
      });
    }
    return true;
  }
}

function leastLoaded({ list }: DestinationSet): number | null {
  let found: number | null = null;
  let lowest = Number.POSITIVE_INFINITY;
  for (const [i, { flags, load, attrs }] of list.entries())
    if (!skipped(flags) && (attrs.maxload === 0 || load < attrs.maxload) && load < lowest) {
      found = i;
      lowest = load;
    }
  return found;
}

export function select(
  ds: Dispatcher,
  ctx: RouteContext,
  set: number,
  algorithm: number,
  limit: number,
  push: Push,
): Verdict {
  const selection = new Selection(ds, ctx, limit > 0 ? limit : Number.POSITIVE_INFINITY);
  const verdict = selection.choose(set, algorithm, push);
  selection.finish(verdict > 0);
  return verdict;
}

const PUSHES: Readonly<Record<string, Push>> = {
  '0': 'nextHop',
  d: 'nextHop',
  '1': 'uri',
  r: 'uri',
  '2': 'list',
  x: 'list',
};
/** `set=algorithm;set=algorithm`: the first that has a destination sets it, all go into the list. */
export function selectRoutes(ds: Dispatcher, ctx: RouteContext, rules: string, mode: string, limit: number): Verdict {
  const selection = new Selection(ds, ctx, limit > 0 ? limit : Number.POSITIVE_INFINITY);
  let last: Verdict = -1;
  let good: Verdict = -1;
  const end = (verdict: Verdict) => {
    selection.finish(verdict > 0);
    return verdict;
  };
  for (let at = 0; at < rules.length; ) {
    const found = /^(\d*)(?:=(\d*)(?:;|$)|$)/.exec(rules.slice(at));
    if (found === null) {
      ctx.log(-1, `invalid character in [${rules}]`, 'dispatcher');
      return end(-1);
    }
    at += found[0].length;
    const push = PUSHES[(mode[0] ?? '').toLowerCase()];
    if (push === undefined && !selection.pushed) {
      ctx.log(-1, `invalid routing mode parameter: ${mode}`, 'dispatcher');
      return end(-1);
    }
    last = selection.choose(
      Number(found[1]) | 0,
      Number(found[2] ?? 0) | 0,
      selection.pushed ? 'list' : (push ?? 'list'),
    );
    if (last > 0) good = last;
  }
  return end(good > 0 ? good : last);
}

/** `ds_next_…()` and `ds_set_…()`: the record on top of the list, for `next` after the top one was dropped. */
export function fromList(ds: Dispatcher, ctx: RouteContext, next: boolean, push: Push): Verdict {
  const { flags, xavp_dst } = ds.params;
  if (next && ((flags & ModuleFlag.failover) === 0 || xavp_dst === '')) {
    ctx.log(0, 'failover support disabled', 'dispatcher');
    return -1;
  }
  const selection = new Selection(ds, ctx, 0);
  for (;;) {
    let record = ctx.xavps.record(xavp_dst);
    if (record === null) return -1;
    if (next) {
      ctx.xavps.delete(xavp_dst, 0);
      record = ctx.xavps.record(xavp_dst);
      if (record === null) return -1;
    }
    const uri = record.get('uri');
    if (typeof uri !== 'string') return -1;
    if (!selection.push(uri, SOCKETS.get(record) ?? null, push)) return -1;
    const duid = record.get('dstid');
    if (typeof duid !== 'string' || !next) return 1;
    const moved = ds.calls?.move(ctx.msg.callId ?? '', duid) ?? 'unknown';
    if (moved === 'done') return 1;
    ctx.log(-1, `cannot update load with ${duid}`, 'dispatcher');
    if (moved === 'unknown') return -1;
  }
}
