/** permissions: who may call, register or come without a password, by address, by peer, by rules in files. */
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import {
  coreHash,
  type Database,
  defineModule,
  type Grammar,
  ipValue,
  type NamedPv,
  namedPv,
  opt,
  parseUri,
  pv,
  type RouteContext,
  type RpcCall,
  RpcStruct,
  type ServerApi,
  StartError,
  str,
  type Verdict,
  varInt,
  varStr,
  writtenPort,
} from '../../runtime/sdk/index.js';
import { Addresses, type AddressRow, parseAddressFile } from './addresses.js';
import { found, parseRules, type Rule } from './rules.js';
import { isProto, matching, type Peer, peerOf } from './trusted.js';

interface Files {
  readonly allow: readonly Rule[];
  readonly deny: readonly Rule[];
}
interface State {
  db: Database | null;
  server: ServerApi | null;
  addresses: Addresses | null;
  /** Null with db_mode 0: asked in the database. */
  peers: readonly Peer[] | null;
  tag: NamedPv | null;
  readonly files: Map<string, Files>;
  lastReload: number;
}
interface Params {
  readonly allow_suffix: string;
  readonly deny_suffix: string;
  readonly check_all_branches: number;
  readonly default_allow_file: string;
  readonly default_deny_file: string;
  readonly db_url: string;
  readonly db_mode: number;
  readonly trusted_table: string;
  readonly source_col: string;
  readonly proto_col: string;
  readonly from_col: string;
  readonly ruri_col: string;
  readonly tag_col: string;
  readonly priority_col: string;
  readonly peer_tag_mode: number;
  readonly address_table: string;
  readonly address_file: string;
  readonly grp_col: string;
  readonly ip_addr_col: string;
  readonly mask_col: string;
  readonly port_col: string;
  readonly max_subnets: number;
  readonly subnet_match_mode: number;
  readonly reload_delta: number;
}
interface Me {
  readonly params: Params;
  readonly state: State;
}
/** Longest URI that rules look at. */
const MAX_URI = 500;

// Files ---------------------------------------------------------------------------------------------------------------

/** Relative names lie beside the cfg. */
const pathOf = (server: ServerApi, name: string): string =>
  name.includes('/') ? name : join(dirname(server.config.source), name);
function rulesIn(server: ServerApi, name: string): Rule[] {
  let text: string;
  try {
    text = readFileSync(pathOf(server, name), 'latin1');
  } catch {
    server.log(2, 'permissions', `file not found: ${pathOf(server, name)}: no rules`);
    return [];
  }
  return parseRules(text, (line) => server.log(-1, 'permissions', `not understood in ${name}: ${line}`));
}
function filesOf(me: Me, server: ServerApi, allow: string, deny: string): Files {
  const key = `${allow}\n${deny}`;
  const known = me.state.files.get(key);
  if (known) return known;
  const fresh = { allow: rulesIn(server, allow), deny: rulesIn(server, deny) };
  me.state.files.set(key, fresh);
  return fresh;
}
/** One name stands for both, with suffixes; none for the defaults. */
function filesFor(me: Me, ctx: RouteContext, first?: string, second?: string): Files {
  const { params } = me;
  if (first === undefined) return filesOf(me, ctx.server, params.default_allow_file, params.default_deny_file);
  if (second !== undefined) return filesOf(me, ctx.server, first, second);
  return filesOf(me, ctx.server, first + params.allow_suffix, first + params.deny_suffix);
}
function plain(text: string, grammar: Grammar, withPort = false): string | null {
  const uri = parseUri(text, grammar);
  if (!uri) return null;
  const port = withPort ? writtenPort(uri) : null;
  return `sip:${uri.user ? `${uri.user}@` : ''}${uri.host}${port === null ? '' : `:${port}`}`;
}

function allowRouting(me: Me, ctx: RouteContext, { allow, deny }: Files): Verdict {
  if (allow.length === 0 && deny.length === 0) return 1;
  const from = ctx.msg.from?.uri?.text;
  const uri = ctx.requestUri;
  if (from === undefined || from.length > MAX_URI || !uri) return -1;
  const target = `sip:${uri.user ?? ''}@${uri.host}`;
  if (target.length > MAX_URI) return -1;
  const all = me.params.check_all_branches !== 0;
  if (found(allow, from, target)) {
    if (!all) return 1;
  } else if (found(deny, from, target)) return -1;
  else if (!all) return 1;
  for (const branch of ctx.draft.branches) {
    const text = plain(branch.uri, ctx.grammar);
    if (text === null) return -1;
    if (!found(allow, from, text) && found(deny, from, text)) return -1;
  }
  return 1;
}

