/** The dispatcher.* commands. */
import { double, type RpcCall, type RpcStruct } from '../../runtime/sdk/index.js';
import type { Dispatcher } from './dispatcher.js';
import { dsHash } from './select.js';
import { type Destination, DestState } from './sets.js';

const PROTO_NUMBERS: Readonly<Record<string, number>> = { '': 0, udp: 1, tcp: 2, tls: 3, sctp: 4, ws: 5, wss: 6 };

export function list(ds: Dispatcher, call: RpcCall): void {
  const mode = (call.optStr() ?? '').toLowerCase();
  if (ds.sets.size === 0) {
    call.fault(500, 'No Destination Sets');
    return;
  }
  const records = call.struct().add('NRSETS', ds.sets.size).array('RECORDS');
  for (const { id, list: destinations } of ds.sets.inOrder) {
    const targets = records.struct('SET').add('ID', id).array('TARGETS');
    for (const d of destinations) show(ds, d, targets.struct('DEST'), mode);
  }
}
function letters(flags: number): string {
  const state =
    flags & DestState.inactive ? 'I' : flags & DestState.disabled ? 'D' : flags & DestState.trying ? 'T' : 'A';
  return `${state}${flags & DestState.probing ? 'P' : 'X'}`;
}
function show(ds: Dispatcher, d: Destination, into: RpcStruct, mode: string): void {
  const { attrs, latency } = d;
  into.add('URI', d.uri).add('FLAGS', letters(d.flags)).add('PRIORITY', d.priority);
  if (mode === 'full')
    into
      .add('HOST', d.host)
      .add('IPADDR', d.addresses[0] ?? '')
      .add('PORT', d.port)
      .add('PROTOID', PROTO_NUMBERS[d.proto] ?? 0)
      .add('DNSTIME_SEC', Math.floor(d.resolvedAtMs / 1000))
      .add('DNSTIME_USEC', (Math.round(d.resolvedAtMs) % 1000) * 1000);
  if (mode !== 'short' && attrs.body !== null)
    into
      .struct('ATTRS')
      .add('BODY', attrs.body)
      .add('DUID', attrs.duid || null)
      .add('MAXLOAD', attrs.maxload)
      .add('WEIGHT', attrs.weight)
      .add('RWEIGHT', attrs.rweight)
      .add('SOCKET', attrs.socket || null)
      .add('SOCKNAME', attrs.sockname || null)
      .add('OBPROXY', attrs.obproxy || null);
  if (ds.params.ds_ping_latency_stats)
    into
      .struct('LATENCY')
      .add('AVG', double(latency.average))
      .add('STD', double(latency.deviation))
      .add('EST', double(latency.estimate))
      .add('MAX', latency.max)
      .add('TIMEOUT', latency.timeouts);
  if (ds.params.ds_hash_size > 0) into.struct('RUNTIME').add('DLGLOAD', d.load);
}

export function overloadList(ds: Dispatcher, call: RpcCall): void {
  const id = call.int();
  const set = id === undefined ? undefined : ds.sets.get(id);
  if (id === undefined || set === undefined) {
    if (id === undefined) call.fault(500, 'Invalid Parameters');
    else call.fault(404, 'Destination Group Not Found');
    return;
  }
  for (const { uri, flags, priority, overload } of set.list)
    call
      .struct()
      .add('group', id)
      .add('uri', uri)
      .add('flags', flags)
      .add('priority', priority)
      .add('ocrate', overload.rate)
      .add('ocidx', overload.index)
      .add('ocseq', overload.sequence)
      .add('octime_sec', Math.floor(overload.untilMs / 1000))
      .add('octime_usec', (Math.trunc(overload.untilMs) % 1000) * 1000)
      .add('ocmin', overload.min)
      .add('ocmax', overload.max);
}

