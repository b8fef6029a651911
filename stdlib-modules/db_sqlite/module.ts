/** db_sqlite: databases in a file, `sqlite:///path`, or in memory, `sqlite://:memory:`. Needs no server. */
import { defineModule } from '../../runtime/sdk/index.js';
import { openSqlite } from './connection.js';

/** `sqlite:////var/x.db`, as Kamailio's own cfg writes it, and `sqlite:///var/x.db` name the same file. */
const plain = (file: string): string => file.replace(/^\/+/, '/');
/** `file=WAL` → ['file', 'WAL']. */
const pairs = (written: readonly string[]): Map<string, string> =>
  new Map(
    written.map((text) => {
      const at = text.lastIndexOf('=');
      return [plain(text.slice(0, Math.max(at, 0))), text.slice(at + 1)] as const;
    }),
  );

export default defineModule({
  name: 'db_sqlite',
  doc: 'Databases in a file: sqlite:///path; in memory: sqlite://:memory:.',
  uses: [],
  params: {
    db_set_readonly: { type: 'str', many: true, doc: 'A file that is opened for reading only.' },
    db_set_journal_mode: { type: 'str', many: true, doc: 'file=WAL and the like; a new file gets WAL.' },
    db_set_busy_timeout: {
      type: 'str',
      many: true,
      doc: 'file=milliseconds to wait for a locked file; 500 (newer Kamailio).',
    },
  },
  stats: {},
  database: (me) => {
    const readOnly = new Set(me.params.db_set_readonly.map(plain));
    const modes = pairs(me.params.db_set_journal_mode);
    const busy = pairs(me.params.db_set_busy_timeout);
    return {
      // SQLite has one writer, and an in-memory database lives in its connection.
      connections: 1,
      timeoutMs: 5_000,
      connect: ({ database: file }) => {
        const mode = modes.get(plain(file)) ?? '';
        return openSqlite({
          file,
          readOnly: readOnly.has(plain(file)),
          journalMode: /^(?:delete|truncate|persist|memory|wal|off)$/i.test(mode) ? mode : '',
          busyTimeoutMs: Math.trunc(Number(busy.get(plain(file)) ?? 500)) || 0,
        });
      },
    };
  },
  functions: {},
  pvs: {},
  rpc: {},
  eventRoutes: {},
  missing: [],
});