function allowRegister(me: Me, ctx: RouteContext, { allow, deny }: Files, withPort: boolean): Verdict {
  if (allow.length === 0 && deny.length === 0) return 1;
  const to = ctx.msg.to?.uri?.text;
  if (to === undefined || to.length > MAX_URI) return -1;
  const contacts = ctx.msg.contacts();
  if (contacts === 'star') return 1;
  for (const contact of contacts ?? []) {
    const text = contact.uri ? plain(contact.uri.text, ctx.grammar, withPort) : null;
    if (text === null) return -1;
    if (found(allow, to, text) && me.params.check_all_branches) continue;
    if (found(deny, to, text)) return -1;
  }
  return 1;
}

// Addresses and peers -------------------------------------------------------------------------------------------------

async function readAddresses({ params, state }: Me, server: ServerApi): Promise<Addresses> {
  const rows: AddressRow[] = [];
  if (params.address_file !== '')
    rows.push(...parseAddressFile(readFileSync(pathOf(server, params.address_file), 'latin1')));
  else {
    const columns = [params.grp_col, params.ip_addr_col, params.mask_col, params.port_col, params.tag_col];
    const table = await state.db?.query(params.address_table, { columns });
    for (const [group, address, mask, port, tag] of table?.rows ?? []) {
      if (!(Number(group) > 0) || typeof address !== 'string' || mask === null || port === null)
        throw new Error(`a row of ${params.address_table} lacks a value`);
      const text = typeof tag === 'string' ? tag : null;
      rows.push({ group: Number(group), address, mask: Number(mask), port: Number(port), tag: text });
    }
  }
  const addresses = new Addresses(params.subnet_match_mode === 1);
  for (const row of rows) {
    const problem = addresses.add(row, params.max_subnets);
    if (problem) throw new Error(problem);
  }
  return addresses;
}

async function readPeers({ params, state }: Me, source?: string): Promise<Peer[]> {
  const columns = [params.source_col, params.proto_col, params.from_col, params.ruri_col, params.tag_col];
  const found = await state.db?.query(params.trusted_table, {
    columns: [...columns, params.priority_col],
    ...(source === undefined ? {} : { where: { [params.source_col]: source }, order: [params.priority_col] }),
  });
  const peers: Peer[] = [];
  for (const [address, proto, from, uri, tag, priority] of found?.rows ?? []) {
    if (typeof address !== 'string' || typeof proto !== 'string') continue;
    const text = (cell: unknown) => (typeof cell === 'string' ? cell : null);
    if (!isProto(proto)) continue;
    peers.push(peerOf(address, proto, text(from), text(uri), text(tag), Number(priority ?? 0)));
  }
  // In memory the highest priority comes first; rows of one priority as they came.
  return source === undefined ? peers.sort((a, b) => b.priority - a.priority) : peers;
}

function admitted(me: Me, ctx: RouteContext, group: number | null, address: string, port: number): AddressRow | null {
  const row = me.state.addresses?.match(group, address, port) ?? null;
  // Looked for in all groups, a name leaves no tag (hash.c, find_group_in_domain_name_table).
  const silent = group === null && ipValue(address) === null;
  if (row?.tag != null && !silent) me.state.tag?.set(ctx, row.tag);
  return row;
}

async function allowTrusted(me: Me, ctx: RouteContext, source: string, proto: string, from: string): Promise<Verdict> {
  try {
    const peers = me.state.peers ?? (me.state.db ? await readPeers(me, source) : []);
    const fitting = matching(peers, source, proto, from, ctx.msg.requestUri);
    const counted = me.params.peer_tag_mode ? fitting : fitting.slice(0, 1);
    for (const { tag } of counted) if (tag !== null) me.state.tag?.set(ctx, tag);
    return counted.length || -1;
  } catch (error) {
    ctx.log(-1, `trusted peers: ${error instanceof Error ? error.message : String(error)}`, 'permissions');
    return -1;
  }
}

// Commands ------------------------------------------------------------------------------------------------------------

