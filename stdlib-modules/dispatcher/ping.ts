/**
 * Probes: a request to every destination that `ds_probing_mode` names, and what its answer does to the state, the latency
 * and, with congestion control, the relative weights (dispatch.c, ds_ping_set() and ds_options_callback()).
 */
import type { ListenSocket, LocalOutcome } from '../../runtime/sdk/index.js';
import { type Dispatcher, Probing, type Reason } from './dispatcher.js';
import { type Destination, type DestinationSet, DestState } from './sets.js';
import { socketAt, socketNamed } from './sources.js';

/** A tick of Kamailio's timer, in which `ds_ping_fr_timer` counts. */
const TICK_MS = 1000 / 16;
/** Factor that keeps parts of a millisecond when all are congested. */
const SCALE = 16;

function wanted({ flags }: Destination, mode: number): boolean {
  if (mode === Probing.all) return true;
  if ((flags & DestState.probing) === 0) return false;
  return mode !== Probing.inactive || (flags & DestState.inactive) !== 0;
}

/** Sends one probe to each. */
export function pingAll(ds: Dispatcher): void {
  if (ds.pingActive === 0) return;
  for (const set of ds.sets.inOrder)
    for (const d of set.list)
      if ((d.flags & DestState.disabled) === 0 && wanted(d, ds.params.ds_probing_mode)) void ping(ds, set.id, d);
}

async function ping(ds: Dispatcher, set: number, d: Destination): Promise<void> {
  const { server, params } = ds;
  const { attrs } = d;
  d.latency.startedAtMs = server.env.clock.now();
  const timeout = Math.max(params.ds_ping_fr_timer, params.ds_ping_fr_timeout);
  const sent = await server.transactions.request({
    method: params.ds_ping_method,
    uri: d.uri,
    to: d.uri,
    from: attrs.pingFrom || params.ds_ping_from,
    nextHop: attrs.obproxy || params.outbound_proxy || null,
    socket: socketFor(ds, d),
    ...(timeout > 0 ? { prepared: (t) => void (t.frTimeoutMs = timeout * TICK_MS) } : {}),
    completed: (outcome) => void answered(ds, set, d.uri, outcome),
  });
  if (sent.code >= 0) return;
  ds.log(-1, `unable to ping [${d.uri}] in group [${set}]`);
  if (d.flags & DestState.disabled) return;
  const reason = { code: 500, reason: 'Sending keepalive failed', flags: 0 };
  await ds.updateState(set, d.uri, failedState(ds), reason, null);
}
/** Its own for probes, its own, the one for all probes, the one for all. */
function socketFor(ds: Dispatcher, { attrs }: Destination): ListenSocket | null {
  const { server } = ds;
  const own =
    attrs.pingSocket !== ''
      ? socketAt(server, attrs.pingSocket)
      : attrs.sockname !== ''
        ? socketNamed(server, attrs.sockname)
        : attrs.socket !== ''
          ? socketAt(server, attrs.socket)
          : null;
  return own ?? ds.pingSocket ?? ds.defaultSocket;
}
const failedState = ({ params }: Dispatcher): number =>
  DestState.trying | (params.ds_probing_mode === Probing.flaggedByState ? 0 : DestState.probing);

async function answered(ds: Dispatcher, setId: number, uri: string, { status, reply }: LocalOutcome): Promise<void> {
  const { params } = ds;
  const set = ds.sets.get(setId);
  if (set && params.ds_ping_latency_stats) measure(ds, set, uri, status);
  const flags = ds.stateOf(setId, uri);
  if (params.ds_probing_mode === Probing.flagged && (flags & DestState.probing) === 0) return;
  if (flags & DestState.disabled) return;
  const reason: Reason = { code: status, reason: reply?.reason || null, flags: reply === null ? 0 : 1 };
  const alive =
    (status >= 200 && status <= 299) ||
    ds.replyCodes.some((code) => code === (code >= 10 ? status : Math.trunc(status / 100)));
  const keepsProbing = params.ds_probing_mode === Probing.all || params.ds_probing_mode === Probing.flagged;
  const state = alive ? (keepsProbing ? DestState.probing : 0) : failedState(ds);
  if (!(await ds.updateState(setId, uri, state, reason, null)))
    ds.log(-1, `Setting the state failed (${uri}, group ${setId})`);
}

/** What congestion leaves of a weight; null: it takes no part. */
function leftOf({ attrs, latency }: Destination): { readonly weight: number; readonly congestion: number } | null {
  if (!attrs.congestionControl || attrs.weight <= 0) return null;
  const congestion = Math.max(0, latency.congestionMs);
  return { weight: Math.max(0, attrs.weight - congestion), congestion };
}

/** ds_update_latency(): a late answer costs weight; when all are late, they share by how late each is. */
function measure(ds: Dispatcher, set: DestinationSet, uri: string, status: number): void {
  const alpha = ds.params.ds_latency_estimator_alpha / 1000;
  const now = ds.server.env.clock.now();
  const asked = uri.toLowerCase();
  let changed = false;
  let total = 0;
  let congested = 0;
  let normal = 0;
  for (const d of set.list) {
    const isAsked = d.uri.toLowerCase() === asked;
    if (isAsked) {
      if ((d.flags & DestState.probing) === 0) continue;
      if (status === 408) d.latency.timeouts++;
      else d.latency.answered(Math.trunc(now - d.latency.startedAtMs), alpha);
    }
    const left = leftOf(d);
    if (left === null) continue;
    total += left.congestion;
    if (left.weight === 0) congested++;
    else normal++;
    if (isAsked && d.attrs.rweight !== left.weight) {
      d.attrs.rweight = left.weight;
      changed = true;
    }
  }
  if (!set.list.every(({ attrs }) => attrs.congestionControl)) return;
  if (congested > 1 && normal === 0)
    for (const d of set.list) {
      const share = Math.trunc((total * SCALE) / (d.latency.congestionMs || 1));
      if (d.attrs.rweight === share) continue;
      d.attrs.rweight = share;
      changed = true;
    }
  if (changed) set.spreadRelativeWeights();
}
