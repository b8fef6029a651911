/** What auth does for itself and for modules that know where passwords are (auth_db): find, judge and challenge. */
import {
  type Counter,
  type Credentials,
  equalsIgnoreCase,
  type HeaderField,
  HeaderId,
  parseCredentials,
  type RouteContext,
  type SipMessage,
} from '../../runtime/sdk/index.js';
import { type Algorithm, ha1Of, responseOf, sameText } from './digest.js';
import type { Nonces } from './nonce.js';

/** Return codes of the functions (auth/api.h, auth_cfg_result). */
export const Auth = {
  ok: 1,
  error: -1,
  badPassword: -2,
  unknownUser: -3,
  stale: -4,
  noCredentials: -5,
  reused: -6,
  mismatch: -8,
} as const;

/** Which header field: of a proxy or of the server itself. */
export type Side = 'proxy' | 'www';

export type Judged =
  /** Go on with the password of `credentials.username`. */
  | { readonly verdict: null; readonly credentials: Credentials; readonly field: HeaderField; readonly realm: string }
  /** Decided. */
  | { readonly verdict: number };

export interface AuthApi {
  /** Finds credentials for the realm and judges all but the password. */
  judge(ctx: RouteContext, realm: string, side: Side): Judged;
  /** Compares with what `ha1` (hex) gives: ok, badPassword or error. */
  compare(ctx: RouteContext, credentials: Credentials, method: string, ha1: string): number;
  /** By the algorithm that counts for the message. */
  ha1(msg: SipMessage, user: string, realm: string, password: string): string;
  /** After a success. */
  accepted(ctx: RouteContext, credentials: Credentials, ha1: string): void;
  /** The credentials a function accepted as those of the realm it asked for; null when none did. */
  authorized(msg: SipMessage): Credentials | null;
  identityHolds: typeof identityHolds;
}

/** What was refused, for the statistics. */
export type Refusals = Readonly<Record<'bad_credentials' | 'stale_nonces' | 'reused_nonces', Counter>>;

export interface AuthSettings {
  readonly algorithm: Algorithm;
  readonly realmPrefix: string;
  readonly checksRegister: number;
  readonly checksNoDialog: number;
  readonly checksInDialog: number;
  readonly authInfo: boolean;
  /** `Name` of the challenge's header field. */
  readonly headers: Readonly<Record<Side, string>>;
  /** '' writes none. */
  readonly algorithmShown: string;
  readonly oneTime: boolean;
}

/** The user asked for has to be the one of From, of To in REGISTER and PUBLISH, and there From has to be To. */
export function identityHolds(ctx: RouteContext, user: string, withDomain: boolean, forwarded = false): boolean {
  const { msg } = ctx;
  const from = msg.from?.uri;
  const to = msg.to?.uri;
  if (!from) return false;
  const owned = msg.method === 'REGISTER' || msg.method === 'PUBLISH';
  if (owned && !to) return false;
  const fromUser = from.user ?? '';
  if (!forwarded && user !== ((owned ? to?.user : fromUser) ?? '')) return false;
  if (!owned) return true;
  if (fromUser !== (to?.user ?? '') || (withDomain && from.host !== to?.host)) return false;
  if (msg.method !== 'PUBLISH') return true;
  const uri = ctx.requestUri;
  return uri !== null && fromUser === (uri.user ?? '') && (!withDomain || from.host === uri.host);
}

const unasked = new Set(['ACK', 'CANCEL', 'PRACK']);
const fieldIds = { proxy: HeaderId.ProxyAuthorization, www: HeaderId.Authorization } as const;

export class Digest implements AuthApi {
  readonly identityHolds = identityHolds;
  /** Set by auth_algorithm(), for its message. */
  readonly #algorithms = new WeakMap<SipMessage, Algorithm>();
  /** Set at the start. */
  refusals: Refusals | null = null;
  readonly #marked = new WeakMap<SipMessage, { field: HeaderField; credentials: Credentials }[]>();

  constructor(
    readonly nonces: Nonces,
    readonly settings: AuthSettings,
    private readonly nowSec: () => number,
  ) {}

  stripRealm(realm: string): string {
    const { realmPrefix } = this.settings;
    return realmPrefix !== '' && realm.startsWith(realmPrefix) ? realm.slice(realmPrefix.length) : realm;
  }

