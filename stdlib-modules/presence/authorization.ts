/** Who may watch: what was decided once (the table watchers), rules of the presentity, and what follows when they change. */
import { parseUri, type Verdict } from '../../runtime/sdk/index.js';
import type { Package, Standing } from './events.js';
import { inBatches, notify, notifyAll, POLITE_BLOCK, roundOf } from './notify.js';
import { updateHardState } from './publish.js';
import { complain, nowOf, type World } from './settings.js';
import { RowState, Status, type Subscription } from './subscription.js';

/** The standing of whoever subscribes; a new watcher is written down. Null: it cannot be told. */
export async function standingOf(world: World, subs: Subscription): Promise<Standing | null> {
  const { authorized } = subs.event.spec ?? {};
  if (authorized === undefined || world.rows === null) return { status: Status.active, reason: '' };
  const known = await world.rows.watcher(subs);
  if (known !== null) return { status: known.status as Status, reason: known.reason };
  const uri = parseUri(subs.presUri, world.server.grammar);
  if (uri === null) return null;
  subs.status = Status.pending;
  subs.rules = await authorized.rules(uri.user ?? '', uri.host);
  const standing = await authorized.standing(subs, subs.rules);
  if (standing !== null) await world.rows.addWatcher({ ...subs, ...standing }, nowOf(world));
  return standing;
}

/** `pres_auth_status()`: the watcher's standing by the rules as they are now; 5 is polite-block. */
export async function authStatus(world: World, watcherUri: string, presUri: string): Promise<Verdict> {
  const event = world.packages.named('presence');
  const presentity = parseUri(presUri, world.server.grammar);
  if (watcherUri === '' || presUri === '' || !event?.spec || presentity === null) return -1;
  const { authorized } = event.spec;
  if (authorized === undefined) return Status.active;
  const rules = await authorized.rules(presentity.user ?? '', presentity.host).catch(() => null);
  if (rules === null) return Status.pending;
  const watcher = parseUri(watcherUri, world.server.grammar);
  if (watcher === null) return -1;
  // As of one who was let in: whom no rule is about is terminated then.
  const subs = { ...watcherOnly(event, presUri, watcher.user ?? '', watcher.host), status: Status.active };
  const standing = await authorized.standing(subs, rules);
  if (standing === null) return -1;
  return standing.reason === POLITE_BLOCK ? 5 : standing.status;
}
/** Enough of a subscription for rules to look at. */
function watcherOnly(event: Package, presUri: string, user: string, domain: string): Subscription {
  return {
    presUri,
    event,
    watcherUser: user,
    watcherDomain: domain,
    fromUser: user,
    fromDomain: domain,
    toUser: '',
    toDomain: '',
    eventId: '',
    toTag: '',
    fromTag: '',
    callId: '',
    sockInfo: '',
    localContact: '',
    contact: '',
    recordRoute: '',
    remoteCseq: 0,
    localCseq: 0,
    status: Status.pending,
    reason: '',
    version: 0,
    expires: 0,
    flags: 0,
    userAgent: '',
    rules: null,
    bySubscribe: false,
    row: RowState.same,
    updated: -1,
    updatedWinfo: -1,
    receivedTime: 0,
  };
}

/** `pres_update_watchers()`: the rules have changed. */
export async function updateWatchers(world: World, presUri: string, name: string): Promise<boolean> {
  const event = world.packages.named(name);
  const authorized = event?.spec?.authorized;
  const uri = parseUri(presUri, world.server.grammar);
  if (!event || authorized === undefined || uri === null) return false;
  const rules = await authorized.rules(uri.user ?? '', uri.host).catch(() => null);
  if (rules === null) return false;
  return world.locks.hold(presUri, () => applyRules(world, presUri, event, rules));
}
/** Every known watcher's standing anew; those whose changes are told, and dropped when it ends. */
async function applyRules(world: World, presUri: string, event: Package, rules: string): Promise<boolean> {
  const authorized = event.spec?.authorized;
  if (authorized === undefined || world.rows === null) return false;
  const affected: Subscription[] = [];
  for (const watcher of await world.rows.watchersOf(presUri, event.name)) {
    const probe = watcherOnly(event, presUri, watcher.user, watcher.domain);
    probe.status = watcher.status as Status;
    const standing = await authorized.standing(probe, rules);
    if (standing === null) return false;
    if (standing.status === watcher.status && standing.reason === watcher.reason) continue;
    await world.rows.setWatcher(presUri, event.name, watcher, standing.status, standing.reason);
    affected.push(...(await take(world, presUri, event, watcher, standing)));
  }
  if (world.settings.notifiers > 0) return true;
  return inBatches(world, affected, async (subs) => {
    subs.rules = null;
    const sent = await notify(world, subs);
    if (sent && subs.status === Status.terminated)
      await world.rows?.deleteWhere({
        event: event.name,
        presentity_uri: presUri,
        watcher_username: subs.watcherUser,
        watcher_domain: subs.watcherDomain,
      });
    return sent;
  });
}
/** The watcher's subscriptions with the new standing, as copies to notify; ended ones are gone from where they were kept. */
async function take(
  world: World,
  presUri: string,
  event: Package,
  watcher: { readonly user: string; readonly domain: string },
  { status, reason }: Standing,
): Promise<Subscription[]> {
  const { memory, rows, settings } = world;
  const now = nowOf(world);
  if (memory !== null) {
    const own = memory
      .of(presUri, event)
      .filter((s) => s.watcherUser === watcher.user && s.watcherDomain === watcher.domain);
    return own.map((s) => {
      s.status = status;
      s.reason = reason;
      s.row = RowState.changed;
      if (status === Status.terminated) memory.delete(s);
      return { ...s, localCseq: s.localCseq + 1, expires: s.expires - now };
    });
  }
  const where = {
    event: event.name,
    presentity_uri: presUri,
    watcher_username: watcher.user,
    watcher_domain: watcher.domain,
  };
  const own = (await rows?.read(where)) ?? [];
  if (settings.notifiers === 0 && status === Status.terminated) await rows?.deleteWhere(where);
  else for (const s of own) await rows?.set(s, { status, reason, updated: roundOf(world, s) });
  return own.reverse().map((s) => ({
    ...s,
    status,
    reason,
    localCseq: s.localCseq + 1,
    expires: s.expires > now + settings.expiresOffset ? s.expires - now : 0,
  }));
}

/** What a refresh is about: the rules, the published state, a document that became state. */
export const Refresh = { rules: 0, state: 1, file: 2 } as const;

/** `pres_refresh_watchers()`. */
export async function refreshWatchers(
  world: World,
  presUri: string,
  name: string,
  what: number,
  file: { readonly uri: string; readonly name: string } | null,
): Promise<boolean> {
  const event = world.packages.named(name);
  if (!event?.spec) {
    complain(world, `${name} is no event package here`);
    return false;
  }
  try {
    if (what === Refresh.rules) return await updateWatchers(world, presUri, name);
    if (what === Refresh.file && !(file && (await updateHardState(world, presUri, event, file.uri, file.name))))
      return false;
    return await world.locks.hold(presUri, () => notifyAll(world, presUri, event));
  } catch (error) {
    complain(world, `refreshing the watchers of ${presUri} failed: ${String(error)}`);
    return false;
  }
}
