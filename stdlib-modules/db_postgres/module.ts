/** db_postgres: databases at `postgres://user:password@host:port/name`. */
import { defineModule, StartError } from '../../runtime/sdk/index.js';
import { connectPostgres } from './connection.js';

/** What `con_param` may name: what the client has too. */
const CON_PARAMS = ['sslmode', 'application_name', 'options', 'client_encoding'];

function conParams(written: readonly string[]): Record<string, string> {
  const params: Record<string, string> = {};
  // One setting may hold several, as pg_con_param() of db_postgres reads it.
  for (const text of written.flatMap((list) => list.split(';'))) {
    if (text.trim() === '') continue;
    const at = text.indexOf('=');
    const name = text.slice(0, Math.max(at, 0)).trim();
    if (!CON_PARAMS.includes(name))
      throw new StartError(
        'SIPC8064',
        `db_postgres: con_param "${name || text}" has to be one of ${CON_PARAMS.join(', ')}`,
      );
    // The first of a name stays, as in Kamailio, whose list is turned round.
    params[name] ??= text.slice(at + 1).trim();
  }
  return params;
}

export default defineModule({
  name: 'db_postgres',
  doc: 'Databases on PostgreSQL: postgres://user:password@host:port/database.',
  uses: [],
  params: {
    retries: {
      type: 'int',
      default: 2,
      min: 0,
      noEffect: true,
      doc: 'Accepted: a query that lost its connection is sent once more.',
    },
    lockset: { type: 'int', default: 4, noEffect: true, doc: 'Accepted: there are no shared locks.' },
    timeout: { type: 'int', default: 0, min: 0, max: 3600, doc: 'Seconds a call may take; 0: 5.' },
    tcp_keepalive: { type: 'int', default: 0, doc: 'Not 0: keep-alive on the connections.' },
    bytea_output_escape: { type: 'int', default: 1, noEffect: true, doc: 'Accepted: both forms of bytea are read.' },
    con_param: { type: 'str', many: true, doc: `Options of the client, name=value;…: ${CON_PARAMS.join(', ')}.` },
  },
  stats: { driver_errors: { doc: 'Calls that failed.', group: 'postgres' } },
  database: (me) => {
    const { timeout, tcp_keepalive, con_param } = me.params;
    const timeoutMs = (timeout || 5) * 1000;
    const options = { connectTimeoutMs: timeoutMs, keepAlive: tcp_keepalive !== 0, more: conParams(con_param) };
    return {
      connections: 8,
      timeoutMs,
      connect: (url) => connectPostgres(url, options),
      failed: () => {
        me.stats.driver_errors.value++;
      },
    };
  },
  functions: {},
  pvs: {},
  rpc: {},
  eventRoutes: {},
  missing: [],
});
