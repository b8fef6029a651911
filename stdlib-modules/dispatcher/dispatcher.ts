/** What the module's functions, timers and commands share: the sets as they stand, how they are loaded, and their states. */
import {
  type Database,
  type ListenSocket,
  type Maybe,
  type NamedPv,
  type ParamItem,
  parseDecimal,
  parseParamList,
  type RouteContext,
  type ServerApi,
  type SipMessage,
  type Timer,
  type Transaction,
} from '../../runtime/sdk/index.js';
import type { Calls } from './calls.js';
import { type Destination, DestinationSets, DestState, skipped } from './sets.js';
import { type Columns, DnsMode, lookUp, makeDestination, parseList, type Row, readTable } from './sources.js';

export interface Params {
  readonly list_file: string;
  readonly db_url: string;
  readonly flags: number;
  readonly force_dst: number;
  readonly use_default: number;
  readonly xavp_dst: string;
  readonly xavp_dst_mode: number;
  readonly xavp_ctx: string;
  readonly xavp_ctx_mode: number;
  readonly hash_pvar: ((ctx: RouteContext) => string) | undefined;
  readonly ds_probing_threshold: number;
  readonly ds_inactive_threshold: number;
  readonly ds_probing_mode: number;
  readonly ds_ping_method: string;
  readonly ds_ping_reply_codes: string;
  readonly ds_ping_from: string;
  readonly ds_ping_latency_stats: number;
  readonly ds_latency_estimator_alpha: number;
  readonly ds_hash_size: number;
  readonly ds_attrs_none: number;
  readonly ds_load_mode: number;
  readonly ds_dns_mode: number;
  readonly ds_dns_match_all: number;
  readonly ds_ping_fr_timer: number;
  readonly ds_ping_fr_timeout: number;
  readonly ds_retain_latency_stats: number;
  readonly event_callback_mode: number;
  readonly outbound_proxy: string;
  readonly reload_delta: number;
}
/** Bits of `flags`. */
export const ModuleFlag = { hashUserOnly: 1, failover: 2 } as const;
/** `ds_probing_mode`. */
export const Probing = { flaggedByState: 0, all: 1, inactive: 2, flagged: 3 } as const;

/** `event_callback_mode`: who runs the event routes. */
export const EventMode = { all: 0, probesOnly: 1, first: 2 } as const;

/** Why a state changed: `$dsv` in the event routes. */
export interface Reason {
  readonly code: number;
  readonly reason: string | null;
  /** 1: there was a response. */
  readonly flags: number;
}
/** With the destination it is about. */
export interface Change extends Reason {
  readonly set: number;
  readonly uri: string;
}
export const CHANGE = 'dispatcher.change';

/** The message an event route runs on; without one it is made up and its Request-URI is the destination. */
export interface Cause {
  readonly msg: SipMessage;
  readonly transaction: Transaction | null;
  readonly draft: RouteContext['draft'];
}

export class Dispatcher {
  sets: DestinationSets;
  calls: Calls | null = null;
  db: Database | null = null;
  tableVersion = 4;
  defaultSocket: ListenSocket | null = null;
  /** For probes to destinations without a socket of their own. */
  pingSocket: ListenSocket | null = null;
  setPv: NamedPv | null = null;
  attrsPv: NamedPv | null = null;
  pingActive = 1;
  readonly timers: Timer[] = [];
  #codes: { readonly text: string; readonly list: readonly number[] } = { text: '', list: [] };
  #lastReloadSec = 0;

  constructor(
    readonly server: ServerApi,
    readonly params: Params,
    readonly columns: Columns,
    readonly readFile: (path: string) => string,
  ) {
    this.sets = new DestinationSets(server.env.random);
  }
  /**
   * Codes (100 and more) and classes of responses to probes that count as success, besides 2xx. What `cfg.set` made of them counts
   * from then on; what is no list changes nothing.
   */
  get replyCodes(): readonly number[] {
    const { ds_ping_reply_codes: text } = this.params;
    if (text !== this.#codes.text) {
      const list = parseReplyCodes(text);
      if (list === null) this.log(-1, `ds_ping_reply_codes is not understood: ${text}`);
      this.#codes = { text, list: list ?? this.#codes.list };
    }
    return this.#codes.list;
  }
  log(level: -1 | 0 | 1 | 3, text: string): void {
    this.server.log(level, 'dispatcher', text);
  }

