/**
 * `lookup()` and its kin: contacts of an address-of-record into the target set (RFC 3261 §16.5), in q order; the first
 * becomes the Request-URI, the others branches.
 */
import { type BranchTarget, type Draft, parseUri, type RouteContext, type Verdict } from '../../runtime/sdk/index.js';
import { extractAor } from './aor.js';
import { isError } from './errors.js';
import type { Contact, Domain, UsrlocApi } from './location.js';
import type { RegistrarParams } from './params.js';
import { firstHop } from './path.js';
import { cfgInt, cfgText, showRecord } from './settings.js';

export interface Lookups {
  readonly params: RegistrarParams;
  readonly usrloc: UsrlocApi;
}

const bare = (instance: string) =>
  instance.startsWith('<') && instance.endsWith('>') ? instance.slice(1, -1) : instance;

export const aorRules = (env: Lookups) => ({
  useDomain: env.usrloc.useDomain,
  caseSensitive: env.params.case_sensitive !== 0,
  realmPrefix: env.params.realm_prefix,
});

/** Usable for this message: not expired (unless that is allowed), and able to take the method. */
function takes(env: Lookups, ctx: RouteContext, contact: Contact): { alive: boolean; method: boolean } {
  const alive = env.params.use_expired_contacts !== 0 || contact.valid(env.usrloc.location.nowSec());
  const method =
    env.params.method_filtering === 0 ||
    (ctx.msg.methodId & contact.methods) !== 0 ||
    (ctx.msg.to?.tag ?? null) !== null;
  return { alive, method };
}

/** Bits of `lookup_filter_mode`. */
const Filter = { branchFlags: 1, connection: 2 } as const;
/** Which contacts lookup() may use besides: by branch flags of `$xavp(cfg=>rlf_bflags)`, by an open connection. */
function filterOf(env: Lookups, ctx: RouteContext): (contact: Contact) => boolean {
  const mode = env.params.lookup_filter_mode;
  const flags = mode & Filter.branchFlags ? (cfgInt(env.params, ctx, 'rlf_bflags') ?? 0) : 0;
  const { connections } = ctx.server.transports;
  return (contact) => {
    if (flags !== 0 && (flags & contact.cflags) === 0) return false;
    return (
      !(mode & Filter.connection) || contact.connectionId <= 0 || connections.get(contact.connectionId)?.stream != null
    );
  };
}

/** -1 not found, -2 found but not for this method, -3 error. `rewrite` false: all contacts become branches. */
export function lookup(env: Lookups, ctx: RouteContext, domain: Domain, uri: string, rewrite: boolean): Verdict {
  const extracted = extractAor(uri, ctx.grammar, aorRules(env));
  if (isError(extracted)) {
    ctx.log(-1, `failed to extract address of record from [${uri}]`, 'registrar');
    return -3;
  }
  const gr = extracted.uri.param('gr');
  const found = gr === '' ? byTemporaryGruu(domain, extracted.uri.user ?? '') : domain.get(extracted.aor)?.contacts;
  if (found === 'malformed') {
    ctx.log(-1, `failed to extract temp gruu from [${uri}]`, 'registrar');
    return -3;
  }
  if (!found) return -1;
  const passes = env.params.lookup_filter_mode === 0 ? null : filterOf(env, ctx);
  let result = -1;
  let at = -1;
  for (const [i, contact] of found.entries()) {
    const { alive, method } = takes(env, ctx, contact);
    if (!alive) continue;
    if (!method) {
      result = -2;
    } else if (gr === null ? passes === null || passes(contact) : gr === '' || bare(contact.instance) === bare(gr)) {
      at = i;
      break;
    }
  }
  const first = found[at];
  if (!first) return result;
  if (rewrite) {
    if (!intoRequestUri(env, ctx, first)) return -3;
    at++;
  }
  if (gr !== null || env.params.append_branches === 0) return 1;
  for (const contact of found.slice(at)) {
    const { alive, method } = takes(env, ctx, contact);
    if (!alive || !method || (passes !== null && !passes(contact))) continue;
    const target = branchOf(env, ctx, contact);
    if (target === null) continue;
    if (ctx.draft.branches.length >= ctx.server.settings.values.max_branches - 1) {
      ctx.log(-1, 'failed to append a branch: max_branches reached', 'registrar');
      break;
    }
    ctx.draft.addBranch(target);
    env.usrloc.giveXavp(ctx, contact, ctx.draft.branches.length);
  }
  return 1;
}

/** RFC 5627 temporary GRUU as we make it: `<ruid>-<hash of the AOR, lowest hex digit first>`. */
function byTemporaryGruu(domain: Domain, user: string): readonly Contact[] | 'malformed' | undefined {
  const dash = user.lastIndexOf('-');
  if (dash < 0) return 'malformed';
  let hash = 0;
  for (let i = user.length - 1; i > dash; i--) {
    const digit = Number.parseInt(user[i] ?? '', 16);
    if (Number.isNaN(digit)) return 'malformed';
    hash = ((hash << 4) + digit) >>> 0;
  }
  const found = domain.byRuid(hash, user.slice(0, dash));
  return found === null ? undefined : [found.contact];
}