async function reloadNow(me: Me, call: RpcCall, server: ServerApi, read: () => Promise<void>): Promise<void> {
  const now = server.env.clock.now() / 1000;
  if (me.state.lastReload > now - me.params.reload_delta) {
    call.fault(500, 'ongoing reload');
    return;
  }
  me.state.lastReload = now;
  try {
    await read();
    call.add('Reload OK');
  } catch (error) {
    server.log(-1, 'permissions', `reload: ${error instanceof Error ? error.message : String(error)}`);
    call.fault(500, 'Reload failed.');
  }
}
/** Slots of Kamailio's table of peers (PERM_HASH_SIZE). */
const PEER_SLOTS = 128;
const PROTO_NUMBERS: Readonly<Record<string, number>> = { any: 0, udp: 1, tcp: 2, tls: 3, sctp: 4, ws: 5, wss: 6 };

const column = (initial: string, doc: string) => ({ type: 'str', default: initial, doc }) as const;
const yesNo = { 1: 'yes', [-1]: 'no' } as const;
const fileArgs = [opt(str('allow', 'file, or the name of both without suffix')), opt(str('deny'))] as const;

const testUriDoc = 'Would the rules of these files (name without suffix) let the first URI have to do with the second?';
function testUri(me: Me, call: RpcCall, server: ServerApi): void {
  const basename = call.text();
  const uri = call.text();
  const contact = call.text();
  if (basename === undefined || uri === undefined || contact === undefined) {
    call.fault(500, 'Not enough parameters (basename, URI and contact)');
    return;
  }
  const { allow_suffix, deny_suffix } = me.params;
  const known = me.state.files.get(`${basename}${allow_suffix}\n${basename}${deny_suffix}`);
  if (!known) server.log(-1, 'permissions', `the rules of ${basename} are not loaded`);
  const free = known && known.allow.length === 0 && known.deny.length === 0;
  const allowed = known && (free || found(known.allow, uri, contact) || !found(known.deny, uri, contact));
  call.add(allowed ? 'Allowed' : 'Denied');
}

