/**
 * Functions that Kamailio has since after 5.6.3, so that no golden can tell what they do: a cfg calls them on one message
 * and logs what came of it, as their pages describe it.
 */
import { expect, it } from 'vitest';
import { simulatedEnvironment } from '../../runtime/env/simulated.js';
import { buildCfg, startBuilt } from '../support/in-process.js';

const modules = ['tm', 'tmx', 'sl', 'pv', 'kex', 'textops', 'textopsx', 'siputils', 'htable', 'xlog'];
const shifted = '$xavp(l[0]=>v) $xavp(l[1]=>v) $xavp(l[2]=>v)';
/** Statement, what `$rc` is after it, and what the text is then. */
const rows: readonly (readonly [string, number, (string | undefined)?, string?])[] = [
  ['str_any_in("a.b", ",.;")', 1],
  ['str_any_in("ab", ",.;")', -1],
  ['str_all_in("a.,b", ",.")', 1],
  ['str_all_in("a.b", ",.")', -1],
  ['subst_v("0049123", "/^00/+/", "$var(x)")', 1, '$var(x)', '+49123'],
  ['subst_v("49", "/^00/+/", "$var(x)")', -1],
  ['via_param_rm("foo", "1")', 1],
  ['via_param_rm("none", "0")', 2],
  ['via_param_rm("branch", "7")', -1],
  ['set_body_hex("68 69", "text/plain") && msg_apply_changes()', 1, '$rb|$cT|$(viap{s.len})', 'hi|text/plain'],
  ['set_body_hex("6", "text/plain")', -1],
  ['is_sip()', 1],
  ['is_http()', -1],
  ['sip_parse_headers()', 1],
  ['contact_param_check("ob")', 1],
  ['contact_param_check("none")', -1],
  [
    'tel2sip2("tel:+1-(2)-3;b=2;isub=1;a=1;phone-context=example.com", "h", "$var(x)")',
    1,
    '$var(x)',
    'sip:+123;isub=1;a=1;b=2@h;user=phone',
  ],
  ['tel2sip2("sip:a@b", "h", "$var(x)")', 2],
  [
    'tel2sip2("tel:7;ext=1-2;phone-context=+4-9", "h", "$var(x)")',
    1,
    '$var(x)',
    'sip:7;ext=12;phone-context=+49@h;user=phone',
  ],
  ['$var(n) = "+1234567"; is_e164("$var(n)")', 1],
  ['$var(n) = "+12345678"; is_e164("$var(n)")', -1],
  ['is_user("alice")', -1],
  ['is_myhost("sip:127.0.0.1:7777")', 1],
  ['is_myhost("sip:10.0.0.9")', -1],
  ['sht_is_null("t", "k")', 1],
  ['sht_inc("zero", "k")', 1, '$sht(zero=>k)', '6'],
  ['sht_dec("zero", "k")', 1, '$sht(zero=>k)', '5'],
  ['sht_is_null("t", "set")', -1],
  ['sht_is_null("zero", "k")', -2],
  ['sht_is_null("nope", "k")', 2],
  ['sht_inc("nope", "k")', -1],
  ['t_cancel_branch_idx("1", "1", "0")', -1],
  [
    '$xavp(to=>uri) = "sip:x@y"; $xavp(to[0]=>dsturi) = "sip:10.0.0.2"; xavp_push_dst("to")',
    1,
    '$ru $du',
    'sip:x@y sip:10.0.0.2',
  ],
  ['$xavp(on=>socket) = "udp:127.0.0.1:5060"; xavp_push_dst("on")', 1, '$ru $fs', 'sip:x@y udp:127.0.0.1:5060'],
  ['xavp_push_dst("none")', -1],
  [
    'append_hf("X-Late: yes\\r\\n"); msg_changed_route("CHANGED")',
    1,
    '$var(seen) [$hdr(X-Late)] $fU',
    'yes [<null>] a',
  ],
  ['msg_changed_route("NONE_$rm")', -1],
  ['$avp(whom) = "w"; is_sip()', 1, '$avp(WHO) $avp(s:whom) $cnt($avp(who))', 'w w 1'],
  ['$avp(i:7) = "n"; is_sip()', 1, '$avp(number) $avp(7)', 'n n'],
  ['$xavp(l=>v) = 1; $xavp(l=>v) = 2; $xavp(l=>v) = 3; xavp_lshift("l", "1")', 1, shifted, '2 1 3'],
  ['xavp_lshift("l", "-1")', 1, shifted, '3 2 1'],
  ['xavp_lshift("l", "3")', 1, shifted, '3 2 1'],
  ['xavp_lshift("l", "-5")', 1, shifted, '2 1 3'],
  ['xavp_lshift("nothing", "1")', -2],
  ['xavp_lshift("nothing", "0")', 1],
  ['xavp_rm_all("l")', 1, shifted, '<null> <null> <null>'],
  ['xavp_xparams_explode("a=1,b=2", ",", "p")', 1, '$xavp(p=>a) $xavp(p=>b)', '1 2'],
  ['xavp_xparams_explode(" a=1", ",", "p")', -1, '$xavp(p=>a)', '1'],
  ['xavp_params_implode_qval("p", "$var(x)")', 1, '$var(x)', 'a="1";b="2";'],
  ['xavp_params_implode_qval("nothing", "$var(x)")', -1],
  ['$xavi(Y=>A) = 1; $xavi(y=>a) = 2; xavi_rm_all("Y")', 1, '$xavi(y=>a)', '<null>'],
  ['t_exists()', -1],
  ['t_newtran(); t_exists()', 1],
  ['t_reply_error()', 1],
  ['t_reply_error()', -1],
];

