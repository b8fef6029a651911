/** auth_db: digest authentication with the passwords of a database, in Kamailio's subscriber table. */
import {
  type Counter,
  type Credentials,
  type Database,
  DbError,
  type DbResult,
  defineModule,
  type NamedPv,
  namedPv,
  opt,
  parseUri,
  pvValueOf,
  type RouteContext,
  type SipMessage,
  StartError,
  str,
  type Uses,
  type Verdict,
  varInt,
  varStr,
} from '../../runtime/sdk/index.js';

interface Judged {
  readonly verdict: number | null;
  readonly credentials?: Credentials;
  readonly realm?: string;
}
/** The part of auth's API this needs. */
interface AuthApi {
  judge(ctx: RouteContext, realm: string, side: 'proxy' | 'www'): Judged;
  compare(ctx: RouteContext, credentials: Credentials, method: string, ha1: string): number;
  ha1(msg: SipMessage, user: string, realm: string, password: string): string;
  accepted(ctx: RouteContext, credentials: Credentials, ha1: string): void;
  identityHolds(ctx: RouteContext, user: string, withDomain: boolean, forwarded: boolean): boolean;
}
interface Loaded {
  readonly column: string;
  readonly pv: NamedPv;
}
interface State {
  db: Database | null;
  loaded: readonly Loaded[];
}
interface Me {
  readonly params: {
    readonly user_column: string;
    readonly domain_column: string;
    readonly password_column: string;
    readonly password_column_2: string;
    readonly calculate_ha1: number;
    readonly use_domain: number;
    readonly force_generate_avps: number;
  };
  readonly stats: Readonly<Record<'unknown_users', Counter>>;
  readonly state: State;
  readonly uses: Uses;
}

const TABLE_VERSION = 7;
const CHECK_ID = 1;
const CHECK_SKIP_FORWARDED = 2;
const SUBSCRIBER_DOMAIN = 1;
const SUBSCRIBER_EXISTS = 2;
/** With bit 2 the user of From may be another: the call may have been forwarded. */
const forwardable = new Set(['INVITE', 'BYE', 'PRACK', 'UPDATE', 'MESSAGE']);

const database = ({ state: { db } }: Me): Database => {
  if (!db) throw new DbError('unavailable', 'not started');
  return db;
};

function keep(me: Me, ctx: RouteContext, found: DbResult, from: number): void {
  for (const [i, { pv }] of me.state.loaded.entries()) {
    const value = pvValueOf(found.rows[0]?.[from + i] ?? null);
    // An AVP cannot hold null.
    if (value !== null || !pv.name.startsWith('$avp')) pv.set(ctx, value);
  }
}

async function authenticate(
  me: Me,
  ctx: RouteContext,
  realm: string,
  table: string,
  side: 'proxy' | 'www',
  method = ctx.msg.method,
): Promise<{ verdict: Verdict; credentials: Credentials | null }> {
  const auth = me.uses.get<AuthApi>('auth');
  const judged = auth.judge(ctx, realm, side);
  const { credentials } = judged;
  if (judged.verdict !== null || !credentials) return { verdict: judged.verdict ?? -1, credentials: null };
  const { params } = me;
  const column = credentials.domain !== '' && !params.calculate_ha1 ? params.password_column_2 : params.password_column;
  const domain = credentials.domain || (judged.realm ?? realm);
  let found: DbResult;
  try {
    found = await database(me).query(table, {
      columns: [column, ...me.state.loaded.map((entry) => entry.column)],
      where: {
        [params.user_column]: credentials.user,
        ...(params.use_domain ? { [params.domain_column]: domain } : {}),
      },
    });
  } catch {
    // The database layer has logged it.
    return { verdict: -1, credentials };
  }
  if (found.rows.length === 0) {
    me.stats.unknown_users.value++;
    return { verdict: -3, credentials };
  }
  const secret = String(found.rows[0]?.[0] ?? '');
  const ha1 = params.calculate_ha1 ? auth.ha1(ctx.msg, credentials.username, judged.realm ?? realm, secret) : secret;
  if (params.force_generate_avps) keep(me, ctx, found, 1);
  const verdict = auth.compare(ctx, credentials, method, ha1);
  if (verdict > 0) {
    auth.accepted(ctx, credentials, ha1);
    if (!params.force_generate_avps) keep(me, ctx, found, 1);
  }
  return { verdict, credentials };
}

function checkNames(ctx: RouteContext, names: Readonly<Record<string, string>>): boolean {
  const empty = Object.entries(names).find(([, value]) => value === '');
  if (empty) ctx.log(-1, `invalid ${empty[0]} parameter - empty value`, 'auth_db');
  return empty === undefined;
}

const results = {
  1: 'the credentials are right',
  [-1]: 'error: the database, a broken header field or nonce',
  [-2]: 'wrong password',
  [-3]: 'unknown user',
  [-4]: 'the nonce is too old: challenge again',
  [-5]: 'no credentials for this realm',
  [-6]: 'the nonce was used before',
} as const;
const column = (initial: string, doc: string) => ({ type: 'str', default: initial, doc }) as const;

