/** speeddial: short numbers of a user, in a database. */
import { type Database, defineModule, opt, parseUri, varStr, withoutPrefix } from '../../runtime/sdk/index.js';

const column = (initial: string, doc: string) => ({ type: 'str', default: initial, doc }) as const;

export default defineModule({
  name: 'speeddial',
  doc: 'Short numbers of users in a database.',
  uses: [],
  params: {
    db_url: column('mysql://kamailioro:kamailioro@localhost/kamailio', 'Where the numbers are.'),
    user_column: column('username', 'Column of the owner.'),
    domain_column: column('domain', 'Column of the domain of the owner.'),
    sd_user_column: column('sd_username', 'Column of the short number.'),
    sd_domain_column: column('sd_domain', 'Column of its domain.'),
    new_uri_column: column('new_uri', 'Column of the URI it stands for.'),
    use_domain: { type: 'int', default: 0, doc: '1: the domain of the owner counts, 2: that of the number too.' },
    domain_prefix: column('', 'Taken off domains before they are looked for.'),
  },
  stats: {},
  state: () => ({ db: null as Database | null }),
  async start(me, server) {
    me.state.db = await server.databases.open(me.params.db_url, 'speeddial');
  },
  functions: {
    sd_lookup: {
      doc: 'Puts what the short number in the Request-URI stands for in its place. The owner is the user of From, or of a URI.',
      args: [varStr('table'), opt(varStr('owner', 'URI of the owner'))],
      routes: ['request'],
      returns: { 1: 'found', [-1]: 'not found, or the database failed' },
      async: 'always',
      example: 'if (sd_lookup("speed_dial")) xlog("now for $ru\\n");',
      async run(me, ctx, table, ownerText) {
        const { params, state } = me;
        if (table === '') return -1;
        const owner = ownerText ? parseUri(ownerText, ctx.grammar) : ctx.msg.from?.uri;
        const dialled = ctx.requestUri;
        if (!owner || !dialled) {
          ctx.log(-1, 'bad owner or Request-URI', 'speeddial');
          return -1;
        }
        const where = {
          [params.user_column]: owner.user ?? '',
          ...(params.use_domain >= 1
            ? { [params.domain_column]: withoutPrefix(owner.host, params.domain_prefix) }
            : {}),
          [params.sd_user_column]: dialled.user ?? '',
          ...(params.use_domain >= 2
            ? { [params.sd_domain_column]: withoutPrefix(dialled.host, params.domain_prefix) }
            : {}),
        };
        try {
          const found = await state.db?.query(table, { columns: [params.new_uri_column], where });
          const cell = found?.rows[0]?.[0];
          if (cell === undefined || cell === null) return -1;
          const text = String(cell);
          ctx.draft.uri = text.startsWith('sip:') ? text : `sip:${text}`;
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
