/** `dlg.*` commands: what calls are up, and changes to them. Answers have Kamailio's shape (dialog.c). */
import { appendBytes, compileRegex, type RpcArray, type RpcCall, RpcStruct } from '../../runtime/sdk/index.js';
import { type Dialog, DialogFlag, type Leg, State } from './dialog.js';
import type { Dialogs } from './dialogs.js';
import type { ProfileLink } from './profiles.js';
import type { Requests } from './requests.js';

/** Before the answer nothing is known of the callee. */
const legStruct = ({ tag, contact, cseq, routeSet, socket }: Leg): RpcStruct => {
  const known = (text: string) => (cseq === '' ? null : text);
  return new RpcStruct()
    .add('tag', known(tag))
    .add('contact', known(contact))
    .add('cseq', known(cseq))
    .add('route_set', known(routeSet))
    .add('socket', socket?.sockStr ?? null);
};

function addProfiles(to: RpcArray, links: readonly ProfileLink[]): void {
  for (const { profile, value } of links) {
    if (profile.hasValue) to.struct().add(profile.name, value);
    else to.push(profile.name);
  }
}
function shown(dialogs: Dialogs, d: Dialog): RpcStruct {
  const now = dialogs.nowSec;
  const duration = d.endTs > 0 ? d.endTs - d.startTs : d.startTs > 0 ? now - d.startTs : 0;
  const all = new RpcStruct()
    .add('h_entry', d.entry)
    .add('h_id', d.id)
    .add('ref', d.refs)
    .add('call-id', d.callId)
    .add('from_uri', d.fromUri)
    .add('to_uri', d.toUri)
    .add('state', d.state)
    .add('start_ts', d.startTs)
    .add('init_ts', d.initTs)
    .add('end_ts', d.endTs)
    .add('duration', duration)
    .add('timeout', d.expiresAt)
    .add('lifetime', d.lifetime)
    .add('dflags', d.dflags)
    .add('sflags', d.sflags)
    .add('iflags', d.iflags)
    .add('caller', legStruct(d.caller))
    .add('callee', legStruct(d.callee));
  const profiles = all.array('profiles');
  const variables = all.array('variables');
  if (d.state < State.deleted) {
    addProfiles(profiles, d.profiles);
    for (const { key, value } of d.vars) variables.struct().add(key, value);
  }
  return all;
}

export class Commands {
  constructor(
    private readonly dialogs: Dialogs,
    private readonly requests: Requests,
  ) {}
  private add(call: RpcCall, dialog: Dialog): void {
    call.add(shown(this.dialogs, dialog));
  }

  list(call: RpcCall): void {
    for (const d of this.dialogs.table.all()) this.add(call, d);
  }
  one(call: RpcCall): void {
    const callId = call.text();
    if (callId === undefined) return;
    const ftag = call.optText();
    for (let d = this.dialogs.table.ofCall(callId); d !== null; d = d.nextOfCall)
      if (ftag === undefined || ftag === d.caller.tag) this.add(call, d);
  }
  briefing(call: RpcCall): void {
    const format = call.optStr() ?? 'ftcFT';
    for (const d of this.dialogs.table.all()) {
      const s = call.struct().add('h_entry', d.entry).add('h_id', d.id);
      for (const letter of format.slice(0, 64)) brief(s, d, letter);
    }
  }
  listMatch(call: RpcCall): void {
    const [key, op, value] = [call.str(), call.str(), call.str()];
    if (!key || !op || !value) {
      call.fault(500, 'Invalid parameters');
      return;
    }
    const limit = call.optInt() ?? 0;
    const matches = matcher(key, op, value);
    if (typeof matches === 'string') {
      call.fault(500, matches);
      return;
    }
    let found = 0;
    for (const d of this.dialogs.table.all()) {
      if (!matches(d)) continue;
      this.add(call, d);
      if (++found === limit) return;
    }
    if (found === 0) call.fault(404, 'Not found');
  }
  /** One line of JSON a dialog, appended. */
  async dumpFile(call: RpcCall): Promise<void> {
    const path = call.text();
    if (path === undefined) return;
    const lines = [...this.dialogs.table.all()].map((d) => `${JSON.stringify(dumped(d))}\n`);
    if (!(await appendBytes(path, lines.join('')))) this.dialogs.log(-1, `dlg.dump_file: cannot write ${path}`);
  }
  statsActive(call: RpcCall): void {
    const counts = [0, 0, 0, 0, 0, 0];
    const ours = call.optInt() ?? 0;
    for (const d of this.dialogs.table.all()) if (ours === 0 || d.caller.socket !== null) counts[d.state]!++;
    const [, starting = 0, connecting = 0, answering = 0, ongoing = 0] = counts;
    const all = starting + connecting + answering + ongoing;
    call.add(new RpcStruct({ starting, connecting, answering, ongoing, all }));
  }

