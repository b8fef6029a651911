/** xcap_client: documents of XCAP servers (RFC 4825), fetched over HTTP, kept in the table xcap and asked for again from time to time. */
import {
  type Database,
  defineModule,
  httpGet,
  type RpcCall,
  type ServerApi,
  type Timer,
} from '../../runtime/sdk/index.js';
import type { XcapApi, XcapListener, XcapWanted } from './api.js';

/** `source` of rows that are asked for again here. */
const OWN_ROWS = 1;
const TIMEOUT_MS = 5_000;
const MAX_DOCUMENT = 1 << 20;
/** `doc_type` of the table, by application. */
const documentTypes: Readonly<Record<string, number>> = { 'pres-rules': 2, 'rls-services': 4 };

class State {
  db: Database | null = null;
  server: ServerApi | null = null;
  timer: Timer | null = null;
  /** A round is under way. */
  asking = false;
  readonly listeners: { readonly type: number; readonly changed: XcapListener }[] = [];
}
interface Me {
  readonly params: { readonly xcap_table: string };
  readonly state: State;
}

interface Fetched {
  readonly doc: string;
  readonly etag: string;
}
/** What may stand in a path as it is (RFC 3986 §3.3); the rest is escaped. */
const escaped = (path: string): string =>
  path.replace(
    /[^A-Za-z0-9._~!$&'()*+,;=:@/%-]/g,
    (c) => `%${c.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`,
  );

/** `uri`: host and path, with or without `http://`. Null: no new document. */
async function fetched(server: ServerApi, uri: string, port: number, etag: string): Promise<Fetched | null> {
  const [, host = '', path = ''] = /^(?:http:\/\/)?(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9_.-]+)(\/.*)$/is.exec(uri) ?? [];
  if (host === '' || port < 1 || port > 0xffff) {
    server.log(-1, 'xcap_client', `${uri.slice(0, 200)} at port ${port} cannot be asked for`);
    return null;
  }
  const [at] = await server.transactions.core.resolve(`sip:${host}:${port}`, 'tcp');
  if (at === undefined) {
    server.log(-1, 'xcap_client', `${host} cannot be resolved`);
    return null;
  }
  const answer = await httpGet(server.env, {
    at: { ip: at.ip, port: at.port },
    host: port === 80 ? host : `${host}:${port}`,
    path: escaped(path),
    headers: etag === '' ? '' : `If-None-Match: ${etag}\r\n`,
    timeoutMs: TIMEOUT_MS,
    maxBytes: MAX_DOCUMENT,
  });
  if (answer === null) server.log(-1, 'xcap_client', `${host}:${port} does not answer`);
  if (answer === null || answer.status < 200 || answer.status > 299 || answer.body === '') return null;
  const tag = answer.headers.get('etag') ?? '';
  if (!/^(?:W\/)?"[\x21\x23-\x7e]{0,120}"$/.test(tag)) {
    server.log(-1, 'xcap_client', `${host}:${port} sent a document without ETag`);
    return null;
  }
  return { doc: answer.body, etag: tag };
}

async function get({ params, state }: Me, wanted: XcapWanted): Promise<string | null> {
  const { db, server } = state;
  if (db === null || server === null) return null;
  const { root, port, auid, user, domain, filename } = wanted;
  const uri = `${root}/${auid}/users/sip:${user}@${domain}/${filename}`;
  const found = await fetched(server, uri, port, '');
  if (found === null) return null;
  const row = {
    username: user,
    domain,
    doc_type: documentTypes[auid] ?? 0,
    doc: found.doc,
    etag: found.etag,
    source: OWN_ROWS,
    doc_uri: uri,
    port,
  };
  try {
    await db.insert(params.xcap_table, row);
  } catch {
    // The database layer has logged it; another question may have stored it already.
  }
  return found.doc;
}

function tell(state: State, type: number, user: string, domain: string): void {
  for (const listener of state.listeners) if (listener.type === type) listener.changed(`sip:${user}@${domain}`);
}

/** All documents that were fetched: has one changed? */
async function askAgain({ params, state }: Me): Promise<void> {
  const { db, server } = state;
  if (db === null || server === null || state.asking) return;
  state.asking = true;
  try {
    const columns = ['username', 'domain', 'doc_type', 'etag', 'doc_uri', 'port'];
    const { rows } = await db.query(params.xcap_table, { columns, where: { source: OWN_ROWS } });
    for (const [user, domain, type, etag, uri, port] of rows) {
      const found = await fetched(server, String(uri), Number(port), String(etag ?? ''));
      if (found === null) continue;
      await db.update(params.xcap_table, { doc: found.doc, etag: found.etag }, { doc_uri: String(uri) });
      tell(state, Number(type), String(user), String(domain));
    }
  } catch {
    // The database layer has logged it.
  } finally {
    state.asking = false;
  }
}

async function refresh({ state, params }: Me, call: RpcCall): Promise<void> {
  const uri = call.text();
  const port = call.optInt() ?? 80;
  if (uri === undefined) {
    call.fault(500, 'Not enough parameters');
    return;
  }
  const [, auid = '', user = '', domain = ''] =
    /^(?:http:\/\/)?[^/]*\/([^/]*)\/users\/sips?:([^/@]*)@([^/]*)\//i.exec(uri) ?? [];
  const { db, server } = state;
  const found = server === null ? null : await fetched(server, uri, port, '');
  if (db === null || found === null) {
    call.fault(500, 'Failed http get');
    return;
  }
  if (auid === '') {
    call.fault(500, 'Failed parsing url');
    return;
  }
  const type = Object.hasOwn(documentTypes, auid) ? documentTypes[auid] : undefined;
  if (type === undefined) {
    call.fault(500, 'Invalid auid');
    return;
  }
  await db.update(params.xcap_table, { doc: found.doc, etag: found.etag }, { doc_uri: uri });
  tell(state, type, user, domain);
}

export default defineModule({
  name: 'xcap_client',
  doc: 'Documents of XCAP servers (RFC 4825), for presence_xml.',
  uses: [],
  params: {
    db_url: { type: 'str', default: 'mysql://kamailio:kamailiorw@localhost/kamailio', doc: 'Where they are kept.' },
    xcap_table: { type: 'str', default: 'xcap', doc: 'Their table.' },
    periodical_query: { type: 'int', default: 1, doc: '0: servers are not asked again for what was fetched.' },
    query_period: { type: 'int', default: 100, min: 1, doc: 'Seconds between two rounds of that.' },
  },
  stats: {},
  state: () => new State(),
  async start(me, server) {
    const { params, state } = me;
    state.server = server;
    state.db = await server.databases.open(params.db_url, 'xcap_client');
    if (params.periodical_query === 0) return;
    const periodMs = params.query_period * 1000;
    const timer = server.env.clock.setTimer(periodMs, () => {
      void askAgain(me);
      timer.rearm(periodMs);
    });
    state.timer = timer;
  },
  stop(me) {
    me.state.timer?.cancel();
    me.state.timer = null;
    me.state.server = null;
  },
  functions: {},
  pvs: {},
  rpc: {
    'xcap_client.refreshXcapDoc': {
      doc: 'Refresh XCAP document',
      run: (me, call) => refresh(me, call),
    },
  },
  eventRoutes: {},
  api: (me): XcapApi => ({
    get: (wanted) => get(me, wanted),
    listen: (auid, changed) => void me.state.listeners.push({ type: documentTypes[auid] ?? 0, changed }),
  }),
  missing: [],
});
