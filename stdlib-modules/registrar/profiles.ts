/**
 * `$ulc(profile=>attribute)`: copies of the contacts that reg_fetch_contacts() took, and of the one that
 * `event_route[usrloc:contact-expired]` is about (registrar's regpv.c). They live as long as the AVPs of the run.
 */
import type { PvIndex, RouteContext, Value } from '../../runtime/sdk/index.js';
import type { Contact } from './location.js';

export interface Profile {
  readonly aor: string;
  readonly domain: string;
  readonly aorHash: number;
  readonly contacts: readonly Contact[];
}
/** Name of the profile in the event route. */
export const EXPIRED_PROFILE = 'exp';
/** More than these in one call is a script gone wrong. */
const MAX_PROFILES = 64;

export class Profiles {
  readonly #byRun = new WeakMap<object, Map<string, Profile>>();

  set(ctx: RouteContext, name: string, profile: Profile): boolean {
    let profiles = this.#byRun.get(ctx.values);
    if (profiles === undefined) this.#byRun.set(ctx.values, (profiles = new Map()));
    if (profiles.size >= MAX_PROFILES && !profiles.has(name)) return false;
    profiles.set(name, profile);
    return true;
  }
  free(ctx: RouteContext, name: string): void {
    this.#byRun.get(ctx.values)?.delete(name);
  }
  get(ctx: RouteContext, name: string): Profile | undefined {
    return this.#byRun.get(ctx.values)?.get(name);
  }
}

/** A contact as it is now; the binding itself goes on changing. */
export const frozen = (c: Contact): Contact => Object.assign(Object.create(Object.getPrototypeOf(c)), c);

const orNull = (text: string): Value => (text === '' ? null : text);
const attributes: Readonly<Record<string, (profile: Profile, contact: Contact) => Value>> = {
  aor: (p) => p.aor,
  domain: (p) => p.domain,
  aorhash: (p) => p.aorHash,
  addr: (_, c) => c.uri,
  path: (_, c) => c.path,
  received: (_, c) => c.received,
  expires: (_, c) => c.expires,
  callid: (_, c) => c.callId,
  q: (_, c) => c.q,
  cseq: (_, c) => c.cseq,
  flags: (_, c) => c.flags,
  cflags: (_, c) => c.cflags,
  user_agent: (_, c) => c.userAgent,
  socket: (_, c) => c.socket?.sockStr ?? null,
  modified: (_, c) => c.lastModified,
  methods: (_, c) => c.methods,
  count: (p) => p.contacts.length,
  ruid: (_, c) => c.ruid,
  regid: (_, c) => c.regId,
  instance: (_, c) => orNull(c.instance),
  conid: (_, c) => (c.socket !== null && c.socket.proto !== 'udp' && c.socket.proto !== 'sctp' ? c.connectionId : null),
  server_id: (_, c) => c.serverId,
};
export const attributeNames = Object.keys(attributes);

/** `profile=>attribute` and the index of the contact; negative ones are the first. */
export function readProfile(profiles: Profiles, ctx: RouteContext, key: string, index: PvIndex): Value {
  const arrow = key.indexOf('=>');
  if (arrow < 0) return null;
  const profile = profiles.get(ctx, key.slice(0, arrow));
  const contact = profile?.contacts[typeof index === 'number' && index > 0 ? index : 0];
  if (profile === undefined || contact === undefined) return null;
  return attributes[key.slice(arrow + 2)]?.(profile, contact) ?? null;
}
