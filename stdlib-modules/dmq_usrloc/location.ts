/** What dmq_usrloc uses of usrloc. */
import type { ListenSocket } from '../../runtime/sdk/index.js';

/** A contact as other nodes are told of it, and told us. Times are seconds since 1970. */
export interface ContactInfo {
  readonly uri: string;
  readonly received: string;
  readonly path: string;
  readonly expires: number;
  readonly q: number;
  readonly callId: string;
  readonly cseq: number;
  readonly flags: number;
  readonly cflags: number;
  readonly userAgent: string;
  readonly socket: ListenSocket | null;
  readonly methods: number;
  readonly instance: string;
  readonly regId: number;
  readonly serverId: number;
  readonly connectionId: number;
  readonly ruid: string;
  readonly lastModified: number;
  readonly xavp: null;
}
export type Contact = Omit<ContactInfo, 'xavp' | 'connectionId'> & { readonly aor: string };
export interface AorRecord {
  readonly contacts: readonly Contact[];
}
export interface Domain {
  get(aor: string): AorRecord | null;
  getOrCreate(aor: string): AorRecord;
  release(record: AorRecord): void;
  byRuid(hash: number, ruid: string): { readonly record: AorRecord; readonly contact: Contact } | null;
  insert(record: AorRecord, info: ContactInfo): Contact;
  update(record: AorRecord, contact: Contact, info: ContactInfo): void;
  remove(record: AorRecord, contact: Contact): void;
  /** The contact; else that there is none, or that this is an old or a repeated REGISTER. */
  find(record: AorRecord, uri: string, callId: string, path: string, cseq: number): Contact | 'none' | 'old' | 'again';
  dumpOrder(): { readonly records: readonly AorRecord[] };
}
export interface UsrlocApi {
  readonly location: {
    domain(name: string): Domain;
    readonly listeners: ((event: string, contact: Contact, domain: Domain) => void)[];
  };
  aorHash(aor: string): number;
  /** The record is the database's: it is read, and written when it is released. */
  hold(table: string, aor: string): Promise<{ release(): Promise<boolean> }> | null;
}
