/**
 * `save()`: what a REGISTER does to the bindings of an address-of-record (RFC 3261 §10.3), decided as Kamailio's
 * registrar does (save.c): several contacts in one request are done one after another, not all or none.
 */
import type { ListenSocket, Maybe, NameAddr, RouteContext, Verdict } from '../../runtime/sdk/index.js';
import { extractAor } from './aor.js';
import {
  allowedMethods,
  contactQ,
  expiresHeader,
  expiresParam,
  MAX_RECEIVED,
  methodMask,
  readContacts,
} from './contacts.js';
import { errors, isError, type RegistrarError } from './errors.js';
import { onRecord } from './held.js';
import type { AorRecord, Contact, ContactInfo, Domain } from './location.js';
import { outboundOf } from './outbound.js';
import { pathOf } from './path.js';
import { answer, contactHeader, prepare, type Replies } from './reply.js';
import { cfgInt } from './settings.js';
import { registeredOn } from './sockets.js';

/** Bits of the second argument. */
export const SaveFlag = { memoryOnly: 1, noReply: 2, replace: 4, noVariation: 8, prepareReply: 16 } as const;

/** All bits there are. */
export const MAX_SAVE_FLAGS = 31;

const MAX_CALL_ID = 255;
const MAX_USER_AGENT = 255;
/** Bit of a contact's flags: never written to a database. */
const MEMORY_ONLY = 1;

export interface SaveCounters {
  readonly accepted_regs: { value: number };
  readonly rejected_regs: { value: number };
}

/** What happened: 1 added, 2 refreshed, 3 removed, 4 only listed. */
interface Done {
  readonly verdict: Verdict;
  readonly contact: string;
}
interface Failed {
  readonly error: RegistrarError;
  readonly contact: string;
}

export function save(
  env: Replies,
  counters: SaveCounters,
  ctx: RouteContext,
  domain: Domain,
  flags: number,
  uri: string | undefined,
): Maybe<Verdict> {
  const saving = new Saving(env, ctx, domain, flags);
  const lost: Failed = { error: errors.database, contact: '' };
  const result = onRecord<Done | Failed>(
    env,
    ctx,
    domain,
    uri ?? ctx.msg.to?.uriText ?? '',
    () => saving.run(uri),
    lost,
    (done) => ({ error: 'error' in done ? done.error : unwritten(done.verdict), contact: '' }),
  );
  if (result instanceof Promise) return result.then((done) => finish(env, counters, ctx, flags, done));
  return finish(env, counters, ctx, flags, result);
}
/** What Kamailio says of a contact that its database does not take. */
const unwritten = (verdict: Verdict): RegistrarError =>
  verdict === 1 ? errors.contactInsert : verdict === 2 ? errors.contactUpdate : errors.database;
/** Counts, and answers when it is time for that. */
function finish(
  env: Replies,
  counters: SaveCounters,
  ctx: RouteContext,
  flags: number,
  result: Done | Failed,
): Verdict {
  const answering = ctx.kind === 'request' || ctx.kind === 'failure';
  if ('error' in result) {
    counters.rejected_regs.value++;
    prepare(ctx, result);
    if (ctx.kind === 'request' && !(flags & SaveFlag.noReply)) answer(env, ctx);
    return result.error === errors.tooMany ? -2 : -1;
  }
  counters.accepted_regs.value++;
  prepare(ctx, { contact: result.contact, error: null });
  if (!(flags & SaveFlag.noReply)) {
    if (answering && answer(env, ctx) < 0) return -1;
  } else if (flags & SaveFlag.prepareReply) {
    answer(env, ctx, true);
  }
  if (env.params.use_path !== 0 && env.params.path_mode !== 0) ctx.draft.path = null;
  return result.verdict;
}

class Saving {
  private readonly now: number;
  private host = '';
  /** Filled for the message once, then for each contact: what one contact sets of `received` and `reg-id` stays for the next. */
  private info: ContactInfo | null = null;
  private allowed = -1;
  private usesRegId = true;