/** Where a contact is reached: the first Path hop, else the address its REGISTER came from. Null: bad Path. */
function way(env: Lookups, ctx: RouteContext, contact: Contact): { dstUri: string | null; path: string | null } | null {
  if (contact.path === '') return { dstUri: contact.received === '' ? null : contact.received, path: null };
  let path = contact.path;
  let hop = firstHop(path, ctx.grammar);
  if (hop !== null && env.params.path_check_local > 0) {
    const host = parseUri(hop.uri, ctx.grammar)?.host;
    if (host !== undefined && ctx.server.transports.isMyself(host)) {
      if (hop.rest === '') return { dstUri: contact.received === '' ? null : contact.received, path: null };
      path = hop.rest;
      hop = firstHop(path, ctx.grammar);
    }
  }
  if (hop === null) {
    ctx.log(-1, 'failed to get dst_uri for Path', 'registrar');
    return null;
  }
  return { dstUri: hop.uri, path };
}

function intoRequestUri(env: Lookups, ctx: RouteContext, contact: Contact): boolean {
  const { draft } = ctx;
  draft.uri = contact.uri;
  draft.dstUri = null;
  showRecord(env.params, ctx, contact, env.usrloc.location.nowSec());
  const to = way(env, ctx, contact);
  if (to === null) return false;
  if (to.path !== null) draft.path = to.path;
  draft.dstUri = to.dstUri;
  if (contact.instance !== '') draft.instance = contact.instance;
  draft.regId = contact.regId;
  if (contact.ruid !== '') draft.ruid = contact.ruid;
  if (contact.userAgent !== '') draft.locationUa = contact.userAgent;
  draft.q = contact.q;
  draft.branchFlags = (draft.branchFlags | contact.cflags) >>> 0;
  if (contact.socket !== null) draft.sendSocket = contact.socket;
  env.usrloc.giveXavp(ctx, contact, 0);
  return true;
}

function branchOf(env: Lookups, ctx: RouteContext, contact: Contact): BranchTarget | null {
  const to = way(env, ctx, contact);
  if (to === null) return null;
  return {
    uri: contact.uri,
    dstUri: to.dstUri,
    path: to.path,
    q: contact.q,
    flags: contact.cflags,
    socket: contact.socket,
    instance: contact.instance === '' ? null : contact.instance,
    regId: contact.instance === '' ? 0 : contact.regId,
    ruid: contact.ruid,
    locationUa: contact.userAgent,
  };
}

/** The Request-URI and every plain branch, each looked up; what they find adds up. */
export function lookupBranches(env: Lookups, ctx: RouteContext, domain: Domain): Verdict {
  const before = ctx.draft.branches;
  const first = lookup(env, ctx, domain, ctx.uri, true);
  if (before.length === 0) return first;
  const kept = keepFirst(ctx.draft);
  let any = first > 0;
  let last = first;
  for (const [i, branch] of before.entries()) {
    if (branch.dstUri !== null || branch.path !== null || branch.socket !== null || branch.flags !== 0) continue;
    clearFirst(ctx.draft);
    ctx.draft.uri = branch.uri;
    last = lookup(env, ctx, domain, branch.uri, true);
    if (last <= 0) continue;
    any = true;
    const { uri, dstUri, path, q, sendSocket, branchFlags } = ctx.draft;
    const target = { ...branch, uri: uri ?? branch.uri, dstUri, path, q, socket: sendSocket, flags: branchFlags };
    ctx.draft.branches = ctx.draft.branches.map((b, n) => (n === i ? target : b));
  }
  Object.assign(ctx.draft, kept);
  return any ? 1 : last;
}
const keepFirst = (d: Draft) => ({
  uri: d.uri,
  dstUri: d.dstUri,
  path: d.path,
  q: d.q,
  sendSocket: d.sendSocket,
  branchFlags: d.branchFlags,
  instance: d.instance,
  regId: d.regId,
  ruid: d.ruid,
  locationUa: d.locationUa,
});
function clearFirst(d: Draft): void {
  d.dstUri = null;
  d.path = null;
  d.q = -1;
  d.sendSocket = null;
  d.branchFlags = 0;
  d.instance = null;
  d.regId = 0;
  d.ruid = null;
  d.locationUa = null;
}

/** Bits of registered()'s third argument: what of `xavp_cfg` a contact has to equal. */
const Match = { callId: 1, received: 2, contact: 4 } as const;
/** Bits of its fourth. */
const MatchAction = { xavp: 1, noRecord: 2 } as const;

/** Has this address-of-record a usable contact? The first one is shown in `xavp_rcd`. */
export function registered(
  env: Lookups,
  ctx: RouteContext,
  domain: Domain,
  uri: string,
  match: number,
  action: number,
): boolean {
  const extracted = extractAor(uri, ctx.grammar, aorRules(env));
  if (isError(extracted)) {
    ctx.log(-1, `failed to extract address of record from [${uri}]`, 'registrar');
    return false;
  }
  const { params, usrloc } = env;
  const now = usrloc.location.nowSec();
  const expiredToo = params.use_expired_contacts !== 0;
  const wanted = (bit: number, name: string) => (match & bit ? cfgText(params, ctx, name) : '');
  const callId = wanted(Match.callId, 'match_callid');
  const received = wanted(Match.received, 'match_received');
  const address = wanted(Match.contact, 'match_contact');
  const found = domain
    .get(extracted.aor)
    ?.contacts.find(
      (c) =>
        (expiredToo || c.valid(now)) &&
        (callId === '' || c.callId === callId) &&
        (received === '' || c.received === received) &&
        (address === '' || c.uri === address),
    );
  if (found === undefined) return false;
  if (!(action & MatchAction.noRecord)) showRecord(params, ctx, found, now);
  if (action & MatchAction.xavp) usrloc.giveXavp(ctx, found, 0);
  return true;
}