it('they answer as their pages say', async () => {
  const body = rows
    .map(([call, , shown], n) => `${call}; xlog("L_ERR", "${n} $rc ${shown?.split('|$(viap')[0] ?? ''}\\n");`)
    .join('\n  ');
  const cfg = `listen=udp:127.0.0.1:5060
${modules.map((name) => `loadmodule "${name}.so"`).join('\n')}
modparam("siputils", "e164_max_len", 8)
modparam("pv", "avp_aliases", "who=whom;number=i:7")
modparam("htable", "htable", "t=>size=4;")
modparam("htable", "htable", "zero=>size=4;initval=5;")
request_route {
  $sht(t=>set) = "x";
  ${body.replaceAll(' && ', '; ')}
  sl_send_reply("200", "OK");
}
route[CHANGED] {
  $var(seen) = $hdr(X-Late);
  $fU = "lost";
  exit;
}`;
  const env = simulatedEnvironment();
  const server = await startBuilt(await buildCfg('newer.cfg', cfg), env);
  const peer = await env.network.bindUdp({ ip: '127.0.0.1', port: 5099 }, () => {});
  peer.send(
    'INVITE sip:bob@10.0.0.1 SIP/2.0\r\nVia: SIP/2.0/UDP 127.0.0.1:5099;branch=z9hG4bKn\r\nVia: SIP/2.0/UDP h;foo=bar;branch=z9\r\n' +
      'From: <sip:a@b>;tag=1\r\nTo: <sip:b@b>\r\nCall-ID: n\r\nCSeq: 1 INVITE\r\nContact: <sip:a@h;ob>\r\nContent-Length: 0\r\n\r\n',
    { ip: '127.0.0.1', port: 5060 },
  );
  await env.clock.advance(100);
  await server.stop(0);
  const lines = env.log.records.filter(({ source }) => source === '<script>').map(({ text }) => text.trim());
  expect(lines).toEqual(rows.map(([, rc, , text], n) => `${n} ${rc} ${text ?? ''}`.trim()));
});

