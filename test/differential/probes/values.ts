/** Transformations on texts of every shape, selects, and what an assignment answers and leaves. */

/** Input texts by name, as cfg string literals. */
export const inputs: Readonly<Record<string, string>> = {
  word: 'Hello World',
  empty: '',
  blank: '  a\\t b ',
  number: '1234',
  hexnum: '0x1f',
  negative: '-7',
  list: 'a,b;c=d,,e',
  high: 'caf\\xc3\\xa9\\xff',
  escaped: 'a\\"b\\\\c\'d%20+e',
  hex: '4a4B4c',
  base64: 'SGVsbG8=',
  quoted: '\\"in quotes\\"',
  bracketed: '<sip:a@b>',
  uri: 'sip:alice:secret@example.com:5070;transport=TCP;lr;maddr=10.0.0.1;ttl=3;user=phone;method=INVITE;r2=on?Subject=x&y=z',
  uri6: 'sips:[2001:db8::1]:5061;lr=on',
  tel: 'tel:+1-555-123;phone-context=example.com',
  badUri: 'nothing:here',
  noUser: 'sip:example.com',
  params: 'a=1;b;c=\\"x;y\\";A=2;d=',
  badParams: 'a=1;;b c=2;\\"x',
  address: '\\"A \\\\\\"B\\\\\\"\\" <sip:a@b.c;p=1>;tag=t1;x=\\"y\\"',
  bare: 'sip:a@b.c;tag=t2',
  badAddress: '\\"open <sip:a@b>',
  alias: 'sip:a@b;alias=10.0.0.1~5060~2',
  folded: 'a\\r\\n b\\n\\tc',
  percent: 'a%zz%4',
  schemeOnly: 'sip:',
  bigPort: 'sip:a@b:99999',
  oddParams: 'sip:a@b;x=1;X=2;;=v;y',
  lastEmpty: 'a=1;b=;c=2',
  openQuote: 'a=\\"x;b=1',
  base58: 'JxF12TrwUP45BMd',
  token64: 'SGVsbG8',
  septets: 'C8329BFD06',
  socket4: 'udp:127.0.0.1:5060',
  socket: 'tls:[2001:db8::1]:5061',
  hostOnly: 'example.com',
  path: '/a/b?x=1&y=2',
  noQuery: '/a/b',
  lines: 'v=0\\r\\no=x\\nm=audio 1\\r\\na=b',
};

const s = [
  ...'len int md5 sha256 sha384 sha512 tolower toupper numeric rmws trim ltrim rtrim unquote unbracket'.split(' '),
  ...'encode.hexa decode.hexa encode.base64 encode.base64t decode.base64 decode.base64t'.split(' '),
  ...'encode.base64url encode.base64urlt decode.base64url decode.base64urlt encode.base58'.split(' '),
  ...'encode.7bit decode.7bit escape.common unescape.common escape.user unescape.user'.split(' '),
  ...'escape.param unescape.param escape.csv urlencode.param urldecode.param corehash'.split(' '),
  ...'corehash,16 prefixes prefixes,3 prefixes.quoted prefixes.quoted,2'.split(' '),
  ...'substr,0,3 substr,2,0 substr,-3,2 substr,-3,0 substr,50,1 substr,1,50 substr,$var(one),$var(two)'.split(' '),
  ...'select,0,, select,-1,, select,1,; select,7,, select,$var(one),,'.split(' '),
  ...'strip,2 strip,0 strip,99 strip,-1 striptail,2 striptail,99 striptail,$var(two)'.split(' '),
  ...'stripto,b stripto,z replace,a,xx replace,b,$var(two) rm,a rm,zz'.split(' '),
  ...'count,a before,b after,b before,z after,z'.split(' '),
  ...'before,$var(sep) after,$var(sep) count,$var(sep) stripto,$var(sep)'.split(' '),
  ...'replace,$var(sep),$var(two) rm,$var(sep) corehash,$var(two)'.split(' '),
  ...'prefixes,$var(two) fmtlines,$var(two),$var(one) ftime,%Y-%m-%d'.split(' '),
  'select,0, ',
  'select,1, ',
  'select,1,\\n',
  ...'fmtlines,4,2 fmtlinet,4,1'.split(' '),
].map((op) => `s.${op}`);
const uri = [
  ...'user host domain passwd port params headers transport ttl uparam maddr method lr r2 scheme tosocket'.split(' '),
  ...'param,transport param,lr param,none param,$var(lr)'.split(' '),
].map((op) => `uri.${op}`);
const param = [
  ...'value,a value,A value,c value,none value,d value,a,; in,b in,none valueat,0 valueat,-1 valueat,9'.split(' '),
  ...'name,0 name,-1 name,9 count value,$var(a)'.split(' '),
].map((op) => `param.${op}`);
const others = [
  ...'nameaddr.name nameaddr.uri nameaddr.len'.split(' '),
  ...'tobody.uri tobody.tag tobody.user tobody.host tobody.params tobody.display'.split(' '),
  ...'urialias.encode urialias.decode'.split(' '),
  ...'sock.host sock.port sock.proto sock.touri url.path url.querystring sql.val sql.val.int sql.val.str'.split(' '),
];
const line = 'line.count line.at,0 line.at,1 line.at,-1 line.at,9 line.sw,o= line.sw,zz line.sw,$var(a)'.split(' ');
/** Several in a row. */
const chains = [
  '{s.substr,0,5}{s.toupper}{s.len}',
  '{uri.user}{s.md5}{s.substr,0,8}',
  '{uri.params}{param.value,maddr}{s.select,0,.}',
  '{nameaddr.uri}{uri.host}{s.select,-1,.}',
  '{s.len}{s.encode.hexa}',
  '{re.subst,/[aeiou]/_/g}',
  '{re.subst,/^(.)(.*)$/\\\\2\\\\1/}',
  '{re.subst,/l+/[\\\\0]/}{s.len}',
  '{re.subst,/HELLO/x/i}',
  '{re.subst,/none/x/}',
];

