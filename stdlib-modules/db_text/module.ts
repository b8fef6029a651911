/** db_text: tables in text files of a folder, text:///path/to/folder. For small tables and tests; no server is needed. */
import { statSync } from 'node:fs';
import { isAbsolute, join } from 'node:path';
import { DbError, defineModule, type RpcCall } from '../../runtime/sdk/index.js';
import { Folder } from './folder.js';
import { parseSql } from './sql.js';

interface State {
  readonly folders: Map<string, Folder>;
}
interface Params {
  readonly db_mode: number;
  readonly emptystring: number;
  readonly file_buffer_size: number;
  readonly max_result_rows: number;
  readonly default_connection: string;
  readonly db_delim: string;
}
/** Where folders without a slash in front lie. */
const CONFIGURATION = '/etc/kamailio';

function folderAt({ params, state }: { readonly params: Params; readonly state: State }, path: string): Folder {
  const whole = isAbsolute(path) ? path : join(CONFIGURATION, path);
  const known = state.folders.get(whole);
  if (known) return known;
  if (!statSync(whole, { throwIfNoEntry: false })?.isDirectory())
    throw new DbError('unavailable', `${whole} is no folder`);
  const folder = new Folder(whole, {
    delimiter: params.db_delim.length === 1 ? params.db_delim : ':',
    emptyText: params.emptystring !== 0,
    maxField: params.file_buffer_size,
    watched: params.db_mode === 1,
    maxRows: params.max_result_rows,
  });
  state.folders.set(whole, folder);
  return folder;
}

/** Rows as the file has them, or how many rows changed. */
function query(me: { readonly params: Params; readonly state: State }, call: RpcCall): void {
  const sql = call.str() ?? '';
  let folder: Folder;
  try {
    folder = folderAt(me, me.params.default_connection.replace(/^text:(\/\/)?/, ''));
  } catch {
    call.add(`invalid connection : ${me.params.default_connection}`);
    return;
  }
  try {
    const operation = parseSql(sql, []);
    const { affected, rows, columns } = folder.run(operation);
    if (operation.kind !== 'query') call.add(`${affected} affected rows`);
    else if (rows.length === 0) call.add('statement returned 0 rows');
    else {
      const table = folder.table(operation.table);
      const named = columns.map(({ name }) => table.columns[table.position(name)]);
      const head = named.map((c) => `${c?.name}(${c?.word}${c?.nullable ? ',null' : c?.auto ? ',auto' : ''})`);
      call.add(`${head.join(' ')}\n`);
      for (const row of rows) call.add(table.printRow([...row], me.params.db_delim));
      call.add(`\ntotal rows ${rows.length} / ${rows.length}`);
    }
  } catch (error) {
    if (!(error instanceof DbError)) throw error;
    call.add('error executing sql statement');
  }
}

export default defineModule({
  name: 'db_text',
  doc: 'Tables in text files of a folder: text:///path/to/folder.',
  uses: [],
  params: {
    db_mode: { type: 'int', default: 0, min: 0, max: 1, doc: '1: a file that changed on the disk is read again.' },
    emptystring: { type: 'int', default: 0, doc: '1: an empty field is empty text, not null.' },
    file_buffer_size: { type: 'int', default: 16384, min: 1, doc: 'Most bytes of a field.' },
    max_result_rows: { type: 'int', default: 100000, min: 1, doc: 'Most rows of a result.' },
    default_connection: { type: 'str', default: '', doc: 'Folder that db_text.query works on.' },
    db_delim: { type: 'str', default: ':', doc: 'Character between fields.' },
  },
  stats: {},
  state: (init): State => (init.previous as State | undefined) ?? { folders: new Map() },
  database: (me) => ({
    connections: 1,
    timeoutMs: 5_000,
    connect: async ({ database }) => folderAt(me, database).connection(),
  }),
  stop({ state }) {
    for (const folder of state.folders.values()) folder.writeBack();
  },
  functions: {},
  pvs: {},
  rpc: {
    'db_text.dump': {
      doc: 'Writes tables that changed to their files.',
      run({ state }, call) {
        const written = [...state.folders.values()].map((folder) => folder.writeBack());
        call.add(written.every(Boolean) ? 'Dump OK' : 'Dump failed');
      },
    },
    'db_text.query': { doc: 'Runs SQL on the folder of default_connection.', array: true, run: query },
  },
  eventRoutes: {},
  missing: [],
});
