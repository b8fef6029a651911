/** sqlops: SQL of the cfg. Results live as long as the run of the route that asked. */
import {
  type Database,
  type DbResult,
  defineModule,
  type NamedPv,
  namedPv,
  opt,
  pvValueOf,
  type RouteContext,
  StartError,
  str,
  type Value,
  type Verdict,
  varStr,
  XavpRecord,
} from '../../runtime/sdk/index.js';

interface State {
  readonly connections: Map<string, Database>;
  /** Lists of variables of sql_pvquery(), by their text. */
  readonly targets: Map<string, readonly NamedPv[]>;
}
/** Of one run. */
interface Results {
  readonly byName: Map<string, DbResult>;
  readonly affected: Map<string, number>;
}
interface Me {
  readonly state: State;
  readonly params: { readonly results_maxsize: number };
}
const RESULTS = 'sqlops';
function resultsOf(ctx: RouteContext): Results {
  const known = ctx.data.get(RESULTS) as Results | undefined;
  if (known) return known;
  const fresh: Results = { byName: new Map(), affected: new Map() };
  ctx.data.set(RESULTS, fresh);
  return fresh;
}

/** A column of type BIGINT is text, as sql_api.c keeps it; a double has no value there. */
function cellValue(result: DbResult, row: number, column: number): Value {
  const cell = result.rows[row]?.[column] ?? null;
  const type = result.columns[column]?.type;
  if (cell === null || type === 'double') return null;
  return type === 'bigint' ? String(cell) : pvValueOf(cell);
}

async function ask(me: Me, ctx: RouteContext, name: string, sql: string): Promise<DbResult | null> {
  const connection = me.state.connections.get(name);
  if (!connection) {
    ctx.log(-1, `invalid connection [${name}]`, 'sqlops');
    return null;
  }
  try {
    const result = await connection.raw(sql);
    resultsOf(ctx).affected.set(name, result.affected);
    return result;
  } catch {
    // The database layer has logged it.
    return null;
  }
}

/** `$avp(a);$avp(b)`. */
function targetsOf(me: Me, ctx: RouteContext, list: string): readonly NamedPv[] {
  const known = me.state.targets.get(list);
  if (known) return known;
  const made = list
    .split(';')
    .filter((part) => part.trim() !== '')
    .map((part) => namedPv(ctx.server, part, 'sql_pvquery()'));
  me.state.targets.set(list, made);
  return made;
}

const verdicts = {
  1: 'there are rows',
  2: 'there are none',
  [-1]: 'the query failed',
  [-2]: 'no such connection',
} as const;
const connectionArg = str('connection', 'name given in sqlcon');
const queryArg = varStr('query', 'SQL');

