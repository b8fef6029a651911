/**
 * The location service in memory (RFC 3261 §10): tables of addresses-of-record, each with its contacts in the order
 * a lookup takes them. Matching and ordering rules are those of Kamailio's usrloc (urecord.c, ucontact.c).
 */
import { Contact, type ContactInfo, EXPIRED } from './contact.js';

export const matchingModes = { contactOnly: 0, contactCallId: 1, contactPath: 2, callIdOnly: 3 } as const;

export interface LocationOptions {
  readonly matchingMode: number;
  /** Newest first instead of by q. */
  readonly descTimeOrder: boolean;
  /** Seconds in which the same CSeq counts as a retransmission, not as an error. */
  readonly cseqDelay: number;
  /** Bit mask: contacts with one of these flags get keepalives. */
  readonly natFlag: number;
  /** Power of two: slots as Kamailio's table has them; only shows in ul.dump. */
  readonly slots: number;
  /** Contacts whose connection is gone are dropped. */
  readonly dropsLost: boolean;
  /** The connection of an expired contact is closed. */
  readonly closesExpired: boolean;
}
/** What the location knows of stream connections. */
export interface ConnectionWatch {
  isOpen(id: number): boolean;
  close(id: number): void;
}

/** What `find` says: the contact, none, an old CSeq, or a retransmission. */
export type Found = Contact | 'none' | 'old' | 'again';
export type LocationEvent = 'insert' | 'update' | 'delete' | 'expire';

export class AorRecord {
  /** In lookup order. Replaced, not changed: a loop over it is safe against what it calls. */
  contacts: readonly Contact[] = [];
  private hashed = -1;
  constructor(readonly aor: string) {}
  get hash(): number {
    if (this.hashed < 0) this.hashed = aorHash(this.aor);
    return this.hashed;
  }
}

export class Location {
  readonly domains = new Map<string, Domain>();
  readonly listeners: ((event: LocationEvent, contact: Contact, domain: Domain) => void)[] = [];

  constructor(
    readonly options: LocationOptions,
    readonly nowSec: () => number,
    /** Makes the statistics of a new table. */
    public opened: (domain: Domain) => void = () => undefined,
  ) {}
  /** The table of this name, made at first use. */
  domain(name: string): Domain {
    let domain = this.domains.get(name);
    if (!domain) {
      domain = new Domain(name, this);
      this.domains.set(name, domain);
      this.opened(domain);
    }
    return domain;
  }
  /** Set at the start. */
  connections: ConnectionWatch | null = null;

  /** Drops what has expired; how many. `kept` is told of each record that has contacts left. */
  collect(kept?: (record: AorRecord) => void): number {
    let count = 0;
    for (const domain of this.domains.values()) count += domain.collect(kept);
    return count;
  }
  get users(): number {
    let sum = 0;
    for (const domain of this.domains.values()) sum += domain.records.size;
    return sum;
  }
}

export class Domain {
  readonly records = new Map<string, AorRecord>();
  contactCount = 0;
  /** Contacts that ran out. */
  expiredCount = 0;
  private byHash: Map<number, readonly AorRecord[]> | null = null;

