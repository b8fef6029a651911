/**
 * Every pseudo-variable of Kamailio 5.6.3 that the modules here declare, in each of its forms, as a cfg writes it.
 *
 * The probe cfgs print each of them in every kind of route. What holds line ends is shown by a digest or encoded; what the
 * clock or the process decides is compared in shape: digits become `9`, letters `x`.
 */

/** Written as it stands. */
const plain = (text: string): readonly string[] => text.trim().split(/\s+/);
/** `$name(key)` for each key. */
const keyed = (name: string, keys: string): readonly string[] => plain(keys).map((key) => `$${name}(${key})`);
/** `$(name)`, and `$(name[i])` for the usual indices. */
const indexed = (inner: string): readonly string[] => [
  `$(${inner})`,
  ...['0', '1', '-1', '-2', '7', '*'].map((index) => `$(${inner}[${index}])`),
];
/** What a field holds on one line. */
const encoded = (inner: string): string => `$(${inner}{s.encode.base64})`;

const fromTo = plain(
  '$fu $fU $fd $fn $ft $fUl $from $from.user $from.domain $tu $tU $td $tn $tt $tUl $to $to.user $to.domain',
);
const requestUri = plain('$ru $rU $rd $rp $rP $rz $rUl $ruri $ruri.user $ruri.domain');
const otherUris = plain('$ou $ouri $oU $od $op $oP $oUl $du $duri $dd $dp $dP $ds $br $bR');
const startLine = plain('$rm $rmid $rv $rs $rsi $rr $csb $mt $mts $ml $mi');
const identity = [
  ...plain('$au $aU $ad $ar $aa $adu $adn $adc $adr $ado $Au $AU $di $dir $dip $dic $re $rt'),
  ...['ai', 'pu', 'pU', 'pd', 'pn'].flatMap((name) => [`$${name}`, `$(${name}[0])`, `$(${name}[1])`, `$(${name}[9])`]),
];
const fields = [
  ...plain('$ci $cs $ct $cT $cl $ua $bs'),
  '$(rb{s.encode.base64})',
  '$(rb{s.len})',
  '$(mb{line.at,0})',
  ...['From', 'Via', 'v', 'X-List', 'x-none', 'Contact', 'Subject', 's', 'X-Empty'].flatMap((name) =>
    indexed(`hdr(${name})`),
  ),
  encoded('hdr(X-Folded)'),
  encoded('hdr(To)'),
  '$(hdr(X-High){s.encode.hexa})',
  ...['From', 'Via', 'X-List', 'X-None', 'Contact', 'Subject', '*'].map((name) => `$hdrc(${name})`),
  ...['Contact', 'Via', 'Route', 'Record-Route', 'P-Asserted-Identity', 'Diversion', 'X-List'].flatMap((name) =>
    indexed(`hfl(${name})`),
  ),
  ...['Contact', 'Via', 'Route', 'Record-Route', 'P-Asserted-Identity', 'Diversion', 'X-List', 'X-None'].map(
    (name) => `$hflc(${name})`,
  ),
  ...keyed('via0', 'host port proto protoid branch rport received'),
  ...keyed('via1', 'host port proto protoid branch rport received'),
  ...keyed('viaZ', 'host port proto protoid branch rport received'),
];
/** Where it came from, and the socket it came in on. */
export const receivedBy = plain('$si $siz $sp $su $sut $sas $src_ip $Ri $Rp $Ras $Ru $Rut $RAi $RAp $RAu $RAut');
const received = [
  ...receivedBy,
  ...plain('$Rn $pr $proto $prid $conid'),
  ...keyed('af', 'id name'),
  ...['len', 'proto', 'sproto', 'srcip', 'rcvip', 'srcport', 'rcvport', 'af'].map((key) => `$(rcv(${key}))`),
  '$(rcv(buf){line.at,0})',
  ...keyed('msg', 'len body_len hdrs_len fline'),
  '$(msg(buf){line.at,0})',
  '$(msg(body){s.encode.base64})',
  '$(msg(hdrs){line.at,0})',
  '$(msg(fpart){line.at,0})',
  '$(msg(lpart){line.at,0})',
];
const sending = ['snd', 'sndto', 'sndfrom'].flatMap((name) => [
  ...keyed(name, 'ip af port proto sproto'),
  `$(${name}(buf){line.at,0})`,
]);
const reply = keyed('rpl', 'duri dhost dport dproto dprotoid cntvia cntrr');
const flags = [...plain('$mf $mF $bf $bF $sf $sF'), ...['Mf', 'Bf', 'Sf'].flatMap((name) => keyed(name, '0 1 5 31'))];
const target = [
  ...keyed('nh', 'u U d p P'),
  ...keyed('branch', 'count uri dst_uri path q send_socket flags ruid location_ua otcpid instance').filter(
    (entry) => entry !== '$branch(q)',
  ),
  ...indexed('branch(uri)').filter((entry) => !entry.includes('[*]')),
  ...keyed('sbranch', 'uri dst_uri path send_socket flags ruid location_ua otcpid instance'),
  ...plain('$fs $fsn $fsp $ruid $location_ua'),
];
const constants = [
  ...keyed('K', 'IPv4 IPv6 UDP TCP TLS SCTP WS WSS'),
  ...keyed('ksr', 'ver verval'),
  ...keyed('version', 'num'),
  ...plain('$true $null $sid $err.class $err.level $err.info $err.rcode $err.rreason'),
  ...keyed('stat', 'core:unsupported_methods no_such_statistic'),
  ...keyed('_s', '$rm/$ci plain'),
  '$def(PROBE_TEXT)',
  '$def(PROBE_NONE)',
  '$defn(PROBE_TEXT)',
  '$defn(PROBE_NUMBER)',
  '$defn(PROBE_NONE)',
  '$env(PROBE_NONE)',
  '$envn(PROBE_NONE)',
  '$(env(LANG){s.len})',
];
const variables = [
  ...keyed('var', 'n s none'),
  ...keyed('vn', 'n s none'),
  ...keyed('vz', 'n s none'),
  ...keyed('shv', 'n s none'),
  ...['i', 's:two', 'none', 'i:7', 'mixed'].flatMap((name) => indexed(`avp(${name})`)),
  ...keyed('cnt', '$avp(mixed) $avp(none) $xavp(t)'),
  ...keyed(
    'xavp',
    't t[0] t[1] t[*] t[9] t=>a t=>A t[0]=>a t[0]=>a[0] t[0]=>a[1] t[0]=>a[*] t[1]=>a t=>none none none=>x plain t[0]=>in',
  ),
  ...keyed('xavu', 't t=>a t=>n none none=>x plain'),
  ...keyed('xavi', 't T t[0] T[1] t=>a T=>A t[0]=>A[0] t=>none none plain PLAIN'),
];
const selects = keyed('sel', 'ruri.user from.uri.host cseq.num via.host');
const transaction = [
  ...plain('$T_branch_idx $T_reply_ruid $T_reply_code $T_reply_reason'),
  ...['ru', 'rm', 'ci', 'fU', 'hdr(X-List)'].flatMap((inner) => [`$T_inv($${inner})`, `$T_req($${inner})`]),
  ...['rs', 'rr', 'ci', 'rm', 'hdr(X-Reply)'].map((inner) => `$T_rpl($${inner})`),
  '$(T_req($(hdr(Via)[0])){s.len})',
  ...keyed('T', 'reply_code reply_reason reply_type branch_index'),
  ...keyed('T_branch', 'uri flags ruid'),
  ...keyed('C', 'rx').map((entry) => `$(_s(${entry}){s.encode.hexa})`),
];
const others = [
  ...plain('$route_uri $fti $tti'),
  ...keyed('rdir', 'id name'),
  '$cfg(route)',
  ...keyed('ccp', 'core.debug none.none'),
  ...keyed('expires', 'min max'),
  ...keyed('hfitname', 'none'),
  ...keyed('hfitbody', 'none'),
  ...keyed('blitval', 'none'),
];

