/** uri_db: may the authenticated user use this From or To, and is the Request-URI one of ours. */
import {
  type AuthorizedApi,
  type Database,
  defineModule,
  equalsIgnoreCase,
  type Identity,
  opt,
  parseUri,
  type RouteContext,
  type SipUri,
  type Uses,
  type Verdict,
  varStr,
} from '../../runtime/sdk/index.js';

interface Me {
  readonly params: {
    readonly db_table: string;
    readonly user_column: string;
    readonly domain_column: string;
    readonly uriuser_column: string;
    readonly use_uri_table: number;
    readonly use_domain: number;
  };
  readonly state: { db: Database | null };
  readonly uses: Uses;
}

async function check(me: Me, ctx: RouteContext, uri: SipUri | null | undefined, given?: Identity): Promise<Verdict> {
  const { params, state } = me;
  if (!uri) return -1;
  if (!uri.user) {
    ctx.log(-1, 'username not found in URI', 'uri_db');
    return -4;
  }
  const accepted = me.uses.find<AuthorizedApi>('auth')?.authorized(ctx.msg);
  const who = given ?? (accepted ? { user: accepted.user, host: accepted.realm } : null);
  if (!who) {
    ctx.log(-1, 'no authorized credentials found: authenticate the request before', 'uri_db');
    return -2;
  }
  if (!params.use_uri_table) return equalsIgnoreCase(uri.user, who.user) ? 1 : -10;
  const where = {
    [params.user_column]: who.user,
    [params.domain_column]: who.host,
    [params.uriuser_column]: uri.user,
  };
  try {
    const found = await state.db?.query(params.db_table, { columns: [params.user_column], where });
    return found && found.rows.length > 0 ? 1 : -9;
  } catch {
    return -8;
  }
}

const column = (initial: string, doc: string) => ({ type: 'str', default: initial, doc }) as const;
const results = {
  1: 'yes',
  [-1]: 'the URI cannot be read',
  [-2]: 'no credentials were accepted before',
  [-4]: 'the URI has no user',
  [-8]: 'the database failed',
  [-9]: 'the table does not allow it',
  [-10]: 'the users differ',
} as const;

export default defineModule({
  name: 'uri_db',
  doc: 'URIs that belong to users, in a database.',
  uses: ['auth?'],
  params: {
    db_url: column('mysql://kamailioro:kamailioro@localhost/kamailio', 'Where the users are.'),
    db_table: column('subscriber', 'Table: subscriber, or uri with use_uri_table.'),
    user_column: column('username', 'Column of the user.'),
    domain_column: column('domain', 'Column of the domain.'),
    uriuser_column: column('uri_user', 'Column of the user in a URI; of table uri.'),
    use_uri_table: { type: 'int', default: 0, doc: '1: the table lists which users may be in URIs of whom.' },
    use_domain: { type: 'int', default: 0, doc: '1: does_uri_exist() looks at the domain too.' },
  },
  stats: {},
  state: () => ({ db: null as Database | null }),
  async start(me, server) {
    if (me.params.db_url !== '') me.state.db = await server.databases.open(me.params.db_url, 'uri_db');
  },
  functions: {
    check_to: {
      doc: 'Is the user of To the authenticated one, or allowed to that one?',
      args: [],
      routes: ['request'],
      returns: results,
      async: 'always',
      example: 'if (!check_to()) { sl_send_reply("403", "Forbidden"); exit; }',
      run: (me, ctx) => check(me, ctx, ctx.msg.to?.uri),
    },
    check_from: {
      doc: 'Is the user of From the authenticated one, or allowed to that one?',
      args: [],
      routes: ['request'],
      returns: results,
      async: 'always',
      example: 'if (!check_from()) { sl_send_reply("403", "Forbidden"); exit; }',
      run: (me, ctx) => check(me, ctx, ctx.msg.from?.uri),
    },
    check_uri: {
      doc: 'Is the user of the URI the authenticated one, or the one given with a realm?',
      args: [varStr('uri'), opt(varStr('username')), opt(varStr('realm'))],
      routes: ['request'],
      returns: results,
      async: 'always',
      example: 'if (!check_uri("$ru")) xlog("not your URI\\n");',
      run: (me, ctx, text, user, realm) =>
        check(me, ctx, parseUri(text, ctx.grammar), user && realm ? { user, host: realm } : undefined),
    },
    does_uri_exist: {
      doc: 'Is the user of the Request-URI in the table?',
      args: [],
      routes: ['request', 'local'],
      returns: { 1: 'yes', [-1]: 'the Request-URI cannot be read', [-4]: 'the database failed', [-5]: 'no' },
      async: 'always',
      example: 'if (!does_uri_exist()) { sl_send_reply("404", "Not Found"); exit; }',
      async run(me, ctx) {
        const { params, state } = me;
        const uri = ctx.requestUri;
        if (!uri || !state.db) return -1;
        const column = params.use_uri_table ? params.uriuser_column : params.user_column;
        const where = {
          [column]: uri.user ?? '',
          ...(params.use_domain ? { [params.domain_column]: uri.host } : {}),
        };
        try {
          const found = await state.db.query(params.db_table, { columns: [column], where });
          return found.rows.length > 0 ? 1 : -5;
        } catch {
          return -4;
        }
      },
    },
  },
  pvs: {},
  rpc: {},
  eventRoutes: {},
  missing: [],
});
