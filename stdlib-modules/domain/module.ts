/** domain: which domains are served here, and what is noted about each. Two tables, held in memory, read again on command. */
import {
  type Database,
  defineModule,
  lowerAscii,
  opt,
  parseUri,
  RpcArray,
  RpcStruct,
  type ServerApi,
  StartError,
  varStr,
} from '../../runtime/sdk/index.js';

interface Attribute {
  readonly name: string;
  readonly value: string | number;
}
interface Tables {
  /** Lower case → as written, and its id. */
  readonly domains: ReadonlyMap<string, { readonly domain: string; readonly did: string }>;
  readonly attributes: ReadonlyMap<string, readonly Attribute[]>;
}
interface State {
  db: Database | null;
  tables: Tables;
}
interface Params {
  readonly domain_table: string;
  readonly domain_attrs_table: string;
  readonly did_col: string;
  readonly domain_col: string;
  readonly name_col: string;
  readonly type_col: string;
  readonly value_col: string;
}
const empty: Tables = { domains: new Map(), attributes: new Map() };
const INTEGER = 0;
const TEXT = 2;

/** Throws with what is wrong in the tables. */
async function read(db: Database, params: Params): Promise<Tables> {
  const { did_col, name_col, type_col, value_col, domain_col } = params;
  const attributes = new Map<string, Attribute[]>();
  const rows = await db.query(params.domain_attrs_table, { columns: [did_col, name_col, type_col, value_col] });
  for (const [i, [did, name, type, value]] of rows.rows.entries()) {
    if (!did || !name || value === null || value === undefined)
      throw new Error(`row ${i} of ${params.domain_attrs_table} lacks a value`);
    if (Number(type) !== INTEGER && Number(type) !== TEXT) throw new Error(`row ${i} has the unknown type ${type}`);
    const text = String(value);
    if (Number(type) === INTEGER && !/^[-+]?\d+$/.test(text)) throw new Error(`row ${i}: ${text} is no number`);
    const list = attributes.get(String(did)) ?? [];
    // The last row is the first attribute, as in Kamailio.
    list.unshift({ name: String(name), value: Number(type) === INTEGER ? Number(text) | 0 : text });
    attributes.set(String(did), list);
  }
  const domains = new Map<string, { domain: string; did: string }>();
  const list = await db.query(params.domain_table, { columns: [domain_col, did_col] });
  for (const [i, [domain, did]] of list.rows.entries()) {
    if (!domain || did === '') throw new Error(`row ${i} of ${params.domain_table} lacks a value`);
    domains.set(lowerAscii(String(domain)), { domain: String(domain), did: String(did ?? domain) });
  }
  return { domains, attributes };
}

async function reload(me: { params: Params; state: State }, server: ServerApi): Promise<boolean> {
  try {
    if (!me.state.db) return false;
    me.state.tables = await read(me.state.db, me.params);
    return true;
  } catch (error) {
    server.log(-1, 'domain', `the tables are not taken: ${error instanceof Error ? error.message : String(error)}`);
    return false;
  }
}

const column = (initial: string, doc: string) => ({ type: 'str', default: initial, doc }) as const;
const places = ['request', 'failure', 'branch', 'local'] as const;
const local = { 1: 'yes', [-1]: 'no' } as const;
const isLocal = (me: { state: State }, host: string): 1 | -1 =>
  me.state.tables.domains.has(lowerAscii(host)) ? 1 : -1;

export default defineModule({
  name: 'domain',
  doc: 'Domains served here, with attributes, from two tables.',
  uses: [],
  params: {
    db_url: column('mysql://kamailioro:kamailioro@localhost/kamailio', 'Where the domains are.'),
    domain_table: column('domain', 'Table of the domains.'),
    domain_attrs_table: column('domain_attrs', 'Table of their attributes.'),
    did_col: column('did', 'Column of the id, in both.'),
    domain_col: column('domain', 'Column of the domain.'),
    name_col: column('name', 'Column of the name of an attribute.'),
    type_col: column('type', 'Column of its type: 0 number, 2 text.'),
    value_col: column('value', 'Column of its value.'),
    register_myself: { type: 'int', default: 0, doc: '1: the domains are part of myself.' },
  },
  stats: {},
  state: (): State => ({ db: null, tables: empty }),
  async start(me, server) {
    me.state.db = await server.databases.open(me.params.db_url, 'domain');
    if (!(await reload(me, server))) throw new StartError('SIPC8071', 'domain: the tables cannot be read; see the log');
    if (me.params.register_myself) server.transports.myselfHooks.push((host) => isLocal(me, host) > 0);
  },
  functions: {
    is_from_local: {
      doc: 'Is the host of From one of the domains?',
      args: [],
      routes: places,
      returns: { ...local, [-2]: 'From cannot be read' },
      example: 'if (is_from_local()) xlog("one of ours calls\\n");',
      run: (me, ctx) => (ctx.msg.from?.uri ? isLocal(me, ctx.msg.from.uri.host) : -2),
    },
    is_uri_host_local: {
      doc: 'Is the host of the Request-URI one of the domains? In a failure route, that of the first branch added.',
      args: [],
      routes: places,
      returns: local,
      example: 'if (!is_uri_host_local()) { sl_send_reply("403", "Relaying denied"); exit; }',
      run(me, ctx) {
        const text = ctx.block.startsWith('failure_route') ? ctx.draft.branches[0]?.uri : ctx.uri;
        const uri = text === undefined ? null : parseUri(text, ctx.grammar);
        if (uri) return isLocal(me, uri.host);
        ctx.log(-1, 'there is no URI to look at', 'domain');
        return -1;
      },
    },
    is_domain_local: {
      doc: 'Is this one of the domains?',
      args: [varStr('domain')],
      routes: places,
      returns: local,
      example: 'if (is_domain_local("$td")) xlog("it is for us\\n");',
      run: (me, _ctx, domain) => isLocal(me, domain),
    },
    lookup_domain: {
      doc: 'As is_domain_local(), and puts the attributes and the id (did) into AVPs named after them, behind a prefix.',
      args: [varStr('domain'), opt(varStr('prefix'))],
      routes: places,
      returns: local,
      example: 'if (lookup_domain("$fd", "from_")) xlog("domain $avp(from_did)\\n");',
      run(me, ctx, domain, prefix = '') {
        const found = me.state.tables.domains.get(lowerAscii(domain));
        if (!found) return -1;
        for (const { name, value } of me.state.tables.attributes.get(found.did) ?? [])
          ctx.avps.add(prefix + name, value);
        ctx.avps.add(`${prefix}did`, found.did);
        return 1;
      },
    },
  },
  pvs: {},
  rpc: {
    'domain.reload': {
      doc: 'Reads the tables again; keeps the old ones when they are wrong.',
      async run(me, call, server) {
        if (!(await reload(me, server))) call.fault(400, 'Reload of domain tables failed');
      },
    },
    'domain.dump': {
      doc: 'The domains and the names of their attributes.',
      run(me, call) {
        const { domains, attributes } = me.state.tables;
        const root = new RpcStruct();
        const list = root.array('domains');
        for (const { domain, did } of domains.values()) list.push(new RpcStruct({ domain, did }));
        const noted = root.array('attributes');
        for (const [did, each] of attributes)
          noted.push(new RpcStruct({ did, attrs: new RpcArray(each.map(({ name }) => name)) }));
        call.add(root);
      },
    },
  },
  eventRoutes: {},
  missing: [],
});
