/**
 * Registrations of ours at other servers (uac's uac_reg.c): kept up by a timer, challenged ones answered, looked up by routes.
 */
import {
  type Database,
  type DbCell,
  type Grammar,
  HeaderId,
  type ListenSocket,
  type LocalOutcome,
  parseUri,
  type RpcCall,
  RpcStruct,
  type ServerApi,
} from '../../runtime/sdk/index.js';
import { answer, challengeOf } from './digest.js';

export const RegFlag = { disabled: 1, ongoing: 2, online: 4, authSent: 8, started: 16 } as const;

/** A row of the uacreg table, and how it stands. */
export interface Registration {
  readonly uuid: string;
  readonly localUser: string;
  readonly localDomain: string;
  readonly remoteUser: string;
  readonly remoteDomain: string;
  readonly realm: string;
  readonly authUser: string;
  readonly authPassword: string;
  readonly authHa1: string;
  readonly authProxy: string;
  expires: number;
  flags: number;
  /** Seconds since 1970 when it ends. */
  timerExpires: number;
  readonly createdAt: number;
  readonly delay: number;
  readonly contact: string;
  readonly socket: string;
  callId: string;
  cseq: number;
}
export interface RegOptions {
  readonly contact: string;
  readonly retrySec: number;
  readonly intervalSec: number;
  readonly keepCallId: boolean;
  readonly randomDelaySec: number;
  readonly useDomain: boolean;
  readonly table: string;
  readonly defaultSocket: string;
  /** Between two reloads of all records. */
  readonly reloadDeltaSec: number;
}
export const columns = [
  'l_uuid',
  'l_username',
  'l_domain',
  'r_username',
  'r_domain',
  'realm',
  'auth_username',
  'auth_password',
  'auth_ha1',
  'auth_proxy',
  'expires',
  'flags',
  'reg_delay',
  'contact_addr',
  'socket',
] as const;
/** Those of `columns` that hold a text in every row; NULL is let through. */
const needed = ['l_uuid', 'l_username', 'l_domain', 'r_username', 'r_domain', 'auth_username', 'auth_proxy'].map(
  (name) => (columns as readonly string[]).indexOf(name),
);
/** What `reg_enable` and the like may look for. */
const filters: Readonly<Record<string, (r: Registration) => string>> = {
  l_uuid: (r) => r.uuid,
  l_username: (r) => r.localUser,
  r_username: (r) => r.remoteUser,
  auth_username: (r) => r.authUser,
};
const MAX_CSEQ = 2_147_483_638;
const MAX_RECORDS = 1_000_000;

export class Registrations {
  active = true;
  readonly records = new Map<string, Registration>();
  private reloadedAt = Number.NEGATIVE_INFINITY;
  constructor(
    private readonly server: ServerApi,
    private readonly options: RegOptions,
    private readonly db: Database | null,
  ) {}