  private named(call: RpcCall): Dialog | null | undefined {
    const [callId, ftag, ttag] = [call.text(), call.text(), call.text()];
    if (callId === undefined || ftag === undefined || ttag === undefined) return undefined;
    return this.dialogs.table.find({ callId, ftag, ttag })?.dialog ?? null;
  }
  isAlive(call: RpcCall): void {
    const dialog = this.named(call);
    if (dialog === undefined) {
      call.fault(400, 'Too few parameters (required callid, from-tag, to-tag)');
      return;
    }
    if (dialog === null) {
      call.fault(404, 'Dialog not found');
      return;
    }
    if (dialog.state !== State.confirmed) {
      call.fault(500, 'Dialog not in confirmed state');
      return;
    }
    call.add('Alive');
  }
  async terminate(call: RpcCall): Promise<void> {
    const dialog = this.named(call);
    if (dialog === undefined) {
      call.fault(400, 'Need a Callid ,from tag ,to tag');
      return;
    }
    if (dialog === null) {
      call.fault(500, 'Couldnt find callid in dialog');
      return;
    }
    await this.requests.byeAll(dialog, '', false);
  }
  async end(call: RpcCall): Promise<void> {
    const [entry, id] = [call.int(), call.int()];
    if (entry === undefined || id === undefined) {
      call.fault(500, 'Invalid parameters');
      return;
    }
    const headers = call.optStr() ?? '';
    const dialog = this.dialogs.table.byId(entry >>> 0, id >>> 0);
    if (dialog === null) {
      call.fault(404, 'Dialog not found');
      return;
    }
    await this.requests.byeAll(dialog, headers, false);
  }
  setState(call: RpcCall): void {
    const dialog = this.named(call);
    if (dialog === undefined) {
      call.fault(400, 'Need the callid, from tag,to tag and state');
      return;
    }
    const wanted = call.optInt() ?? State.deleted;
    if (wanted < State.unconfirmed || wanted > State.deleted) {
      call.fault(500, 'Invalid state value');
      return;
    }
    if (dialog === null) {
      call.fault(500, 'Dialog not found');
      return;
    }
    const { dialogs } = this;
    const old = dialog.state;
    dialog.state = wanted as State;
    dialog.dflags |= DialogFlag.changed;
    if (old === State.confirmed && wanted === State.deleted) {
      dialog.initTs = dialog.endTs = dialogs.nowSec;
      dialogs.active--;
    }
    dialogs.log(1, `dialog ${dialog.callId}: state ${wanted} by command, it was ${old}`);
    call.add('Done');
  }

