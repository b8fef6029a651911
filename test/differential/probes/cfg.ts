/** The cfg that prints every probe in every kind of route. */
import { natReads, prepared, tlsReads } from './modules.js';
import { reads, receivedBy, shaped } from './pvs.js';
import { selectReads, selectShapes } from './selects.js';
import { headerValueSelects, inputs, lineTransformations, selects, transformations, writes } from './values.js';

/** Name of an entry on its log line: as written, without what would be replaced there. */
export const label = (entry: string): string => entry.replaceAll('$', '').replaceAll('"', "'");
const line = (mark: string, name: string, text: string): string =>
  `\txlog("L_NOTICE", "$var(at) ${mark} ${name}=[${text}]\\n");`;

export const header = `#!KAMAILIO
#!define PROBE_TEXT "a text"
#!define PROBE_NUMBER 42
debug=2
log_stderror=yes
auto_aliases=no
onsend_route_reply=no
server_id=7

loadmodule "tm.so"
loadmodule "tmx.so"
loadmodule "sl.so"
loadmodule "rr.so"
loadmodule "pv.so"
loadmodule "kex.so"
loadmodule "corex.so"
loadmodule "textops.so"
loadmodule "textopsx.so"
loadmodule "siputils.so"
loadmodule "xlog.so"

modparam("xlog", "buf_size", 65535)
modparam("tm", "failure_reply_mode", 3)
`;

/** Values are there to read: one of each kind of variable. */
const prepare = `
route[PREPARE] {
	$var(n) = 5;
	$var(s) = "text";
	$vn(n) = 6;
	$vn(s) = "vn";
	$vz(n) = 7;
	$vz(s) = "vz";
	$shv(n) = 8;
	$shv(s) = "shared";
	$avp(i) = 1;
	$avp(i) = 2;
	$avp(s:two) = "one";
	$avp(two) = "two";
	$avp(i:7) = "numbered";
	$avp(mixed) = 3;
	$avp(mixed) = "three";
	$avp(mixed) = "";
	$xavp(plain) = "p";
	$xavp(t=>a) = 1;
	$xavp(t=>a) = "two";
	$xavp(t[0]=>A) = "upper";
	$xavp(t) = "top";
	$xavu(plain) = "p";
	$xavu(t=>a) = "one";
	$xavu(t=>a) = "two";
	$xavu(t=>n) = 4;
	$xavi(Plain) = "p";
	$xavi(T=>a) = 1;
	$xavi(t[0]=>A) = "two";
}
`;

const printed = (all: readonly string[], shapes: readonly string[]): string =>
  [
    ...all.map((entry) => line('r', label(entry), entry)),
    ...shapes.map((entry) => line('s', label(entry), entry)),
  ].join('\n');

/** Script variables of an earlier message are still there in Kamailio (docs/deviations.md): out of the comparison. */
const reset = `
route[RESET] {
	$var(n) = 0;
	$var(s) = 0;
	$vn(n) = $null;
	$vn(s) = $null;
	return 1;
}
`;

/** The events that come without a message of a call, or with one of the server's own: name of the pass, name of the event. */
const events: readonly (readonly [at: string, name: string])[] = [
  ['local', 'tm:local-request'],
  ['start', 'dialog:start'],
  ['end', 'dialog:end'],
  ['failed', 'dialog:failed'],
  ['expired', 'htable:expired:brief'],
  ['init', 'htable:mod-init'],
  ['http', 'xhttp:request'],
];
/** The response to the request of `local` is read too. */
export const eventPasses: readonly string[] = [...events.map(([at]) => at), 'echo'];
const eventModules = `
loadmodule "dialog.so"
loadmodule "htable.so"
loadmodule "xhttp.so"
tcp_accept_no_cl=yes
modparam("htable", "htable", "brief=>size=4;autoexpire=1;")
modparam("htable", "timer_interval", 1)
modparam("pv", "shvset", "n=i:8")
modparam("pv", "shvset", "s=s:shared")
`;
const eventRoutes = `
${events
  .map(
    ([at, name]) => `event_route[${name}] {
	route(RESET);
	$var(at) = "${at}";
	route(READ);
}
`,
  )
  .join('\n')}
route[EVENTS] {
	switch ($rU) {
		case "event.local":
			t_uac_send("OPTIONS", "sip:local@127.0.0.1:22010", "", "", "From: \\"L\\" <sip:l@example.com>\\r\\nTo: <sip:t@example.com>\\r\\nX-List: local\\r\\n", "");
			break;
		case "event.item":
			$sht(brief=>key) = "value";
			break;
		default:
			route(PREPARE);
			if (has_totag()) {
				loose_route();
				if (is_method("BYE")) xlog("L_NOTICE", "Dialog s DLG_lifetime=[$DLG_lifetime]\\n");
			} else record_route();
			dlg_manage();
			$du = "sip:127.0.0.1:22010";
			t_relay();
			exit;
	}
	sl_send_reply("202", "Done");
	exit;
}
`;
interface Frame {
  readonly nextHop?: string;
  /** Calls with this in their Call-ID are for `ofApart`, a line of the request route; other routes leave them alone. */
  readonly apart?: string;
  readonly ofApart?: string;
  /** Routes of those calls. */
  readonly routes?: string;
  /** A line of reply_route, after it named itself. */
  readonly ofReply?: string;
}

