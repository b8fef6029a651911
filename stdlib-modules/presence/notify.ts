/**
 * NOTIFYs (RFC 6665 §4.2.2): which body, which header fields, to whom; and what their answers mean.
 */
import {
  type Grammar,
  indexMessage,
  type LocalOutcome,
  ParseFailure,
  parseNameAddrList,
  parseUri,
  type RouteContext,
  type SipMessage,
} from '../../runtime/sdk/index.js';
import { newXml, writeXml } from '../../runtime/sdk/xml.js';
import type { Package } from './events.js';
import { complain, nowOf, PublishCache, SubsMode, socketOf, type World } from './settings.js';
import { Status, type Subscription, statusWord, uriOf } from './subscription.js';
import { winfoBody } from './winfo.js';

/** Where a run keeps `$subs` and the answer that `$notify_reply` reads. */
export const SUBS = 'presence.subs';
export const REPLY = 'presence.reply';

export const POLITE_BLOCK = 'polite-block';

// ---------------------------------------------------------------------------------------------------------------
// Bodies

/** The presentity's state as the package shows it; null when there is none. */
export async function stateBody(
  world: World,
  presUri: string,
  event: Package,
  off: string | null = null,
  contact: string | null = null,
): Promise<string | null> {
  const { settings, states } = world;
  const spec = event.spec;
  const uri = parseUri(presUri, world.server.grammar);
  if (uri === null || spec === null) return null;
  const [user, domain] = [uri.user ?? '', uri.host];
  const nothing = () => spec.aggregate?.(user, domain, null, -1) ?? null;
  if (settings.cache === PublishCache.hybrid && !world.publishers.has(presUri, event.parsed.name)) return nothing();
  const found = await states.list(user, domain, event.name, settings.onlyUnexpired ? nowOf(world) : null);
  const last = found.at(-1);
  if (last === undefined) return nothing();
  if (spec.aggregate === undefined) {
    if (event.isSharedLine && contact !== null && last.sender !== '' && sameUri(world, last.sender, contact))
      return emptyDialogInfo(presUri);
    return last.body === '' ? null : last.body;
  }
  if (found.some(({ body }) => body === '')) return null;
  const place = off === null ? -1 : found.findLastIndex(({ etag }) => etag === off);
  return spec.aggregate(
    user,
    domain,
    found.map(({ body }) => body),
    place,
  );
}
export const sameUri = (world: World, a: string, b: string): boolean =>
  world.settings.ignoreCase ? a.toLowerCase() === b.toLowerCase() : a === b;

function emptyDialogInfo(entity: string): string {
  const xmlns = 'urn:ietf:params:xml:ns:dialog-info';
  return writeXml(newXml('dialog-info', { xmlns, version: '1', state: 'full', entity }), true);
}

/** `given`: a body there is already ('' is one: none is sent). Null in the answer: nothing could be made. */
async function bodyFor(
  world: World,
  subs: Subscription,
  watcher: Subscription | null,
  given: string | null,
): Promise<{ readonly body: string } | null> {
  const spec = subs.event.spec;
  const filtered = async (body: string) => {
    if (spec?.authorized === undefined || subs.rules === null || body === '') return body;
    return (await spec.authorized.filter(body, subs, subs.rules)) ?? body;
  };
  if (given !== null && subs.status === Status.active) return { body: await filtered(given) };
  if (subs.status === Status.terminated || subs.status === Status.pending) return { body: '' };
  if (subs.event.isWinfo) {
    const body = await winfoBody(world, subs, watcher);
    return body === null ? null : { body };
  }
  const body = await stateBody(world, subs.presUri, subs.event, null, subs.contact === '' ? null : subs.contact);
  if (body === null) return { body: '' };
  return { body: await filtered(spec?.perWatcher?.(subs, body) ?? body) };
}

// ---------------------------------------------------------------------------------------------------------------
// The request

const MAX_FORWARDS = 70;

