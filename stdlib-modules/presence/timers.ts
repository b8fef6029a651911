/** What runs by the clock: subscriptions and states that ran out, rows to write, and the rounds of the notifiers. */
import type { Package } from './events.js';
import { inBatches, notify, notifyExpired, notifyPublished, roundOf } from './notify.js';
import { markOffline, markWatchers, OFFLINE_ETAG } from './publish.js';
import { complain, nowOf, PublishCache, SubsMode, type World } from './settings.js';
import type { PublishedState } from './states.js';
import { RowState, Status, type Subscription, uriOf } from './subscription.js';
import { partialWinfo } from './winfo.js';

/** Seconds a watcher nobody let in is remembered. */
const PENDING_SEC = 24 * 3600;

/** Runs `work` every `everyMs`, not before it has ended; the returned function ends that. */
export function repeat(world: World, everyMs: number, work: () => Promise<void>): () => void {
  const { clock } = world.server.env;
  let stopped = false;
  const tick = async () => {
    try {
      await work();
    } catch (error) {
      complain(world, `a timer failed: ${String(error)}`);
    }
    if (!stopped) timer.rearm(everyMs);
  };
  const timer = clock.setTimer(everyMs, () => void tick());
  return () => {
    stopped = true;
    timer.cancel();
  };
}

/** `clean_period`: states nobody refreshed, watchers nobody let in. */
export async function cleanStates(world: World): Promise<void> {
  for (const state of await world.states.expired(nowOf(world)))
    await world.locks.hold(uriOf(state.user, state.domain), () => expire(world, state));
  await world.rows?.forgetPending(nowOf(world) - PENDING_SEC);
}
async function expire(world: World, state: PublishedState): Promise<void> {
  const { settings, publishers, states } = world;
  const event = world.packages.named(state.event);
  const current = await states.find(state);
  // It was refreshed while others were dealt with.
  if (current === null || current.expires >= nowOf(world) || current.expires <= 0) return;
  const presUri = uriOf(state.user, state.domain);
  if (event?.spec) {
    if (settings.cache === PublishCache.hybrid) publishers.remove(presUri, event.parsed.name);
    if (settings.notifiers > 0 && !settings.forceDelete) {
      if (state.etag === OFFLINE_ETAG) return;
      if ((await markWatchers(world, presUri, event.name)) > 0 && (await markOffline(world, state))) return;
    } else if (!settings.forceDelete) await tellOffline(world, presUri, event, state);
  }
  await states.remove(state);
}
async function tellOffline(world: World, presUri: string, event: Package, state: PublishedState): Promise<void> {
  try {
    const rules = (await event.spec?.authorized?.rules(state.user, state.domain)) ?? null;
    await notifyPublished(world, presUri, event, { body: '', off: state.etag, rules, not: null });
  } catch (error) {
    complain(world, `telling that ${presUri} is offline failed: ${String(error)}`);
  }
}

/** `db_update_period`: subscriptions that ran out get their last NOTIFY; what changed is written. `last`: the server stops. */
export async function updateSubscriptions(world: World, last = false): Promise<void> {
  const { memory, rows, settings } = world;
  const before = nowOf(world) - settings.expiresOffset;
  if (memory === null) {
    if (!last) await (settings.notifiers > 0 ? markExpired(world, before) : expireRows(world, before));
    return;
  }
  const all = memory.all();
  const expired = all.filter(({ expires }) => expires < before);
  for (const subs of expired) memory.delete(subs);
  if (!last) await inBatches(world, expired, (subs) => notifyExpired(world, subs));
  if (rows === null || settings.subsMode === SubsMode.memory) return;
  for (const subs of all) if (memory.find(subs) === subs) await write(world, subs);
  await rows.deleteWhere([['expires', '<', before]]);
}
async function write(world: World, subs: Subscription): Promise<void> {
  const { row } = subs;
  if (row !== RowState.changed && row !== RowState.missing) return;
  subs.row = RowState.same;
  try {
    if (row === RowState.changed) await world.rows?.writeBack(subs);
    else await world.rows?.insert(subs, subs.expires, false);
  } catch {
    // Logged by the database; the next round tries again.
    subs.row = row;
  }
}
/** DB_ONLY: Kamailio leaves the rows; they would be told again and again, so they go. */
async function expireRows(world: World, before: number): Promise<void> {
  const found = (await world.rows?.read([['expires', '<', before]])) ?? [];
  await inBatches(world, found.reverse(), async (subs) => {
    if (subs.event.spec === null) return false;
    await world.rows?.delete(subs);
    return notifyExpired(world, { ...subs });
  });
}
async function markExpired(world: World, before: number): Promise<void> {
  const found = await world.rows?.read([
    ['expires', '<', before],
    ['updated', '=', -1],
  ]);
  for (const subs of found ?? []) await world.rows?.set(subs, { updated: roundOf(world, subs) });
}