  /** From now on this message is challenged and judged by another algorithm. */
  choose(msg: SipMessage, algorithm: Algorithm): void {
    this.#algorithms.set(msg, algorithm);
  }
  #algorithm(msg: SipMessage): Algorithm {
    return this.#algorithms.get(msg) ?? this.settings.algorithm;
  }
  #refuse(name: keyof Refusals, verdict: number): number {
    if (this.refusals !== null) this.refusals[name].value++;
    return verdict;
  }

  /** The field with that realm; 'broken' when one before it cannot be read. */
  find(msg: SipMessage, realm: string, side: Side): { field: HeaderField; credentials: Credentials } | 'broken' | null {
    for (const field of msg.headersOf(fieldIds[side])) {
      const credentials = parseCredentials(field.value);
      if (credentials === null) {
        if (/^digest\b/i.test(field.value.trimStart())) return 'broken';
      } else if (equalsIgnoreCase(credentials.realm, realm)) return { field, credentials };
    }
    return null;
  }

  judge(ctx: RouteContext, written: string, side: Side): Judged {
    const { msg } = ctx;
    // No response can challenge an ACK, and a CANCEL has to keep the CSeq it cancels.
    if (unasked.has(msg.method)) return { verdict: Auth.ok };
    const realm = this.stripRealm(written);
    const found = this.find(msg, realm, side);
    if (found === 'broken') {
      ctx.log(-1, 'credentials cannot be read', 'auth');
      return { verdict: this.#refuse('bad_credentials', Auth.error) };
    }
    if (found === null) return { verdict: Auth.noCredentials };
    const marks = this.#marked.get(msg) ?? [];
    this.#marked.set(msg, [...marks, found]);
    const { credentials } = found;
    if (!complete(credentials)) {
      ctx.log(-1, 'credentials are not complete', 'auth');
      return { verdict: this.#refuse('bad_credentials', Auth.error) };
    }
    const { nonce, nc } = credentials;
    switch (this.nonces.check(nonce, nc, this.nowSec(), this.checksOf(msg), msg)) {
      case 'ok':
        return { verdict: null, ...found, realm };
      case 'stale':
        return { verdict: this.#refuse('stale_nonces', Auth.stale) };
      case 'reused':
        return { verdict: this.#refuse('reused_nonces', Auth.reused) };
      case 'invalid':
        return { verdict: this.#refuse('bad_credentials', Auth.error) };
    }
  }

  compare(ctx: RouteContext, credentials: Credentials, method: string, ha1: string): number {
    const expected = responseOf(this.#algorithm(ctx.msg), ha1, credentials, method, ctx.msg.body);
    if (credentials.response.length !== expected.length) return this.#refuse('bad_credentials', Auth.error);
    return sameText(expected, credentials.response) ? Auth.ok : this.#refuse('bad_credentials', Auth.badPassword);
  }
  ha1(msg: SipMessage, user: string, realm: string, password: string): string {
    return ha1Of(this.#algorithm(msg), user, realm, password);
  }

  /** RFC 7616 §3.5: the response shows that this side knows the password too, and names the next nonce. */
  accepted(ctx: RouteContext, credentials: Credentials, ha1: string): void {
    if (!this.settings.authInfo) return;
    const { msg } = ctx;
    const next = this.settings.oneTime ? this.nonces.make(this.nowSec(), this.checksOf(msg), msg) : credentials.nonce;
    const proof = responseOf(this.#algorithm(msg), ha1, credentials, '', msg.body);
    const { qop, cnonce, nc } = credentials;
    const text = `Authentication-Info: nextnonce="${next}", qop=${qop}, rspauth="${proof}", cnonce="${cnonce}", nc=${nc}\r\n`;
    ctx.draft.replyPieces = [...ctx.draft.replyPieces, { kind: 'header', text }];
  }

  authorized(msg: SipMessage): Credentials | null {
    return this.markedField(msg)?.credentials ?? null;
  }
  /** Authorization before Proxy-Authorization. */
  markedField(msg: SipMessage): { field: HeaderField; credentials: Credentials } | null {
    const marks = this.#marked.get(msg) ?? [];
    return marks.find(({ field }) => field.id === HeaderId.Authorization) ?? marks[0] ?? null;
  }

  checksOf(msg: SipMessage): number {
    const { checksRegister, checksInDialog, checksNoDialog } = this.settings;
    if (msg.method === 'REGISTER') return checksRegister;
    return msg.to?.tag ? checksInDialog : checksNoDialog;
  }

  /** The whole line of a challenge. `msg` null: with no part of the request in the nonce. */
  challenge(msg: SipMessage | null, written: string, side: Side, qop: string, stale: boolean): string {
    const realm = this.stripRealm(written);
    const checks = msg === null ? 0 : this.checksOf(msg);
    const nonce = this.nonces.make(this.nowSec(), checks, msg);
    const { headers } = this.settings;
    const algorithmShown = (msg !== null && this.#algorithms.get(msg)) || this.settings.algorithmShown;
    return [
      `${headers[side]}: Digest realm="${realm}", nonce="${nonce}"`,
      qop === '' ? '' : `, qop="${qop}"`,
      stale ? ', stale=true' : '',
      algorithmShown === '' ? '' : `, algorithm=${algorithmShown}`,
      '\r\n',
    ].join('');
  }
}

function complete(c: Credentials): boolean {
  if ([c.username, c.realm, c.nonce, c.uri, c.response].includes('')) return false;
  const counted = /^auth(?:-int)?$/i.test(c.qop);
  return !counted || (c.cnonce !== '' && c.nc !== '');
}
