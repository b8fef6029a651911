/**
 * What all of transaction and proxy share: the environment, the settings, the table, hooks and counters.
 */
import type { Blocklist } from '../dns/blocklist.js';
import { canonicalIp } from '../dns/ip.js';
import { type Environment, type Proto, prints } from '../env.js';
import type { Draft } from '../message/draft.js';
import type { Grammar } from '../message/grammar.js';
import type { SipMessage } from '../message/message.js';
import type { Via } from '../message/via.js';
import { defaultTmSettings, type TmSettings } from '../transaction/settings.js';
import type { Maybe } from '../transaction/steps.js';
import { TransactionTable } from '../transaction/table.js';
import { ToTags } from '../transaction/to-tag.js';
import type { Address, Branch, Transaction } from '../transaction/transaction.js';
import type { RouteRun, TransactionScript } from '../transaction/types.js';
import type { Transports } from '../transport/transports.js';
import type { ListenSocket, NextHop, SecureTarget } from '../transport/types.js';

/** The core's global parameters that matter here; read when needed, so live. */
export interface ProxySettings {
  /** How URIs and messages are read. */
  readonly grammar: Grammar;
  readonly mhomed: boolean;
  readonly checkVia: boolean;
  readonly replyToVia: boolean;
  /** `force_rport=yes`, `add_local_rport=yes`. */
  readonly forceRport: boolean;
  readonly localRport: boolean;
  /** `udp_mtu`, 0 none; the protocols it may fall back to (`MtuProto`). */
  readonly udpMtu: number;
  readonly mtuProtos: number;
  /** Try the next address of a name when one fails (`use_dns_failover`). */
  readonly dnsFailover: boolean;
  /** Whole `Server` line without line end; '' when none is sent. */
  readonly serverLine: string;
  /** `sip_warning=yes`: responses made here say what came in. */
  readonly sipWarning: boolean;
  /** Whole `User-Agent` line without line end; '' when none is sent. */
  readonly userAgentLine: string;
  /** `msg_apply_changes_mode`: a transaction begins with the changed request, and each branch has a copy of its own. */
  readonly applyChanges: boolean;
  /** onsend_route runs for responses too. */
  readonly onsendReplies: boolean;
}

/** RFC 3263; empty: it cannot be resolved. Answers at once when it can. */
export type Resolve = (uri: string, proto: Proto | null) => Maybe<readonly Address[]>;

/** Called in order of registration; must not throw. `reply` null: made here. */
export interface Hooks {
  /** A transaction was created for this run's request. */
  readonly requestIn: ((t: Transaction, run: RouteRun) => void)[];
  /** A request goes out on a branch, after its branch route. */
  readonly requestForwarded: ((t: Transaction) => void)[];
  /** A response came in on a branch, before the reply route. */
  readonly responseIn: ((t: Transaction, branch: Branch, reply: SipMessage, draft: Draft) => void)[];
  /** A response is about to go upstream: what depends on it is settled before anybody can react to it. Otherwise as `responseOut`. */
  readonly responseReady: ((t: Transaction, reply: SipMessage | null, status: number) => void)[];
  /** A response was sent upstream; retransmissions of a 2xx with a To tag seen before are not told. */
  readonly responseOut: ((t: Transaction, reply: SipMessage | null, status: number, bytes: string) => void)[];
  /** All branches failed: before the failure route, `draft` is what it will run with. */
  readonly failure: ((t: Transaction, reply: SipMessage | null, status: number, draft: Draft) => void)[];
  /** ACK: to a negative response of ours (`e2e` false), or to a 2xx passed on (needs `t.wantsAck`). */
  readonly ackReceived: ((t: Transaction, ack: SipMessage, e2e: boolean) => void)[];
  readonly cancelReceived: ((t: Transaction, cancel: SipMessage) => void)[];
  readonly retransmission: ((t: Transaction, request: SipMessage) => void)[];
  readonly destroyed: ((t: Transaction) => void)[];
  /**
   * A response goes out (SREV_SIP_REPLY_OUT): one made here, with a transaction or without; one that came in on a branch and
   * was not dropped by its reply route, whether it is passed on or not.
   */
  readonly replyOut: ((reply: SipMessage) => void)[];
  /** What a TLS connection for a request of this run should ask for; set by the tls module. */
  secureTarget: ((run: RouteRun, draft: Draft) => SecureTarget | null) | null;
}

/** tm's counters since the start. */
export interface TmCounters {
  received: number;
  /** Responses made here, sent (made and relayed), received. */
  repliesGenerated: number;
  repliesSent: number;
  repliesReceived: number;
  transactions: number;
  /** Of requests made here, since the start. */
  local: number;
  /** Waiting for their wait timer. */
  waiting: number;
  created: number;
  freed: number;
  delayedFree: number;
  /** Final responses sent, by class: index 3 is 3xx. */
  readonly finals: [number, number, number, number, number, number, number];
}

export interface CoreOptions {
  readonly env: Environment;
  readonly transports: Transports;
  readonly resolve: Resolve;
  readonly settings: () => ProxySettings;
  readonly tm?: TmSettings;
  /** Destinations that failed; none is kept without it. */
  readonly blocklist?: Blocklist;
}