function headersOf(subs: Subscription, withBody: boolean): string {
  const id = subs.eventId === '' ? '' : `;id=${subs.eventId}`;
  const stream = /^t(cp|ls)/i.exec(subs.sockInfo)?.[0];
  const transport = stream && !subs.localContact.includes(';transport=') ? `;transport=${stream.toLowerCase()}` : '';
  const state = subs.status === Status.terminated ? `;reason=${subs.reason}` : `;expires=${subs.expires}`;
  return (
    `Max-Forwards: ${MAX_FORWARDS}\r\nEvent: ${subs.event.name}${id}\r\n` +
    `Contact: <${subs.localContact}${transport}>\r\n` +
    `Subscription-State: ${statusWord(subs.status)}${state}\r\n` +
    (withBody ? `Content-Type: ${subs.event.spec?.contentType ?? ''}\r\n` : '')
  );
}

interface Target {
  readonly uri: string;
  readonly nextHop: string | null;
  readonly routes: readonly string[];
}
/** Along the SUBSCRIBE's Record-Routes to its Contact (RFC 3261 §12.2.1.1), or to where that says it really is (`;alias`). */
function targetOf(subs: Subscription, grammar: Grammar): Target | null {
  const remote = subs.contact === '' ? uriOf(subs.fromUser, subs.fromDomain) : subs.contact;
  const routes = subs.recordRoute === '' ? [] : parseNameAddrList(subs.recordRoute, grammar);
  if (routes === null) return null;
  const first = routes[0];
  if (first === undefined) return aliasTarget(remote) ?? { uri: remote, nextHop: null, routes: [] };
  const texts = routes.map(({ text }) => text);
  if (first.uri === null) return null;
  if (first.uri.param('lr') !== null) return { uri: remote, nextHop: first.uriText, routes: texts };
  return { uri: first.uriText, nextHop: first.uriText, routes: [...texts.slice(1), `<${remote}>`] };
}
const PROTOCOLS: Readonly<Record<string, string>> = {
  '1': 'udp',
  '2': 'tcp',
  '3': 'tls',
  '4': 'sctp',
  '5': 'ws',
  '6': 'wss',
};
/** `;alias=address~port~protocol` (nathelper's set_contact_alias()). */
function aliasTarget(contact: string): Target | null {
  const found = /;alias=([^;~]+)~(\d{1,5})~([1-6])(?=[;?]|$)/.exec(contact);
  if (found === null) return null;
  const uri = contact.slice(0, found.index) + contact.slice(found.index + found[0].length);
  return { uri, nextHop: `sip:${found[1]}:${found[2]};transport=${PROTOCOLS[found[3] ?? ''] ?? 'udp'}`, routes: [] };
}

/** Sends it; false when it could not be made. */
async function send(
  world: World,
  subs: Subscription,
  watcher: Subscription | null,
  given: string | null,
  noBody: boolean,
): Promise<boolean> {
  const made = noBody ? { body: '' } : await bodyFor(world, subs, watcher, given);
  if (made === null) return false;
  if (subs.expires <= 0) {
    subs.expires = 0;
    subs.status = Status.terminated;
    subs.reason = 'timeout';
  }
  const target = targetOf(subs, world.server.grammar);
  if (target === null) {
    complain(world, `the route set of ${subs.callId} cannot be read`);
    return false;
  }
  const { server, settings } = world;
  const cseq = subs.localCseq + 1;
  const kept: Subscription = { ...subs };
  const key = `${subs.callId}\n${cseq}\n${subs.toTag}`;
  world.sending.set(key, kept);
  try {
    const sent = await server.transactions.request({
      method: 'NOTIFY',
      ...target,
      socket: socketOf(server, subs.sockInfo),
      from: uriOf(subs.toUser, subs.toDomain),
      fromTag: subs.toTag,
      to: uriOf(subs.fromUser, subs.fromDomain),
      toTag: subs.fromTag,
      callId: subs.callId,
      cseq,
      headers: headersOf(subs, made.body !== ''),
      body: made.body,
      completed: (outcome) => void answered(world, kept, outcome),
    });
    if (sent.code < 0) return false;
    server.log(
      settings.logLevel,
      'presence',
      `NOTIFY ${uriOf(subs.fromUser, subs.fromDomain)} via ${target.nextHop ?? target.uri} on behalf of ${uriOf(subs.toUser, subs.toDomain)} for event ${subs.event.name} : ${subs.callId}`,
    );
    return true;
  } finally {
    world.sending.delete(key);
  }
}

