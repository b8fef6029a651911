/** siputils: URIs compared, read and changed, tests of texts, responses to OPTIONS. */
import { scenario } from '../scenario.js';
import { type Case, stepGroup } from '../steps.js';

const e = '$var(e) = "";';
const cases: Case[] = [
  {
    slug: 'numbers',
    title: 'is_numeric(), is_tel_number(), is_alphanum(), is_alphanumex()',
    answered: true,
    steps: [
      e,
      ...['123', '12a', '-1', '+12', ' 1', '$var(e)', '0'].map((text) => `is_numeric("${text}")`),
      ...['123', '+123', '+', '12a', '1-2', '1.2', '*12', '1#', '(12)', ' 1', '$var(e)', '++1', '1+2', '+1 2'].map(
        (text) => `is_tel_number("${text}")`,
      ),
      ...['abc1', 'aB', 'a-b', 'a b', '$var(e)', '_'].map((text) => `is_alphanum("${text}")`),
      ...['abc', 'a-b', 'a_b', 'a b', '$var(e)', '-', '-_'].map((text) => `is_alphanumex("${text}", "-_")`),
      'is_alphanumex("a", "$var(e)")',
      'is_alphanumex("-", "$var(e)")',
      'is_alphanumex("$var(e)", "$var(e)")',
    ],
  },
  {
    slug: 'uris',
    title: 'is_uri(), is_uri_user_e164()',
    answered: true,
    steps: [
      e,
      ...[
        'sip:a@b',
        'sip:b',
        'sips:a@b:5061',
        'tel:+1',
        'http://a',
        'a@b',
        'sip:',
        '$var(e)',
        'sip:a@b:x',
        '<sip:a@b>',
      ].map((text) => `is_uri("${text}")`),
      ...[
        'sip:+4930123@h',
        'sip:4930123@h',
        'sip:+1@h',
        'sip:+12@h',
        'sip:+123456789012345@h',
        'sip:+1234567890123456@h',
        'sip:+12a@h',
        'sip:h',
        'tel:+4930123',
        'tel:4930123',
        'nonsense',
        '',
      ].flatMap((text) => [`$var(u) = "${text}";`, 'is_uri_user_e164("$var(u)")']),
      '$var(u) = "sip:+4930123:pw@h";',
      'is_uri_user_e164("$var(u)")',
      '$avp(none) = $null;',
      'is_uri_user_e164("$avp(none)")',
    ],
  },
  {
    slug: 'cmp',
    title: 'cmp_uri(), cmp_aor(), cmp_hdr_name()',
    answered: true,
    steps: [
      e,
      ...(
        [
          ['sip:a@h', 'sip:a@H'],
          ['sip:a@h', 'sip:A@h'],
          ['sip:a@h', 'sip:a@h:5060'],
          ['sip:a@h', 'sip:a@h;transport=udp'],
          ['sip:a@h;x=1', 'sip:a@h'],
          ['sip:a@h;x=1', 'sip:a@h;x=2'],
          ['sip:a@h;x=1;y=2', 'sip:a@h;y=2;x=1'],
          ['sip:a:p@h', 'sip:a:q@h'],
          ['sip:a@h', 'sips:a@h'],
          ['sip:%61@h', 'sip:a@h'],
          ['sip:a@h?s=1', 'sip:a@h?s=2'],
          ['sip:a@h;lr', 'sip:a@h'],
          ['sip:a@h;user=phone', 'sip:a@h'],
          ['sip:h', 'sip:h'],
          ['sip:h', 'sip:a@h'],
          ['nonsense', 'nonsense'],
          ['sip:a@h', 'nonsense'],
          ['$var(e)', 'sip:a@h'],
          ['tel:1', 'tel:1'],
          ['tel:1', 'tel:2'],
        ] as const
      ).map(([a, b]) => `cmp_uri("${a}", "${b}")`),
      ...(
        [
          ['a@h', 'a@H'],
          ['a@h', 'A@h'],
          ['sip:a@h', 'a@h'],
          ['sips:a@h', 'sip:a@h'],
          ['a@h', 'a@h:5060'],
          ['a@h', 'b@h'],
          ['a@h', 'a@g'],
          ['h', 'h'],
          ['a@h;x=1', 'a@h'],
          ['$var(e)', 'a@h'],
          ['a@h', '$var(e)'],
          ['a:p@h', 'a@h'],
        ] as const
      ).map(([a, b]) => `cmp_aor("${a}", "${b}")`),
      ...(
        [
          ['From', 'from'],
          ['From', 'f'],
          ['f', 'F'],
          ['From', 'To'],
          ['X-A', 'x-a'],
          ['X-A', 'X-B'],
          ['X-A', 'X-AB'],
          ['Subject', 's'],
          ['Subject:', 'Subject'],
          ['$var(e)', 'f'],
          ['f', '$var(e)'],
          ['a b', 'a b'],
        ] as const
      ).map(([a, b]) => `cmp_hdr_name("${a}", "${b}")`),
    ],
  },
  {
    slug: 'set',
    title: 'set_uri_user(), set_uri_host()',
    answered: true,
    steps: [
      e,
      '$var(n) = "new";',
      '$var(h) = "new.org";',
      ...[
        'sip:a@h',
        'sip:a:p@h:5060;x=1',
        'sip:h',
        'sips:h:5061;x',
        'tel:+1',
        'nonsense',
        '',
        'sip:a@',
        'sip:@h',
        'a@h',
      ].flatMap((uri) => [
        `$var(u) = "${uri}";`,
        ['set_uri_user("$var(u)", "$var(n)")', '$var(u)'] as const,
        `$var(u) = "${uri}";`,
        ['set_uri_user("$var(u)", "$var(e)")', '$var(u)'] as const,
        `$var(u) = "${uri}";`,
        ['set_uri_host("$var(u)", "$var(h)")', '$var(u)'] as const,
        `$var(u) = "${uri}";`,
        ['set_uri_host("$var(u)", "$var(e)")', '$var(u)'] as const,
      ]),
      '$avp(u) = "sip:x@y";',
      ['set_uri_user("$avp(u)", "$rU")', '$avp(u)'],
    ],
  },
  {
    slug: 'tel',
    title: 'tel2sip()',
    answered: true,
    steps: [
      e,
      ...[
        'tel:+1-201-555-0123',
        'tel:7042;phone-context=example.com',
        'tel:863-1234;phone-context=+1-914-555',
        'tel:+1 (201) 555.0123;isub=1411;postd=w2;ext=5',
        'tel:+358-555-1234567;postd=pp22;isub=1411',
        'TEL:+1',
        'tel:',
        'sip:a@b',
        'tel:1;EXT=2;b=1;a=2',
        'nonsense',
        '',
      ].flatMap((uri) => [
        `$var(u) = "${uri}";`,
        '$var(r) = "old";',
        ['tel2sip("$var(u)", "h.org", "$var(r)")', '$var(r)'] as const,
      ]),
      '$var(u) = "tel:+1";',
      ['tel2sip("$var(u)", "$var(e)", "$var(r)")', '$var(r)'],
      ['tel2sip("$var(u)", "$fd", "$ru")', '$ru'],
    ],
  },
  {
    slug: 'params',
    title: 'uri_param_any(), add_uri_param(), get_uri_param(), uri_param_rm()',
    answered: true,
    steps: [
      e,
      ['$ru = "sip:u@h;a=1;b;D=4"', '$ru'],
      ...['a', 'b', 'c', 'd', 'D', 'x', '$var(e)', 'h'].map((name) => `uri_param_any("${name}")`),
      ...['a', 'b', 'c', 'd', 'x'].flatMap((name) => [
        '$var(v) = "old";',
        [`get_uri_param("${name}", "$var(v)")`, '$var(v)'] as const,
      ]),
      ['add_uri_param("n=1")', '$ru'],
      ['add_uri_param("m")', '$ru'],
      ['uri_param_rm("a")', '$ru'],
      ['uri_param_rm("d")', '$ru'],
      ['uri_param_rm("c")', '$ru'],
      ['uri_param_rm("x")', '$ru'],
      ['uri_param_rm("$var(e)")', '$ru'],
      ['uri_param_rm("m")', '$ru'],
      ['uri_param_rm("b")', '$ru'],
      ['uri_param_rm("n")', '$ru'],
      ['uri_param_rm("n")', '$ru'],
      '$ru = "sip:u@h";',
      ['add_uri_param("n=1")', '$ru'],
      ['uri_param_rm("n")', '$ru'],
      '$ru = "sip:h:5060;lr";',
      ['add_uri_param("n=1")', '$ru'],
      ['uri_param_rm("lr")', '$ru'],
      '$ru = "tel:+1;a=1";',
      'uri_param_any("a")',
      ['add_uri_param("n=1")', '$ru'],
      ['uri_param_rm("a")', '$ru'],
      '$ru = "nonsense";',
      'uri_param_any("a")',
      ['add_uri_param("n=1")', '$ru'],
      ['uri_param_rm("a")', '$ru'],
      ['get_uri_param("a", "$var(v)")', '$var(v)'],
    ],
  },
  {
    slug: 'kinds',
    title: 'is_request(), is_reply(), is_gruu(), is_supported()',
    options: { headers: ['Supported: path, Timer', 'k: 100rel,outbound', 'Supported: unknown-one'] },
    steps: [
      't_on_reply("KINDS");',
      'is_request()',
      'is_reply()',
      'is_gruu()',
      ...['sip:a@h;gr=x', 'sip:a@h;gr', 'sip:a@h', 'sip:h;gr', 'nonsense', '$var(e)', 'sip:a@h;gr='].map(
        (uri) => `is_gruu("${uri}")`,
      ),
      ...['path', '100rel', 'timer', 'outbound', 'gruu', 'eventlist'].map((tag) => `is_supported("${tag}")`),
    ],
  },
  {
    slug: 'unsupported',
    title: 'is_supported() without the header field',
    answered: true,
    steps: ['is_supported("path")'],
  },
  ...(
    [
      ['none', []],
      ['past', ['Date: Sat, 13 Nov 2010 23:29:00 GMT']],
      ['future', ['Date: Sat, 13 Nov 2060 23:29:00 GMT']],
      ['bad', ['Date: yesterday']],
    ] as const
  ).map(
    ([name, headers]): Case => ({
      slug: `date_${name}`,
      title: `hdr_date_check(): ${name}`,
      answered: true,
      options: { headers },
      steps: ['hdr_date_check("10")', 'hdr_date_check("0")', 'hdr_date_check("2000000000")'],
    }),
  ),
  {
    slug: 'rpid',
    title: 'rpid_avp, rpid_prefix and contact_flds_separator',
    method: 'INVITE',
    options: { contact: '<sip:alice@10.0.0.1:5070>' },
    steps: [
      'append_rpid_hf()',
      '$avp(caller) = "sip:+4930123@example.org";',
      'append_rpid_hf()',
      'is_rpid_user_e164()',
      'encode_contact("pre", "95.96.97.98")',
      '$ru = "sip:p=u=w=10.0.0.1=5070=udp@h";',
      ['decode_contact()', '$ru'],
      '$ru = "sip:p*u*w*10.0.0.1*5070*udp@h";',
      ['decode_contact()', '$ru'],
    ],
  },
  {
    slug: 'options_user',
    title: 'options_reply() on a request to a user, and on another method',
    answered: true,
    method: 'OPTIONS',
    steps: ['options_reply()'],
  },
  { slug: 'options_message', title: 'options_reply() on a MESSAGE', answered: true, steps: ['options_reply()'] },
];