export class Core {
  readonly env: Environment;
  readonly transports: Transports;
  readonly resolve: Resolve;
  readonly tm: TmSettings;
  readonly blocklist: Blocklist | null;
  readonly table = new TransactionTable();
  readonly hooks: Hooks = {
    requestIn: [],
    requestForwarded: [],
    responseIn: [],
    responseReady: [],
    responseOut: [],
    failure: [],
    ackReceived: [],
    cancelReceived: [],
    retransmission: [],
    destroyed: [],
    replyOut: [],
    secureTarget: null,
  };
  readonly counters: TmCounters = {
    received: 0,
    repliesGenerated: 0,
    repliesSent: 0,
    repliesReceived: 0,
    transactions: 0,
    local: 0,
    waiting: 0,
    created: 0,
    freed: 0,
    delayedFree: 0,
    finals: [0, 0, 0, 0, 0, 0, 0],
  };
  /** Set once the program is loaded, and again at a reload. */
  script: TransactionScript | null = null;
  readonly #settings: () => ProxySettings;
  #tags: ToTags | null = null;
  readonly #bound = new Map<unknown, unknown>();
  #label: number;

  constructor(o: CoreOptions) {
    this.env = o.env;
    this.transports = o.transports;
    this.resolve = o.resolve;
    this.#settings = o.settings;
    this.blocklist = o.blocklist ?? null;
    this.tm = o.tm ?? defaultTmSettings();
    this.#label = o.env.random.uint32() & 0x7fff_ffff;
  }
  get settings(): ProxySettings {
    return this.#settings();
  }
  get toTags(): ToTags {
    if (this.#tags === null) {
      const first = this.transports.sockets[0];
      this.#tags = new ToTags('SER-TM/tags', first?.local.ip ?? '', first?.local.port ?? 0);
    }
    return this.#tags;
  }
  nextLabel(): number {
    this.#label = (this.#label + 1) & 0x7fff_ffff;
    return this.#label;
  }
  /** A job of a transaction threw: a bug of ours. */
  readonly jobFailed = (error: unknown): void =>
    this.log(-1, `error in a transaction: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`);
  /** `act` with this server as its first argument, made once: what timers call. */
  bound<T>(act: (core: Core, subject: T) => void): (subject: T) => void {
    let bound = this.#bound.get(act) as ((subject: T) => void) | undefined;
    if (bound === undefined) {
      bound = (subject) => act(this, subject);
      this.#bound.set(act, bound);
    }
    return bound;
  }
  log(level: -1 | 0 | 1 | 2 | 3, text: string): void {
    if (prints(this.env.log, level, 'tm')) this.env.log.write({ level, text, source: 'tm' });
  }
  /** Milliseconds, monotonic. */
  get nowMs(): number {
    return this.env.clock.monotonic();
  }

  /** Where a response to this request goes (RFC 3261 §18.2.2, RFC 3581): the source, its port when rport asks for it. */
  responseHop(msg: SipMessage, draft: Draft): NextHop {
    const { received, via } = msg;
    const toSource = via?.rport != null || draft.forceRport || this.settings.forceRport;
    return {
      proto: received.proto,
      ip: (this.settings.replyToVia && viaAddress(via)) || received.src.ip,
      port: toSource ? received.src.port : via?.port || 5060,
      socket: received.socket,
      connectionId: received.connectionId || undefined,
    };
  }

  /**
   * Socket a request leaves from (forward.c, get_send_socket2): the forced one, the one it came in on, else the one for
   * that protocol. Null: none fits.
   */
  sendSocket(msg: SipMessage | null, forced: ListenSocket | null, to: Address): ListenSocket | null {
    const family = to.ip.includes(':') ? 6 : 4;
    if (to.proto === 'ws' || to.proto === 'wss') {
      const open = this.transports.webSocketTo(to.ip, to.port);
      if (open) return open.socket;
    }
    if (forced !== null && forced.family === family) {
      if (forced.proto === to.proto) return forced;
      for (const s of this.transports.sockets) {
        if (s.proto === to.proto && s.local.ip === forced.local.ip && s.local.port === forced.local.port) return s;
      }
      for (const s of this.transports.sockets) {
        if (s.proto === to.proto && s.local.ip === forced.local.ip) return s;
      }
    }
    // A datagram goes out where the request's came in; a stream has the first socket of its protocol.
    if (!this.settings.mhomed && msg !== null && to.proto === 'udp') {
      const own = msg.received.socket;
      if (own.proto === 'udp' && own.family === family) return own;
    }
    if (this.settings.mhomed && to.proto === 'udp') {
      const towards = this.transports.socketTowards(to.ip);
      if (towards !== null) return towards;
    }
    return this.transports.chooseSocket(to.proto, to.ip);
  }
}

/** `reply_to_via`: where the topmost Via says, when it says it as an address. */
const viaAddress = (via: Via | null): string | null => (via === null ? null : canonicalIp(via.received ?? via.host));