/** `lines` in every kind of route: in place in the onsend route, which cannot call another. */
const inEveryRoute = (
  lines: string,
  { nextHop = '127.0.0.1:22010', apart, ofApart = '', routes = '', ofReply = '' }: Frame,
): string => {
  const leftAlone = apart === undefined ? '' : `\tif ($ci =~ "${apart}") return;\n`;
  return `${prepare}${reset}
request_route {
${ofApart}	$var(at) = "request";
	if ($rU == "bare" || $rU == "typical") route(PREPARE);
	if (is_method("ACK|CANCEL")) exit;
	if ($rU == "full") {
		$du = "sip:d:pw@127.0.0.1:22010;x=1;lr=on";
		append_branch("sip:b:pw@127.0.0.1:22010;x=1;lr=on", "0.5");
		$(branch(dst_uri)[0]) = "sip:bd:pw@127.0.0.1:22010;x=1;lr=on";
	}
	route(READ);
	if ($hdr(X-Answer) != $null) {
		sl_send_reply("200", "Done");
		exit;
	}
	t_on_branch("PROBE");
	t_on_reply("PROBE");
	t_on_failure("PROBE");
	t_on_branch_failure("probe");
	$du = "sip:${nextHop}";
	append_branch("sip:second@127.0.0.1:22010;x=y", "0.5");
	t_relay();
}

branch_route[PROBE] {
	$var(at) = "branch";
	route(READ);
}

onsend_route {
${leftAlone}	$var(n) = 0;
	$var(s) = 0;
	$vn(n) = $null;
	$vn(s) = $null;
	$var(at) = "onsend";
${lines}
}

reply_route {
${leftAlone}	route(RESET);
	$var(at) = "reply";
${ofReply}	route(READ);
}

onreply_route[PROBE] {
	route(RESET);
	$var(at) = "onreply";
	route(READ);
}

failure_route[PROBE] {
	route(RESET);
	$var(at) = "failure";
	route(READ);
}

event_route[tm:branch-failure:probe] {
	route(RESET);
	$var(at) = "event";
	route(READ);
}

route[READ] {
${lines}
	return 1;
}
${routes}`;
};

/** Of a message that no socket received: Kamailio ends at `$af`, and shows a source that it made up (docs/deviations.md). */
const ofSocket: readonly string[] = ['$af(id)', '$af(name)', ...receivedBy];
const withoutSocket: readonly string[] = ['expired', 'init'];
/** Of messages in events: the length of tags the server made, how many messages and connections the process had, its name. */
const ofServer: readonly string[] = ['$ml', '$msg(len)', '$msg(hdrs_len)', '$mi', '$conid', '$ua'];
/** What is not read in this event. */
export const unreadIn = (event: string): readonly string[] => [
  ...ofServer,
  ...(withoutSocket.includes(event) ? ofSocket : []),
];

export const probesCfg = (): string => {
  const notIn = (passes: readonly string[], entries: readonly string[]) =>
    `\tif (${passes.map((at) => `$var(at) != "${at}"`).join(' && ')}) {\n${printed(entries, [])}\n\t}`;
  const everywhere = reads.filter((entry) => !ofSocket.includes(entry) && !ofServer.includes(entry));
  const lines = [printed(everywhere, shaped), notIn(withoutSocket, ofSocket), notIn(eventPasses, ofServer)].join('\n');
  return `${header}${eventModules}${inEveryRoute(lines, {
    apart: 'event',
    ofApart: '\tif ($ci =~ "event") route(EVENTS);\n',
    routes: eventRoutes,
    ofReply: '\tif ($hdr(X-Event) != $null) $var(at) = "echo";\n',
  })}`;
};