export default defineModule({
  name: 'sqlops',
  doc: 'SQL of the cfg.',
  uses: [],
  params: {
    sqlcon: { type: 'str', many: true, doc: 'A connection: name=>url.' },
    sqlres: { type: 'str', many: true, doc: 'Accepted: a result is made when it is first named.' },
    tr_buf_size: { type: 'int', default: 2048, doc: 'Accepted: texts have no limit of their own.' },
    log_buf_size: { type: 'int', default: 128, noEffect: true, doc: 'Accepted: queries are not logged.' },
    connect_mode: { type: 'int', default: 0, min: 0, max: 1, doc: '1: start although a database is away.' },
    results_maxsize: { type: 'int', default: 32, min: 1, doc: 'Results in one run.' },
  },
  stats: {},
  state: (): State => ({ connections: new Map(), targets: new Map() }),
  async start(me, server) {
    for (const written of me.params.sqlcon) {
      const found = /^\s*([^\s=]+)\s*=>\s*(\S.*?)\s*$/s.exec(written);
      const [, name, url] = found ?? [];
      if (name === undefined || url === undefined)
        throw new StartError('SIPC8073', 'sqlops: sqlcon has to be name=>url');
      if (me.state.connections.has(name)) throw new StartError('SIPC8074', `sqlops: connection ${name} is there twice`);
      const { databases } = server;
      const lazy = me.params.connect_mode === 1;
      me.state.connections.set(name, lazy ? databases.lazy(url, 'sqlops') : await databases.open(url, 'sqlops'));
    }
  },
  functions: {
    sql_query: {
      doc: 'Asks the database; the rows go into a result that $dbr reads.',
      args: [connectionArg, queryArg, opt(str('result', 'name for $dbr'))],
      routes: ['any'],
      constArgs: true,
      returns: { ...verdicts, 3: 'there are rows, and no result to keep them' },
      async: 'always',
      example: 'sql_query("ca", "select username from subscriber where domain=\'$(fd{s.escape.common})\'", "ra");',
      async run(me, ctx, connection, sql, name): Promise<Verdict> {
        const { byName } = resultsOf(ctx);
        if (name !== undefined) byName.delete(name);
        const result = await ask(me, ctx, connection, sql);
        if (result === null) return -1;
        if (result.rows.length === 0 || result.columns.length === 0) return 2;
        if (name === undefined) return 3;
        if (byName.size >= me.params.results_maxsize) {
          ctx.log(-1, 'too many result containers', 'sqlops');
          return -1;
        }
        byName.set(name, result);
        return 1;
      },
    },
    sql_xquery: {
      doc: 'Asks the database; each row becomes an XAVP of that name, with a field a column.',
      args: [connectionArg, queryArg, varStr('xavp')],
      routes: ['any'],
      constArgs: true,
      returns: verdicts,
      async: 'always',
      example: 'sql_xquery("ca", "select * from domain", "ra");',
      async run(me, ctx, connection, sql, xavp) {
        const result = await ask(me, ctx, connection, sql);
        if (result === null) return -1;
        if (result.rows.length === 0) return 2;
        for (let row = result.rows.length - 1; row >= 0; row--) {
          const record = new XavpRecord();
          for (let column = result.columns.length - 1; column >= 0; column--) {
            const cell = result.rows[row]?.[column] ?? null;
            const kept = result.columns[column]?.type === 'double' ? null : pvValueOf(cell);
            if (kept !== null) record.add(result.columns[column]?.name ?? '', kept);
          }
          ctx.xavps.add(xavp, record);
        }
        return 1;
      },
    },
    sql_pvquery: {
      doc: 'Asks the database; each column of each row goes into the variable of its place, the first row last.',
      args: [connectionArg, queryArg, str('variables', 'with semicolons between')],
      routes: ['any'],
      constArgs: true,
      returns: verdicts,
      async: 'always',
      example: 'sql_pvquery("ca", "select did, domain from domain", "$avp(did);$avp(domain)");',
      async run(me, ctx, connection, sql, list) {
        const targets = targetsOf(me, ctx, list);
        const result = await ask(me, ctx, connection, sql);
        if (result === null) return -1;
        if (result.rows.length === 0) return 2;
        if (result.columns.length !== targets.length) {
          ctx.log(-1, `${result.columns.length} columns for ${targets.length} variables`, 'sqlops');
          return -1;
        }
        for (let row = result.rows.length - 1; row >= 0; row--)
          for (const [column, target] of targets.entries()) {
            const value = pvValueOf(result.rows[row]?.[column] ?? null);
            // An AVP cannot hold null.
            if (value !== null || !target.name.startsWith('$avp')) target.set(ctx, value);
          }
        return 1;
      },
    },
    sql_query_async: {
      doc: 'Sends the SQL and goes on; what becomes of it is only logged.',
      args: [connectionArg, queryArg],
      routes: ['any'],
      constArgs: true,
      returns: { 1: 'sent', [-1]: 'no such connection' },
      example: 'sql_query_async("ca", "delete from acc where id=0");',
      run(me, ctx, connection, sql) {
        if (!me.state.connections.has(connection)) return -1;
        void ask(me, ctx, connection, sql);
        return 1;
      },
    },
    sql_result_free: {
      doc: 'Empties a result.',
      args: [str('result')],
      routes: ['any'],
      constArgs: true,
      returns: { 1: 'always' },
      example: 'sql_result_free("ra");',
      run(_me, ctx, name) {
        resultsOf(ctx).byName.delete(name);
        return 1;
      },
    },
  },
  pvs: {
    dbr: {
      doc: 'Of a result: `ra=>rows`, `ra=>cols`, `ra=>[row,column]`, `ra=>colname[column]`.',
      type: 'any',
      key: { use: 'req', dynamic: true },
      get(_me, ctx, key) {
        const [name = '', what = ''] = key.split('=>').map((part) => part.trim());
        const result = resultsOf(ctx).byName.get(name);
        if (what === 'rows') return result?.rows.length ?? 0;
        if (what === 'cols') return result?.columns.length ?? 0;
        if (!result) return null;
        const cell = /^\[\s*(\d+)\s*,\s*(\d+)\s*\]$/.exec(what);
        if (cell) return cellValue(result, Number(cell[1]), Number(cell[2]));
        const column = /^colname\s*\[\s*(\d+)\s*\]$/.exec(what);
        return column ? (result.columns[Number(column[1])]?.name ?? null) : null;
      },
    },
    sqlrows: {
      doc: 'Rows the last statement of this run on a connection touched.',
      type: 'int',
      key: { use: 'req' },
      get: (_me, ctx, key) => resultsOf(ctx).affected.get(key) ?? null,
    },
  },
  rpc: {},
  eventRoutes: {},
  missing: [],
});