export default defineModule({
  name: 'permissions',
  doc: 'Who may call, register or come without a password.',
  uses: [],
  params: {
    default_allow_file: column('permissions.allow', 'Rules for allow_routing() without arguments.'),
    default_deny_file: column('permissions.deny', 'Rules for allow_routing() without arguments.'),
    check_all_branches: { type: 'int', default: 1, doc: '0: only the Request-URI is looked at.' },
    allow_suffix: column('.allow', 'Behind a name that stands for two files.'),
    deny_suffix: column('.deny', 'Behind a name that stands for two files.'),
    db_url: column('', 'Where the tables are; empty: none are used.'),
    db_mode: { type: 'int', default: 0, min: 0, max: 1, doc: '1: trusted peers are held in memory.' },
    trusted_table: column('trusted', 'Table of peers.'),
    source_col: column('src_ip', 'Column of the source address.'),
    proto_col: column('proto', 'Column of the protocol.'),
    from_col: column('from_pattern', 'Column of the pattern for From.'),
    ruri_col: column('ruri_pattern', 'Column of the pattern for the Request-URI.'),
    tag_col: column('tag', 'Column of the tag.'),
    priority_col: column('priority', 'Column of the priority.'),
    peer_tag_avp: column('', 'AVP that gets the tag of what matched.'),
    peer_tag_mode: { type: 'int', default: 0, min: 0, max: 1, doc: '1: the tags of all that match.' },
    address_table: column('address', 'Table of addresses.'),
    address_file: column('', 'File with addresses instead of the table.'),
    grp_col: column('grp', 'Column of the group.'),
    ip_addr_col: column('ip_addr', 'Column of the address.'),
    mask_col: column('mask', 'Column of the mask length.'),
    port_col: column('port', 'Column of the port.'),
    max_subnets: { type: 'int', default: 512, min: 0, doc: 'Networks at most; further ones are left out.' },
    subnet_match_mode: {
      type: 'int',
      default: 0,
      min: 0,
      max: 1,
      doc: 'Of several networks an address is in: 0 the first counts, 1 the smallest.',
    },
    load_backends: { type: 'int', default: 0xffff, doc: 'Bits: 1 addresses, 2 peers, 4 allow file, 8 deny file.' },
    reload_delta: { type: 'int', default: 5, doc: 'Seconds between two reloads at least.' },
    trusted_cleanup_interval: { type: 'int', default: 60, doc: 'Accepted: an old table goes when nothing uses it.' },
  },
  stats: {},
  state: (): State => ({
    db: null,
    server: null,
    addresses: null,
    peers: null,
    tag: null,
    files: new Map(),
    lastReload: Number.NEGATIVE_INFINITY,
  }),
  async start(me, server) {
    const { params, state } = me;
    state.server = server;
    if (params.peer_tag_avp !== '') state.tag = namedPv(server, params.peer_tag_avp, 'permissions.peer_tag_avp');
    filesOf(me, server, params.default_allow_file, params.default_deny_file);
    if (params.db_url !== '') state.db = await server.databases.open(params.db_url, 'permissions');
    try {
      if (params.load_backends & 1 && (state.db || params.address_file !== ''))
        state.addresses = await readAddresses(me, server);
      if (params.load_backends & 2 && state.db && params.db_mode === 1) state.peers = await readPeers(me);
    } catch (error) {
      throw new StartError('SIPC8072', `permissions: ${error instanceof Error ? error.message : String(error)}`);
    }
  },
  functions: {
    allow_source_address: {
      doc: 'Is the source address and port of the message in the group (1)?',
      args: [opt(varInt('group'))],
      routes: ['any'],
      returns: yesNo,
      example: 'if (allow_source_address("1")) xlog("a trunk\\n");',
      run(me, ctx, group = 1) {
        const { ip, port } = ctx.msg.received.src;
        return admitted(me, ctx, group, ip, port) ? 1 : -1;
      },
    },
    allow_address: {
      doc: 'Is the address, or name, with the port in the group?',
      args: [varInt('group'), varStr('address'), varInt('port')],
      routes: ['any'],
      constArgs: true,
      returns: yesNo,
      example: 'if (!allow_address("2", "$rd", "$rp")) exit;',
      run: (me, ctx, group, address, port) => (admitted(me, ctx, group, address, port) ? 1 : -1),
    },
    allow_source_address_group: {
      doc: 'The group of the source address and port.',
      args: [],
      routes: ['any'],
      returns: { 1: 'group 1, or as the verdict says', [-1]: 'in no group' },
      example: 'if (allow_source_address_group()) xlog("group $rc\\n");',
      run(me, ctx) {
        const { ip, port } = ctx.msg.received.src;
        return admitted(me, ctx, null, ip, port)?.group ?? -1;
      },
    },
    allow_address_group: {
      doc: 'The group of the address, or name, with the port.',
      args: [varStr('address'), varInt('port')],
      routes: ['any'],
      returns: { 1: 'group 1, or as the verdict says', [-1]: 'in no group' },
      example: 'if (allow_address_group("$rd", "0")) xlog("group $rc\\n");',
      run: (me, ctx, address, port) => admitted(me, ctx, null, address, port)?.group ?? -1,
    },
    allow_trusted: {
      doc: 'May the peer come without a password? By source address and protocol of the message, or those given; then a From URI may be given too.',
      args: [opt(varStr('source')), opt(varStr('proto')), opt(varStr('from'))],
      routes: ['any'],
      returns: { 1: 'yes; with peer_tag_mode as many as the verdict says', [-1]: 'no' },
      async: 'always',
      example: 'if (!allow_trusted()) { sl_send_reply("403", "Forbidden"); exit; }',
      async run(me, ctx, source, proto, from) {
        const { msg } = ctx;
        const own = msg.from?.uri?.text;
        if (own === undefined) return -1;
        const asked = proto ?? msg.received.proto;
        if (!isProto(asked)) {
          ctx.log(-1, `unknown protocol ${asked}`, 'permissions');
          return -1;
        }
        return allowTrusted(me, ctx, source ?? msg.received.src.ip, asked, from ?? own);
      },
    },
    allow_routing: {
      doc: 'Do the rules let From call the Request-URI and all further targets?',
      args: fileArgs,
      routes: ['any'],
      returns: yesNo,
      example: 'if (!allow_routing()) { sl_send_reply("403", "Forbidden"); exit; }',
      run: (me, ctx, first, second) => allowRouting(me, ctx, filesFor(me, ctx, first, second)),
    },
    allow_register: {
      doc: 'Do the rules let To register these contacts?',
      args: [str('allow', 'file, or the name of both without suffix'), opt(str('deny'))],
      routes: ['request', 'failure'],
      constArgs: true,
      returns: yesNo,
      example: 'if (!allow_register("register")) { sl_send_reply("403", "Forbidden"); exit; }',
      run: (me, ctx, first, second) => allowRegister(me, ctx, filesFor(me, ctx, first, second), false),
    },
    allow_register_include_port: {
      doc: 'As allow_register(), with the port of each Contact as it is written.',
      args: [str('allow', 'file, or the name of both without suffix'), opt(str('deny'))],
      routes: ['request', 'failure'],
      constArgs: true,
      returns: yesNo,
      example: 'if (!allow_register_include_port("register")) { sl_send_reply("403", "Forbidden"); exit; }',
      run: (me, ctx, first, second) => allowRegister(me, ctx, filesFor(me, ctx, first, second), true),
    },
    allow_uri: {
      doc: 'Do the rules let From have to do with the URI of a variable?',
      args: [str('basename', 'name of both files without suffix'), pv('uri')],
      routes: ['request', 'failure'],
      constArgs: true,
      returns: yesNo,
      example: 'if (!allow_uri("refer", "$rt")) { sl_send_reply("403", "Forbidden"); exit; }',
      run(me, ctx, basename, target) {
        const { allow, deny } = filesFor(me, ctx, basename);
        if (allow.length === 0 && deny.length === 0) return 1;
        const from = ctx.msg.from?.uri?.text;
        const value = target.get(ctx);
        if (from === undefined || typeof value !== 'string' || from.length > MAX_URI || value.length > MAX_URI)
          return -1;
        return found(allow, from, value) || !found(deny, from, value) ? 1 : -1;
      },
    },
  },
  pvs: {},
  rpc: {
    'permissions.addressReload': {
      paced: true,
      doc: 'Reads the addresses again; keeps the old ones when they are wrong.',
      run: (me, call, server) =>
        reloadNow(me, call, server, async () => {
          if (me.params.address_file === '' && !me.state.db) throw new Error('db_url is not set');
          me.state.addresses = await readAddresses(me, server);
        }),
    },
    'permissions.trustedReload': {
      paced: true,
      doc: 'Reads the trusted peers again.',
      run: (me, call, server) =>
        reloadNow(me, call, server, async () => {
          if (!me.state.peers) throw new Error('they are not held in memory');
          me.state.peers = await readPeers(me);
        }),
    },
    'permissions.addressDump': {
      doc: 'Single addresses.',
      run(me, call) {
        if (!me.state.addresses) {
          call.fault(500, 'No address table');
          return;
        }
        for (const [table, rows] of [...me.state.addresses.hosts.values()].entries())
          for (const { group, address, port, tag } of rows)
            call.add(
              new RpcStruct({ table, group, item: new RpcStruct({ ip: address, port, tag: tag ? tag : 'NULL' }) }),
            );
      },
    },
    'permissions.subnetDump': {
      doc: 'Networks.',
      run(me, call) {
        if (!me.state.addresses) {
          call.fault(500, 'No subnet table');
          return;
        }
        for (const [id, { group, address, mask, port, tag }] of me.state.addresses.subnets.entries())
          call.add(new RpcStruct({ id, group, item: new RpcStruct({ ip: address, mask, port, tag: tag ?? '' }) }));
      },
    },
    'permissions.domainDump': {
      doc: 'Names.',
      run(me, call) {
        if (!me.state.addresses) {
          call.fault(500, 'No domain list table');
          return;
        }
        const all = new RpcStruct();
        for (const [table, rows] of [...me.state.addresses.names.values()].entries())
          for (const { group, address, port, tag } of rows) {
            const item = new RpcStruct({ domain_name: address, port, tag: tag ? tag : 'NULL' });
            all.add('table', table).add('group', group).add('item', item);
          }
        call.add(all);
      },
    },
    'permissions.trustedDump': {
      doc: 'Trusted peers held in memory.',
      run(me, call) {
        if (!me.state.peers) {
          call.fault(500, 'No trusted table');
          return;
        }
        const all = new RpcStruct();
        // As they lie in Kamailio's table: by hash, the highest priority first.
        const peers = me.state.peers.map((peer) => ({ ...peer, table: coreHash(peer.source, '') & (PEER_SLOTS - 1) }));
        peers.sort((a, b) => a.table - b.table || b.priority - a.priority);
        for (const { table, source, proto, written, tag, priority } of peers) {
          const item = new RpcStruct({
            ip: source,
            proto: PROTO_NUMBERS[proto.toLowerCase()] ?? 0,
            pattern: written.from ?? 'NULL',
            ruri_pattern: written.uri ?? 'NULL',
            tag: tag ? tag : 'NULL',
            priority,
          });
          all.add('table', table).add('item', item);
        }
        call.add(all);
      },
    },
    'permissions.testUri': { doc: testUriDoc, run: testUri },
    'permissions.allowUri': { doc: testUriDoc, run: testUri },
  },
  eventRoutes: {},
  missing: [],
});