  // Loading -----------------------------------------------------------------------------------------------------------

  /** True when it may be changed now: `reload_delta` seconds since the last change by command or function. */
  mayReload(): boolean {
    const now = Math.floor(this.server.env.clock.now() / 1000);
    if (this.#lastReloadSec !== 0 && this.#lastReloadSec > now - this.params.reload_delta) return false;
    this.#lastReloadSec = now;
    return true;
  }
  /** Reads the file or table again; what was there stays when it cannot be read. `partly`: some rows are no destinations. */
  async load(): Promise<'whole' | 'partly' | 'failed'> {
    let rows: readonly Row[];
    try {
      rows = await this.rows();
    } catch (error) {
      this.log(-1, `no destinations loaded: ${error instanceof Error ? error.message : String(error)}`);
      return 'failed';
    }
    let result: 'whole' | 'partly' = 'whole';
    const sets = new DestinationSets(this.server.env.random);
    const { ds_ping_latency_stats, ds_retain_latency_stats } = this.params;
    const retains = ds_ping_latency_stats !== 0 && ds_retain_latency_stats !== 0;
    for (const row of rows) {
      const destination = await this.make(row);
      const before = retains && destination !== null ? this.sets.get(row.set)?.byUri(destination.uri) : null;
      if (destination !== null && before) destination.latency = before.latency;
      if (destination !== null) sets.add(row.set, destination);
      else if (this.params.ds_load_mode === 1) return 'failed';
      else {
        this.log(0, `unable to add destination ${row.uri} to set ${row.set} -- skipping`);
        result = 'partly';
      }
    }
    this.sets = sets.finish();
    return result;
  }
  /** As `load`, for those who are told: rows of a table that are no destinations count as failure, lines of a file do not. */
  async reload(): Promise<boolean> {
    const result = await this.load();
    return result === 'whole' || (result === 'partly' && this.db === null);
  }
  private async rows(): Promise<readonly Row[]> {
    if (this.db !== null) return readTable(this.db, this.columns, this.tableVersion);
    const rows = parseList(this.readFile(this.params.list_file));
    if (typeof rows === 'string') throw new Error(`${this.params.list_file}: ${rows}`);
    return rows;
  }
  make(row: Row): Promise<Destination | null> {
    const { ds_dns_mode: dnsMode, ds_attrs_none, ds_dns_match_all } = this.params;
    return makeDestination(
      this.server,
      {
        dnsMode,
        noneAttrs: ds_attrs_none !== 0,
        defaultSocket: this.defaultSocket,
        matchAll: ds_dns_match_all !== 0,
      },
      row,
    );
  }
  /** The sets anew, with those destinations that `keep` keeps, then `more`; states, loads and latencies go on. */
  rebuild(
    keep: (set: number, d: Destination) => boolean,
    more?: { readonly set: number; readonly d: Destination },
  ): void {
    const sets = new DestinationSets(this.server.env.random);
    for (const { id, list } of this.sets.inOrder) for (const d of list) if (keep(id, d)) sets.add(id, d);
    if (more) sets.add(more.set, more.d);
    this.sets = sets.finish();
  }
  /** Looks all hosts up again. */
  async refreshAddresses(): Promise<void> {
    for (const { list } of this.sets.inOrder)
      for (const d of list) {
        if (d.flags & DestState.noDns) continue;
        const found = await lookUp(this.server, this.params.ds_dns_mode, d);
        if (found === null) {
          this.log(-1, `could not resolve ${d.host}`);
          continue;
        }
        d.addresses = this.kept(found.all);
        d.resolvedAtMs = this.server.env.clock.now();
        if (this.params.ds_dns_mode & DnsMode.srv) {
          d.port = found.port;
          d.proto = found.proto;
        }
      }
  }

  /** Of the addresses of a host, those that count. */
  kept(all: readonly string[]): readonly string[] {
    return this.params.ds_dns_match_all !== 0 ? all : all.slice(0, 1);
  }

  // States ------------------------------------------------------------------------------------------------------------

  stateOf(set: number, uri: string): number {
    return this.sets.get(set)?.byUri(uri)?.flags ?? 0;
  }
  /** By a command: exactly these bits, no event. False when there is no such destination. */
  setState(set: number, found: (d: DestinationSets) => Destination | null | undefined, state: number): boolean {
    const d = found(this.sets);
    if (!d) return false;
    const before = d.flags;
    d.flags = (before & ~DestState.all) | state;
    this.sets.get(set)?.stateChanged(d, before);
    return true;
  }
  /**
   * After a probe or by `ds_mark_dst()`: thresholds decide when a destination is inactive and active again, and events
   * tell (ds_update_state). False when there is no such destination.
   */
  updateState(setId: number, uri: string, state: number, reason: Reason, cause: Cause | null): Maybe<boolean> {
    const set = this.sets.get(setId);
    const d = set?.byUri(uri);
    if (!set || !d) return false;
    const before = d.flags;
    d.flags = this.#next(d, state);
    set.stateChanged(d, before);
    const { event_callback_mode: mode } = this.params;
    if (mode === EventMode.probesOnly && cause !== null) return true;
    // Without a state before, each state is a change there (dispatch.c, ds_update_state()).
    const first = mode === EventMode.first && before === 0;
    if (skipped(before) === skipped(d.flags) && !first) return true;
    const event = skipped(d.flags) ? 'dispatcher:dst-down' : 'dispatcher:dst-up';
    const ran = this.#tell(event, { ...reason, set: setId, uri }, cause);
    return ran instanceof Promise ? ran.then(() => true) : true;
  }
  #next(d: Destination, wanted: number): number {
    const { inactive, trying, disabled, probing } = DestState;
    const { ds_probing_threshold: failures, ds_inactive_threshold: successes } = this.params;
    const before = d.flags;
    const failed = (wanted & trying) !== 0;
    let state = wanted;
    // An inactive one has to be active before it can be tried.
    if (failed && before & inactive) state = (state & ~trying) | inactive;
    let flags = (before & ~DestState.all) | (state & disabled ? disabled : state);
    if (state & trying) {
      if (++d.messages < failures) return flags;
      d.messages = 0;
      return (flags & ~trying) | inactive;
    }
    if (!failed && before & inactive) {
      if (++d.messages < successes) flags |= inactive | (before & probing);
      else d.messages = 0;
    } else d.messages = 0;
    return flags;
  }
  #tell(event: string, change: Change, cause: Cause | null): Maybe<unknown> {
    const { script } = this.server;
    if (!script.hasEvent(event)) return null;
    const msg = cause?.msg ?? this.server.detachedRun().msg;
    return script.runEvent(event, msg, (run) => {
      run.data.set(CHANGE, change);
      if (cause === null) run.draft.uri = change.uri;
      else {
        run.draft = cause.draft;
        run.transaction = cause.transaction;
      }
    });
  }
}

/** `class=2;code=403`: null when it is no list. */
export function parseReplyCodes(text: string): readonly number[] | null {
  const items: readonly ParamItem[] | null = text === '' ? [] : parseParamList(text);
  if (items === null) return null;
  return items.flatMap(({ name, value }) => {
    const code = parseDecimal(value) ?? 0;
    const kind = name.toLowerCase();
    return (kind === 'code' && code >= 100 && code < 700) || (kind === 'class' && code >= 1 && code < 7) ? [code] : [];
  });
}