export const selectsCfg = (): string => `${header}
mine.words = "sip:u:pw@h.example.com:5;x=y;lr=on" desc "text"
mine.named = "\\"N\\" <sip:u:pw@h.example.com:5;x=1;lr=on>;tag=t;x=2" desc "an address"
mine.amount = 42 desc "number"
${inEveryRoute(printed(selectReads, selectShapes), {})}`;

/** What tls and nathelper add: both sides over TLS. */
export const modulesCfg = (): string => `${header}
mine.amount = 42 desc "number"
enable_tls=yes
listen=tls:127.0.0.1:21701
loadmodule "tls.so"
modparam("tls", "config", "@TLS@tls.cfg")
listen=udp:127.0.0.1:21703 name "probe"
${['nathelper', 'benchmark', 'cfgutils', 'htable', 'mqueue', 'uac', 'usrloc', 'registrar'].map((name) => `loadmodule "${name}.so"\n`).join('')}
loadmodule "xhttp.so"
loadmodule "ctl.so"
loadmodule "cfg_rpc.so"
loadmodule "jsonrpcs.so"
modparam("jsonrpcs", "transport", 1)
modparam("htable", "htable", "h=>size=4;autoexpire=7200;")
modparam("htable", "htable", "one=>size=4;")
modparam("mqueue", "mqueue", "name=q")
modparam("uac", "restore_mode", "none")
modparam("benchmark", "enable", 1)
${inEveryRoute(printed([...tlsReads, ...natReads], ['$conid']), {
  nextHop: '127.0.0.1:22011;transport=tls',
  apart: 'located',
  ofApart: `	if (is_method("REGISTER")) { save("location"); exit; }
	if ($Rp == 21703) {
		xlog("L_NOTICE", "named r Rn=[$Rn]\\n");
		exit;
	}
	if ($rU == "alice.located") route(LOCATED);
	if ($rU == "alice.once") {
		route(ONCE);
		sl_send_reply("200", "Done");
		exit;
	}
`,
})}
onreply_route[LOCATED] {
	xlog("L_NOTICE", "located r (T_reply_ruid{s.select,0,-})=[$(T_reply_ruid{s.select,0,-})]\\n");
}

route[LOCATED] {
	if (is_method("OPTIONS")) {
		t_newtran();
		t_reply("200", "Fine");
		xlog("L_NOTICE", "located r (sel(tm.uas.local_to_tag){s.len})=[$(sel(tm.uas.local_to_tag){s.len})]\\n");
		exit;
	}
	if (is_method("NOTIFY")) {
		send_udp("127.0.0.1:21703");
		sl_send_reply("200", "Sent");
		exit;
	}
	lookup("location");
	t_on_reply("LOCATED");
	t_relay();
	exit;
}

event_route[xhttp:request] {
	exit;
}

event_route[htable:mod-init] {
	$sht(one=>key) = "value";
}

route[MINUS] {
	return -7;
}

route[ONCE] {
	$var(at) = "once";
${prepared
  .map(([before, reads, shapes = '']) => {
    const words = (text: string) => text.split(' ').filter((word) => word !== '');
    return `\t${before}\n${printed(words(reads), words(shapes))}`;
  })
  .join('\n')}
	return 1;
}
`;

const quoted = (text: string): string => text.replaceAll('$', '').replaceAll('"', "'");

/** A line holds what a chain makes of several inputs: each is put in a variable first, as a failed one would take the line with it. */
const INPUTS_A_LINE = 8;
const variableOf = (name: string): string => (name === 'none' ? 'vn(undefined)' : `var(${name})`);
const transformed = (): string =>
  transformations
    .flatMap(([chain, names]) => {
      const lines: string[] = [];
      for (let i = 0; i < names.length; i += INPUTS_A_LINE) {
        const some = names.slice(i, i + INPUTS_A_LINE);
        lines.push(
          ...some.map((name) => `\t$vn(r_${name}) = $null; $vn(r_${name}) = $(${variableOf(name)}${chain});`),
          `\txlog("L_NOTICE", "t ${quoted(chain).replaceAll('\\', '')} ${some.map(shown).join(' ')}\\n");`,
        );
      }
      return lines;
    })
    .join('\n');
/** In hex; of what may be long, a digest. */
const shown = (name: string): string => `${name}=[$(vn(r_${name}){s.${name === 'long' ? 'md5' : 'encode.hexa'}})]`;
/** Results with line ends are shown in hex only. */
const transformedLines = (): string =>
  lineTransformations
    .map(
      ([name, chain]) =>
        `\t$vn(r) = $null;\n\t$vn(r) = $(var(${name})${chain});\n\txlog("L_NOTICE", "t ${name}${quoted(chain)}=[$(vn(r){s.encode.hexa})]\\n");`,
    )
    .join('\n');
