/** Parameters as the code uses them, and what every part of the module works on. */
import {
  type Counter,
  type Database,
  type ListenSocket,
  type LogLevel,
  NamedLocks,
  type RouteContext,
  type RuidSource,
  type ServerApi,
  type Verdict,
} from '../../runtime/sdk/index.js';
import type { Packages } from './events.js';
import type { MemorySubscriptions } from './memory.js';
import type { Publication } from './publish.js';
import type { SubscriptionRows } from './rows.js';
import type { Publishers, StateStore } from './states.js';
import type { Subscription } from './subscription.js';

/** `subs_db_mode`. */
export const SubsMode = { memory: 0, writeThrough: 1, writeBack: 2, database: 3 } as const;
/** `publ_cache`: published states are in the database, there with a table of who has any, or in memory only. */
export const PublishCache = { none: 0, hybrid: 1, record: 2 } as const;

export interface Settings {
  readonly subsMode: number;
  readonly cache: number;
  readonly waitSec: number;
  readonly pollRate: number;
  /** Notifiers that work in rounds; 0: NOTIFYs are sent at once. */
  readonly notifiers: number;
  readonly forceDelete: boolean;
  readonly onlyUnexpired: boolean;
  readonly expiresOffset: number;
  readonly minExpires: number;
  readonly minExpiresAction: number;
  readonly maxExpires: number;
  readonly serverAddress: string;
  readonly sphere: boolean;
  readonly timeoutRemoves: boolean;
  readonly fastNotify: boolean;
  readonly logLevel: LogLevel;
  readonly xavpCfg: string;
  readonly orderBy: string;
  readonly ignoreCase: boolean;
  readonly cseqOffset: number;
  readonly keepLast: boolean;
  readonly deleteSame: boolean;
  readonly okStatus: number;
  readonly cluster: ClusterSettings;
}
export interface ClusterSettings {
  readonly states: boolean;
  /** Who joins asks for them. */
  readonly asksStates: boolean;
  readonly subscriptions: boolean;
  readonly asksSubscriptions: boolean;
  /** States of another node are told to no watcher here: that node does. */
  readonly quiet: boolean;
  /** Socket of subscriptions made at another node; '': theirs. */
  readonly socket: string;
}
/** Tells other nodes of the cluster. */
export interface Replica {
  /** What was published here; `etag`: the one it has now, '' when it is new. */
  tell(published: Publication, etag: string, ruid: string, receivedTime: number): void;
  /** A subscription of ours as it stands after its SUBSCRIBE or NOTIFY; `expires` is seconds left. */
  tellSubscription(subs: Subscription): void;
}

export interface SlApi {
  reply(ctx: RouteContext, status: number, reason: string): Verdict;
  toTag(ctx: RouteContext): string;
}

/** One server's presence. */
export interface World {
  readonly settings: Settings;
  readonly server: ServerApi;
  readonly sl: SlApi;
  readonly packages: Packages;
  /** Null without a database. */
  readonly db: Database | null;
  /** Null when subscriptions are in the database only. */
  readonly memory: MemorySubscriptions | null;
  /** Null without a database. */
  readonly rows: SubscriptionRows | null;
  readonly states: StateStore;
  /** `publ_cache=1`. */
  readonly publishers: Publishers;
  readonly ruids: RuidSource;
  readonly locks: Locks;
  /** Subscriptions whose NOTIFY is being made, by Call-ID and CSeq: `$subs` in event_route[tm:local-request]. */
  readonly sending: Map<string, Subscription>;
  /** By method: requests answered with an error. */
  readonly refused: Readonly<Record<'PUBLISH' | 'SUBSCRIBE', Counter>>;
  /** PUBLISHes and SUBSCRIBEs so far: part of entity-tags. */
  requests: number;
  /** core_case_hash(). */
  hash(first: string, second: string): number;
  readonly startedSec: number;
  /** With `enable_dmq`. */
  replica: Replica | null;
}

export const nowOf = (world: World): number => Math.floor(world.server.env.clock.now() / 1000);
export const complain = (world: World, text: string): void => world.server.log(-1, 'presence', text);

/** `udp:127.0.0.1:5060` as a socket of ours. */
export function socketOf(server: ServerApi, text: string): ListenSocket | null {
  const found = /^(?:(udp|tcp|tls|ws|wss|sctp):)?(\[[^\]]*\]|[^:]+)(?::(\d+))?$/i.exec(text);
  if (found === null) return null;
  const proto = found[1]?.toLowerCase() as ListenSocket['proto'] | undefined;
  return server.transports.findSocket(found[2] ?? '', Number(found[3] ?? 0), proto);
}

/** What concerns one presentity happens one after the other, so that NOTIFYs leave in the order of their CSeq. */
export class Locks {
  readonly #locks: NamedLocks;
  constructor(server: ServerApi) {
    this.#locks = new NamedLocks(server.env, false);
  }
  async hold<T>(presUri: string, work: () => Promise<T>): Promise<T> {
    const name = presUri.toLowerCase();
    const owner = {};
    await this.#locks.take(name, owner);
    try {
      return await work();
    } finally {
      this.#locks.give(name);
    }
  }
}