  get now(): number {
    return Math.floor(this.server.env.clock.now() / 1000);
  }
  count(flag: number): number {
    let n = 0;
    for (const { flags } of this.records.values()) if ((flags & flag) !== 0) n++;
    return n;
  }
  /** Of several the one added last. */
  byUser(user: string, domain: string | null): Registration | null {
    let found: Registration | null = null;
    for (const r of this.records.values())
      if (r.localUser === user && (domain === null || r.localDomain === domain)) found = r;
    return found;
  }
  byUri(uri: string, grammar: Grammar): Registration | null {
    const parsed = parseUri(uri, grammar);
    return parsed === null ? null : this.byUser(parsed.user ?? '', this.options.useDomain ? parsed.host : null);
  }
  /** Null: no such record; undefined: nothing can be looked for by that name. */
  find(attribute: string, value: string): Registration | null | undefined {
    const read = Object.hasOwn(filters, attribute) ? filters[attribute] : undefined;
    if (read === undefined) return undefined;
    if (attribute === 'l_username') return this.byUser(value, null);
    for (const r of this.records.values()) if (read(r) === value) return r;
    return null;
  }
  /** A text: why not. */
  add(row: readonly (string | number)[]): string | null {
    const text = (i: number) => String(row[i] ?? '');
    const ha1 = text(8).toLowerCase();
    if ((text(7) === '' && ha1 === '') || (ha1 !== '' && !/^[0-9a-f]{32}$/.test(ha1)))
      return 'Failed to add record - invalid password or ha1';
    if (this.records.size >= MAX_RECORDS) return 'too many records';
    const { randomDelaySec, contact } = this.options;
    // At the end, where byUser() finds it before those that were there.
    this.records.delete(text(0));
    const random = randomDelaySec > 0 ? this.server.env.random.uint32() % randomDelaySec : 0;
    this.records.set(text(0), {
      uuid: text(0),
      localUser: text(1),
      localDomain: text(2),
      remoteUser: text(3),
      remoteDomain: text(4),
      realm: text(5),
      authUser: text(6),
      authPassword: text(7),
      authHa1: ha1,
      authProxy: text(9),
      expires: Number(row[10]) || 0,
      flags: Number(row[11]) || 0,
      timerExpires: 0,
      createdAt: this.now,
      delay: Number(row[12]) || 0 || random,
      contact: text(13) || contact,
      socket: text(14),
      callId: '',
      cseq: 0,
    });
    return null;
  }
  /** Not within `reloadDeltaSec` of the last one; notes the time of this one. */
  mayReload(): boolean {
    const { reloadDeltaSec } = this.options;
    if (this.reloadedAt > this.now - reloadDeltaSec) {
      const text = `shifting in-memory table is not possible in less than ${reloadDeltaSec} secs`;
      this.server.log(-1, 'uac', text);
      return false;
    }
    this.reloadedAt = this.now;
    return true;
  }
  /** All rows, or one by its uuid, from the database; how many. */
  async load(uuid: string | null = null): Promise<number> {
    if (this.db === null) return 0;
    const { rows } = await this.db.query(this.options.table, {
      columns,
      ...(uuid === null ? {} : { where: { l_uuid: uuid } }),
    });
    if (uuid === null) this.records.clear();
    for (const row of rows) this.addRow(row);
    return rows.length;
  }
  private addRow(row: readonly DbCell[]): void {
    const empty = needed.find((i) => row[i] === '');
    if (empty !== undefined) {
      this.server.log(-1, 'uac', `empty value not allowed for column ${columns[empty]}: record ignored`);
      return;
    }
    const before = this.records.get(String(row[0] ?? ''));
    const problem = this.add(row.map((cell) => (typeof cell === 'number' ? cell : String(cell ?? ''))));
    if (problem !== null) {
      this.server.log(-1, 'uac', `${problem}: record ignored`);
      return;
    }
    // A request that is under way goes on with the new record.
    const added = this.records.get(String(row[0] ?? ''));
    if (before && added) added.flags |= before.flags & (RegFlag.ongoing | RegFlag.authSent);
  }

