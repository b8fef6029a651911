/** SUBSCRIBE (RFC 6665 §4.2.1): a dialog is made, refreshed or ended, answered, and its NOTIFY sent. */
import { bracket, HeaderId, type RouteContext, type SipMessage, type Verdict } from '../../runtime/sdk/index.js';
import { standingOf } from './authorization.js';
import { type Package, parseEvent } from './events.js';
import { notify, notifyAll, removeSubscription, roundOf, SUBS } from './notify.js';
import { expiresOf } from './publish.js';
import { Refused, refusals, refuse } from './reply.js';
import { nowOf, SubsMode, type World } from './settings.js';
import { RowState, Status, type Subscription, uriOf } from './subscription.js';

const MAX_USER_AGENT = 255;
/** RFC 6665 §4.2.1.3 and what can be kept in the table: longer values are not stored. */
const MAX_FIELD = { contact: 255, recordRoute: 4096, tag: 128, callId: 255 } as const;

export async function handleSubscribe(
  world: World,
  ctx: RouteContext,
  watcher: { readonly user: string; readonly domain: string },
): Promise<Verdict> {
  ctx.data.delete(SUBS);
  const answer = { sent: false };
  try {
    const { subs, isNew } = read(world, ctx, watcher);
    if (isNew && !subs.event.isSharedLine) {
      const uri = ctx.requestUri;
      if (uri === null) return -1;
      subs.presUri = uriOf(uri.user ?? '', uri.host);
    }
    const stored = isNew ? null : await findStored(world, subs);
    const presUri = stored?.presUri ?? subs.presUri;
    await world.locks.hold(presUri, () => settle(world, ctx, subs, isNew, answer));
    return 1;
  } catch (error) {
    const known = error instanceof Refused;
    if (!known) ctx.log(-1, `SUBSCRIBE failed: ${String(error)}`, 'presence');
    if (!answer.sent) refuse(world, ctx, known ? error.refusal : refusals.server);
    return -1;
  }
}

async function settle(
  world: World,
  ctx: RouteContext,
  subs: Subscription,
  isNew: boolean,
  answer: { sent: boolean },
): Promise<void> {
  const { settings } = world;
  subs.bySubscribe = true;
  if (isNew) {
    const standing = await standingOf(world, subs);
    if (standing === null) throw new Refused(refusals.server);
    subs.status = standing.status;
    subs.reason = standing.reason;
  } else takeStored(world, subs, await findStored(world, subs));
  if (settings.keepLast) ctx.data.set(SUBS, { ...subs });
  if (settings.notifiers > 0 && !settings.fastNotify) await leaveToNotifiers(world, ctx, subs, isNew, answer);
  else await update(world, ctx, subs, isNew, answer);
}

// ---------------------------------------------------------------------------------------------------------------
// Reading

