/**
 * A binding (RFC 3261 §10): one contact of an address-of-record, and what a REGISTER says about it.
 *
 * Texts are copies (`detach`): a contact lives for an hour, the datagram it came in must not.
 */
import { detach, type ListenSocket, type XavpValue } from '../../runtime/sdk/index.js';

/** `expires` of a contact that is gone but not yet collected (UL_EXPIRED_TIME). 0 is permanent. */
export const EXPIRED = 10;
/** `q` when the contact named none. */
export const Q_UNSET = -1;

/** Everything `insert` and `update` store. Times are seconds since 1970. */
export interface ContactInfo {
  uri: string;
  received: string;
  path: string;
  expires: number;
  /** Times 1000, or `Q_UNSET`. */
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
  /** -1: none. */
  connectionId: number;
  ruid: string;
  lastModified: number;
  /** `xavp_contact` as it stood at the REGISTER. */
  xavp: XavpValue | null;
}

/** Whether the database has it: not yet, as it is, or as it was. */
export const DbState = { unsaved: 0, synced: 1, dirty: 2 } as const;

export class Contact {
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
  readonly instance: string;
  readonly regId: number;
  serverId: number;
  connectionId: number;
  readonly ruid: string;
  lastModified: number;
  lastKeepalive: number;
  readonly keepalive: number;
  /** Microseconds between the last keepalive and its answer. */
  roundtrip = 0;
  xavp: XavpValue | null;
  /** A `DbState`. */
  dbState: number = DbState.unsaved;

  constructor(
    readonly aor: string,
    info: ContactInfo,
    now: number,
    natFlag: number,
  ) {
    this.uri = detach(info.uri);
    this.received = detach(info.received);
    this.path = detach(info.path);
    this.expires = info.expires;
    this.q = info.q;
    this.callId = detach(info.callId);
    this.cseq = info.cseq;
    this.flags = info.flags;
    this.cflags = info.cflags;
    this.userAgent = detach(info.userAgent);
    this.socket = info.socket;
    this.methods = info.methods;
    this.instance = detach(info.instance);
    this.regId = info.regId;
    this.serverId = info.serverId;
    this.connectionId = info.connectionId;
    this.ruid = detach(info.ruid);
    this.lastModified = info.lastModified;
    this.lastKeepalive = now;
    this.xavp = info.xavp;
    this.keepalive = (info.cflags & natFlag) !== 0 ? 1 : 0;
  }

  /** A refresh. The address changes only where the instance identifies the contact; ruid, instance and reg-id stay. */
  refresh(info: ContactInfo, now: number): void {
    if (info.instance !== '' && info.uri !== '') this.uri = keep(this.uri, info.uri);
    if (info.callId !== '') this.callId = keep(this.callId, info.callId);
    this.userAgent = keep(this.userAgent, info.userAgent);
    this.received = keep(this.received, info.received);
    this.path = keep(this.path, info.path);
    this.socket = info.socket;
    this.expires = info.expires;
    this.q = info.q;
    this.cseq = info.cseq;
    this.methods = info.methods;
    this.lastModified = info.lastModified;
    this.lastKeepalive = now;
    this.flags = info.flags;
    this.cflags = info.cflags;
    this.serverId = info.serverId;
    this.connectionId = info.connectionId;
    this.xavp = info.xavp;
  }
  /** Still a binding at `now` (seconds). */
  valid(now: number): boolean {
    return this.expires > now || this.expires === 0;
  }
}

/** The copy we already have, when it says the same. */
const keep = (old: string, fresh: string): string => (old === fresh ? old : detach(fresh));
