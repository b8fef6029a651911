/** What modules beside the core ones add to read: tls (pseudo-variables and selects), nathelper (selects). */
import { modulePaths } from './selects.js';

const sides = ['peer', 'my'] as const;
const certificate = (side: 'peer' | 'my'): readonly string[] => {
  const parts = ['cn', 'locality', 'country', 'state', 'organization', 'unit'];
  return [
    ...['subject', 'issuer', 'subject_uid', 'version', 'serial'],
    ...parts.flatMap((part) => [`subject_${part}`, `issuer_${part}`]),
    ...['email', 'hostname', 'uri', 'ip'].map((kind) => `san_${kind}`),
  ].map((name) => `$tls_${side}_${name}`);
};
/** Text of several lines: as a digest. */
const digest = (inner: string): string => `$(${inner}{s.md5})`;

const tlsPvs: readonly string[] = [
  ...['version', 'cipher_info', 'cipher_bits'].map((name) => `$tls_${name}`),
  '$(tls_description{s.rtrim})',
  ...sides.flatMap(certificate),
  ...sides.flatMap((side) => [digest(`tls_${side}_raw_cert`), digest(`tls_${side}_urlencoded_cert`)]),
  ...['verified', 'revoked', 'expired', 'selfsigned', 'notBefore', 'notAfter', 'server_name'].map(
    (name) => `$tls_peer_${name}`,
  ),
  ...['m_issuer_line', 'm_subject_line', 'p_issuer_line', 'p_subject_line'].map((key) => `$tls(${key})`),
];

const chain = ['0', '1', '2', '-1'];
const tlsSelects: readonly string[] = modulePaths('tls').flatMap((path) => {
  if (path.endsWith('.verified_cert_chain')) return chain.map((n) => digest(`sel(${path}[${n}])`));
  if (/raw_?cert$|URL_?encoded_?cert$/i.test(path)) return [digest(`sel(${path})`)];
  return [/\.desc(ription)?$/.test(path) ? `$(sel(${path}){s.rtrim})` : `$sel(${path})`];
});
export const tlsReads: readonly string[] = [...tlsPvs, ...tlsSelects];

/** Never with a value: a subject or issuer as a whole; whether our own certificate is verified. */
export const modulesElsewhere: readonly string[] = [
  ...['expired', 'revoked', 'self_signed', 'verified'].map((name) => `sel(tls.my.${name})`),
  ...sides.flatMap((side) => [`tls_${side}_issuer`, `tls_${side}_subject`]),
];

export const natReads: readonly string[] = modulePaths('nathelper').flatMap((path) =>
  ['1', '2', '9', '0', '-1'].map((n) => `$sel(${path.replace('rewrite_contact', `rewrite_contact[${n}]`)})`),
);

/** What needs a statement first, read once in a request route: the statements, what is then read, and what is compared in shape. */
export const prepared: readonly (readonly [before: string, reads: string, shaped?: string])[] = [
  [
    '$var(x) = 1; if ($var(x) == 2) exit; route(MINUS);',
    '$? $retcode $rc $(sruid{s.select,0,-}) $(sruid{s.select,1,-})',
  ],
  ['', '', '$RANDOM $C(rx)'],
  ['bm_start_timer("probe"); bm_log_timer("probe");', '', '$BM_time_diff'],
  [
    '$sht(h=>a) = "text"; $sht(h=>b) = 5; $sht(h=>n) = 4;',
    '$sht(h=>a) $sht(h=>b) $sht(h=>none) $shtex(h=>a) $shtcn(h=>~~.) $shtcv(h=>~~a) $shtinc(h=>n) $shtdec(h=>n)',
  ],
  ['sht_iterator_start("i", "one"); sht_iterator_next("i");', '$shtitkey(i) $shtitval(i)'],
  ['mq_add("q", "key", "value"); mq_add("q", "2", "3");', '$mq_size(q)'],
  ['mq_fetch("q");', '$mqk(q) $mqv(q) $mq_size(q)'],
  ['', '$rr_count $rr_top_count'],
  ['', '$pcv(value) $pcv(genaddr) $pcv(orig) $pcv(term)'],
  ['$uac_req(method) = "OPTIONS"; $uac_req(flags) = 3;', '$uac_req(method) $uac_req(flags) $uac_req(ruri)'],
  ['hf_iterator_start("h"); hf_iterator_next("h");', '$hfitname(h) $hfitbody(h)'],
  ['bl_iterator_start("b"); bl_iterator_next("b");', '$(blitval(b){s.trim})'],
  ['$fs = "udp:127.0.0.1:21703";', '$fs $fsn $lsock(l/udp:127.0.0.1:21703/name)'],
  ['if (!lookup("location")) return -1;', '$(ruid{s.select,0,-}) $(ruid{s.select,1,-}) $location_ua'],
  [
    'jsonrpc_exec(\'{"jsonrpc": "2.0", "method": "core.sipc_none", "id": 1}\');',
    '$jsonrpl(code) $jsonrpl(text) $(jsonrpl(body){s.len})',
  ],
  [
    '$ru = "sip:a@host:"; $du = "sip:d@host:0";',
    '$rp $dp $nh(p) $sel(ruri.port) $sel(dst_uri.port) $sel(dst_uri.hostport)',
  ],
  [
    '$ru = "sip:a@host:00"; $du = "sip:d@host:";',
    '$rp $dp $nh(p) $sel(ruri.port) $sel(ruri.hostport) $sel(dst_uri.hostport)',
  ],
  ['$ru = "sips:a@host"; $du = $null;', '$rp $dp $nh(p) $sel(ruri.port) $sel(ruri.hostport)'],
  ['', '', '$stat(core:rcv_requests) $stat(rcv_requests)'],
  // A target may be any text: one with a name has one.
  ['append_branch("\\"Name\\" <sip:b@h.example.com>");', '$sel(branch.uriq.name) $sel(branch.uriq)'],
  ['clear_branches();', '$(msgbuf(0){s.encode.hexa}) $(msgbuf(3){s.len}) $msgbuf(99999)'],
  ['', '$envn(PROBE_COUNT) $env(PROBE_COUNT) $sel(cfg_selected.mine)'],
  ['cfg_select("mine", 3);', '$sel(cfg_selected.mine) $sel(cfg_get.mine.amount)'],
  ['cfg_reset("mine");', '$sel(cfg_selected.mine) $sel(cfg_get.mine.amount)'],
];