  constructor(
    readonly name: string,
    private readonly location: Location,
  ) {}
  get(aor: string): AorRecord | null {
    return this.records.get(aor) ?? null;
  }
  getOrCreate(aor: string): AorRecord {
    let record = this.records.get(aor);
    if (!record) {
      record = new AorRecord(aor);
      this.records.set(aor, record);
      this.byHash?.set(record.hash, [...(this.byHash.get(record.hash) ?? []), record]);
    }
    return record;
  }
  /** Forgets a record that has no contacts (left). */
  release(record: AorRecord): void {
    if (record.contacts.length === 0) this.forget(record);
  }
  private forget(record: AorRecord): void {
    if (!this.records.delete(record.aor) || this.byHash === null) return;
    const others = (this.byHash.get(record.hash) ?? []).filter((r) => r !== record);
    if (others.length === 0) this.byHash.delete(record.hash);
    else this.byHash.set(record.hash, others);
  }
  /** Forgets a record and its contacts; nobody is told. */
  discard(aor: string): void {
    const record = this.records.get(aor);
    if (!record) return;
    this.contactCount -= record.contacts.length;
    record.contacts = [];
    this.forget(record);
  }
  delete(aor: string): void {
    const record = this.records.get(aor);
    if (!record) return;
    for (const contact of record.contacts) this.remove(record, contact);
    this.release(record);
  }
  /** By record id and the hash of its AOR. The index is made when somebody first asks, as temporary GRUUs and keepalives do. */
  byRuid(hash: number, ruid: string): { record: AorRecord; contact: Contact } | null {
    if (this.byHash === null) {
      this.byHash = new Map();
      for (const record of this.records.values())
        this.byHash.set(record.hash, [...(this.byHash.get(record.hash) ?? []), record]);
    }
    for (const record of this.byHash.get(hash) ?? [])
      for (const contact of record.contacts) if (contact.ruid === ruid) return { record, contact };
    return null;
  }

  /** Contacts of equal q keep the order they came in; a higher q goes first. */
  insert(record: AorRecord, info: ContactInfo): Contact {
    const contact = this.place(record, info);
    this.emit('insert', contact);
    return contact;
  }
  private place(record: AorRecord, info: ContactInfo): Contact {
    const { options, nowSec } = this.location;
    const contact = new Contact(record.aor, info, nowSec(), options.natFlag);
    const list = record.contacts;
    let at = options.descTimeOrder ? 0 : list.findIndex((c) => c.q < contact.q);
    if (at < 0) at = list.length;
    record.contacts = [...list.slice(0, at), contact, ...list.slice(at)];
    this.contactCount++;
    return contact;
  }
  /** As `insert`, for what the database has: nobody is told. */
  load(record: AorRecord, info: ContactInfo): Contact {
    return this.place(record, info);
  }
  update(record: AorRecord, contact: Contact, info: ContactInfo): void {
    contact.refresh(info, this.location.nowSec());
    this.emit('update', contact);
    this.reorder(record, contact);
  }
  remove(record: AorRecord, contact: Contact): void {
    const rest = record.contacts.filter((c) => c !== contact);
    if (rest.length === record.contacts.length) return;
    this.emit('delete', contact);
    record.contacts = rest;
    this.contactCount--;
  }

  /** By address (and what `matching_mode` adds); then the CSeq has to be newer when the Call-ID is the same. */
  find(record: AorRecord, uri: string, callId: string, path: string, cseq: number): Found {
    const { matchingMode, cseqDelay } = this.location.options;
    const contact = record.contacts.find((c) => matches(c, matchingMode, uri, callId, path));
    if (!contact) return 'none';
    if (matchingMode === matchingModes.contactCallId || contact.callId === callId) {
      if (cseq < contact.cseq) return 'old';
      if (cseq === contact.cseq) {
        return contact.lastModified + cseqDelay > this.location.nowSec() ? 'again' : 'old';
      }
    }
    return contact;
  }
  /** By `+sip.instance` and `reg-id` when there is an instance (RFC 5626 §6), else by address. */
  findInstance(record: AorRecord, uri: string, info: ContactInfo): Found {
    if (info.instance === '') return this.find(record, uri, info.callId, info.path, info.cseq);
    const wanted = bare(info.instance);
    for (const c of record.contacts) {
      if (c.instance !== '' && c.regId === info.regId && bare(c.instance) === wanted) return c;
    }
    return 'none';
  }