// ---------------------------------------------------------------------------------------------------------------
// Notifiers: DB_ONLY with notifier_processes > 0

/** One round of one notifier: subscriptions marked with its number, packages first, then who watches the watchers. */
export async function notifyRound(world: World, round: number): Promise<void> {
  for (const winfo of [false, true]) {
    const { rows } = world;
    if (rows === null) return;
    const where = [
      ['updated', '=', round],
      ['event', winfo ? '=' : '!=', 'presence.winfo'],
    ] as const;
    const due = await rows.read(where);
    if (due.length === 0) continue;
    await rows.db.update(rows.tables.activeWatchers, { updated: -1 }, where);
    for (const subs of due) await world.locks.hold(subs.presUri, () => notifyOne(world, subs, round));
  }
}
async function notifyOne(world: World, marked: Subscription, round: number): Promise<void> {
  const { rows, settings } = world;
  const stored = await rows?.find(marked);
  if (!rows || !stored) return forgetOffline(world, marked);
  if (stored.event.spec === null) return rows.delete(stored);
  const now = nowOf(world);
  const subs: Subscription = {
    ...stored,
    localCseq: stored.localCseq + 1,
    version: stored.version + 1,
    expires: stored.expires > now + settings.expiresOffset ? stored.expires - now : 0,
  };
  const outcome = await sendDue(world, subs);
  if (outcome === 'failed') {
    await forgetOffline(world, subs);
    return rows.delete(subs);
  }
  if (outcome === 'later') return rows.set(subs, { updated: round });
  if (outcome === 'nothing') return;
  if (subs.expires === 0 || subs.status === Status.terminated) return rows.delete(subs);
  await rows.set(subs, {
    local_cseq: subs.localCseq,
    version: subs.version,
    ...(subs.updatedWinfo === stored.updatedWinfo ? {} : { updated_winfo: subs.updatedWinfo }),
  });
}
async function sendDue(world: World, subs: Subscription): Promise<'sent' | 'failed' | 'later' | 'nothing'> {
  const { rows, settings } = world;
  const { isWinfo, winfoPeer } = subs.event;
  if (rows === null) return 'nothing';
  let given: string | null = null;
  if (subs.expires === 0 || subs.status === Status.terminated) {
    subs.status = Status.terminated;
    if (!isWinfo && winfoPeer && subs.updatedWinfo === 1 && (await awaiting(world, subs.presUri, winfoPeer.name)) > 0)
      return 'later';
  } else if (isWinfo) {
    if (subs.updatedWinfo === -1) {
      const changed = await rows.read({ presentity_uri: subs.presUri, event: winfoPeer?.name ?? '', updated_winfo: 1 });
      given = partialWinfo(subs, changed);
    } else subs.updatedWinfo = -1;
  }
  if (isWinfo) await settleWinfo(world, subs.presUri, subs.event.name);
  else if (!settings.fastNotify && subs.event.spec === null) return 'nothing';
  const sent = await notify(world, subs, { given });
  if (!isWinfo) await forgetOffline(world, subs);
  return sent ? 'sent' : 'failed';
}
/** Subscriptions to the presentity that are still marked. */
async function awaiting(world: World, presUri: string, event: string): Promise<number> {
  const found = await world.rows?.read([
    ['presentity_uri', '=', presUri],
    ['event', '=', event],
    ['updated', '!=', -1],
  ]);
  return found?.length ?? 0;
}
/** The last winfo subscriber was told: its watchers owe nothing any more. */
async function settleWinfo(world: World, presUri: string, event: string): Promise<void> {
  const { rows } = world;
  if (rows === null || (await awaiting(world, presUri, event)) > 0) return;
  await rows.db.update(rows.tables.activeWatchers, { updated_winfo: -1 }, [
    ['presentity_uri', '=', presUri],
    ['event', '!=', event],
  ]);
}
/** States that were kept as offline go when the last watcher has been told. */
async function forgetOffline(world: World, subs: Subscription): Promise<void> {
  if (subs.event.isWinfo || (await awaiting(world, subs.presUri, subs.event.name)) > 0) return;
  const at = subs.presUri.slice('sip:'.length).split('@');
  const [user, domain] = at.length === 2 ? [at[0] ?? '', at[1] ?? ''] : ['', at[0] ?? ''];
  await world.states.remove({ user, domain, event: subs.event.name, etag: OFFLINE_ETAG });
}