it('set_reply_body_hex() gives the answer a body, contact_param_encode_alias() hides where a call came from', async () => {
  const env = simulatedEnvironment();
  const cfg = `listen=udp:127.0.0.1:5060
loadmodule "sl.so"
loadmodule "textops.so"
loadmodule "textopsx.so"
loadmodule "siputils.so"
request_route {
  contact_param_encode_alias("ksu", "sip:10.0.0.1");
  msg_apply_changes();
  append_to_reply("X-Contact: $ct\\r\\n");
  set_reply_body_hex("68 69", "text/plain");
  sl_send_reply("200", "OK");
}`;
  const server = await startBuilt(
    await buildCfg('newer-reply.cfg', cfg.replace('loadmodule "sl', 'loadmodule "pv.so"\nloadmodule "sl')),
    env,
  );
  const came: string[] = [];
  const peer = await env.network.bindUdp({ ip: '127.0.0.1', port: 5099 }, (bytes) => void came.push(bytes));
  peer.send(
    'OPTIONS sip:bob@10.0.0.1 SIP/2.0\r\nVia: SIP/2.0/UDP 127.0.0.1:5099;branch=z9hG4bKn\r\nFrom: <sip:a@b>;tag=1\r\nTo: <sip:b@b>\r\n' +
      'Call-ID: n\r\nCSeq: 1 OPTIONS\r\nContact: <sip:a@h;ob>\r\nContent-Length: 0\r\n\r\n',
    { ip: '127.0.0.1', port: 5060 },
  );
  await env.clock.advance(100);
  await server.stop(0);
  const [answer = ''] = came;
  expect(answer).toContain('Content-Type: text/plain\r\n');
  expect(answer.endsWith('Content-Length: 2\r\n\r\nhi')).toBe(true);
  const hidden = /X-Contact: <sip:10\.0\.0\.1;ksu=([^>]+)>/.exec(answer)?.[1] ?? '';
  expect(Buffer.from(hidden, 'base64url').toString()).toBe('sip:a@h;ob;alias=127.0.0.1~5099~1');
});

