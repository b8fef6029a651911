/**
 * The config of Debian's package with what people splice into it: `WITH_WEBSOCKETS`, as the page of the module websocket shows
 * it, and `WITH_XMLRPC`, which older stock configs had. Empty where the package is not installed.
 */
import { readFileSync } from 'node:fs';
import { readable, stockConfig } from './tools.js';

interface Splice {
  /** A text that the stock cfg has exactly once. */
  readonly at: string;
  readonly put: string;
}

const HTTP_ROUTE = 'event_route[xhttp:request] {\n\tset_reply_close();\n\tset_reply_no_connect();\n';

const splices: readonly Splice[] = [
  {
    at: '#!ifdef WITH_TLS\nenable_tls=yes\n',
    put: `#!ifdef WITH_WEBSOCKETS
tcp_accept_no_cl=yes
#!endif
#!ifdef WITH_TLS
enable_tls=yes
`,
  },
  {
    at: '# ----------------- setting module-specific parameters ---------------\n',
    put: `#!ifdef WITH_WEBSOCKETS
#!ifndef WITH_JSONRPC
loadmodule "xhttp.so"
#!endif
loadmodule "websocket.so"
#!endif
#!ifdef WITH_XMLRPC
loadmodule "xmlrpc.so"
modparam("xmlrpc", "route", "XMLRPC")
modparam("xmlrpc", "url_match", "^/XMLRPC")
#!ifdef WITH_JSONRPC
modparam("xhttp", "url_skip", "^/XMLRPC")
#!else
#!ifdef WITH_WEBSOCKETS
modparam("xhttp", "url_skip", "^/XMLRPC")
#!endif
#!endif
#!endif
`,
  },
  {
    // A browser has no address of its own: the alias of its Contact is the connection it came on.
    at: '\tif (nat_uac_test("19")) {\n',
    put: `#!ifdef WITH_WEBSOCKETS
	if (nat_uac_test("83")) {
#!else
	if (nat_uac_test("19")) {
#!endif
`,
  },
  {
    at: '\t\tif(isbflagset(FLB_NATB)) {\n\t\t\tif(is_first_hop())\n',
    put: `#!ifdef WITH_WEBSOCKETS
		if(isbflagset(FLB_NATB) || nat_uac_test("64")) {
#!else
		if(isbflagset(FLB_NATB)) {
#!endif
			if(is_first_hop())
`,
  },
  {
    at: `#!ifdef WITH_JSONRPC\n${HTTP_ROUTE}`,
    put: `#!ifdef WITH_XMLRPC
route[XMLRPC] {
	if ((method=="POST" || method=="GET") && src_ip==127.0.0.1) {
		set_reply_no_connect();
		dispatch_rpc();
		exit;
	}
	send_reply("403", "Forbidden");
	exit;
}
#!endif

#!ifdef WITH_WEBSOCKETS
route[WEBSOCKET] {
	if ($hdr(Upgrade)=~"websocket" && $hdr(Connection)=~"Upgrade" && $rm=~"GET") {
		if ($hdr(Host)==$null || !is_myself("sip:" + $hdr(Host))) {
			xhttp_reply("403", "Forbidden", "", "");
			exit;
		}
		if (ws_handle_handshake()) exit;
	}
	return;
}
#!ifndef WITH_JSONRPC
${HTTP_ROUTE}	route(WEBSOCKET);
	xhttp_reply("404", "Not Found", "", "");
}
#!endif
#!endif

#!ifdef WITH_JSONRPC
${HTTP_ROUTE}#!ifdef WITH_WEBSOCKETS
	route(WEBSOCKET);
#!endif
`,
  },
];

function spliced(stock: string): string {
  let text = stock;
  for (const { at, put } of splices) {
    if (text.split(at).length !== 2) throw new Error(`the stock cfg does not have exactly one\n${at}`);
    text = text.replace(at, () => put);
  }
  return text;
}

export const splicedStock: string = readable(stockConfig) ? spliced(readFileSync(stockConfig, 'latin1')) : '';