export interface NotifyOptions {
  /** Winfo: the one watcher that changed. */
  readonly watcher?: Subscription | null;
  readonly given?: string | null;
  readonly noBody?: boolean;
  /** `given` is made this watcher's first. */
  readonly perWatcher?: boolean;
  /** Because of what another node told: that is not told on. */
  readonly told?: boolean;
}
/** One more NOTIFY of a subscription: counted where it is kept, then sent. False when that failed. */
export async function notify(world: World, subs: Subscription, options: NotifyOptions = {}): Promise<boolean> {
  const { memory, rows, settings } = world;
  const { watcher = null, given = null } = options;
  if (subs.expires !== 0 && subs.status !== Status.terminated) {
    if (memory !== null && !memory.advance(subs)) {
      complain(world, `subscription ${subs.callId} is gone`);
      return false;
    }
    const direct = settings.subsMode === SubsMode.database && settings.notifiers === 0;
    if (!subs.bySubscribe && (direct || settings.subsMode === SubsMode.writeThrough))
      await rows?.update(subs, 0, { local: true });
  }
  const blocked = subs.status === Status.active && subs.reason === POLITE_BLOCK;
  const noBody = options.noBody === true || blocked;
  const own = !noBody && options.perWatcher && given ? (subs.event.spec?.perWatcher?.(subs, given) ?? given) : given;
  if (!(await send(world, subs, watcher, own, noBody))) return false;
  if (options.told !== true) world.replica?.tellSubscription(subs);
  return true;
}

/** The last NOTIFY of a subscription that ran out, without a body. */
export function notifyExpired(world: World, subs: Subscription): Promise<boolean> {
  subs.localCseq++;
  return send(world, { ...subs, expires: 0, status: Status.terminated, reason: 'timeout' }, null, null, true);
}

// ---------------------------------------------------------------------------------------------------------------
// To all who watch

/** Subscriptions of the presentity that are active, with the seconds they have left. */
async function watching(world: World, presUri: string, event: Package, not: string | null): Promise<Subscription[]> {
  const { memory, rows, settings } = world;
  const now = nowOf(world);
  if (memory !== null)
    return memory
      .of(presUri, event)
      .filter(
        (s) =>
          s.expires >= now &&
          s.status === Status.active &&
          s.reason === '' &&
          (not === null || !sameUri(world, not, s.contact)),
      )
      .map((s) => ({ ...s, expires: s.expires - now }));
  const found = await rows?.read([
    ['presentity_uri', '=', presUri],
    ['event', '=', event.name],
    ['status', '=', Status.active],
    ['contact', '!=', not ?? ''],
  ]);
  return (found ?? [])
    .filter(({ reason }) => reason === '')
    .reverse()
    .map((s) => ({
      ...s,
      localCseq: s.localCseq + 1,
      version: s.version + 1,
      expires: s.expires < now + settings.expiresOffset ? 0 : s.expires - now,
    }));
}

/** NOTIFYs sent before others get a turn. */
const BATCH = 64;
/** Lets what else has come in be dealt with. */
export async function inBatches<T>(
  world: World,
  items: readonly T[],
  each: (item: T) => Promise<boolean>,
): Promise<boolean> {
  let done = true;
  for (const [i, item] of items.entries()) {
    if (i > 0 && i % BATCH === 0) await new Promise<void>((resume) => void world.server.env.clock.setTimer(1, resume));
    if (!(await each(item))) done = false;
  }
  return done;
}

