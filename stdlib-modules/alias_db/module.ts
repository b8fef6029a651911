/** alias_db: the Request-URI, or any URI, by a table of aliases. */
import {
  type Database,
  type DbCell,
  defineModule,
  opt,
  parseUri,
  pv,
  pvWritable,
  type RouteContext,
  type SipUri,
  str,
  type Verdict,
  varStr,
  withoutPrefix,
} from '../../runtime/sdk/index.js';

interface Me {
  readonly params: {
    readonly user_column: string;
    readonly domain_column: string;
    readonly alias_user_column: string;
    readonly alias_domain_column: string;
    readonly use_domain: number;
    readonly domain_prefix: string;
    readonly append_branches: number;
  };
  readonly state: { db: Database | null };
}
interface Lookup {
  /** From the user to an alias. */
  readonly reverse: boolean;
  readonly withDomain: boolean;
}

/** `u` with the domain, `d` without, `r` from user to alias. */
function lookupOf(me: Me, flags = ''): Lookup {
  let withDomain = me.params.use_domain !== 0;
  for (const letter of flags.toLowerCase()) {
    if (letter === 'd') withDomain = false;
    if (letter === 'u') withDomain = true;
  }
  return { withDomain, reverse: /r/i.test(flags) };
}

/** URIs of all rows; null when there are none or the database failed. */
async function find(me: Me, table: string, uri: SipUri, { reverse, withDomain }: Lookup): Promise<string[] | null> {
  const { params, state } = me;
  const users = [params.user_column, params.domain_column] as const;
  const aliases = [params.alias_user_column, params.alias_domain_column] as const;
  const [keys, columns] = reverse ? [users, aliases] : [aliases, users];
  const domain = withDomain ? { [keys[1]]: withoutPrefix(uri.host, params.domain_prefix) } : {};
  try {
    const found = await state.db?.query(table, { columns, where: { [keys[0]]: uri.user ?? '', ...domain } });
    if (!found || found.rows.length === 0 || found.rows[0]?.[0] === null) return null;
    const text = (cell: DbCell | undefined) => String(cell ?? '');
    return found.rows.map((row) => `sip:${text(row[0])}@${text(row[1])}`);
  } catch {
    // The database layer has logged it.
    return null;
  }
}

function retarget(me: Me, ctx: RouteContext, uris: readonly string[]): Verdict {
  const [first, ...others] = uris;
  if (first === undefined) return -1;
  ctx.draft.uri = first;
  if (!me.params.append_branches) return 1;
  const more = others.map((uri) => ({
    uri,
    dstUri: null,
    path: null,
    q: 0,
    flags: 0,
    socket: null,
    instance: null,
    regId: 0,
    ruid: null,
    locationUa: null,
  }));
  ctx.draft.branches = [...ctx.draft.branches, ...more];
  return 1;
}

const column = (initial: string, doc: string) => ({ type: 'str', default: initial, doc }) as const;
const found = { 1: 'found', [-1]: 'no such alias, or the database failed' } as const;

export default defineModule({
  name: 'alias_db',
  doc: 'Aliases of users in a database.',
  uses: [],
  params: {
    db_url: column('mysql://kamailioro:kamailioro@localhost/kamailio', 'Where the aliases are.'),
    user_column: column('username', 'Column of the user.'),
    domain_column: column('domain', 'Column of the domain.'),
    alias_user_column: column('alias_username', 'Column of the alias.'),
    alias_domain_column: column('alias_domain', 'Column of its domain.'),
    use_domain: { type: 'int', default: 0, doc: '1: the domain has to match too.' },
    domain_prefix: column('', 'Taken off the domain before it is looked for.'),
    append_branches: { type: 'int', default: 0, doc: '1: further rows become further targets.' },
  },
  stats: {},
  state: () => ({ db: null as Database | null }),
  async start(me, server) {
    me.state.db = await server.databases.open(me.params.db_url, 'alias_db');
  },
  functions: {
    alias_db_lookup: {
      doc: 'Puts the user of the alias into the Request-URI. Flags: u with the domain, d without it, r the other way.',
      args: [varStr('table'), opt(str('flags'))],
      routes: ['request', 'failure'],
      constArgs: true,
      returns: found,
      async: 'always',
      example: 'if (alias_db_lookup("dbaliases")) xlog("now for $ru\\n");',
      async run(me, ctx, table, flags) {
        const uri = ctx.requestUri;
        if (!uri) return -1;
        const uris = await find(me, table, uri, lookupOf(me, flags));
        return uris === null ? -1 : retarget(me, ctx, uris);
      },
    },
    alias_db_find: {
      doc: 'Looks for the URI of one variable and puts what is found into another; flags as for alias_db_lookup().',
      args: [varStr('table'), pv('in', 'the URI'), pvWritable('out', 'where it goes'), opt(str('flags'))],
      routes: ['request', 'failure', 'reply', 'branch'],
      constArgs: true,
      returns: found,
      async: 'always',
      example: 'if (alias_db_find("dbaliases", "$fu", "$avp(alias)", "r")) xlog("known as $avp(alias)\\n");',
      async run(me, ctx, table, from, to, flags) {
        const value = from.get(ctx);
        const uri = typeof value === 'string' ? parseUri(value, ctx.grammar) : null;
        if (!uri) {
          ctx.log(-1, `${from.name} is no URI`, 'alias_db');
          return -1;
        }
        const uris = await find(me, table, uri, lookupOf(me, flags));
        if (uris === null) return -1;
        for (const text of me.params.append_branches ? uris : uris.slice(0, 1)) to.set?.(ctx, text);
        return 1;
      },
    },
  },
  pvs: {},
  rpc: {},
  eventRoutes: {},
  missing: [],
});