it('sdp_iterator_…() goes through the lines of an SDP and changes them', async () => {
  const env = simulatedEnvironment();
  const cfg = `listen=udp:127.0.0.1:5060
${['sl', 'pv', 'textops', 'textopsx', 'sdpops', 'xlog'].map((name) => `loadmodule "${name}.so"`).join('\n')}
request_route {
  sdp_iterator_next("s"); xlog("L_ERR", "$rc $sdpitval(s)\\n");
  sdp_iterator_end("s"); xlog("L_ERR", "$rc\\n");
  sdp_iterator_start("s"); xlog("L_ERR", "$rc $sdpitval(s)\\n");
  sdp_iterator_rm("s"); xlog("L_ERR", "$rc\\n");
  while (sdp_iterator_next("s")) {
    xlog("L_ERR", "$(sdpitval(s){s.rtrim})\\n");
    if ($sdpitval(s) =~ "^a=old") sdp_iterator_rm("s");
    if ($sdpitval(s) =~ "^m=") { sdp_iterator_append("s", "a=after\\r\\n"); sdp_iterator_insert("s", "a=before\\r\\n"); }
  }
  sdp_iterator_next("s"); xlog("L_ERR", "$rc $sdpitval(s)\\n");
  sdp_iterator_append("s", "a=lost\\r\\n"); xlog("L_ERR", "$rc\\n");
  sdp_iterator_end("s"); xlog("L_ERR", "$rc\\n");
  sdp_iterator_next("s"); xlog("L_ERR", "$rc\\n");
  msg_apply_changes();
  xlog("L_ERR", "$(rb{s.escape.crlf})\\n");
}`;
  const server = await startBuilt(await buildCfg('newer-sdp.cfg', cfg), env);
  const peer = await env.network.bindUdp({ ip: '127.0.0.1', port: 5099 }, () => {});
  const body =
    'v=0\r\no=a 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio 4000 RTP/AVP 8\r\na=old\r\n';
  peer.send(
    'INVITE sip:bob@10.0.0.1 SIP/2.0\r\nVia: SIP/2.0/UDP 127.0.0.1:5099;branch=z9hG4bKs\r\nFrom: <sip:a@b>;tag=1\r\nTo: <sip:b@b>\r\n' +
      `Call-ID: s\r\nCSeq: 1 INVITE\r\nContent-Type: application/sdp\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
    { ip: '127.0.0.1', port: 5060 },
  );
  await env.clock.advance(100);
  await server.stop(0);
  const lines = env.log.records.filter(({ source }) => source === '<script>').map(({ text }) => text.trim());
  const changed = body.replace('m=audio', 'a=before\r\nm=audio').replace('a=old', 'a=after');
  expect(lines).toEqual([
    '-1 <null>',
    '-1',
    '1 <null>',
    '-1',
    ...body.trimEnd().split('\r\n'),
    '-1 <null>',
    '-1',
    '1',
    '-1',
    changed.replaceAll('\r', '\\r').replaceAll('\n', '\\n'),
  ]);
});

it.each([
  [0, 'sip:10.0.0.9;lr sip:127.0.0.1;lr'],
  [1, 'sip:127.0.0.1 sip:10.0.0.9;lr'],
])(
  'loose_route_mode %d: a Request-URI of our own; flow tokens, errors, and Path with an address given',
  async (mode, routed) => {
    const env = simulatedEnvironment();
    const cfg = `listen=udp:127.0.0.1:5060
${['tm', 'sl', 'pv', 'xlog', 'textops', 'textopsx', 'siputils', 'outbound', 'rr', 'path'].map((name) => `loadmodule "${name}.so"`).join('\n')}
modparam("rr", "loose_route_mode", ${mode})
request_route {
  if (is_method("BYE")) {
    loose_route();
    xlog("L_ERR", "$ru $du\\n");
    exit;
  }
  if (is_method("REGISTER")) {
    add_path_advertised_address("edge.example.com:5070", "me", "x=1");
    xlog("L_ERR", "$rc\\n");
    msg_apply_changes();
    xlog("L_ERR", "$hdr(Path)\\n");
    remove_hf("Path");
    add_path_received_advertised_address("edge.example.com");
    msg_apply_changes();
    xlog("L_ERR", "$hdr(Path)\\n");
    exit;
  }
  check_flow_token();
  xlog("L_ERR", "$rc\\n");
  if ($hdr(Route) == $null) send_reply_error();
}`;
    const server = await startBuilt(await buildCfg('newer-routes.cfg', cfg), env);
    const came: string[] = [];
    const peer = await env.network.bindUdp(
      { ip: '127.0.0.1', port: 5099 },
      (text) => void came.push(text.split('\r\n')[0]!),
    );
    const said = async (method: string, more: string) => {
      peer.send(
        `${method} sip:127.0.0.1 SIP/2.0\r\nVia: SIP/2.0/UDP 127.0.0.1:5099;branch=z9hG4bK${more.length}${method}\r\nFrom: <sip:a@b>;tag=1\r\n` +
          `To: <sip:b@b>${method === 'BYE' ? ';tag=2' : ''}\r\nCall-ID: n\r\nCSeq: 1 ${method}\r\n${more}Content-Length: 0\r\n\r\n`,
        { ip: '127.0.0.1', port: 5060 },
      );
      await env.clock.advance(100);
      return env.log.records.splice(0).flatMap(({ source, text }) => (source === '<script>' ? [text.trim()] : []));
    };
    expect(await said('BYE', 'Route: <sip:127.0.0.1;lr>, <sip:10.0.0.9;lr>\r\n')).toEqual([routed]);
    expect(await said('REGISTER', '')).toEqual([
      '1',
      '<sip:me@edge.example.com:5070;lr;x=1>',
      '<sip:edge.example.com;lr;received=sip:127.0.0.1:5099>',
    ]);
    expect(await said('OPTIONS', 'Route: <sip:nonsense@127.0.0.1;lr>\r\n')).toEqual(['-3']);
    expect(await said('OPTIONS', 'Route: <sip:10.0.0.9;lr>\r\n')).toEqual(['-2']);
    expect(came).toEqual([]);
    expect(await said('OPTIONS', '')).toEqual(['-1']);
    expect(came).toEqual(["SIP/2.0 500 I'm terribly sorry, server error occurred (1/SL)"]);
    await server.stop(0);
  },
);
