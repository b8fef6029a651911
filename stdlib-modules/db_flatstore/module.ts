/** db_flatstore: rows appended to files of a folder, flatstore:/path/to/folder. For accounting that other programs collect. */
import { defineModule, type RpcCall, StartError } from '../../runtime/sdk/index.js';
import { FlatFiles } from './files.js';

interface State {
  readonly files: FlatFiles;
}
const rotate = {
  doc: 'Files are closed; the next rows open them anew.',
  run: ({ state }: { readonly state: State }, _call: RpcCall) => state.files.rotate(),
};
const one = (name: string, text: string): string => {
  if (text.length !== 1) throw new StartError('SIPC8023', `db_flatstore: ${name} has to be one character`);
  return text;
};

export default defineModule({
  name: 'db_flatstore',
  doc: 'Rows appended to files of a folder: flatstore:/path/to/folder.',
  uses: [],
  params: {
    flush: { type: 'int', default: 1, noEffect: true, doc: 'Accepted: each row is written when it comes.' },
    encode_delimiter: { type: 'int', default: 1, doc: '0: a delimiter within text is written as it is.' },
    field_delimiter: { type: 'str', default: '|', doc: 'Between fields.' },
    record_delimiter: { type: 'str', default: '\n', doc: 'Behind each row.' },
    escape_char: { type: 'str', default: '\\', noEffect: true, doc: 'Accepted: Kamailio’s rows do not use it either.' },
    file_suffix: { type: 'str', default: '.log', doc: 'End of the files’ names.' },
  },
  stats: {},
  state(_init, params): State {
    one('escape_char', params.escape_char);
    return {
      files: new FlatFiles({
        fieldDelimiter: one('field_delimiter', params.field_delimiter),
        recordDelimiter: one('record_delimiter', params.record_delimiter),
        suffix: params.file_suffix,
        encodeDelimiter: params.encode_delimiter !== 0,
      }),
    };
  },
  database: ({ state }) => ({
    connections: 1,
    timeoutMs: 5_000,
    connect: async ({ database }) => state.files.connection(database),
  }),
  stop: ({ state }) => state.files.rotate(),
  functions: {},
  pvs: {},
  rpc: { 'flatstore.rotate': rotate, 'flatstore.k_rotate': rotate },
  eventRoutes: {},
  missing: [],
});
