/** What this module uses of usrloc's API and of sl's. */
import type { ListenSocket, RouteContext, Verdict, XavpValue } from '../../runtime/sdk/index.js';

/** `q` when a contact names none. */
export const Q_UNSET = -1;

export interface ContactInfo {
  uri: string;
  received: string;
  path: string;
  expires: number;
  q: number;
  callId: string;
  cseq: number;
  flags: number;
  cflags: number;
  userAgent: string;
  socket: ListenSocket | null;
  methods: number;
  instance: string;
  regId: number;
  serverId: number;
  connectionId: number;
  ruid: string;
  lastModified: number;
  xavp: XavpValue | null;
}
export interface Contact extends Readonly<Omit<ContactInfo, 'flags'>> {
  readonly aor: string;
  flags: number;
  valid(now: number): boolean;
}
export interface AorRecord {
  readonly aor: string;
  readonly contacts: readonly Contact[];
}
/** The contact, none, an older CSeq than known, or the same one again. */
export type Found = Contact | 'none' | 'old' | 'again';

export interface Domain {
  readonly name: string;
  get(aor: string): AorRecord | null;
  getOrCreate(aor: string): AorRecord;
  release(record: AorRecord): void;
  delete(aor: string): void;
  byRuid(hash: number, ruid: string): { record: AorRecord; contact: Contact } | null;
  insert(record: AorRecord, info: ContactInfo): Contact;
  update(record: AorRecord, contact: Contact, info: ContactInfo): void;
  remove(record: AorRecord, contact: Contact): void;
  findInstance(record: AorRecord, uri: string, info: ContactInfo): Found;
}
export interface UsrlocApi {
  readonly location: {
    domain(name: string): Domain;
    nowSec(): number;
    readonly listeners: ((event: string, contact: Contact, domain: Domain) => void)[];
  };
  readonly useDomain: boolean;
  readonly natFlag: number;
  readonly serverId: number;
  aorHash(aor: string): number;
  nextRuid(): string;
  /** A copy of usrloc's `xavp_contact` as it is in this run. */
  xavpOf(ctx: RouteContext): XavpValue | null;
  /** Gives the run the copy kept with a contact, as the `index`-th of its name. */
  giveXavp(ctx: RouteContext, contact: { readonly xavp: XavpValue | null }, index: number): void;
  setCaseSensitive(on: boolean): void;
  /** A record may have to be read from the database, or written. */
  readonly waits: boolean;
  /** Where the database has the records: this one, to work on until it is released. Rejects when it cannot be read. */
  hold(table: string, aor: string): Promise<Held> | null;
  /** Changes of the record that are being written; false when the database cannot hold them. */
  written(table: string, aor: string): Promise<boolean> | null;
}
interface Held {
  /** False when a change could not be written. */
  release(): Promise<boolean>;
}
export interface SlApi {
  reply(ctx: RouteContext, status: number, reason: string): Verdict;
}