const selected = (paths: readonly string[]): string =>
  paths
    .flatMap((path) => [
      `\t$vn(r) = $null;`,
      `\t$vn(r) = @${path};`,
      `\txlog("L_NOTICE", "at ${quoted(path)}=[$vn(r)]\\n");`,
      `\tif (@${path}) xlog("L_NOTICE", "is ${quoted(path)}\\n");`,
    ])
    .join('\n');
const written = (kind = ''): string =>
  writes
    .flatMap(([target, values]) =>
      values.flatMap((value) => [
        `\t${target} = ${value};`,
        `\txlog("L_NOTICE", "${kind && `${kind} `}w ${quoted(target)} = ${quoted(value)}: $rc [${target}] [$ru] [$du] [$mf]\\n");`,
      ]),
    )
    .join('\n');

/** What a route leaves for the wire, in the scenario of its name. */
const left = (kind: string, before = ''): string => `	if ($ci == "call-1-${kind}") {
		${before}$fu = "sip:written-f@f.example.com";
		$fn = "Written From";
		$tu = "sip:written-t@t.example.com";
		$tn = "Written To";
		$avp(left) = "${kind}";
		$xavp(left=>in) = "${kind}";
		setflag(7);
	}`;
const target = '$rU = "written"; $rd = "w.example.com"; $rp = 5099; $du = "sip:127.0.0.1:22010";\n\t\t';
/** Assignments in every kind of route. What they leave of the Request-URI and its like is taken back, so that the call goes on. */
export const writesCfg = (): string => {
  const kept = ['ru', 'du', 'fs', 'mf', 'bf', 'br'];
  const lines = (kind: string) => `	if ($ci == "call-1-writes") {
${kept.map((name) => `\t\t$vn(kept_${name}) = $${name};`).join('\n')}
${written(kind)}
${['ru', 'du', 'mf', 'bf'].map((name) => `\t\t$${name} = $vn(kept_${name});`).join('\n')}
	}`;
  return `${header}
request_route {
	$vn(none) = $null;
	if (is_method("ACK|CANCEL")) exit;
${lines('request')}
${left('request', target)}
	t_on_branch("W");
	t_on_reply("W");
	t_on_failure("W");
	$du = "sip:127.0.0.1:22010";
	t_relay();
}

branch_route[W] {
${lines('branch')}
${left('branch', target)}
}

onsend_route {
${lines('onsend')}
${left('onsend')}
}

reply_route {
${lines('reply')}
${left('reply')}
}

onreply_route[W] {
${lines('onreply')}
${left('onreply')}
}

failure_route[W] {
${lines('failure')}
${left('failure', target)}
	xlog("L_NOTICE", "failure left [$avp(left)] [$xavp(left=>in)] [$mf] [$fu] [$tu] [$ru]\\n");
	if ($T_reply_code == 486) {
		t_on_branch_failure("w");
		$du = "sip:127.0.0.1:22020";
		t_relay();
	}
}

event_route[tm:branch-failure:w] {
${lines('event')}
${left('event')}
}
`;
};

export const valuesCfg = (): string => `${header}
loadmodule "sqlops.so"
loadmodule "xhttp.so"
event_route[xhttp:request] { exit; }
mine.words = "sip:u@h.example.com:5" desc "text"
mine.amount = 42 desc "number"

request_route {
	if (is_method("ACK|CANCEL")) exit;
	if ($rU == "bare") route(TEXTS);
	else {
		route(SELECTS);
		route(WRITES);
	}
	sl_send_reply("200", "Done");
}

route[TEXTS] {
	$var(one) = 1;
	$var(two) = 2;
	$var(a) = "a";
	$var(lr) = "lr";
	$var(sep) = "b";
	$var(int) = 1234;
	$var(long) = "a1 b;c=d,%";
	$var(n) = 0;
	while ($var(n) < 12) {
		$var(long) = $var(long) + $var(long);
		$var(n) = $var(n) + 1;
	}
${Object.entries(inputs)
  .map(([name, text]) => `\t$var(${name}) = "${text}";`)
  .join('\n')}
${transformed()}
${transformedLines()}
	return 1;
}

route[SELECTS] {
${selected(selects)}
	if ($ci =~ "typical|bare") {
${selected(headerValueSelects)}
	}
	return 1;
}

route[WRITES] {
${written()}
	return 1;
}
`;