export default defineModule({
  name: 'auth_db',
  doc: 'Digest authentication with the passwords of a database.',
  uses: ['auth'],
  params: {
    db_url: column('mysql://kamailioro:kamailioro@localhost/kamailio', 'Where the subscribers are.'),
    user_column: column('username', 'Column of the user.'),
    domain_column: column('domain', 'Column of the domain.'),
    password_column: column('ha1', 'Column of the password, or of HA1.'),
    password_column_2: column('ha1b', 'Column of HA1 for user names with a domain in them.'),
    calculate_ha1: { type: 'int', default: 0, doc: '1: the column has the password itself.' },
    use_domain: { type: 'int', default: 0, doc: '1: the domain has to match too.' },
    load_credentials: column('', '$pv=column;… that are loaded with the password; a column alone: an AVP of its name.'),
    version_table: { type: 'int', default: 1, doc: '0: the version of the table is not checked at the start.' },
    force_generate_avps: { type: 'int', default: 0, doc: '1: load them also when the password is wrong.' },
  },
  stats: { unknown_users: { doc: 'Credentials of users who are not in the table.' } },
  state: (): State => ({ db: null, loaded: [] }),
  async start(me, server) {
    const { params, state } = me;
    const entries = params.load_credentials.split(';').filter((entry) => entry.trim() !== '');
    state.loaded = entries.map((entry) => {
      const at = entry.lastIndexOf('=');
      const name = entry.slice(at + 1).trim();
      const written = at < 0 ? `$avp(${name})` : entry.slice(0, at).trim();
      return { column: name, pv: namedPv(server, written, 'auth_db.load_credentials') };
    });
    state.db = await server.databases.open(params.db_url, 'auth_db');
    if (params.version_table === 0) return;
    const version = await state.db.tableVersion('subscriber').catch(() => 0);
    if (version !== TABLE_VERSION && version !== 0)
      throw new StartError(
        'SIPC8069',
        `auth_db: table subscriber has version ${version}, ${TABLE_VERSION} is expected: bring it up to date, or set version_table to 0`,
      );
  },
  functions: {
    www_authenticate: {
      doc: 'Checks Authorization against the table.',
      args: [varStr('realm'), str('table'), opt(varStr('method', 'instead of the one of the request'))],
      routes: ['request'],
      constArgs: true,
      aliases: ['www_authorize'],
      returns: results,
      async: 'always',
      example: 'if (!www_authenticate("$td", "subscriber")) { www_challenge("$td", "1"); exit; }',
      async run(me, ctx, realm, table, method) {
        if (!checkNames(ctx, { realm, method: method ?? 'none' })) return -1;
        return (await authenticate(me, ctx, realm, table, 'www', method ?? ctx.msg.method)).verdict;
      },
    },
    proxy_authenticate: {
      doc: 'Checks Proxy-Authorization against the table.',
      args: [varStr('realm'), str('table')],
      routes: ['request'],
      constArgs: true,
      aliases: ['proxy_authorize'],
      returns: results,
      async: 'always',
      example: 'if (!proxy_authenticate("$fd", "subscriber")) { proxy_challenge("$fd", "1"); exit; }',
      async run(me, ctx, realm, table) {
        if (!checkNames(ctx, { realm })) return -1;
        return (await authenticate(me, ctx, realm, table, 'proxy')).verdict;
      },
    },
    auth_check: {
      doc: 'Checks the header field the method uses. Bits: 1 the user has to be the one of From or To, 2 but not in what may be forwarded.',
      args: [varStr('realm'), varStr('table'), varInt('flags', 'bits')],
      routes: ['request'],
      constArgs: true,
      returns: { ...results, [-8]: 'the user of the credentials is not the one of From or To' },
      async: 'always',
      example: 'if (!auth_check("$fd", "subscriber", "1")) { auth_challenge("$fd", "0"); exit; }',
      async run(me, ctx, realm, table, flags) {
        const { method } = ctx.msg;
        if (method === 'ACK' || method === 'CANCEL') return 1;
        if (!checkNames(ctx, { realm, table })) return -1;
        const side = method === 'REGISTER' ? 'www' : 'proxy';
        const { verdict, credentials } = await authenticate(me, ctx, realm, table, side);
        if (verdict < 0 || credentials === null || !(flags & CHECK_ID)) return verdict;
        if (!ctx.msg.from?.uri) return -1;
        const skip = (flags & CHECK_SKIP_FORWARDED) !== 0 && forwardable.has(method);
        const auth = me.uses.get<AuthApi>('auth');
        return auth.identityHolds(ctx, credentials.user, me.params.use_domain !== 0, skip) ? 1 : -8;
      },
    },
    is_subscriber: {
      doc: 'Is the user of the URI in the table? Bits: 1 the domain counts too, 2 load_credentials is not loaded.',
      args: [varStr('uri'), varStr('table'), varInt('flags', 'bits')],
      routes: ['any'],
      constArgs: true,
      returns: {
        1: 'yes',
        [-1]: 'error, or load_credentials is empty',
        [-2]: 'no',
        [-3]: 'the columns could not be kept',
      },
      async: 'always',
      example: 'if (!is_subscriber("$ru", "subscriber", "1")) { sl_send_reply("404", "Not Found"); exit; }',
      async run(me, ctx, text, table, flags) {
        if (!checkNames(ctx, { uri: text, table })) return -1;
        const uri = parseUri(text, ctx.grammar);
        if (!uri) {
          ctx.log(-1, 'invalid uri parameter format', 'auth_db');
          return -1;
        }
        const { user_column, domain_column } = me.params;
        const only = (flags & SUBSCRIBER_EXISTS) !== 0;
        const where = {
          [user_column]: uri.user ?? '',
          ...(flags & SUBSCRIBER_DOMAIN && uri.host !== '' ? { [domain_column]: uri.host } : {}),
        };
        try {
          const columns = only ? [user_column] : me.state.loaded.map((entry) => entry.column);
          // Kamailio asks for no column at all then, which no database understands.
          if (columns.length === 0) return -1;
          const found = await database(me).query(table, { columns, where });
          if (found.rows.length === 0) return -2;
          if (!only) keep(me, ctx, found, 0);
          return 1;
        } catch {
          return -1;
        }
      },
    },
  },
  pvs: {},
  rpc: {},
  eventRoutes: {},
  missing: [],
});
