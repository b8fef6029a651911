/** `ul.*` commands: what is in the location tables, and changes to it. Answers have Kamailio's shape (ul_rpc.c). */
import { double, lowerAscii, type RpcArray, type RpcCall, RpcStruct, type ServerApi } from '../../runtime/sdk/index.js';
import { type Contact, type ContactInfo, EXPIRED, Q_UNSET } from './contact.js';
import type { Domain, Location } from './location.js';

/** What the commands need of the module. */
export interface RpcEnvironment {
  readonly location: Location;
  readonly useDomain: boolean;
  readonly caseSensitive: boolean;
  readonly serverId: number;
  nextRuid(): string;
  /** A listen socket by `proto:ip:port`. */
  socket(name: string): ContactInfo['socket'];
}

const callId = 'dfjrewr12386fd6-343@kamailio.rpc';
const userAgent = 'kamailio SIP Router - RPC Server';
/** Matching mode 2 compares paths; a contact added by RPC is looked for with this one. */
const noPath = 'dummypath';
const cseq = 1;

const orNotSet = (text: string) => (text === '' ? '[not set]' : text);

const states = ['CS_NEW', 'CS_SYNC', 'CS_DIRTY'];

function contactStruct(c: Contact, now: number): RpcStruct {
  const expires =
    c.expires === 0 ? 'permanent' : c.expires === EXPIRED ? 'deleted' : now > c.expires ? 'expired' : c.expires - now;
  return new RpcStruct()
    .add('Address', c.uri)
    .add('Expires', expires)
    .add('Q', double(c.q === Q_UNSET ? -1 : c.q / 1000))
    .add('Call-ID', c.callId)
    .add('CSeq', c.cseq)
    .add('User-Agent', orNotSet(c.userAgent))
    .add('Received', orNotSet(c.received))
    .add('Path', orNotSet(c.path))
    .add('State', states[c.dbState] ?? 'CS_UNKNOWN')
    .add('Flags', c.flags)
    .add('CFlags', c.cflags)
    .add('Socket', c.socket?.sockStr ?? '[not set]')
    .add('Methods', c.methods)
    .add('Ruid', orNotSet(c.ruid))
    .add('Instance', orNotSet(c.instance))
    .add('Reg-Id', c.regId)
    .add('Server-Id', c.serverId)
    .add('Tcpconn-Id', c.connectionId)
    .add('Keepalive', c.keepalive)
    .add('Last-Keepalive', c.lastKeepalive)
    .add('KA-Roundtrip', c.roundtrip)
    .add('Last-Modified', c.lastModified);
}
function addContacts(to: RpcArray, contacts: readonly Contact[], now: number) {
  for (const c of contacts) to.add('Contact', contactStruct(c, now));
}

/** The AOR as the table has it: lower case, without the domain unless `use_domain`. Null: the domain is missing. */
export function fixAor(env: RpcEnvironment, aor: string): string | null {
  const at = aor.indexOf('@');
  if (env.useDomain && at < 0) return null;
  const kept = env.useDomain || at < 0 ? aor : aor.slice(0, at);
  return env.caseSensitive ? kept : lowerAscii(kept);
}
function domainAndAor(env: RpcEnvironment, call: RpcCall, table: string, aor: string) {
  const domain = env.location.domains.get(table);
  if (!domain) {
    call.fault(500, 'Domain table not found');
    return null;
  }
  const fixed = fixAor(env, aor);
  if (fixed === null) {
    call.fault(500, 'Domain missing in AOR');
    return null;
  }
  return { domain, aor: fixed };
}

export function dump(env: RpcEnvironment, call: RpcCall): void {
  const brief = call.optStr() === 'brief';
  const now = env.location.nowSec();
  const domains = call.struct().array('Domains');
  for (const domain of env.location.domains.values()) dumpDomain(env, domains.struct('Domain'), domain, brief, now);
}
function dumpDomain(env: RpcEnvironment, to: RpcStruct, domain: Domain, brief: boolean, now: number) {
  to.add('Domain', domain.name).add('Size', env.location.options.slots);
  const aors = to.array('AoRs');
  const { records, longest } = domain.dumpOrder();
  for (const record of records) {
    if (brief) {
      aors.add('AoR', record.aor);
      continue;
    }
    const info = aors.struct('Info').add('AoR', record.aor).add('HashID', record.hash);
    addContacts(info.array('Contacts'), record.contacts, now);
  }
  to.struct('Stats').add('Records', records.length).add('Max-Slots', longest);
}