/** Where 5.6.3 shows what stood in its buffer before; and what takes it seconds. */
const garbage = new Set([
  'high{s.encode.7bit}',
  'negative{s.fmtlines,4,2}',
  'long{s.encode.base58}',
  'long{s.encode.7bit}',
  'long{s.urldecode.param}',
  'percent{s.urldecode.param}',
  'long{urialias.decode}',
]);
/** Decoders take what is encoded: of anything else 5.6.3 makes bytes of some kind (docs/deviations.md). */
const encodedOnly: Readonly<Record<string, readonly string[]>> = {
  '{s.decode.base64}': ['base64', 'hex', 'empty', 'none'],
  '{s.decode.base64t}': ['base64', 'token64', 'hex', 'empty', 'none'],
  '{s.decode.base64url}': ['base64', 'token64', 'hex', 'noQuery', 'empty', 'none'],
  '{s.decode.base64urlt}': ['base64', 'token64', 'hex', 'noQuery', 'empty', 'none'],
  '{s.decode.7bit}': ['hex', 'septets', 'number', 'empty', 'none'],
  // It ends the text it was given at the question mark.
  '{url.querystring}': ['path'],
  '{url.path}': ['path', 'noQuery', 'hostOnly', 'empty', 'none'],
  '{sock.host}': ['socket4', 'hostOnly', 'empty', 'none'],
  '{sock.port}': ['socket4', 'hostOnly', 'empty', 'none'],
  '{sock.proto}': ['socket4', 'hostOnly', 'empty', 'none'],
  '{sock.touri}': ['socket4', 'hostOnly', 'empty', 'none'],
};
/** A number and the number of an argument share one buffer there. */
const twoNumbers = /^\{s\.(replace,.*two|fmtlines,\$)/;
const texts = Object.keys(inputs);
/** A variable that is not defined, one that holds a number, and text of 40,960 bytes. */
export const otherInputs = ['none', 'int', 'long'] as const;
/** The chain, then the names of the inputs it is put on. */
export const transformations: readonly (readonly [string, readonly string[]])[] = [
  ...[...s, ...uri, ...param, ...others].map((op) => `{${op}}`),
  ...chains,
].map((chain) => [
  chain,
  encodedOnly[chain] ??
    [...texts.filter((name) => name !== 'lines'), ...otherInputs].filter(
      (name) =>
        !garbage.has(`${name}${chain}`) &&
        !(name === 'int' && twoNumbers.test(chain)) &&
        // Their buffers are of another size, which a parameter can change.
        !(name === 'long' && /^\{(re|sql)\./.test(chain)),
    ),
]);
export const lineTransformations: readonly (readonly [string, string])[] = line.flatMap((op) =>
  ['lines', 'word', 'empty'].map((name) => [name, `{${op}}`] as const),
);

const uriParts = 'type user rn_user pwd host port hostport transport params params.lr params.none'.split(' ');
const withUri = (path: string) => [path, ...uriParts.map((part) => `${path}.${part}`)];
const address = (path: string) => [
  path,
  `${path}.name`,
  `${path}.tag`,
  `${path}.params.tag`,
  `${path}.params.x`,
  ...withUri(`${path}.uri`),
];
const via = (path: string) => [
  path,
  ...'name version transport host port comment branch received rport i alias params.branch params.none'
    .split(' ')
    .map((part) => `${path}.${part}`),
];
export const selects: readonly string[] = [
  ...withUri('ruri'),
  ...withUri('dst_uri'),
  ...withUri('next_hop'),
  'next_hop.src_ip',
  ...address('from'),
  ...address('f').slice(0, 4),
  ...address('to'),
  ...address('t').slice(0, 4),
  ...address('refer_to'),
  ...address('rpid'),
  ...address('remote_party_id').slice(0, 4),
  ...'contact contact.name contact.q contact.expires contact.methods contact.received contact.instance contact.params.q'.split(
    ' ',
  ),
  ...withUri('contact.uri'),
  ...withUri('record_route.uri'),
  ...'record_route record_route.name rr rr.name'.split(' '),
  ...via('via'),
  ...via('via[1]'),
  ...via('via[2]'),
  ...via('via[9]').slice(0, 3),
  ...via('v').slice(0, 3),
  ...'cseq cseq.num cseq.method method status reason version call_id max_forwards content_type content_length'.split(
    ' ',
  ),
  ...'user_agent subject organization priority session_expires min_se sip_if_match date identity identity_info'.split(
    ' ',
  ),
  ...'event expires src.ip src.port src.ip_port dst.ip dst.port dst.ip_port'.split(' '),
  ...'received.ip received.port received.ip_port received.proto received.proto_ip_port'.split(' '),
  ...'msg.first_line msg.type msg.flags msg.req.method msg.request.version msg.res.code msg.response.status'.split(' '),
  ...withUri('msg.req.uri'),
  'msg.body.sdp.line.m',
  'msg.content.sdp.line.c',
  ...'msg.header.x_list msg.header.x_list[1] msg.header.x_list[2] msg.header.x_list[9] msg.h.subject'.split(' '),
  'msg.h["From"]',

  ...'proxy_authorization["a.example.com"] proxy_authorization["other"]'.split(' '),
  ...'username username.user username.domain realm nonce uri cnonce nc response opaque algorithm qop'
    .split(' ')
    .map((part) => `proxy_authorization["a.example.com"].${part}`),
  'authorization["tok"].username',
  ...'branch.count branch.uri branch.uri[0] branch.q branch.uriq branch.dst_uri sys.server_id'.split(' '),
  ...'cfg_get.core.debug cfg_get.mine.words cfg_get.mine.amount'.split(' '),
];
export const headerValueSelects: readonly string[] = [
  'hf_value.x_list',
  'hf_value.x_list[1]',
  'hf_value.x_list[3]',
  'hf_value.x_list[9]',
  'hf_value.contact[1].uri',
  'hf_value.contact[2].uri',
  'hf_value.contact.uri',
  'hf_value.contact[1].param.q',
  'hf_value.contact[1].p.expires',
  'hf_value.contact[1].name',
  'hf_value.contact[1].uri.host',
  'hf_value.none',
  'hf_value_exists.x_list.two',
  'hf_value_exists.x_list.none',
];

/** A variable, and what is assigned to it one after the other. */
export const writes: readonly (readonly [string, readonly string[]])[] = [
  ['$ru', ['"sip:new@n.example.com;x=y"', '7', '$null']],
  ['$rU', ['"user"', '7', '""', '$null', '"a:b"']],
  ['$rd', ['"h.example.com"', '""', '7', '$null']],
  ['$rp', ['5099', '"5098"', '""', '$null']],
  ['$du', ['"sip:10.0.0.1"', '""', '7', '$null']],
  ['$fu', ['"sip:f@x"', '7', '$null']],
  ['$tu', ['"sip:t@x"', '$null']],
  ['$fs', ['"udp:127.0.0.1:21700"', '"udp:10.9.9.9:1"', '7', '$null']],
  ['$mf', ['5', '"x"', '$null']],
  ['$mF', ['5', '$null']],
  ['$Mf(1)', ['1', '0', '"x"', '$null']],
  ['$bf', ['5', '"x"', '$null']],
  ['$Bf(2)', ['1', '0', '$null']],
  ['$sf', ['5', '"x"', '$null']],
  ['$Sf(3)', ['1', '0', '$null']],
  ['$br', ['"sip:b1@x"', '7', '$null']],
  ['$branch(uri)', ['"sip:b2@x"', '7', '$null']],
  ['$sbranch(dst_uri)', ['"sip:d@x"', '$null']],
  ['$sbranch(uri)', ['"sip:s@x"', '7', '$null']],
  ['$var(w)', ['1', '"x"', '""', '$null']],
  ['$vn(w)', ['1', '"x"', '""', '$null']],
  ['$vz(w)', ['1', '"x"', '$null']],
  ['$shv(w)', ['1', '"x"', '$null']],
  ['$avp(w)', ['1', '"x"', '$null', '$null', '$null']],
  ['$(avp(w)[0])', ['1', '"x"', '$null']],
  ['$(avp(w)[*])', ['1', '"x"', '$null']],
  ['$xavp(w)', ['1', '"x"', '$null', '$null']],
  ['$xavp(w=>a)', ['1', '"x"', '$null']],
  ['$xavp(w[0]=>a)', ['1', '"x"', '$null']],
  ['$xavp(w[0]=>a[0])', ['1', '"x"', '$null']],
  ['$xavp(w[-1])', ['1', '$null']],
  ['$xavp(w[*])', ['1', '$null']],
  ['$xavu(w)', ['1', '"x"', '$null']],
  ['$xavu(w=>a)', ['1', '"x"', '$null']],
  ['$xavi(W)', ['1', '"x"', '$null', '$null']],
  ['$xavi(w=>A)', ['1', '$null']],
];