/** After a PUBLISH. `body`: what was published; `off`: entity-tag of what is being withdrawn; `not`: the publisher's own Contact. */
export async function notifyPublished(
  world: World,
  presUri: string,
  event: Package,
  what: {
    readonly body: string;
    readonly off: string | null;
    readonly rules: string | null;
    readonly not: string | null;
    /** It was another node that published it. */
    readonly told?: boolean;
  },
): Promise<void> {
  const watchers = await watching(world, presUri, event, what.not);
  if (watchers.length === 0) return;
  const aggregated = event.spec?.aggregate ? await stateBody(world, presUri, event, what.off) : null;
  const given = aggregated ?? what.body;
  await inBatches(world, watchers, async (subs) => {
    subs.rules = what.rules;
    return notify(world, subs, { given, perWatcher: true, told: what.told === true });
  });
}

/** The state as it stands to all who watch it; `watcher`: of winfo, the one that changed. False: a NOTIFY failed. */
export async function notifyAll(
  world: World,
  presUri: string,
  event: Package,
  watcher: Subscription | null = null,
): Promise<boolean> {
  const watchers = await watching(world, presUri, event, null);
  if (watchers.length === 0) return true;
  if (world.settings.notifiers > 0) {
    for (const subs of watchers) await world.rows?.set(subs, { updated: roundOf(world, subs) });
    return true;
  }
  const body = event.isWinfo ? null : await stateBody(world, presUri, event);
  return inBatches(world, watchers, (subs) => {
    const own = body === null ? null : (event.spec?.perWatcher?.(subs, body) ?? body);
    return notify(world, subs, { watcher, given: own });
  });
}

/** In which round of the notifiers a subscription is looked at. */
export function roundOf(world: World, { callId, fromTag }: Pick<Subscription, 'callId' | 'fromTag'>): number {
  const { waitSec, pollRate, notifiers } = world.settings;
  return world.hash(callId, fromTag) % (waitSec * pollRate * Math.max(notifiers, 1));
}

// ---------------------------------------------------------------------------------------------------------------
// Answers

const NO_ANSWER =
  'SIP/2.0 408 TIMEOUT\r\nVia: SIP/2.0/UDP 127.0.0.1\r\nFrom: invalid;\r\nTo: invalid\r\nCall-ID: invalid\r\nCSeq: 1 TIMEOUT\r\nContent-Length: 0\r\n\r\n';
const EVENT = 'presence:notify-reply';

async function answered(world: World, subs: Subscription, outcome: LocalOutcome): Promise<void> {
  const { server, settings } = world;
  const { status, transaction } = outcome;
  const removes = await runReplyEvent(world, subs, transaction.request, status === 408 ? null : outcome.reply);
  const gone = status === 404 || status === 481;
  const silent = status === 408 && settings.timeoutRemoves && subs.status !== Status.terminated;
  if (!gone && !silent && !removes) return;
  try {
    await removeSubscription(world, subs);
    world.replica?.tellSubscription({ ...subs, expires: 0 });
  } catch {
    server.log(-1, 'presence', `subscription ${subs.callId} could not be deleted`);
  }
}
/** True when the route asks for the subscription to be removed. */
async function runReplyEvent(
  world: World,
  subs: Subscription,
  request: SipMessage,
  reply: SipMessage | null,
): Promise<boolean> {
  const { server, settings } = world;
  if (!server.script.hasEvent(EVENT)) return false;
  const answer = reply ?? indexMessage(NO_ANSWER, request.received, server.grammar);
  const run = await server.script.runEvent(EVENT, request, (prepared: RouteContext) => {
    prepared.data.set(SUBS, subs);
    if (!(answer instanceof ParseFailure)) prepared.data.set(REPLY, answer);
  });
  return run !== null && (fieldOf(run, settings.xavpCfg, 'delete_subscription') ?? 0) !== 0;
}
/** A number in the XAVP that `xavp_cfg` names; null when it is not there. */
export function fieldOf(run: RouteContext, xavp: string, field: string): number | null {
  const value = xavp === '' ? undefined : run.xavps.record(xavp)?.get(field);
  return typeof value === 'number' ? value : null;
}

export async function removeSubscription(world: World, subs: Subscription): Promise<void> {
  world.memory?.delete(subs);
  if (world.settings.subsMode !== SubsMode.memory) await world.rows?.delete(subs);
}
