/**
 * Serial forking: the target set is put into a list of XAVPs, best q last in first out, and taken out class by class
 * (RFC 3261 §16.6; Kamailio's t_serial.c). Contacts of one device (`+sip.instance`) ring one at a time, RFC 5626 §4.2.
 */
import {
  type BranchTarget,
  opt,
  type RouteContext,
  type Verdict,
  varInt,
  XavpRecord,
  type XavpStore,
} from '../../runtime/sdk/index.js';
import { socketNamed } from './local.js';

/** Marks the last contact of its class. */
const LAST_OF_CLASS = 4;

interface Names {
  readonly contacts_avp: string;
  readonly contact_flows_avp: string;
  readonly xavp_contact: string;
}
interface Me {
  readonly params: Names;
}
interface Contact extends BranchTarget {
  last: boolean;
  /** Upper end of its part of the sum of all q, proportional order only. */
  share: number;
  readonly attributes: XavpRecord | null;
}

function disabled(ctx: RouteContext, param: string): Verdict {
  ctx.log(-1, `serial forking is off: set the parameter ${param} of tm`, 'tm');
  return -1;
}

/** Attributes of one binding (`xavp_contact`), by position in the target set. */
const attributesAt = (ctx: RouteContext, name: string, index: number): XavpRecord | null =>
  name === '' ? null : ctx.xavps.record(name, index);

function targetsOf(ctx: RouteContext, names: Names): Contact[] {
  const { draft } = ctx;
  const targets: BranchTarget[] = [...draft.branches];
  const first = draft.uriIsNew ? 0 : 1;
  if (draft.uriIsNew) {
    targets.unshift({
      uri: ctx.uri,
      dstUri: draft.dstUri,
      path: draft.path,
      q: draft.q,
      flags: draft.branchFlags,
      socket: draft.sendSocket,
      instance: draft.instance,
      regId: draft.regId,
      ruid: draft.ruid,
      locationUa: draft.locationUa,
    });
  }
  return targets.map((target, i) => ({
    ...target,
    last: false,
    share: target.q,
    attributes: attributesAt(ctx, names.xavp_contact, i + first),
  }));
}

/** By rising `key`; among equals the later one goes last, unless it has a path: then first. */
function sorted(contacts: readonly Contact[], key: (c: Contact) => number): Contact[] {
  const list: Contact[] = [];
  for (const c of contacts) {
    let at = 0;
    while (at < list.length && (key(list[at]!) < key(c) || (key(list[at]!) === key(c) && !c.path))) at++;
    list.splice(at, 0, c);
  }
  return list;
}

/** Highest q first; the last one of a class is marked. */
function byQ(contacts: readonly Contact[]): Contact[] {
  const list = sorted(contacts, (c) => c.q);
  for (let i = 1; i < list.length; i++) list[i]!.last = list[i - 1]!.q < list[i]!.q;
  return list.reverse();
}

/** One at a time, each drawn with a chance in proportion to its q; those without a q come last. */
function proportional(ctx: RouteContext, contacts: readonly Contact[]): Contact[] {
  let sum = 0;
  for (const c of contacts) {
    if (c.q > 0) sum += c.q;
    c.share = sum;
    c.last = true;
  }
  const list = sorted(contacts, (c) => c.share);
  const drawn: Contact[] = [];
  for (let left = list.filter(({ q }) => q > 0).length; left > 0; left--) {
    const pick = ctx.server.env.random.uint32() % sum;
    let removed = 0;
    for (const c of list) {
      if (c.q <= 0) continue;
      if (removed > 0) c.share -= removed;
      else if (c.share > pick) {
        removed = c.q;
        c.share -= removed;
        sum -= removed;
        drawn.push(c);
      }
    }
  }
  return [...drawn, ...list.filter(({ q }) => q <= 0)];
}

function recordOf(c: Contact | BranchTarget, last: boolean | null, attributes: XavpRecord | null, name: string) {
  const record = new XavpRecord();
  record.add('uri', c.uri);
  if (c.dstUri) record.add('dst_uri', c.dstUri);
  if (c.path) record.add('path', c.path);
  if (c.socket) record.add('sock', c.socket.sockStr);
  record.add('flags', c.flags);
  if (last !== null) record.add('q_flag', last ? LAST_OF_CLASS : 0);
  if (c.instance) record.add('instance', c.instance);
  if (c.ruid) record.add('ruid', c.ruid);
  if (c.locationUa) record.add('ua', c.locationUa);
  if (attributes !== null) record.add(name, attributes);
  return record;
}
const text = (record: XavpRecord, name: string): string | null => {
  const value = record.value(name);
  return typeof value === 'string' && value !== '' ? value : null;
};
const number = (record: XavpRecord, name: string): number => {
  const value = record.value(name);
  return typeof value === 'number' ? value : 0;
};
/** Null: it names a socket that is not ours. */
function targetOf(ctx: RouteContext, record: XavpRecord): BranchTarget | null {
  const sock = text(record, 'sock');
  const socket = sock === null ? null : socketNamed(ctx.server, sock);
  if (sock !== null && socket === null) return null;
  return {
    uri: text(record, 'uri') ?? '',
    dstUri: text(record, 'dst_uri'),
    path: text(record, 'path'),
    q: 0,
    flags: number(record, 'flags'),
    socket,
    instance: text(record, 'instance'),
    regId: 0,
    ruid: text(record, 'ruid'),
    locationUa: text(record, 'ua'),
  };
}
/** Back into the list of `xavp_contact`, at the target's position. */
function giveAttributes(xavps: XavpStore, name: string, record: XavpRecord, index: number): void {
  if (name === '') return;
  const list = [...xavps.all(name)];
  while (list.length < index) list.push(new XavpRecord());
  list.splice(index, 0, record.record(name) ?? new XavpRecord());
  xavps.delete(name);
  for (const value of list.reverse()) xavps.add(name, value);
}