  profileSize(call: RpcCall): void {
    const name = call.text();
    if (name === undefined) return;
    const value = call.optText() ?? null;
    const profile = this.dialogs.profiles.get(name);
    if (profile === undefined) {
      call.fault(404, `Profile not found: ${name}`);
      return;
    }
    call.add(profile.size(value));
  }
  profileList(call: RpcCall): void {
    const name = call.text();
    if (name === undefined) return;
    const value = call.optText() ?? null;
    const profile = this.dialogs.profiles.get(name);
    if (profile === undefined) {
      call.fault(404, `Profile not found: ${name}`);
      return;
    }
    for (const { dialog } of profile.members(value)) if (dialog !== null) this.add(call, dialog);
  }
  async bridge(call: RpcCall): Promise<void> {
    const [from, to] = [call.str(), call.str()];
    if (from === undefined || to === undefined) {
      call.fault(500, 'Invalid parameters');
      return;
    }
    const proxy = call.optStr() ?? '.';
    const body = call.optStr() ?? '.';
    await this.requests.bridge(
      from,
      to,
      proxy === '.' ? '' : proxy,
      body === '.' ? undefined : body === '_' ? '' : body,
    );
  }
}

function brief(s: RpcStruct, d: Dialog, letter: string): void {
  switch (letter) {
    case 'f': s.add('from_uri', d.fromUri); break;
    case 't': s.add('to_uri', d.toUri); break;
    case 'c': s.add('call-id', d.callId); break;
    case 'F': s.add('from_tag', d.caller.tag); break;
    // Kamailio shows the caller's tag here as well.
    case 'T': s.add('to_tag', d.callee.tag); break;
    case 'I': s.add('init_ts', d.initTs); break;
    case 'S': s.add('start_ts', d.startTs); break;
    case 'E': s.add('end_ts', d.endTs); break;
    case 's': s.add('state', d.state); break;
  } // biome-ignore format: a table
}

const keys: Readonly<Record<string, (d: Dialog) => string>> = {
  ruri: (d) => d.requestUri,
  furi: (d) => d.fromUri,
  turi: (d) => d.toUri,
  callid: (d) => d.callId,
};
/** A text says what is wrong with the question. */
function matcher(key: string, op: string, value: string): ((d: Dialog) => boolean) | string {
  const text = Object.hasOwn(keys, key) ? keys[key] : undefined;
  if (text === undefined && key !== 'start_ts') return 'Invalid matching key parameter';
  if (!['eq', 're', 'sw', 'gt', 'lt'].includes(op)) return 'Invalid matching operator parameter';
  if (op === 'gt' || op === 'lt') {
    if (text !== undefined) return 'Matching operator not supported';
    const at = /^\d+$/.test(value) ? Number(value) : Number.NaN;
    return op === 'gt' ? (d) => d.startTs > at : (d) => d.startTs < at;
  }
  if (text === undefined) return 'Matching operator not supported with start_ts key';
  if (op === 'eq') return (d) => text(d) === value;
  if (op === 'sw') return (d) => text(d).startsWith(value);
  try {
    const regex = compileRegex(value, { ignoreCase: true });
    return (d) => regex.test(text(d));
  } catch {
    return 'Invalid matching value parameter';
  }
}

function dumped(d: Dialog): object {
  const leg = ({ tag, contact, cseq, routeSet, socket }: Leg) => ({
    tag,
    contact,
    cseq,
    route_set: routeSet,
    socket: socket?.sockStr ?? '',
  });
  const alive = d.state < State.deleted;
  return {
    h_entry: d.entry,
    h_id: d.id,
    ref: d.refs,
    call_id: d.callId,
    from_uri: d.fromUri,
    to_uri: d.toUri,
    state: d.state,
    start_ts: d.startTs,
    init_ts: d.initTs,
    end_ts: d.endTs,
    timeout: d.expiresAt,
    lifetime: d.lifetime,
    dflags: d.dflags,
    sflags: d.sflags,
    iflags: d.iflags,
    caller: leg(d.caller),
    callee: leg(d.callee),
    profiles: Object.fromEntries(alive ? d.profiles.map(({ profile, value }) => [profile.name, value]) : []),
    variables: Object.fromEntries(alive ? d.vars.map(({ key, value }) => [key, value]) : []),
  };
}