function read(
  world: World,
  ctx: RouteContext,
  watcher: { readonly user: string; readonly domain: string },
): { readonly subs: Subscription; readonly isNew: boolean } {
  const { msg } = ctx;
  const { settings } = world;
  world.requests++;
  const value = msg.headerValue(HeaderId.Event);
  if (!value) throw new Refused(refusals.badEvent);
  const name = parseEvent(value);
  if (name === null) throw new Refused(refusals.badRequest);
  const event = world.packages.find(name) ?? packageBeside(world, value);
  if (event?.spec == null) {
    ctx.log(1, `unsupported event package: ${value}`, 'presence');
    throw new Refused(refusals.badEvent);
  }
  const expires = expiresFor(world, expiresOf(ctx) ?? event.spec.defaultExpires);
  const { to, from, cseq, callId, contact } = msg;
  const [toUri, fromUri] = [to?.uri, from?.uri];
  if (!toUri || !fromUri || !cseq || !callId || !contact || !from?.tag) throw new Refused(refusals.server);
  const isNew = !to?.tag;
  const toTag = to?.tag ?? ownTag(world, ctx);
  const recordRoute = isNew
    ? msg
        .recordRoutes()
        .map(({ addr }) => addr.text)
        .join(',')
    : '';
  if (
    contact.uriText.length > MAX_FIELD.contact ||
    recordRoute.length > MAX_FIELD.recordRoute ||
    from.tag.length > MAX_FIELD.tag ||
    callId.length > MAX_FIELD.callId
  )
    throw new Refused(refusals.server);
  const userAgent = msg.userAgent ?? '';
  const subs: Subscription = {
    presUri: '',
    toUser: toUri.user ?? '',
    toDomain: toUri.host,
    fromUser: fromUri.user ?? '',
    fromDomain: fromUri.host,
    watcherUser: watcher.user,
    watcherDomain: watcher.domain,
    event,
    eventId: name.params.get('id') ?? '',
    toTag,
    fromTag: from.tag,
    callId,
    sockInfo: msg.received.socket.sockStr,
    localContact: settings.serverAddress === '' ? localContact(msg) : settings.serverAddress,
    contact: contact.uriText,
    recordRoute,
    remoteCseq: cseq.number,
    localCseq: 0,
    status: Status.pending,
    reason: '',
    version: 1,
    expires,
    flags: ctx.draft.branchFlags,
    userAgent: userAgent.length < MAX_USER_AGENT ? userAgent : '',
    rules: null,
    bySubscribe: true,
    row: RowState.same,
    updated: -1,
    updatedWinfo: -1,
    receivedTime: nowOf(world),
  };
  if (event.isSharedLine) {
    const uri = contact.uri;
    if (uri === null) throw new Refused(refusals.server);
    subs.presUri = uriOf(uri.user ?? '', subs.fromDomain);
  }
  return { subs, isNew };
}
/** RFC 6665 §8.2.1: `id` tells subscriptions of one dialog apart and is no part of the package's name. */
function packageBeside(world: World, value: string): Package | null {
  const name = parseEvent(value);
  if (!name?.params.has('id')) return null;
  const params = new Map([...name.params].filter(([key]) => key !== 'id'));
  return world.packages.find({ name: name.name, params });
}
function expiresFor({ settings }: World, asked: number): number {
  const expires = Math.min(asked, settings.maxExpires);
  if (expires === 0 || expires >= settings.minExpires) return expires;
  if (settings.minExpiresAction === 1) throw new Refused(refusals.brief);
  return settings.minExpires;
}
/** The To-tag that the answer will have. */
function ownTag(world: World, ctx: RouteContext): string {
  return ctx.transaction === null ? world.sl.toTag(ctx) : ctx.server.transactions.core.toTags.of(ctx.msg);
}
function localContact({ received: { socket, proto } }: SipMessage): string {
  const { advertised, local } = socket;
  const host = advertised?.host || bracket(local.ip);
  const port = advertised?.port || local.port;
  return `sip:${host}:${port};transport=${proto === 'wss' ? 'ws' : proto}`;
}

// ---------------------------------------------------------------------------------------------------------------
// Within a dialog

function findStored(world: World, subs: Subscription): Promise<Subscription | null> {
  if (world.memory !== null) return Promise.resolve(world.memory.find(subs));
  return world.rows?.find(subs) ?? Promise.resolve(null);
}
function takeStored(world: World, subs: Subscription, stored: Subscription | null): void {
  if (stored === null) throw new Refused(refusals.noSubscription);
  if (subs.remoteCseq + world.settings.cseqOffset <= stored.remoteCseq) throw new Refused(refusals.badRequest);
  if (subs.presUri === '') subs.presUri = stored.presUri;
  subs.version = stored.version + 1;
  subs.status = stored.status;
  subs.reason = stored.reason;
  subs.recordRoute = stored.recordRoute;
  subs.localCseq = stored.localCseq + 1;
  // Subscriptions in memory do not keep these; Kamailio then writes 0.
  const inMemory = world.memory !== null;
  subs.updated = inMemory ? 0 : stored.updated;
  subs.updatedWinfo = inMemory ? 0 : stored.updatedWinfo;
  if (!inMemory) subs.flags = stored.flags;
}

// ---------------------------------------------------------------------------------------------------------------
// Storing, answering, notifying

