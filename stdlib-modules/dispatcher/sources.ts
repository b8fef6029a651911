/** Where destinations come from: rows of a list file or a table, and what makes a destination of a row. */
import {
  canonicalIp,
  type Database,
  type DbCell,
  type ListenSocket,
  type ParamItem,
  type Proto,
  parseUri,
  type ServerApi,
  unbracket,
} from '../../runtime/sdk/index.js';
import { Destination, DestState, parseAttributes } from './sets.js';

export interface Row {
  readonly set: number;
  readonly uri: string;
  readonly flags: number;
  readonly priority: number;
  /** '' for none. */
  readonly attrs: string;
}

/** Longest line of a list file; longer ones are refused. */
const MAX_LINE = 1023;

/** `set uri [flags [priority [attributes]]]`; the text is what is wrong with a line. */
export function parseList(text: string): readonly Row[] | string {
  const rows: Row[] = [];
  for (const [n, line] of text.split('\n').entries()) {
    const found = /^\s*(\d*)\s*([^\s#]*)\s*(.*)$/s.exec(line.trimEnd());
    const [, set = '', uri = '', rest = ''] = found ?? [];
    if (line.trim() === '' || line.trim().startsWith('#')) continue;
    if (line.length > MAX_LINE || uri === '') return `line ${n + 1} is not understood`;
    const [, flags = '', afterFlags = ''] = /^(\d*)\s*(.*)$/s.exec(rest) ?? [];
    const comment = rest.startsWith('#') || afterFlags.startsWith('#') || afterFlags === '';
    const [, priority = '', last = ''] = /^(\d*)\s*(.*)$/s.exec(comment ? '' : afterFlags) ?? [];
    rows.push({
      set: Number(set) | 0,
      uri,
      flags: rest.startsWith('#') ? 0 : Number(flags) | 0,
      priority: Number(priority) | 0,
      attrs: last.startsWith('#') ? '' : (/^\S*/.exec(last)?.[0] ?? ''),
    });
  }
  return rows;
}

export interface Columns {
  readonly table: string;
  readonly set: string;
  readonly uri: string;
  readonly flags: string;
  readonly priority: string;
  readonly attrs: string;
  /** Further columns, each an attribute of the given name. */
  readonly more: readonly ParamItem[];
}
/** Most columns a row is read with. */
const MAX_COLUMNS = 32;
const MAX_ATTRS = 1024;

/** `version` is the table's: older ones have fewer columns. Rejects with a DbError, or what is wrong with a row. */
export async function readTable(db: Database, c: Columns, version: number): Promise<readonly Row[]> {
  const known = [c.set, c.uri, c.flags, c.priority, c.attrs].slice(0, version + 1);
  const more = version >= 4 ? c.more : [];
  if (known.length + more.length > MAX_COLUMNS) throw new Error('too many columns');
  const { rows } = await db.query(c.table, { columns: [...known, ...more.map(({ value }) => value)] });
  const text = (cell: DbCell | undefined) => (cell === null || cell === undefined ? '' : String(cell));
  return rows.map(([set, uri, flags, priority, attrs, ...extra]) => {
    let joined = text(attrs);
    for (const [i, { name }] of more.entries()) {
      const value = text(extra[i]);
      if (value === '') continue;
      joined += `${joined === '' || joined.endsWith(';') ? '' : ';'}${name}=${value};`;
    }
    if (more.length > 0 && joined.length >= MAX_ATTRS) throw new Error('attributes are too long');
    return {
      set: Number(set),
      uri: text(uri),
      flags: Number(flags ?? 0),
      priority: Number(priority ?? 0),
      attrs: joined,
    };
  });
}

/** Bits of `ds_dns_mode`. */
export const DnsMode = { atLoad: 1, always: 2, timer: 4, srv: 8 } as const;

/** Most addresses of a host that are kept. */
const MAX_ADDRESSES = 32;
export interface Found {
  readonly ip: string;
  /** All of them, `ip` first. */
  readonly all: readonly string[];
  readonly port: number;
  readonly proto: string;
}
/** The address of a host; with `DnsMode.srv` the port and protocol of its SRV record too. Null: none. */
export async function lookUp(
  server: ServerApi,
  mode: number,
  target: { readonly host: string; readonly port: number; readonly proto: string },
): Promise<Found | null> {
  const { host, port, proto } = target;
  if (mode & DnsMode.srv) {
    const uri = `sip:${host}${port ? `:${port}` : ''}${proto ? `;transport=${proto}` : ''}`;
    const found = await server.transactions.core.resolve(uri, null);
    return found[0] === undefined ? null : { ...foundOf(found), port: found[0].port, proto: found[0].proto };
  }
  const bare = unbracket(host);
  const numeric = canonicalIp(bare);
  if (numeric !== null) return { ip: numeric, all: [numeric], port, proto };
  for (const family of [4, 6] as const) {
    const found = await server.env.resolver.addresses(bare, family).catch(() => []);
    if (found.length > 0) return { ...foundOf(found), port, proto };
  }
  return null;
}
function foundOf(records: readonly { readonly ip: string }[]): {
  readonly ip: string;
  readonly all: readonly string[];
} {
  const all = records.slice(0, MAX_ADDRESSES).map(({ ip }) => ip);
  return { ip: all[0] ?? '', all };
}

/** `proto:host:port` of one of our sockets. */
export function socketAt(server: ServerApi, text: string): ListenSocket | null {
  const [, proto, host = '', port] =
    /^(?:(udp|tcp|tls|sctp|ws|wss):)?(\[[^\]]*\]|[^:]+)(?::(\d{1,5}))?$/i.exec(text) ?? [];
  if (host === '') return null;
  return server.transports.findSocket(host, Number(port ?? 0), proto?.toLowerCase() as Proto | undefined);
}
export const socketNamed = (server: ServerApi, name: string): ListenSocket | null =>
  server.transports.sockets.find((socket) => socket.name === name) ?? null;

export interface MakeOptions {
  readonly dnsMode: number;
  /** Attributes `none=yes` stand for none. */
  readonly noneAttrs: boolean;
  readonly defaultSocket: ListenSocket | null;
  /** All addresses of a host are kept. */
  readonly matchAll: boolean;
}
/** Most bytes of a URI that lacks its scheme. */
const MAX_BARE_URI = 500;
const MAX_HOST = 254;

/** Null, with the reason logged, when nothing can be sent there. */
export async function makeDestination(server: ServerApi, options: MakeOptions, row: Row): Promise<Destination | null> {
  const refuse = (text: string): null => {
    server.log(-1, 'dispatcher', text);
    return null;
  };
  let { uri } = row;
  let parsed = parseUri(uri, server.grammar);
  if (parsed === null && uri.length > 4 && !uri.startsWith('sip:') && uri.length < MAX_BARE_URI) {
    uri = `sip:${uri}`;
    parsed = parseUri(uri, server.grammar);
  }
  if (parsed === null) return refuse(`bad uri [${row.uri}]`);
  if (parsed.host.length > MAX_HOST) return refuse(`host name is too long in ${uri}`);
  const written = row.attrs === '' ? (options.noneAttrs ? 'none=yes' : null) : row.attrs.replace(/;$/, '');
  const attrs = parseAttributes(written, (text) => server.log(-1, 'dispatcher', `${uri}: ${text}`));
  if (attrs === null) return refuse(`${uri}: attributes are not understood: ${row.attrs}`);
  let socket = options.defaultSocket;
  if (attrs.sockname !== '') {
    socket = socketNamed(server, attrs.sockname);
    if (socket === null) return refuse(`non-local socket name <${attrs.sockname}>`);
  } else if (attrs.socket !== '') {
    socket = socketAt(server, attrs.socket);
    if (socket === null) return refuse(`non-local socket <${attrs.socket}>`);
  }
  if (attrs.pingSocket !== '' && socketAt(server, attrs.pingSocket) === null)
    return refuse(`non-local socket <${attrs.pingSocket}>`);
  const target = { host: parsed.host, port: parsed.port, proto: parsed.transport ?? '' };
  let found: Found | null = null;
  if ((row.flags & DestState.noDns) === 0 && options.dnsMode & (DnsMode.atLoad | DnsMode.timer)) {
    found = await lookUp(server, options.dnsMode, target);
    if (found === null) return refuse(`could not resolve ${parsed.host}`);
  }
  const { port, proto } = found ?? target;
  const addresses = found === null ? [] : options.matchAll ? found.all : [found.ip];
  return new Destination(uri, parsed.host, port, proto, row.flags, row.priority, attrs, socket, addresses);
}