  constructor(
    private readonly env: Replies,
    private readonly ctx: RouteContext,
    private readonly domain: Domain,
    private readonly flags: number,
  ) {
    this.now = env.usrloc.location.nowSec();
  }

  run(uri: string | undefined): Done | Failed {
    const { msg } = this.ctx;
    const { params, usrloc } = this.env;
    const to = msg.to;
    if (to?.uri == null) return this.fail(errors.aorParse);
    this.host = to.uri.host;
    if (msg.callId === null || msg.cseq === null) return this.fail(errors.parse);
    if (expiresHeader(msg) === null) return this.fail(errors.expiresParse);
    const wanted = readContacts(msg, params.contact_max_size);
    if (isError(wanted)) return this.fail(wanted);
    const outbound = outboundOf(params, this.ctx);
    if (isError(outbound)) return this.fail(outbound);
    this.usesRegId = outbound;
    const rules = {
      useDomain: usrloc.useDomain,
      caseSensitive: params.case_sensitive !== 0,
      realmPrefix: params.realm_prefix,
    };
    const extracted = extractAor(uri ?? to.uriText, this.ctx.grammar, rules);
    if (isError(extracted)) {
      this.ctx.log(-1, `failed to extract Address Of Record from [${uri ?? to.uriText}]`, 'registrar');
      return this.fail(extracted);
    }
    const { aor } = extracted;
    if (wanted === 'star') {
      this.domain.delete(aor);
      return { verdict: 3, contact: '' };
    }
    const record = this.domain.get(aor);
    if (wanted.length === 0) return { verdict: 4, contact: this.listing(record) };
    return record === null ? this.insertAll(aor, wanted) : this.updateAll(record, wanted);
  }

  /** A new address-of-record. */
  private insertAll(aor: string, wanted: readonly NameAddr[]): Done | Failed {
    const { domain } = this;
    const max_contacts = this.limit();
    let record: AorRecord | null = null;
    let count = 0;
    const giveUp = (error: RegistrarError): Failed => {
      if (record !== null) domain.delete(aor);
      return this.fail(error);
    };
    for (const contact of wanted) {
      const expires = this.expiresOf(contact);
      if (isError(expires)) return giveUp(expires);
      if (expires === 0) continue;
      if (max_contacts > 0 && count >= max_contacts) {
        this.ctx.log(2, `too many contacts (n:${count} max:${max_contacts}) for AOR <${aor}>`, 'registrar');
        return giveUp(errors.tooMany);
      }
      count++;
      record ??= domain.getOrCreate(aor);
      const info = this.pack(wanted, contact, expires);
      if (isError(info)) return giveUp(info);
      // The same address twice in one request: the second one refreshes the first.
      const found = domain.findInstance(record, info.uri, { ...info, cseq: info.cseq + 1 });
      if (typeof found === 'string') domain.insert(record, info);
      else domain.update(record, found, info);
    }
    return { verdict: 1, contact: this.listing(record) };
  }

