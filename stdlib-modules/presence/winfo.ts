/** Bodies of presence.winfo: who watches (RFC 3858). */
import { append, newXml, writeXml } from '../../runtime/sdk/xml.js';
import { nowOf, SubsMode, type World } from './settings.js';
import { Status, type Subscription, statusWord, uriOf } from './subscription.js';

interface Watcher {
  readonly uri: string;
  readonly id: string;
  readonly status: Status;
}
const watcherOf = (s: Subscription): Watcher => ({
  uri: uriOf(s.watcherUser, s.watcherDomain),
  id: s.callId,
  status: s.status,
});

/** `only`: partial state, of this watcher. */
export async function winfoBody(world: World, subs: Subscription, only: Subscription | null): Promise<string | null> {
  const watched = subs.event.winfoPeer;
  if (watched === null) return null;
  if (only !== null) return document(subs, watched.name, [watcherOf(only)], 'partial');
  return document(subs, watched.name, await allWatchers(world, subs.presUri, subs), 'full');
}
export const partialWinfo = (subs: Subscription, watchers: readonly Subscription[]): string =>
  document(subs, subs.event.winfoPeer?.name ?? '', watchers.map(watcherOf).reverse(), 'partial');

async function allWatchers(world: World, presUri: string, subs: Subscription): Promise<Watcher[]> {
  const { memory, rows, settings } = world;
  const watched = subs.event.winfoPeer;
  if (watched === null) return [];
  const now = nowOf(world);
  if (memory === null || settings.subsMode === SubsMode.database) {
    const found = await rows?.read([
      ['presentity_uri', '=', presUri],
      ['event', '=', watched.name],
      ['expires', '>', now + settings.expiresOffset],
    ]);
    return (found ?? []).map(watcherOf).reverse();
  }
  const active = memory
    .of(presUri, watched)
    .filter(({ expires }) => expires >= now)
    .map(watcherOf);
  const known = new Set(active.map(({ uri }) => uri));
  const pending = (await rows?.watchersOf(presUri, watched.name, Status.pending)) ?? [];
  const waiting = pending
    .map(({ user, domain }) => uriOf(user, domain))
    .filter((uri) => !known.has(uri))
    .map((uri): Watcher => ({ uri, id: Buffer.from(uri, 'latin1').toString('base64'), status: Status.waiting }));
  return [...waiting.reverse(), ...active];
}

function document(
  subs: Subscription,
  watched: string,
  watchers: readonly Watcher[],
  state: 'full' | 'partial',
): string {
  const doc = newXml('watcherinfo', {
    xmlns: 'urn:ietf:params:xml:ns:watcherinfo',
    version: String(subs.version),
    state,
  });
  const root = doc.documentElement;
  if (root === null) return '';
  const list = doc.createElement('watcher-list');
  list.setAttribute('resource', subs.presUri);
  list.setAttribute('package', watched);
  append(root, list);
  for (const { uri, id, status } of watchers) {
    const watcher = doc.createElement('watcher');
    watcher.setAttribute('id', id);
    watcher.setAttribute('event', 'subscribe');
    watcher.setAttribute('status', statusWord(status) ?? '');
    append(watcher, doc.createTextNode(uri));
    append(list, watcher);
  }
  return writeXml(doc, true);
}