/** One or two letters (or a digit first); null: unknown. */
function stateOf(text: string): number | null {
  const probing = /^.p/i.test(text) ? DestState.probing : 0;
  switch ((text[0] ?? '').toLowerCase()) {
    case '0':
    case 'i':
      return DestState.inactive | probing;
    case '1':
    case 'a':
      return probing;
    case '2':
    case 'd':
      return DestState.disabled;
    case '3':
    case 't':
      return DestState.trying | probing;
    default:
      return null;
  }
}
export function setState(ds: Dispatcher, call: RpcCall, by: 'uri' | 'duid'): void {
  const [text, group, name] = [call.text(), call.int(), call.str()];
  if (text === undefined || group === undefined || name === undefined) {
    call.fault(500, 'Invalid Parameters');
    return;
  }
  if (text === '') {
    call.fault(500, 'Invalid State Parameter');
    return;
  }
  const state = stateOf(text);
  if (state === null) {
    call.fault(500, 'Unknown State Value');
    return;
  }
  if (name === 'all') {
    for (const d of ds.sets.get(group)?.list ?? []) ds.setState(group, () => d, state);
  } else {
    const found = ds.sets.get(group)?.[by === 'uri' ? 'byUri' : 'byDuid'](name);
    if (!ds.setState(group, () => found, state)) {
      call.fault(500, 'State Update Failed');
      return;
    }
  }
  call.add('Ok. Dispatcher state updated.');
}

export function pingActive(ds: Dispatcher, call: RpcCall): void {
  const wanted = call.optInt();
  const before = ds.pingActive;
  const answer = call.struct();
  if (wanted !== undefined && wanted !== -1) {
    ds.pingActive = wanted;
    answer.add('NewPingState', wanted);
  }
  answer.add('OldPingState', before);
}

/** Refused, with the fault set, when the last change was just now. */
function mayChange(ds: Dispatcher, call: RpcCall): boolean {
  if (ds.mayReload()) return true;
  call.fault(500, 'Ongoing reload');
  return false;
}
export async function reload(ds: Dispatcher, call: RpcCall): Promise<void> {
  if (!mayChange(ds, call)) return;
  if (await ds.reload()) call.add('Ok. Dispatcher successfully reloaded.');
  else call.fault(500, 'Reload Failed');
}
export async function add(ds: Dispatcher, call: RpcCall): Promise<void> {
  if (!mayChange(ds, call)) return;
  const [set, uri] = [call.int(), call.str()];
  const flags = call.optInt();
  const priority = flags === undefined ? undefined : call.optInt();
  const attrs = priority === undefined ? undefined : call.optStr();
  if (set === undefined || uri === undefined) {
    call.fault(500, 'Invalid Parameters');
    return;
  }
  const row = { set, uri, flags: flags ?? 0, priority: priority ?? 0, attrs: attrs ?? '' };
  const d = await ds.make(row);
  if (d === null && ds.params.ds_load_mode === 1) {
    call.fault(500, 'Adding dispatcher dst failed');
    return;
  }
  ds.rebuild(() => true, d === null ? undefined : { set, d });
  call.add('Ok. Dispatcher destination added.');
}
export async function remove(ds: Dispatcher, call: RpcCall): Promise<void> {
  if (!mayChange(ds, call)) return;
  const [set, uri] = [call.int(), call.str()];
  if (set === undefined || uri === undefined) {
    call.fault(500, 'Invalid Parameters');
    return;
  }
  const named = await ds.make({ set, uri, flags: 0, priority: 0, attrs: '' });
  if (named === null) {
    call.fault(500, 'Removing dispatcher dst failed');
    return;
  }
  ds.rebuild((id, d) => id !== set || d.uri !== named.uri);
  call.add('Ok. Dispatcher destination removed.');
}

export function hash(call: RpcCall): void {
  const [slots, first] = [call.int(), call.str()];
  const second = call.optStr();
  if (slots === undefined || first === undefined) {
    call.fault(500, 'Invalid Parameters');
    return;
  }
  const value = dsHash(first, second);
  call
    .struct()
    .add('hashid', value)
    .add('slot', slots > 0 ? value % slots : 0);
}