  private updateAll(record: AorRecord, wanted: readonly NameAddr[]): Done | Failed {
    const { domain } = this;
    const replace = (this.flags & SaveFlag.replace) !== 0;
    const giveUp = (error: RegistrarError): Failed => {
      const contact = this.listing(record);
      domain.release(record);
      return { error, contact };
    };
    const common = this.common(wanted);
    if (isError(common)) return giveUp(common);
    if (!replace) {
      const error = this.overLimit(record, wanted, common);
      if (error !== null) return giveUp(error);
    }
    let verdict = 0;
    for (const contact of wanted) {
      const expires = this.expiresOf(contact);
      if (isError(expires)) return giveUp(expires);
      const info = this.pack(wanted, contact, expires);
      if (isError(info)) return giveUp(info);
      const found = domain.findInstance(record, info.uri, info);
      if (found === 'old') {
        this.ctx.log(-1, `invalid cseq for aor <${record.aor}>`, 'registrar');
        return giveUp(errors.invalidCSeq);
      }
      if (found === 'again') {
        if (expires !== 0 && replace) break;
        continue;
      }
      if (found === 'none') {
        if (expires === 0) continue;
        const added = domain.insert(record, info);
        verdict = 1;
        if (!replace) continue;
        this.removeOthers(record, added, () => true);
        break;
      }
      if (expires === 0) {
        domain.remove(record, found);
        verdict = 3;
        continue;
      }
      let last = false;
      if (replace) {
        this.removeOthers(record, found, () => true);
        last = true;
      }
      if (info.instance !== '' && info.callId !== found.callId) {
        this.removeOthers(record, found, (c) => c.instance === found.instance);
        last = true;
      }
      domain.update(record, found, info);
      verdict = 2;
      if (last) break;
    }
    const contact = this.listing(record);
    domain.release(record);
    return { verdict: verdict === 0 ? 1 : verdict, contact };
  }
  private removeOthers(record: AorRecord, kept: Contact, which: (c: Contact) => boolean): void {
    for (const c of record.contacts) if (c !== kept && which(c)) this.domain.remove(record, c);
  }

  private limit(): number {
    const { params } = this.env;
    return cfgInt(params, this.ctx, 'max_contacts') ?? params.max_contacts;
  }
  /** How many there would be; limits count contacts still valid. */
  private overLimit(record: AorRecord, wanted: readonly NameAddr[], info: ContactInfo): RegistrarError | null {
    const limit = this.limit();
    if (limit <= 0) return null;
    let count = record.contacts.filter((c) => c.valid(this.now)).length;
    for (const contact of wanted) {
      const expires = this.expiresOf(contact);
      if (isError(expires)) return expires;
      const found = this.domain.findInstance(record, contact.uriText, info);
      if (found === 'old') {
        this.ctx.log(-1, `invalid cseq for aor <${record.aor}>`, 'registrar');
        return errors.invalidCSeq;
      }
      if (found === 'again') continue;
      if (found === 'none') {
        if (expires !== 0) count++;
      } else if (expires === 0) {
        count--;
      }
    }
    if (count <= limit) return null;
    this.ctx.log(2, `too many contacts for AOR <${record.aor}> (n:${count} max:${limit})`, 'registrar');
    return errors.tooMany;
  }

  /** Absolute seconds; 0 removes the binding. */
  private expiresOf(contact: NameAddr): number | RegistrarError {
    const { params } = this.env;
    const given = cfgInt(params, this.ctx, 'expires') ?? -1;
    const own = expiresParam(contact);
    const asked = given >= 0 ? given : own.present ? own.value : (expiresHeader(this.ctx.msg) ?? -1);
    const unusable = asked === null || (asked < 0 && !own.present);
    let value = unusable ? params.default_expires : asked;
    const range = given >= 0 ? 0 : unusable ? params.default_expires_range : params.expires_range;
    if (value === 0) return 0;
    // The limits are unsigned, the time is a signed 32-bit number: what is too large is over at once, as in Kamailio.
    if (value >>> 0 < params.min_expires) {
      if (params.min_expires_mode !== 0) return errors.lowExpires;
      value = params.min_expires;
    }
    if (!(this.flags & SaveFlag.noVariation)) {
      value = this.varied(value, range);
      if (value >>> 0 < params.min_expires) value = params.min_expires;
    }
    if (params.max_expires !== 0 && value >>> 0 > params.max_expires) value = params.max_expires;
    return (value + this.now) | 0;
  }
  /** Shorter by up to `range` per cent. */
  private varied(value: number, range: number): number {
    if (range === 0) return value;
    const least = Math.trunc(value - (range / 100) * value);
    const share = (this.ctx.server.env.random.uint32() % 100) / 100;
    return least + Math.trunc(share * (value - least));
  }

