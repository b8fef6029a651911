/**
 * Published states (RFC 3903): one interface, in the table presentity or in memory.
 */
import { coreHash, type Database, DbBlob, type DbCell, type DbRow, lowerAscii } from '../../runtime/sdk/index.js';

export interface StateKey {
  readonly user: string;
  readonly domain: string;
  /** Name of the package. */
  readonly event: string;
  readonly etag: string;
}
export interface PublishedState extends StateKey {
  /** Wall time in seconds; -1: hard state, kept until it is taken away. */
  readonly expires: number;
  readonly receivedTime: number;
  readonly priority: number;
  readonly ruid: string;
  readonly sender: string;
  readonly body: string;
}
export type StateChange = Partial<Omit<PublishedState, 'user' | 'domain' | 'event' | 'ruid'>>;

export interface StateStore {
  insert(state: PublishedState): Promise<void>;
  replace(state: PublishedState): Promise<void>;
  find(key: StateKey): Promise<PublishedState | null>;
  /** False: there is none with this key. */
  change(key: StateKey, to: StateChange): Promise<boolean>;
  remove(key: StateKey): Promise<void>;
  /** By `orderBy` upwards (in memory and without it, the newest first, as Kamailio has it); with `after`, those that expire later. */
  list(user: string, domain: string, event: string, after: number | null): Promise<PublishedState[]>;
  expired(nowSec: number): Promise<PublishedState[]>;
}

const columns = [
  'username',
  'domain',
  'event',
  'etag',
  'expires',
  'received_time',
  'priority',
  'ruid',
  'sender',
  'body',
] as const;
const text = (cell: DbCell | undefined) => String(cell ?? '');

/** Most states one presentity has in a list; what is beyond is not shown. */
const MAX_STATES = 256;

export class StateRows implements StateStore {
  constructor(
    private readonly db: Database,
    private readonly table: string,
    private readonly orderBy: string,
  ) {}
  async insert(state: PublishedState): Promise<void> {
    await this.db.insert(this.table, rowOf(state));
  }
  async replace(state: PublishedState): Promise<void> {
    await this.db.replace(this.table, rowOf(state), ['domain', 'username', 'event', 'etag']);
  }
  async find(key: StateKey): Promise<PublishedState | null> {
    const { rows } = await this.db.query(this.table, { columns, where: whereOf(key), limit: 1 });
    return rows[0] === undefined ? null : stateOf(rows[0]);
  }
  async change(key: StateKey, to: StateChange): Promise<boolean> {
    return (await this.db.update(this.table, changeRow(to), whereOf(key))).affected > 0;
  }
  async remove(key: StateKey): Promise<void> {
    await this.db.delete(this.table, whereOf(key));
  }
  async list(user: string, domain: string, event: string, after: number | null): Promise<PublishedState[]> {
    const { rows } = await this.db.query(this.table, {
      columns,
      where: [
        ['domain', '=', domain],
        ['username', '=', user],
        ['event', '=', event],
        ...(after === null ? [] : [['expires', '>', after] as const]),
      ],
      order: [this.orderBy],
      limit: MAX_STATES,
    });
    return rows.map(stateOf);
  }
  async expired(nowSec: number): Promise<PublishedState[]> {
    const { rows } = await this.db.query(this.table, {
      columns,
      where: [
        ['expires', '<', nowSec],
        ['expires', '>', 0],
      ],
      order: ['username'],
    });
    return rows.map(stateOf);
  }
}
const whereOf = ({ user, domain, event, etag }: StateKey): DbRow => ({ domain, username: user, event, etag });
const rowOf = (s: PublishedState): DbRow => ({ ...whereOf(s), ...changeRow(s), ruid: s.ruid });
function changeRow(to: StateChange): DbRow {
  return {
    ...(to.etag === undefined ? {} : { etag: to.etag }),
    ...(to.expires === undefined ? {} : { expires: to.expires }),
    ...(to.receivedTime === undefined ? {} : { received_time: to.receivedTime }),
    ...(to.priority === undefined ? {} : { priority: to.priority }),
    ...(to.body === undefined ? {} : { body: new DbBlob(to.body) }),
    ...(to.sender === undefined ? {} : { sender: to.sender }),
  };
}
function stateOf(row: readonly DbCell[]): PublishedState {
  return {
    user: text(row[0]),
    domain: text(row[1]),
    event: text(row[2]),
    etag: text(row[3]),
    expires: Number(row[4] ?? 0),
    receivedTime: Number(row[5] ?? 0),
    priority: Number(row[6] ?? 0),
    ruid: text(row[7]),
    sender: text(row[8]),
    body: text(row[9]),
  };
}

