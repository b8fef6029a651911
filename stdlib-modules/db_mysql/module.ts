/** db_mysql: databases at `mysql://user:password@host:port/name`, on MySQL or MariaDB. */
import { existsSync, readFileSync } from 'node:fs';
import { defineModule, StartError } from '../../runtime/sdk/index.js';
import { connectMysql } from './connection.js';

const LOCAL_SOCKETS = ['/run/mysqld/mysqld.sock', '/var/run/mysqld/mysqld.sock', '/tmp/mysql.sock'];

/** Modes from `require` on verify nothing (3), the authority (4), authority and name (5). */
function sslOf(mode: number, caFile: string): { rejectUnauthorized: boolean; ca?: string } | null {
  if (mode < 3) return null;
  if (caFile === '') return { rejectUnauthorized: mode > 3 };
  try {
    return { rejectUnauthorized: mode > 3, ca: readFileSync(caFile, 'utf8') };
  } catch {
    throw new StartError('SIPC8063', `db_mysql: opt_ssl_ca ${caFile} cannot be read`);
  }
}

export default defineModule({
  name: 'db_mysql',
  doc: 'Databases on MySQL or MariaDB: mysql://user:password@host:port/database.',
  uses: [],
  params: {
    ping_interval: {
      type: 'int',
      default: 300,
      noEffect: true,
      doc: 'Accepted: a connection that broke while idle is noticed at once.',
    },
    connect_timeout: { type: 'int', default: 2, min: 0, noEffect: true, doc: 'Accepted: timeout_interval decides.' },
    send_timeout: { type: 'int', default: 0, min: 0, noEffect: true, doc: 'Accepted: timeout_interval decides.' },
    receive_timeout: { type: 'int', default: 0, min: 0, noEffect: true, doc: 'Accepted: timeout_interval decides.' },
    retries: {
      type: 'int',
      default: 1,
      min: 0,
      noEffect: true,
      doc: 'Accepted: a query that lost its connection is sent once more.',
    },
    server_timezone: {
      type: 'int',
      default: 0,
      noEffect: true,
      doc: 'Accepted: times are in the time zone of this machine.',
    },
    timeout_interval: {
      type: 'int',
      default: 2,
      min: 1,
      max: 3600,
      doc: 'Seconds a call may take, the connection included.',
    },
    auto_reconnect: {
      type: 'int',
      default: 1,
      noEffect: true,
      doc: 'Accepted: a broken connection is always replaced.',
    },
    insert_delayed: { type: 'int', default: 0, noEffect: true, doc: 'Accepted: the module that inserts decides.' },
    update_affected_found: {
      type: 'int',
      default: 0,
      doc: '1: an update reports the rows it found, not only those it changed.',
    },
    unsigned_type: { type: 'int', default: 0, noEffect: true, doc: 'Accepted: numbers keep their value either way.' },
    opt_ssl_mode: { type: 'int', default: 0, min: 0, max: 5, doc: 'From 3 on: TLS; 4 and 5 verify the server.' },
    opt_ssl_ca: {
      type: 'str',
      default: '',
      doc: 'File with the authority of the server certificate (newer Kamailio).',
    },
  },
  stats: { driver_errors: { doc: 'Calls that failed.', group: 'mysql' } },
  database: (me) => {
    const { timeout_interval, update_affected_found, opt_ssl_mode, opt_ssl_ca } = me.params;
    const options = {
      connectTimeoutMs: timeout_interval * 1000,
      countFound: update_affected_found !== 0,
      ssl: sslOf(opt_ssl_mode, opt_ssl_ca),
      localSocket: LOCAL_SOCKETS.find((path) => existsSync(path)) ?? null,
    };
    return {
      connections: 8,
      timeoutMs: timeout_interval * 1000,
      connect: (url) => connectMysql(url, options),
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
