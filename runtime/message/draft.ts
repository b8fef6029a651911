/**
 * What a script run has decided about a message: where it goes and how it is edited. Made with the message, cloned for
 * the transaction, for each branch and for each failure route; the message itself never changes.
 */
import type { ListenSocket, SecureTarget } from '../transport/types.js';
import { Edits } from './edit.js';

/** A further target (`append_branch()`, `lookup()`). */
export interface BranchTarget {
  uri: string;
  dstUri: string | null;
  path: string | null;
  /** Times 1000, as location keeps it; -1 when not set (`Q_UNSPECIFIED`). */
  q: number;
  flags: number;
  socket: ListenSocket | null;
  instance: string | null;
  regId: number;
  ruid: string | null;
  locationUa: string | null;
}

/** A header field (or body) to add to responses we make ourselves. */
export interface ReplyPiece {
  readonly kind: 'header' | 'body';
  readonly text: string;
}

/** Marks that modules leave on a message for each other. */
export const MessageMark = { uacFrom: 1, uacTo: 2, uacAuth: 4, applyChanges: 8, uacReply: 16 } as const;

/** Shared: lists are replaced, never changed in place. */
const NO_PIECES: readonly ReplyPiece[] = [];
const NO_TARGETS: readonly BranchTarget[] = [];
const NO_FLAGS: readonly [number, number] = [0, 0];

export class Draft {
  private newUri: string | null = null;
  /** The Request-URI has not been relayed to yet: a relay takes it into the target set (Kamailio's forking state). */
  uriIsNew = true;
  /** `$du`. */
  dstUri: string | null = null;
  /** Path vector: Route values put into the forwarded request. */
  path: string | null = null;
  sendSocket: ListenSocket | null = null;
  edits: Edits = Edits.empty();
  /** `append_to_reply()` and the like: whole lines with their line ends. */
  replyPieces: readonly ReplyPiece[] = NO_PIECES;
  /** Message flags, 32 bits. */
  flags = 0;
  /** Further flags: `$xflags`, two words of 32 bits. */
  xflags: readonly [number, number] = NO_FLAGS;
  /** Flags of the first branch (`setbflag()`). */
  branchFlags = 0;
  branches: readonly BranchTarget[] = NO_TARGETS;
  q = -1;
  instance: string | null = null;
  regId = 0;
  ruid: string | null = null;
  locationUa: string | null = null;
  /** `force_rport()`: answer to the source port whatever the Via says. */
  forceRport = false;
  /** No response of ours may be sent for it: what would be answered cannot be told (FL_MSG_NOREPLY). */
  noReply = false;
  /** `add_local_rport()`: `;rport` in our own Via. */
  addLocalRport = false;
  /** `set_advertised_address()`, `set_advertised_port()`: what our Via and Record-Route show. */
  advertisedAddress: string | null = null;
  advertisedPort: string | null = null;
  /** Streams: use open connections only, for requests / for responses. */
  noConnectForward = false;
  noConnectReply = false;
  /** Streams: close after sending a request / a response. */
  closeForward = false;
  closeReply = false;
  /** Streams a request too long for a datagram may take (`udp_mtu_try_proto()`): 1 TCP, 2 TLS. */
  mtuProtos = 0;
  /** `tls_set_connect_server_id()`. */
  secure: SecureTarget | null = null;
  /** A Record-Route was added: `msg_apply_changes()` then refuses, as in Kamailio. */
  recordRouted = false;
  /** The next hop is a Route value behind one of ours (`loose_route()` sets it, `rr_next_hop_route()` asks). */
  routeIsNext = false;
  /** Parts of a multipart body were edited: its boundaries are put right when it is sent. */
  multipart = false;
  /** Bits of `MessageMark` (`msg_iflag_set()`). */
  marks = 0;
  /** Written into our Via when it is made (`via_add_xavp_params()`, `via_use_xavp_fields()`); null: nothing. */
  viaParams: (() => string) | null = null;
  /** Behind the topmost Via of a response (`via_reply_add_xavp_params()`), made here or passed on. */
  replyViaParams: (() => string) | null = null;
  viaSentBy: (() => { readonly host: string | null; readonly port: string | null }) | null = null;
  /** `;srvid=` in our Via (`via_add_srvid()`): the number of this server; 0: none. */
  viaServerId = 0;
  /** `;kvf=` in our Via (`msg_vbflag_set()`, `t_vbflag_set()`): 32 flags of the cfg's that come back with the response. */
  viaFlags = 0;
  /** Behind the branch parameter of our Via: `.cs1`, the CSeq number as it came when it leaves as another. */
  branchSuffix = '';

  /** New Request-URI; null: as received. Writing it, the same text too, makes it a target again. */
  get uri(): string | null {
    return this.newUri;
  }
  set uri(uri: string | null) {
    this.newUri = uri;
    this.uriIsNew = true;
  }

  /** Shares what is not written again; writers replace lists, never change them in place. */
  clone(): Draft {
    const d = new Draft();
    d.newUri = this.newUri;
    d.uriIsNew = this.uriIsNew;
    d.dstUri = this.dstUri;
    d.path = this.path;
    d.sendSocket = this.sendSocket;
    if (!this.edits.isEmpty) d.edits = this.edits.clone();
    d.replyPieces = this.replyPieces;
    d.flags = this.flags;
    d.xflags = this.xflags;
    d.branchFlags = this.branchFlags;
    d.branches = this.branches;
    d.q = this.q;
    d.instance = this.instance;
    d.regId = this.regId;
    d.ruid = this.ruid;
    d.locationUa = this.locationUa;
    d.forceRport = this.forceRport;
    d.noReply = this.noReply;
    d.addLocalRport = this.addLocalRport;
    d.advertisedAddress = this.advertisedAddress;
    d.advertisedPort = this.advertisedPort;
    d.noConnectForward = this.noConnectForward;
    d.noConnectReply = this.noConnectReply;
    d.closeForward = this.closeForward;
    d.closeReply = this.closeReply;
    d.mtuProtos = this.mtuProtos;
    d.secure = this.secure;
    d.recordRouted = this.recordRouted;
    d.routeIsNext = this.routeIsNext;
    d.multipart = this.multipart;
    d.marks = this.marks;
    d.viaParams = this.viaParams;
    d.replyViaParams = this.replyViaParams;
    d.viaSentBy = this.viaSentBy;
    d.viaServerId = this.viaServerId;
    d.viaFlags = this.viaFlags;
    d.branchSuffix = this.branchSuffix;
    return d;
  }

  /** Adds a line (with its line end) to the responses made from here. */
  addReplyHeader(text: string): void {
    this.replyPieces = [...this.replyPieces, { kind: 'header', text }];
  }
  setReplyBody(text: string): void {
    this.replyPieces = [...this.replyPieces.filter((p) => p.kind !== 'body'), { kind: 'body', text }];
  }
  addBranch(target: BranchTarget): void {
    this.branches = [...this.branches, target];
  }
}
