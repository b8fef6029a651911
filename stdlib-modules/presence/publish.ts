/**
 * PUBLISH (RFC 3903 §6): a state is stored under an entity-tag, refreshed, changed or withdrawn by it, and those who watch are told.
 */
import { HeaderId, parseUri, type RouteContext, type Verdict } from '../../runtime/sdk/index.js';
import {
  attributeOf,
  childNamed,
  childrenOf,
  contentOf,
  firstNamed,
  isElement,
  nameOf,
  parseXml,
} from '../../runtime/sdk/xml.js';
import { type Package, parseEvent } from './events.js';
import { fieldOf, notifyPublished, roundOf, sameUri } from './notify.js';
import { Refused, refusals, refuse } from './reply.js';
import { complain, nowOf, PublishCache, type World } from './settings.js';
import type { PublishedState, StateKey } from './states.js';
import { uriOf } from './subscription.js';

/** Priorities count from 2015-01-01 (presentity.c, PRES_PRIORITY_TBASE). */
const PRIORITY_EPOCH_SEC = 1_420_070_400;
const MAX_SENDER = 253;
/** Marks what was withdrawn until the notifiers have told everybody. */
export const OFFLINE_ETAG = '*#-OFFLINE-#*';

/** What is published. */
export interface Publication extends StateKey {
  readonly presUri: string;
  readonly package: Package;
  /** Seconds; -1: hard state. */
  readonly expires: number;
  readonly sender: string | null;
  readonly priority: number;
  /** '': none came. */
  readonly body: string;
  readonly isNew: boolean;
}

export async function handlePublish(world: World, ctx: RouteContext, sender: string | null): Promise<Verdict> {
  const answer = { sent: false };
  try {
    const publication = read(world, ctx, sender);
    if (
      publication.body !== '' &&
      publication.package.spec?.accepts?.(ctx, publication.body.slice(0, ctx.msg.contentLength ?? 0)) === false
    )
      throw new Refused(refusals.server);
    await world.locks.hold(publication.presUri, () => store(world, ctx, publication, answer));
    return 1;
  } catch (error) {
    const known = error instanceof Refused;
    if (!known) ctx.log(-1, `PUBLISH failed: ${String(error)}`, 'presence');
    if (!answer.sent) refuse(world, ctx, known ? error.refusal : refusals.server);
    return -1;
  }
}

function read(world: World, ctx: RouteContext, sender: string | null): Publication {
  const { msg } = ctx;
  const { settings } = world;
  world.requests++;
  const value = msg.headerValue(HeaderId.Event);
  if (!value) throw new Refused(refusals.badEvent);
  const name = parseEvent(value);
  if (name === null) throw new Refused(refusals.badRequest);
  const event = world.packages.find(name);
  if (event?.spec == null) {
    ctx.log(1, `unsupported event package: ${value}`, 'presence');
    throw new Refused(refusals.badEvent);
  }
  const match = msg.headerValue('SIP-If-Match');
  const asked = expiresOf(ctx) ?? event.spec.defaultExpires;
  const uri = ctx.requestUri;
  if (uri === null || msg.contentLength === null) throw new Refused(refusals.badRequest);
  const body = msg.contentLength === 0 ? '' : msg.body;
  if (body === '' && match === null) throw new Refused(refusals.invalid);
  if (sender !== null) {
    if (sender.length > MAX_SENDER) throw new Refused(refusals.server);
    if (parseUri(sender, ctx.grammar) === null) throw new Refused(refusals.badRequest);
  }
  const user = uri.user ?? '';
  const given = fieldOf(ctx, settings.xavpCfg, 'priority');
  return {
    user,
    domain: uri.host,
    presUri: uriOf(user, uri.host),
    package: event,
    event: event.name,
    etag: match ?? newEtag(world, 0),
    isNew: match === null,
    expires: Math.min(asked, settings.maxExpires),
    sender,
    priority: settings.xavpCfg === '' ? 0 : (given ?? nowOf(world) - PRIORITY_EPOCH_SEC),
    body,
  };
}
/** Seconds in Expires; null when there is none. Of what is no number the leading digits count, as in Kamailio (parse_expires.c). */
export function expiresOf(ctx: RouteContext): number | null {
  const text = ctx.msg.headerValue(HeaderId.Expires);
  if (!text) return null;
  return text.length > 10 ? 0 : Number(/^\d*/.exec(text)?.[0] ?? 0) >>> 0;
}

/** What another node says of a state: how all name it, the entity-tag it has now ('': its own), and when it came. */
interface Told {
  readonly ruid: string;
  readonly etag: string;
  readonly receivedTime: number;
}
type Named = Pick<Publication, 'user' | 'domain' | 'etag' | 'expires' | 'sender' | 'isNew' | 'body'>;
export const publicationTold = (world: World, event: Package, named: Named): Publication => ({
  ...named,
  presUri: uriOf(named.user, named.domain),
  package: event,
  event: event.name,
  priority: world.settings.xavpCfg === '' ? 0 : nowOf(world) - PRIORITY_EPOCH_SEC,
});
/** As the PUBLISH that another node had: nobody is answered, and no other node is told. */
export const storeTold = (world: World, p: Publication, told: Told): Promise<void> =>
  world.locks.hold(p.presUri, async () => {
    const same = p.isNew
      ? undefined
      : (await world.states.list(p.user, p.domain, p.event, null)).find((s) => s.ruid === told.ruid);
    await store(world, null, same === undefined ? p : { ...p, etag: same.etag }, { sent: false }, told);
  });

