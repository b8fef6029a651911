/** Parameters of stock modules on streams: tls, websocket, xhttp, xhttp_rpc; and of sqlops. */
import { preparedFile, withRows } from '../prepared.js';
import { type Group, generated, type Stage, scenario, silent } from '../scenario.js';

const cfg = (modules: string, rest: string, first = ''): string =>
  `#!KAMAILIO\ndebug=1\nlog_stderror=yes\nauto_aliases=no\n${first}${modules
    .split(' ')
    .map((name) => `loadmodule "${name}.so"\n`)
    .join('')}${rest}`;
const get = (url: string): string => `GET ${url} HTTP/1.1\r\nHost: h\r\n\r\n`;
const asks = (slug: string, title: string, ...requests: readonly string[]) =>
  scenario(slug, title, async ({ alice, pause }) => {
    for (const request of requests) {
      await alice.raw(request, 'tcp');
      await pause(150);
    }
  });

const tlsText = cfg(
  'tls ctl cfg_rpc tm sl pv textops xlog',
  `modparam("tls", "config", "@TLS@tls.cfg")
modparam("tls", "connection_timeout", 30)
modparam("tls", "tls_log", 4)
modparam("tls", "tls_debug", 4)
modparam("tls", "session_cache", 1)
modparam("tls", "session_id", "any")
modparam("tls", "tls_disable_compression", 1)
modparam("tls", "ssl_release_buffers", 1)
modparam("tls", "ssl_freelist_max_len", 0)
modparam("tls", "ssl_max_send_fragment", 4096)
modparam("tls", "ssl_read_ahead", 0)
modparam("tls", "send_close_notify", 1)
modparam("tls", "con_ct_wq_max", 1000000)
modparam("tls", "ct_wq_max", 10000000)
modparam("tls", "ct_wq_blk_size", 2048)
modparam("tls", "tls_force_run", 11)
modparam("tls", "low_mem_threshold1", -1)
modparam("tls", "low_mem_threshold2", -1)
modparam("tls", "renegotiation", 0)
request_route {
	xlog("L_NOTICE", "$proto $tls_version\\n");
	if ($rU == "long") {
		$var(long) = "0123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789";
		$var(i) = 0;
		while ($var(i) < 6) {
			$var(long) = $var(long) + $var(long);
			$var(i) = $var(i) + 1;
		}
		append_to_reply("X-Long: $var(long)\\r\\n");
	}
	sl_send_reply("200", "OK");
}
`,
  'enable_tls=yes\nlisten=tls:127.0.0.1:21701\n',
);
const overTls = (user: string, title: string) =>
  scenario(
    user,
    title,
    async ({ alice, uri }: Stage) => {
      alice.tls = { servername: 'localhost', certificate: undefined };
      await alice.request('OPTIONS', uri(user));
      await alice.receives(200);
    },
    { tls: ['alice'] },
  );
const tls = generated('settings-tls', tlsText, [
  overTls('short', 'a request over TLS'),
  overTls('long', 'an answer of more than one record'),
]);

const httpText = cfg(
  'ctl kex tm sl pv cfg_rpc textops xlog xhttp xhttp_rpc websocket',
  `tcp_accept_no_cl=yes
modparam("xhttp", "url_match", "^/($|chat|web)")
modparam("xhttp_rpc", "xhttp_rpc_root", "web")
modparam("xhttp_rpc", "xhttp_rpc_buf_size", 3000)
modparam("websocket", "keepalive_mechanism", 2)
modparam("websocket", "keepalive_timeout", 1)
modparam("websocket", "keepalive_interval", 1)
modparam("websocket", "keepalive_processes", 1)
modparam("websocket", "ping_application_data", "still there")
modparam("websocket", "rm_delay_interval", 1)
modparam("websocket", "verbose_list", 1)
request_route {
	if ($rU == "close") {
		sl_send_reply("202", "Closing");
		ws_close("1001", "Enough");
		xlog("L_NOTICE", "closed $rc\\n");
		exit;
	}
	if ($rU == "plain") {
		ws_close();
		xlog("L_NOTICE", "not a WebSocket $rc\\n");
	}
	sl_send_reply("200", "OK");
}
event_route[xhttp:request] {
	if ($hu =~ "^/web") dispatch_xhttp_rpc();
	if ($hdr(Upgrade) =~ "websocket") {
		if (ws_handle_handshake()) exit;
	}
	xhttp_reply("404", "Not Found", "", "");
}
`,
);
const http = generated('settings-http', httpText, [
  asks('matched', 'an address that is taken', get('/chat')),
  silent(asks('unmatched', 'an address that is not', get('/other'))),
  asks('page', 'a page', get('/web/core/core.echo?arg=a')),
  scenario('plain', 'ws_close() where there is no WebSocket', async ({ alice, uri }) => {
    await alice.request('OPTIONS', uri('plain'));
    await alice.receives(200);
  }),
  scenario(
    'idle',
    'a WebSocket that is idle stays open',
    async ({ alice, uri, pause }) => {
      await alice.request('OPTIONS', uri('first'));
      await alice.receives(200);
      await pause(2500);
      await alice.request('OPTIONS', uri('second'));
      await alice.receives(200);
    },
    { ws: ['alice'] },
  ),
  scenario(
    'close',
    'ws_close() ends it after the answer',
    async ({ alice, uri, pause }) => {
      await alice.request('OPTIONS', uri('close'));
      await alice.receives(202);
      await pause(2500);
    },
    { ws: ['alice'] },
  ),
]);

const sqlText = cfg(
  'db_sqlite sl pv textops xlog sqlops',
  `modparam("sqlops", "sqlcon", DB_CONNECTION)
modparam("sqlops", "sqlres", "ra")
modparam("sqlops", "tr_buf_size", 4096)
modparam("sqlops", "connect_mode", 1)
modparam("sqlops", "results_maxsize", 2)
request_route {
	sql_query("ca", "select username from subscriber order by username", "ra");
	xlog("L_NOTICE", "first $rc $dbr(ra=>rows)\\n");
	sql_query("ca", "select username from subscriber where username = 'bob'", "rb");
	xlog("L_NOTICE", "second $rc $dbr(rb=>rows) $dbr(rb=>[0,0])\\n");
	sl_send_reply("200", "OK");
}
`,
);
const sql: Group = withRows(
  generated(
    'settings-sqlops',
    sqlText,
    [
      scenario('asked', 'as many results as there may be', async ({ alice, uri, pause }) => {
        for (let n = 0; n < 2; n++) {
          await alice.request('OPTIONS', uri('x'));
          await alice.receives(200);
          await pause(200);
        }
      }),
    ],
    ['-A', `DB_CONNECTION="ca=>sqlite://${preparedFile('settings-sqlops')}"`],
  ),
  { subscriber: ['alice', 'bob'].map((username) => ({ username, domain: 'h', password: 'x', ha1: '', ha1b: '' })) },
);

export default [tls, http, sql];