  /** Called every `intervalSec`. */
  tick(): void {
    for (const r of this.records.values()) this.update(r);
  }
  private update(r: Registration): void {
    const { now } = this;
    const { intervalSec, retrySec } = this.options;
    if (r.expires === 0) return;
    if ((r.flags & RegFlag.ongoing) !== 0) {
      if (r.timerExpires > now - retrySec) return;
      r.flags &= ~(RegFlag.online | RegFlag.authSent);
    }
    if (!this.active || (r.flags & RegFlag.disabled) !== 0) return;
    if ((r.flags & RegFlag.started) === 0) {
      if (r.delay > 0 && now < r.createdAt + r.delay) return;
      r.flags |= RegFlag.started;
    }
    if (r.timerExpires <= now + intervalSec + 3) void this.send(r);
  }
  private socketOf(r: Registration): ListenSocket | null {
    const match = /^(?:(?:udp|tcp|tls):)?(\[[^\]]*\]|[^:]+)(?::(\d+))?$/.exec(r.socket || this.options.defaultSocket);
    return match === null ? null : this.server.transports.findSocket(match[1] ?? '', Number(match[2] ?? 0));
  }
  async send(r: Registration): Promise<void> {
    const again = this.options.keepCallId && (r.flags & RegFlag.online) !== 0 && r.cseq > 0 && r.cseq < MAX_CSEQ;
    r.timerExpires = this.now;
    r.flags = (r.flags | RegFlag.ongoing) & ~RegFlag.online;
    await this.request(r, '', again ? { callId: r.callId, cseq: r.cseq + 1 } : {});
  }
  private async request(
    r: Registration,
    credentials: string,
    more: { readonly callId?: string | null; readonly cseq?: number; readonly fromTag?: string },
  ): Promise<void> {
    const user = `sip:${r.remoteUser}@${r.remoteDomain}`;
    const sent = await this.server.transactions.request({
      method: 'REGISTER',
      uri: `sip:${r.remoteDomain}`,
      from: user,
      to: user,
      nextHop: r.authProxy === '' ? null : r.authProxy,
      socket: this.socketOf(r),
      headers: `Contact: <sip:${r.uuid}@${r.contact}>\r\nExpires: ${r.expires}\r\n${credentials}`,
      ...more,
      completed: (outcome) => void this.answered(r.uuid, outcome),
    });
    if (sent.code < 0) this.failed(r);
  }
  private async answered(uuid: string, { status, reply }: LocalOutcome): Promise<void> {
    const r = this.records.get(uuid);
    if (r === undefined) return;
    if (reply === null) {
      this.failed(r);
    } else if (status === 200) {
      const contacts = reply.contacts();
      const own = contacts === null || contacts === 'star' ? [] : contacts.filter((c) => c.uri?.user === r.uuid);
      if (contacts === null) this.failed(r);
      const first = own[0];
      if (first !== undefined) {
        const expires = Number(first.param('expires') ?? reply.expires ?? 0) || 0;
        r.timerExpires += expires;
        r.flags |= RegFlag.online;
        r.callId = reply.callId ?? '';
        r.cseq = reply.cseq?.number ?? 0;
      }
    } else if ((status === 401 || status === 407) && (r.flags & RegFlag.authSent) === 0) {
      const challenge = challengeOf(reply);
      if (challenge === null || (r.realm !== '' && r.realm !== challenge.realm)) this.failed(r);
      else {
        r.flags |= RegFlag.authSent;
        const isHa1 = r.authHa1 !== '';
        const credential = {
          user: r.authUser,
          realm: challenge.realm,
          password: isHa1 ? r.authHa1 : r.authPassword,
          isHa1,
        };
        await this.request(r, answer(challenge, credential, 'REGISTER', `sip:${r.remoteDomain}`), {
          callId: reply.callId,
          cseq: (reply.cseq?.number ?? 10) + 1,
          fromTag: reply.from?.tag ?? '',
        });
        return;
      }
    } else if (status === 423) {
      r.expires = reply.numberOf(HeaderId.MinExpires) ?? r.expires * 2;
    } else this.failed(r);
    r.flags &= ~(RegFlag.ongoing | RegFlag.authSent);
  }
  private failed(r: Registration): void {
    const { retrySec } = this.options;
    if (retrySec > 0) r.timerExpires = this.now + retrySec;
    else r.flags |= RegFlag.disabled;
    r.cseq = 0;
    r.flags &= ~(RegFlag.ongoing | RegFlag.authSent);
    this.server.log(-1, 'uac', `registration ${r.uuid} failed`);
  }

  shown(r: Registration): RpcStruct {
    const orNone = (text: string) => (text === '' ? 'none' : text);
    return new RpcStruct({
      l_uuid: r.uuid,
      l_username: r.localUser,
      l_domain: r.localDomain,
      r_username: r.remoteUser,
      r_domain: r.remoteDomain,
      realm: r.realm,
      auth_username: r.authUser,
      auth_password: orNone(r.authPassword),
      auth_ha1: orNone(r.authHa1),
      auth_proxy: orNone(r.authProxy),
      expires: r.expires,
      flags: r.flags,
      diff_expires: (r.timerExpires - this.now) | 0,
      timer_expires: r.timerExpires,
      reg_init: r.createdAt,
      reg_delay: r.delay,
      contact_addr: orNone(r.contact),
      socket: r.socket,
    });
  }
  /** The record an RPC command names by attribute and value. */
  named(call: RpcCall): Registration | null {
    const [attribute, value] = [call.str(), call.text()];
    if (attribute === undefined || value === undefined) call.fault(400, 'Invalid Parameters');
    else if (attribute === '' || value === '') call.fault(400, 'Invalid Parameter Values');
    else {
      const found = this.find(attribute, value);
      if (found === undefined) call.fault(400, 'Unsupported filter attribute');
      else if (found === null) call.fault(404, 'Record not found');
      return found ?? null;
    }
    return null;
  }
}