function accept(world: World, ctx: RouteContext, subs: Subscription, answer: { sent: boolean }): void {
  const { proto } = ctx.msg.received;
  const transport =
    proto === 'udp' || subs.localContact.includes(';transport=') ? '' : `;transport=${proto === 'wss' ? 'ws' : proto}`;
  ctx.draft.addReplyHeader(`Expires: ${subs.expires}\r\nContact: <${subs.localContact}${transport}>\r\n`);
  answer.sent = true;
  const status = subs.event.isWinfo ? 200 : world.settings.okStatus;
  if (world.sl.reply(ctx, status, 'OK') < 0) throw new Error('the answer could not be sent');
}

async function update(
  world: World,
  ctx: RouteContext,
  subs: Subscription,
  isNew: boolean,
  answer: { sent: boolean },
): Promise<void> {
  const { settings } = world;
  const { winfoPeer, isWinfo } = subs.event;
  if (!isNew && subs.expires === 0) {
    await removeSubscription(world, subs);
    accept(world, ctx, subs, answer);
    if (!isWinfo && winfoPeer && !(await notifyAll(world, subs.presUri, winfoPeer))) throw new Error('no winfo');
    if (!(await notify(world, subs))) throw new Error('no NOTIFY');
    return;
  }
  await keep(world, subs, isNew);
  accept(world, ctx, subs, answer);
  if (!isWinfo && subs.expires !== 0 && winfoPeer) {
    if (!(await notifyAll(world, subs.presUri, winfoPeer, subs))) throw new Error('no winfo');
    if (!(await notify(world, subs))) throw new Error('no NOTIFY');
  } else if (!settings.fastNotify) world.replica?.tellSubscription(subs);
  else if (!(await notify(world, subs))) throw new Error('no NOTIFY');
}

async function keep(world: World, subs: Subscription, isNew: boolean): Promise<void> {
  const { memory, rows, settings } = world;
  const now = nowOf(world);
  const synchronous = settings.subsMode === SubsMode.database || settings.subsMode === SubsMode.writeThrough;
  if (!isNew) {
    if (memory !== null && !memory.refresh(subs, now)) throw new Error('the subscription is gone');
    if (synchronous) await rows?.update(subs, subs.expires + now, { remote: true, local: true });
    return;
  }
  // Outside a dialog and to end at once: a fetch of the state (RFC 6665 §4.4.3).
  if (subs.expires === 0) return;
  if (memory !== null) {
    if (settings.deleteSame) await removeSame(world, subs);
    subs.row = settings.subsMode === SubsMode.writeThrough ? RowState.writtenThrough : RowState.missing;
    subs.version = 0;
    if (!memory.insert(subs, now, subs.row)) throw new Error('too many subscriptions');
  }
  if (synchronous) {
    subs.version = 1;
    await rows?.insert(subs, subs.expires + now, true);
  }
}
/** `delete_same_subs`: a new dialog with the same Call-ID takes the place of the old one. */
async function removeSame(world: World, subs: Subscription): Promise<void> {
  const same = world.memory?.of(subs.presUri, subs.event).findLast(({ callId }) => callId === subs.callId);
  if (same !== undefined) await removeSubscription(world, same);
}

/** DB_ONLY without `send_fast_notify`: the notifiers send. */
async function leaveToNotifiers(
  world: World,
  ctx: RouteContext,
  subs: Subscription,
  isNew: boolean,
  answer: { sent: boolean },
): Promise<void> {
  const { rows } = world;
  const now = nowOf(world);
  subs.updated = roundOf(world, subs);
  if (subs.event.isWinfo) subs.updatedWinfo = 1;
  else if (subs.event.winfoPeer && rows) {
    const peers = await rows.read({ presentity_uri: subs.presUri, event: subs.event.winfoPeer.name });
    for (const peer of peers)
      await rows.set(peer, { updated: roundOf(world, peer), ...(subs.expires === 0 ? { updated_winfo: 1 } : {}) });
    if (peers.length > 0) subs.updatedWinfo = 1;
  }
  if (subs.expires === 0) {
    subs.status = Status.terminated;
    subs.reason = 'timeout';
  }
  if (isNew) {
    subs.version = 1;
    await rows?.insert(subs, subs.expires + now, true);
  } else await rows?.update(subs, subs.expires + now, { remote: true });
  world.replica?.tellSubscription(subs);
  accept(world, ctx, subs, answer);
}