  /** What all contacts of the message share. */
  private common(wanted: readonly NameAddr[]): ContactInfo | RegistrarError {
    const { ctx } = this;
    const { msg, draft } = ctx;
    const { params, usrloc } = this.env;
    const callId = msg.callId ?? '';
    if (callId.length > MAX_CALL_ID) return errors.callIdLength;
    const userAgent = msg.userAgent;
    let path = '';
    let received = '';
    if (params.use_path !== 0) {
      const found = pathOf(msg, params.path_use_received !== 0);
      if (isError(found)) return found;
      ({ path, received } = found);
      if (path !== '' && params.path_mode !== 0) draft.path = path;
    }
    const info: ContactInfo = {
      uri: '',
      received,
      path,
      expires: 0,
      q: params.default_q,
      callId,
      cseq: msg.cseq?.number ?? 0,
      flags: this.flags & SaveFlag.memoryOnly ? MEMORY_ONLY : 0,
      cflags: (draft.branchFlags | (received === '' ? 0 : usrloc.natFlag)) >>> 0,
      userAgent: userAgent !== null && userAgent !== '' && userAgent.length < MAX_USER_AGENT ? userAgent : 'n/a',
      socket: this.socket(),
      methods: 0,
      instance: '',
      regId: 0,
      serverId: usrloc.serverId,
      connectionId: msg.received.proto === 'udp' || msg.received.proto === 'sctp' ? -1 : msg.received.connectionId,
      ruid: '',
      lastModified: this.now,
      xavp: usrloc.xavpOf(ctx),
    };
    if (wanted[0] && this.identify(info, wanted[0]) !== null) return errors.unexplained;
    this.info = info;
    return info;
  }
  private pack(wanted: readonly NameAddr[], contact: NameAddr, expires: number): ContactInfo | RegistrarError {
    const info = this.info ?? this.common(wanted);
    if (isError(info)) return info;
    const set = cfgInt(this.env.params, this.ctx, 'q');
    const q = set === null ? contactQ(contact, this.env.params.default_q) : set >= 0 && set <= 1000 ? set : null;
    if (q === null) return errors.invalidQ;
    const methods = contact.param('methods');
    const mask = methods === null ? this.allow() : methodMask(methods);
    if (mask === null) return errors.parse;
    info.uri = contact.uriText;
    info.q = q;
    info.expires = expires;
    info.methods = mask;
    if (info.received === '') {
      const received = contact.param('received') ?? this.receivedAvp();
      if (received.length > MAX_RECEIVED) return errors.contactLength;
      info.received = received;
    }
    info.instance = '';
    const error = this.identify(info, contact);
    if (error !== null) return error;
    info.ruid = this.env.usrloc.nextRuid();
    return info;
  }
  /** `+sip.instance` and, with it, `reg-id` (RFC 5626 §4.2). */
  private identify(info: ContactInfo, contact: NameAddr): RegistrarError | null {
    const instance = contact.param('+sip.instance');
    if (instance === null || instance === '') return null;
    info.instance = instance;
    const regId = this.usesRegId ? contact.param('reg-id') : null;
    if (regId === null || regId === '') return null;
    const number = /^[0-9]{1,10}$/.test(regId) ? Number(regId) : 0;
    if (number === 0) return errors.invalidRegId;
    info.regId = number;
    return null;
  }
  private socket(): ListenSocket {
    return registeredOn(this.env.params, this.ctx);
  }
  private receivedAvp(): string {
    const value = this.env.params.received_avp?.get(this.ctx) ?? null;
    return typeof value === 'string' ? value : '';
  }
  private allow(): number {
    if (this.allowed < 0) this.allowed = allowedMethods(this.ctx.msg);
    return this.allowed;
  }
  private listing(record: AorRecord | null): string {
    return contactHeader(this.env, this.ctx, record?.contacts ?? [], this.host);
  }
  private fail(error: RegistrarError): Failed {
    return { error, contact: '' };
  }
}