  collect(kept?: (record: AorRecord) => void): number {
    const { location } = this;
    const now = location.nowSec();
    const { dropsLost, closesExpired } = location.options;
    const { connections } = location;
    let count = 0;
    for (const record of this.records.values()) {
      for (const contact of record.contacts) {
        const streamed = contact.connectionId !== -1 && connections !== null;
        if (dropsLost && streamed && !connections.isOpen(contact.connectionId)) contact.expires = EXPIRED;
        if (contact.valid(now)) continue;
        this.emit('expire', contact);
        if (closesExpired && streamed) connections.close(contact.connectionId);
        record.contacts = record.contacts.filter((c) => c !== contact);
        this.contactCount--;
        this.expiredCount++;
        count++;
      }
      if (record.contacts.length === 0) this.forget(record);
      else kept?.(record);
    }
    return count;
  }
  /** Records in the order Kamailio's table would show them: by slot, then by age. */
  dumpOrder(): { records: readonly AorRecord[]; longest: number } {
    const mask = this.location.options.slots - 1;
    const slots = new Map<number, AorRecord[]>();
    for (const record of this.records.values()) {
      const slot = record.hash & mask;
      const list = slots.get(slot);
      if (list) list.push(record);
      else slots.set(slot, [record]);
    }
    const records: AorRecord[] = [];
    let longest = 0;
    for (const slot of [...slots.keys()].sort((a, b) => a - b)) {
      const list = slots.get(slot) ?? [];
      longest = Math.max(longest, list.length);
      records.push(...list);
    }
    return { records, longest };
  }

  /**
   * After a refresh. A contact that is out of order goes before the first one whose q is not smaller, which in a list
   * that runs downwards is not its sorted place; Kamailio does so (update_contact_pos in ucontact.c), and it shows in
   * the order of branches.
   */
  private reorder(record: AorRecord, contact: Contact): void {
    const list = record.contacts;
    const at = list.indexOf(contact);
    if (this.location.options.descTimeOrder) {
      if (at > 0) record.contacts = [contact, ...list.filter((c) => c !== contact)];
      return;
    }
    const before = list[at - 1];
    const after = list[at + 1];
    if ((!before || contact.q <= before.q) && (!after || contact.q >= after.q)) return;
    const rest = list.filter((c) => c !== contact);
    const place = rest.findIndex((c) => c.q >= contact.q);
    const to = place < 0 ? rest.length : place;
    record.contacts = [...rest.slice(0, to), contact, ...rest.slice(to)];
  }
  private emit(event: LocationEvent, contact: Contact): void {
    for (const listener of this.location.listeners) listener(event, contact, this);
  }
}

function matches(c: Contact, mode: number, uri: string, callId: string, path: string): boolean {
  switch (mode) {
    case matchingModes.contactCallId:
      return c.uri === uri && c.callId === callId;
    case matchingModes.contactPath:
      return c.uri === uri && (path === '' || c.path === path);
    case matchingModes.callIdOnly:
      return c.callId === callId;
    default:
      return c.uri === uri;
  }
}

const bare = (instance: string): string =>
  instance.startsWith('<') && instance.endsWith('>') ? instance.slice(1, -1) : instance;

const signed = (code: number): number => (code & 0x80 ? code - 0x100 : code);

/** Kamailio's core_hash over the AOR, unsigned: `HashID` in ul.dump and part of a temporary GRUU. */
export function aorHash(aor: string): number {
  let h = 0;
  const mix = (v: number) => {
    h = (h + (v ^ (v >>> 3))) | 0;
  };
  let i = 0;
  for (; i + 4 <= aor.length; i += 4) {
    mix(
      ((aor.charCodeAt(i) << 24) +
        (signed(aor.charCodeAt(i + 1)) << 16) +
        (signed(aor.charCodeAt(i + 2)) << 8) +
        signed(aor.charCodeAt(i + 3))) |
        0,
    );
  }
  let v = 0;
  for (; i < aor.length; i++) v = ((v << 8) + signed(aor.charCodeAt(i))) | 0;
  mix(v);
  const u = h >>> 0;
  return (u + (u >>> 11) + (u >>> 13) + (u >>> 23)) >>> 0;
}