/** All reads that are compared as they are. */
export const reads: readonly string[] = [
  ...fromTo,
  ...requestUri,
  ...otherUris,
  ...startLine,
  ...identity,
  ...fields,
  ...received,
  ...sending,
  ...reply,
  ...flags,
  ...target,
  ...constants,
  ...variables,
  ...selects,
  ...transaction,
  ...others,
];

/** Reads whose digits and letters are the clock's or the process's: compared in shape. */
export const shaped: readonly string[] = [
  ...plain('$Ts $TS $Tf $TF $Tb $pp'),
  ...keyed('TV', 's u sn un Sn'),
  ...keyed('time', 'sec min hour mday mon year wday yday isdst'),
  ...keyed('utime', 'sec min hour mday mon year wday yday isdst'),
  ...keyed('timef', '%Y-%m-%dT%H:%M:%S %a,%d%b%Y %j/%U/%w %e %D.%T %I%p'),
  ...keyed('utimef', '%Y-%m-%dT%H:%M:%S %a,%d%b%Y %j/%U/%w %Z'),
  ...keyed('T', 'id_label id_index'),
  ...keyed('ltt', 's x'),
  '$(mbu{s.len})',
];

/** Names that are undefined on all of the messages, with where they do have a value. */
export const elsewhere: Readonly<Record<string, string>> = {
  null: 'nowhere',
  'err.class': 'nowhere, as in Kamailio',
  'err.level': 'nowhere, as in Kamailio',
  'err.info': 'nowhere, as in Kamailio',
  'err.rcode': 'nowhere, as in Kamailio',
  'err.rreason': 'nowhere, as in Kamailio',
  Rn: 'on a socket with a name',
  blitval: 'inside a loop over body lines',
  conid: 'on a stream',
  envn: 'where the environment has the name',
  fs: 'once set',
  fsn: 'once set, on a socket with a name',
  hfitbody: 'inside a loop over header fields',
  hfitname: 'inside a loop over header fields',
  location_ua: 'after lookup()',
  rcv: 'in events for received data',
  ruid: 'after lookup()',
  sbranch: 'once set',
  stat: 'of statistics that exist',
  T_inv: 'while a CANCEL is routed',
  T_reply_ruid: 'after lookup()',
};