const newEtag = (world: World, version: number): string =>
  `a.${world.startedSec}.${world.server.info.pid}.${world.requests}.${version}`;
/** The tag after this one: its last number grows. */
function nextEtag(world: World, etag: string): string {
  const version = /\.(\d{1,9})$/.exec(etag)?.[1];
  if (version === undefined) throw new Refused(refusals.server);
  return newEtag(world, Number(version) + 1);
}

/** `ctx` null: not published by a message, nobody is answered. */
async function store(
  world: World,
  ctx: RouteContext | null,
  p: Publication,
  answer: { sent: boolean },
  told: Told | null = null,
): Promise<void> {
  const { states } = world;
  const replica = told === null && world.settings.cluster.states ? world.replica : null;
  const rules =
    world.settings.notifiers === 0 ? ((await p.package.spec?.authorized?.rules(p.user, p.domain)) ?? null) : null;
  const accept = (etag: string) => {
    answer.sent = true;
    if (ctx === null) return;
    const left = p.expires === 0 ? 0 : p.expires - world.settings.expiresOffset;
    ctx.draft.addReplyHeader(`Expires: ${left}\r\n`);
    ctx.draft.addReplyHeader(`SIP-ETag: ${etag}\r\n`);
    if (world.sl.reply(ctx, 200, 'OK') < 0) throw new Error('the answer could not be sent');
  };
  const tell = async (off: string | null) => {
    if (told === null || !world.settings.cluster.quiet) await tellWatchers(world, p, off, rules, told !== null);
  };
  const missing = () => {
    ctx?.log(0, `no state has the entity-tag ${p.etag}`, 'presence');
    answer.sent = true;
    if (ctx !== null) refuse(world, ctx, refusals.conditional);
  };

  if (p.isNew) {
    const stored = await storeNew(world, p, told);
    accept(p.etag);
    await tell(null);
    replica?.tell(p, '', stored.ruid, stored.receivedTime);
    return;
  }
  const shared = p.package.isSharedLine;
  const old = shared || p.expires <= 0 || replica !== null ? await states.find(p) : null;
  if (old === null && (shared || p.expires <= 0)) return missing();
  if (p.expires <= 0) {
    accept(p.etag);
    await tell(p.etag);
    if (world.settings.notifiers === 0 || !(await markOffline(world, p))) await states.remove(p);
    if (world.settings.cache === PublishCache.hybrid) world.publishers.remove(p.presUri, p.package.parsed.name);
    replica?.tell(p, '', old?.ruid ?? '', nowOf(world));
    return;
  }
  if (old !== null && shared && !mayReplace(world, p, old)) return accept(p.etag);
  const etag = told?.etag || (p.package.spec?.keepsEtag ? p.etag : nextEtag(world, p.etag));
  if (p.package.isDialog && allDialogsAre((await states.find(p))?.body ?? '', 'terminated')) return accept(etag);
  const now = nowOf(world);
  const found = await states.change(p, {
    etag,
    expires: p.expires + now,
    receivedTime: told?.receivedTime || now,
    priority: p.priority,
    ...(p.body === '' ? {} : { body: p.body }),
    ...(p.sender === null ? {} : { sender: p.sender }),
  });
  if (!found) return missing();
  if (p.body !== '' && world.settings.sphere && p.package.parsed.name === 'presence')
    world.publishers.setSphere(p.presUri, p.package.parsed.name, sphereOf(p.body));
  accept(etag);
  await tell(null);
  replica?.tell(p, etag, old?.ruid ?? '', now);
}

async function storeNew(world: World, p: Publication, told: Told | null): Promise<PublishedState> {
  const { states, settings } = world;
  const now = nowOf(world);
  const state: PublishedState = {
    user: p.user,
    domain: p.domain,
    event: p.event,
    etag: p.etag,
    expires: p.expires === -1 ? -1 : p.expires + sinceOf(world, told),
    receivedTime: told?.receivedTime || now,
    priority: p.priority,
    ruid: told?.ruid || world.ruids.next(),
    sender: p.sender ?? '',
    body: p.body,
  };
  if (settings.cache === PublishCache.hybrid)
    world.publishers.add(p.presUri, p.package.parsed.name, settings.sphere ? sphereOf(p.body) : null);
  if (p.expires === -1) {
    await states.replace(state);
    return state;
  }
  // It may be told by several, to a node that joins.
  if (told !== null && !p.package.isDialog) {
    await states.replace(state);
    return state;
  }
  const dialog = p.package.isDialog ? dialogIdOf(p.body) : null;
  if (dialog !== null) {
    const others = await states.list(p.user, p.domain, p.event, null);
    const same = others.find(({ body }) => dialogIdOf(body) === dialog);
    if (same !== undefined) await states.remove(same);
  }
  await states.insert(state);
  return state;
}