export function lookup(env: RpcEnvironment, call: RpcCall): void {
  const table = call.str();
  const aor = table === undefined ? undefined : call.str();
  if (table === undefined || aor === undefined) {
    call.fault(500, 'Not enough parameters (table and AOR to lookup)');
    return;
  }
  const place = domainAndAor(env, call, table, aor);
  if (place === null) return;
  const record = place.domain.get(place.aor);
  if (record === null) {
    call.fault(500, 'AOR not found in location table');
    return;
  }
  const now = env.location.nowSec();
  const valid = record.contacts.filter((c) => c.valid(now));
  if (valid.length === 0) {
    call.fault(500, 'AOR has no contacts');
    return;
  }
  addContacts(call.struct().add('AoR', place.aor).array('Contacts'), valid, now);
}

export function removeAor(env: RpcEnvironment, call: RpcCall): void {
  const table = call.str();
  const aor = call.str();
  if (table === undefined || aor === undefined) {
    call.fault(500, 'Not enough parameters (table and AOR to lookup)');
    return;
  }
  const place = domainAndAor(env, call, table, aor);
  if (place !== null) place.domain.delete(place.aor);
}

export function removeContact(env: RpcEnvironment, call: RpcCall): void {
  const table = call.str();
  const aor = call.str();
  const uri = call.str();
  if (table === undefined || aor === undefined || uri === undefined) {
    call.fault(500, 'Not enough parameters (table, AOR and contact)');
    return;
  }
  const place = domainAndAor(env, call, table, aor);
  if (place === null) return;
  const record = place.domain.get(place.aor);
  if (record === null) {
    call.fault(404, 'AOR not found');
    return;
  }
  const found = place.domain.find(record, uri, callId, noPath, cseq + 1);
  if (found === 'none') call.fault(404, 'Contact not found');
  else if (typeof found === 'string') call.fault(500, "Internal error (can't get contact)");
  else {
    place.domain.remove(record, found);
    place.domain.release(record);
  }
}

/** A parameter that may be `.` or `0` for "none". */
const given = (text: string | undefined) => (text === undefined || text === '.' || text === '0' ? '' : text);

export function add(env: RpcEnvironment, call: RpcCall): void {
  const [table, aor, uri] = [call.str(), call.str(), call.str()];
  const expires = call.int();
  const q = call.double();
  const path = call.str();
  const [flags, cflags, methods] = [call.int(), call.int(), call.int()];
  if (
    table === undefined ||
    aor === undefined ||
    uri === undefined ||
    expires === undefined ||
    q === undefined ||
    path === undefined ||
    flags === undefined ||
    cflags === undefined ||
    methods === undefined
  ) {
    call.fault(500, 'Not enough parameters or wrong format');
    return;
  }
  const received = given(call.optStr());
  const socket = given(call.optStr());
  const place = domainAndAor(env, call, table, aor);
  if (place === null) return;
  const { domain } = place;
  const now = env.location.nowSec();
  const info: ContactInfo = {
    uri,
    received,
    path: given(path),
    expires: expires === 0 ? 0 : expires + now,
    q: q === -1 ? Q_UNSET : Math.trunc(q * 1000),
    callId,
    cseq,
    flags,
    cflags,
    userAgent,
    socket: socket === '' ? null : env.socket(socket),
    methods,
    instance: '',
    regId: 0,
    serverId: env.serverId,
    connectionId: -1,
    ruid: env.nextRuid(),
    lastModified: 0,
    xavp: null,
  };
  const record = domain.getOrCreate(place.aor);
  const found = domain.find(record, uri, callId, noPath, cseq + 1);
  if (found === 'none') domain.insert(record, info);
  else if (typeof found === 'string') call.fault(500, "Can't get record");
  else domain.update(record, found, info);
  domain.release(record);
}

/** Sockets by the name contacts show. */
export const socketNamed = (server: ServerApi, name: string) =>
  server.transports.sockets.find((s) => s.sockStr === name) ?? null;