function loadContacts(me: Me, ctx: RouteContext, mode: number): Verdict {
  const { params } = me;
  if (params.contacts_avp === '') return disabled(ctx, 'contacts_avp');
  if (mode !== 0 && mode !== 1) {
    ctx.log(-1, `t_load_contacts(): mode ${mode} is neither 0 nor 1`, 'tm');
    return -1;
  }
  const { draft } = ctx;
  const count = draft.branches.length;
  if (count === 0 || (count === 1 && !draft.uriIsNew)) return 1;
  const contacts = targetsOf(ctx, params);
  const list = mode === 1 ? proportional(ctx, contacts) : byQ(contacts);
  for (const c of list.reverse())
    ctx.xavps.add(params.contacts_avp, recordOf(c, c.last, c.attributes, params.xavp_contact));
  draft.branches = [];
  if (params.xavp_contact !== '') ctx.xavps.delete(params.xavp_contact);
  return 1;
}

function nextContacts(me: Me, ctx: RouteContext): Verdict {
  const { contacts_avp: contacts, contact_flows_avp: flows, xavp_contact: attributes } = me.params;
  if (contacts === '') return disabled(ctx, 'contacts_avp');
  const { xavps, draft } = ctx;
  const first = xavps.record(contacts);
  if (first === null) return -2;
  const target = targetOf(ctx, first);
  xavps.delete(contacts, 0);
  if (target === null) return -1;
  const alone = number(first, 'q_flag') !== 0;
  const instances = new Set<string>();
  if (target.instance !== null && !alone) {
    instances.add(target.instance);
    draft.instance = target.instance;
  }
  giveAttributes(xavps, attributes, first, 0);
  draft.uri = target.uri;
  draft.dstUri = target.dstUri;
  draft.path = target.path;
  draft.sendSocket = target.socket;
  draft.branchFlags = target.flags;
  draft.ruid = target.ruid;
  draft.locationUa = target.locationUa;
  if (alone) return 1;
  if (flows !== '') xavps.delete(flows);
  for (let record = xavps.record(contacts); record !== null; record = xavps.record(contacts)) {
    const next = targetOf(ctx, record);
    xavps.delete(contacts, 0);
    if (next === null) return -1;
    if (next.instance !== null && instances.has(next.instance)) {
      if (flows !== '') xavps.add(flows, recordOf(next, null, record.record(attributes), attributes));
    } else {
      if (next.instance !== null) instances.add(next.instance);
      draft.addBranch(next);
      giveAttributes(xavps, attributes, record, draft.branches.length);
    }
    if (number(record, 'q_flag') !== 0) return 1;
  }
  return 1;
}

function nextFlow(me: Me, ctx: RouteContext): Verdict {
  const { contact_flows_avp: flows, xavp_contact: attributes } = me.params;
  if (flows === '') return disabled(ctx, 'contact_flows_avp');
  const instance = ctx.kind === 'branch_failure' ? ctx.branch?.instance : null;
  const { xavps, draft } = ctx;
  if (!instance || xavps.record(flows) === null) return -2;
  for (let i = 0; i < xavps.all(flows).length; i++) {
    const record = xavps.record(flows, i);
    if (record === null || text(record, 'instance') !== instance) continue;
    const target = targetOf(ctx, record);
    xavps.delete(flows, i);
    if (target === null) return -1;
    draft.addBranch(target);
    giveAttributes(xavps, attributes, record, draft.branches.length);
    return 1;
  }
  return -1;
}

export const serialParams = {
  contacts_avp: { type: 'str', default: '', doc: 'XAVP that t_load_contacts() fills; empty: serial forking is off.' },
  contact_flows_avp: { type: 'str', default: '', doc: 'XAVP with further flows of a device that already rings.' },
  xavp_contact: { type: 'str', default: '', doc: 'XAVP with attributes of each binding, as registrar sets it.' },
} as const;

export const serialFunctions = {
  t_load_contacts: {
    doc: 'Moves the target set into a list ordered by q: 0 classes of equal q, 1 one at a time, drawn in proportion to q.',
    args: [opt(varInt('mode', '0 or 1'))] as const,
    routes: ['request', 'failure'] as const,
    returns: { 1: 'done, or there was one target only', [-1]: 'contacts_avp is not set, or the mode is wrong' },
    example: 'if (!t_load_contacts()) exit;',
    run: (me: Me, ctx: RouteContext, mode: number | undefined) => loadContacts(me, ctx, mode ?? 0),
  },
  t_next_contacts: {
    doc: 'Takes the contacts of the highest q left as target set.',
    args: [] as const,
    routes: ['request', 'failure'] as const,
    returns: { 1: 'taken', [-1]: 'contacts_avp is not set, or a socket is not ours', [-2]: 'none is left' },
    example: 'if (t_next_contacts()) t_relay();',
    run: (me: Me, ctx: RouteContext) => nextContacts(me, ctx),
  },
  t_next_contact_flow: {
    doc: 'Adds the next flow to the device whose branch failed as a branch: in event_route[tm:branch-failure:…].',
    args: [] as const,
    routes: ['request'] as const,
    returns: {
      1: 'added',
      [-1]: 'contact_flows_avp is not set, or there is no flow of this device',
      [-2]: 'the branch has no instance, or no flow is left',
    },
    example: 'if (t_next_contact_flow()) t_relay();',
    run: (me: Me, ctx: RouteContext) => nextFlow(me, ctx),
  },
};