/** From when on the seconds of a new state count: in memory, and told to a node that joins, from when it was published. */
function sinceOf(world: World, told: Told | null): number {
  const now = nowOf(world);
  return world.settings.cache === PublishCache.record ? Math.min(told?.receivedTime || now, now) : now;
}

async function tellWatchers(
  world: World,
  p: Publication,
  off: string | null,
  rules: string | null,
  told: boolean,
): Promise<void> {
  const { settings, rows } = world;
  if (settings.notifiers === 0)
    return notifyPublished(world, p.presUri, p.package, { body: p.body, off, rules, not: p.sender, told });
  await markWatchers(world, p.presUri, p.event, rows);
}
/** Notifiers are told which subscriptions are due; how many. */
export async function markWatchers(world: World, presUri: string, event: string, rows = world.rows): Promise<number> {
  const found = (await rows?.read({ presentity_uri: presUri, event })) ?? [];
  for (const subs of found) await rows?.set(subs, { updated: roundOf(world, subs) });
  return found.length;
}
/** What is withdrawn stays, as offline, until the notifiers have been round. False: nobody is to be told. */
export async function markOffline(world: World, key: StateKey): Promise<boolean> {
  const event = world.packages.named(key.event);
  const presUri = uriOf(key.user, key.domain);
  const watched = (await world.rows?.count(presUri, key.event)) ?? 0;
  const old = watched === 0 ? null : await world.states.find(key);
  const body = old && event?.spec?.aggregate?.(key.user, key.domain, [old.body], 0);
  if (!body) return false;
  await world.states.change(key, { etag: OFFLINE_ETAG, expires: nowOf(world), body });
  return true;
}

/** A dialog of a shared line is replaced by its own publisher only, or by another dialog. */
function mayReplace(world: World, p: Publication, old: PublishedState): boolean {
  const [now, before] = [dialogsIn(p.body), dialogsIn(old.body)];
  if (now === null || (now.length === 0 && before === null)) throw new Refused(refusals.server);
  if (now.length > 0 || before?.length === 0 || p.sender === null) return true;
  return sameUri(world, p.sender, old.sender);
}
/** Null when the body is not XML. */
function dialogsIn(body: string) {
  const root = parseXml(body)?.documentElement;
  return root ? [...childrenOf(root)].filter((node) => isElement(node) && nameOf(node) === 'dialog') : null;
}
/** `id` of the first dialog. */
function dialogIdOf(body: string): string | null {
  const first = dialogsIn(body)?.[0];
  return isElement(first) ? attributeOf(first, 'id') : null;
}
function allDialogsAre(body: string, state: string): boolean {
  const dialogs = dialogsIn(body) ?? [];
  return dialogs.length > 0 && dialogs.every((dialog) => stateOfDialog(dialog) === state);
}
const stateOfDialog = (dialog: Parameters<typeof childNamed>[0]): string | null => {
  const state = childNamed(dialog, 'state');
  return state && contentOf(state);
};

/** RFC 4480 §3.11. */
export function sphereOf(body: string): string | null {
  const doc = parseXml(body);
  const node = doc && (firstNamed(doc.firstChild, 'sphere', 'rpid') ?? firstNamed(doc.firstChild, 'sphere', 'r'));
  return node ? contentOf(node) : null;
}
/** The sphere the presentity is in; null: it tells none. */
export async function currentSphere(world: World, presUri: string): Promise<string | null> {
  const { settings, states, publishers } = world;
  const uri = parseUri(presUri, world.server.grammar);
  if (!settings.sphere || uri === null) return null;
  if (settings.cache === PublishCache.hybrid) {
    const known = publishers.sphere(presUri, 'presence');
    if (known !== undefined) return known;
  }
  const body = (await states.list(uri.user ?? '', uri.host, 'presence', null)).at(-1)?.body ?? '';
  return body === '' ? null : sphereOf(body);
}

/** A document kept elsewhere is the presentity's state from now on, or no longer (pidf-manipulation, RFC 4827). */
export async function updateHardState(
  world: World,
  presUri: string,
  event: Package,
  fileUri: string,
  fileName: string,
): Promise<boolean> {
  const uri = parseUri(presUri, world.server.grammar);
  if (event.spec?.hardState === undefined || uri === null) return false;
  const user = uri.user ?? '';
  const body = await event.spec.hardState(user, uri.host, fileUri);
  const p: Publication = {
    user,
    domain: uri.host,
    presUri: uriOf(user, uri.host),
    package: event,
    event: event.name,
    etag: fileName,
    isNew: body !== null,
    expires: -1,
    sender: null,
    priority: 0,
    body: body ?? '',
  };
  if (body !== null && parseXml(body) === null) {
    complain(world, `the document ${fileName} of ${presUri} is not XML`);
    return false;
  }
  await world.locks.hold(p.presUri, () => store(world, null, p, { sent: false }));
  return true;
}