/** `hashid` of an account, as the list of states shows it. */
export const accountHash = ({ user, domain }: Pick<StateKey, 'user' | 'domain'>): number =>
  coreHash(lowerAscii(user), lowerAscii(domain)) | 0;

/** Published states kept in memory at most. */
const MAX_KEPT = 500_000;

export class StatesInMemory implements StateStore {
  readonly #accounts = new Map<string, PublishedState[]>();
  #count = 0;
  constructor(private readonly byPriority: boolean) {}

  /** The newest first within an account. */
  *all(): Iterable<PublishedState> {
    for (const list of this.#accounts.values()) yield* list;
  }
  /** Is it there still, as it was? */
  holds(state: PublishedState): boolean {
    return this.#of(state).includes(state);
  }
  insert(state: PublishedState): Promise<void> {
    if (this.#count >= MAX_KEPT) return Promise.reject(new RangeError('too many published states'));
    const key = `${state.user}@${state.domain}`;
    this.#accounts.set(key, [state, ...(this.#accounts.get(key) ?? [])]);
    this.#count++;
    return Promise.resolve();
  }
  async replace(state: PublishedState): Promise<void> {
    await this.remove(state);
    await this.insert(state);
  }
  find(key: StateKey): Promise<PublishedState | null> {
    return Promise.resolve(this.#of(key).find((state) => isAt(state, key)) ?? null);
  }
  async change(key: StateKey, to: StateChange): Promise<boolean> {
    const state = await this.find(key);
    if (state === null) return false;
    await this.remove(key);
    await this.insert({ ...state, ...to });
    return true;
  }
  remove(key: StateKey): Promise<void> {
    const account = `${key.user}@${key.domain}`;
    const list = this.#of(key);
    const left = list.filter((state) => !isAt(state, key));
    this.#count -= list.length - left.length;
    if (left.length === 0) this.#accounts.delete(account);
    else this.#accounts.set(account, left);
    return Promise.resolve();
  }
  list(user: string, domain: string, event: string, after: number | null): Promise<PublishedState[]> {
    const found = this.#of({ user, domain })
      .filter((state) => state.event === event && (after === null || state.expires > after))
      .slice(0, MAX_STATES);
    return Promise.resolve(this.byPriority ? found.sort((a, b) => a.priority - b.priority) : found);
  }
  expired(nowSec: number): Promise<PublishedState[]> {
    return Promise.resolve([...this.all()].filter(({ expires }) => expires > 0 && expires < nowSec));
  }
  #of({ user, domain }: Pick<StateKey, 'user' | 'domain'>): readonly PublishedState[] {
    return this.#accounts.get(`${user}@${domain}`) ?? [];
  }
}
const isAt = (state: PublishedState, key: StateKey): boolean =>
  state.user === key.user && state.domain === key.domain && state.event === key.event && state.etag === key.etag;

/**
 * Who has published anything at all (`publ_cache=1`): a query less for each SUBSCRIBE to someone who has not. With the
 * sphere (RFC 4480 §3.11) of the first body, when that is asked for.
 */
export class Publishers {
  readonly #entries = new Map<string, { count: number; sphere: string | null }>();
  constructor(private readonly ignoreCase: boolean) {}
  #key(presUri: string, event: string): string {
    return `${lowerAscii(event)}\n${this.ignoreCase ? presUri.toLowerCase() : presUri}`;
  }
  has(presUri: string, event: string): boolean {
    return this.#entries.has(this.#key(presUri, event));
  }
  sphere(presUri: string, event: string): string | null | undefined {
    return this.#entries.get(this.#key(presUri, event))?.sphere;
  }
  add(presUri: string, event: string, sphere: string | null): void {
    const key = this.#key(presUri, event);
    const entry = this.#entries.get(key);
    if (entry) entry.count++;
    else this.#entries.set(key, { count: 1, sphere });
  }
  setSphere(presUri: string, event: string, sphere: string | null): void {
    const entry = this.#entries.get(this.#key(presUri, event));
    if (entry) entry.sphere = sphere;
  }
  remove(presUri: string, event: string): void {
    const key = this.#key(presUri, event);
    const entry = this.#entries.get(key);
    if (entry && --entry.count <= 0) this.#entries.delete(key);
  }
}
