/** group: is a user in a group of a table; which groups do regular expressions put the user in. */
import {
  type AuthorizedApi,
  compileRegex,
  type Database,
  defineModule,
  identityOf,
  pvWritable,
  type Regex,
  StartError,
  str,
} from '../../runtime/sdk/index.js';

interface State {
  db: Database | null;
  /** Last row first, as Kamailio tries them. */
  rules: readonly { readonly regex: Regex; readonly gid: number }[];
}
const column = (initial: string, doc: string) => ({ type: 'str', default: initial, doc }) as const;
const userArg = str('user', 'Request-URI, To, From, Credentials, or an AVP with a URI');

export default defineModule({
  name: 'group',
  doc: 'Groups of users in a database.',
  uses: ['auth?'],
  params: {
    db_url: column('mysql://kamailioro:kamailioro@localhost/kamailio', 'Where the groups are.'),
    table: column('grp', 'Table of users and groups.'),
    user_column: column('username', 'Column of the user.'),
    domain_column: column('domain', 'Column of the domain.'),
    group_column: column('grp', 'Column of the group.'),
    use_domain: { type: 'int', default: 0, doc: '1: the domain counts.' },
    re_table: column('', 'Table of regular expressions and group numbers; empty: none.'),
    re_exp_column: column('reg_exp', 'Column of the expression.'),
    re_gid_column: column('group_id', 'Column of the number.'),
    multiple_gid: { type: 'int', default: 1, doc: '0: the first match only.' },
  },
  stats: {},
  state: (): State => ({ db: null, rules: [] }),
  async start(me, server) {
    const { params, state } = me;
    const db = await server.databases.open(params.db_url, 'group');
    state.db = db;
    if (params.re_table === '') return;
    const found = await db.query(params.re_table, { columns: [params.re_exp_column, params.re_gid_column] });
    state.rules = found.rows
      .map(([text, gid]) => {
        try {
          if (typeof text !== 'string' || gid === null) throw new TypeError('a value is missing');
          return { regex: compileRegex(text, { ignoreCase: true, newline: true }), gid: Number(gid) };
        } catch {
          throw new StartError('SIPC8070', `group: ${params.re_table} has a bad row: ${String(text)}`);
        }
      })
      .reverse();
  },
  functions: {
    is_user_in: {
      doc: 'Is the user in the group?',
      args: [userArg, str('group')],
      routes: ['request', 'failure', 'branch', 'local'],
      constArgs: true,
      returns: { 1: 'yes', [-1]: 'there is no such user', [-5]: 'the database failed', [-6]: 'no' },
      async: 'always',
      example: 'if (is_user_in("From", "ld")) xlog("long distance\\n");',
      async run(me, ctx, word, group) {
        const { params, state } = me;
        const who = identityOf(ctx, word, me.uses.find<AuthorizedApi>('auth'));
        if (!who || who.user === '' || group === '') return -1;
        const where = {
          [params.user_column]: who.user,
          [params.group_column]: group,
          ...(params.use_domain ? { [params.domain_column]: who.host } : {}),
        };
        try {
          const found = await state.db?.query(params.table, { columns: [params.group_column], where });
          return found && found.rows.length > 0 ? 1 : -6;
        } catch {
          return -5;
        }
      },
    },
    get_user_group: {
      doc: 'Adds the numbers of the groups whose expression fits sip:user@host to a variable.',
      args: [userArg, pvWritable('numbers', 'an AVP')],
      routes: ['request', 'failure', 'branch', 'local'],
      constArgs: true,
      returns: { 1: 'one group, or as many as the verdict says', [-1]: 'none' },
      example: 'if (get_user_group("Request-URI", "$avp(group)")) xlog("group $avp(group)\\n");',
      run(me, ctx, word, target) {
        const who = identityOf(ctx, word, me.uses.find<AuthorizedApi>('auth'));
        if (!who || who.user === '') return -1;
        const text = `sip:${who.user}@${who.host}`;
        let matches = 0;
        for (const { regex, gid } of me.state.rules) {
          if (!regex.test(text)) continue;
          target.set?.(ctx, gid);
          matches++;
          if (me.params.multiple_gid === 0) break;
        }
        return matches || -1;
      },
    },
  },
  pvs: {},
  rpc: {},
  eventRoutes: {},
  missing: [],
});