const head = `auto_aliases=no
modparam("siputils", "rpid_avp", "$avp(caller)")
modparam("siputils", "rpid_prefix", "<<")
modparam("siputils", "rpid_suffix", ">>;x=1")
modparam("siputils", "contact_flds_separator", "=")
modparam("siputils", "options_accept", "application/x")
modparam("siputils", "options_accept_encoding", "zip")
modparam("siputils", "options_accept_language", "de")
modparam("siputils", "options_support", "path")
onreply_route[KINDS] {
	if (is_request()) xlog("L_NOTICE", "a request\\n");
	if (is_reply()) xlog("L_NOTICE", "a reply\\n");
}
route[nobody] {
	options_reply();
	xlog("L_NOTICE", "options $rc\\n");
}
`;
const made = stepGroup('siputils-steps', 'siputils', head, cases);
export default {
  ...made,
  text: made.text!.replace(
    '$var(what) = $rU;',
    'if ($rU == $null) route(nobody);\n\t$var(what) = $rU;\n\tif ($rU == $null) exit;',
  ),
  scenarios: [
    ...made.scenarios,
    scenario('nobody', 'options_reply() on a request to the server itself', async ({ alice, uri }) => {
      await alice.request('OPTIONS', uri());
      await alice.receives(200);
    }),
  ],
};
