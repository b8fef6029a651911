/** textopsx: iterators over header fields and body lines, whole messages replaced, statuses changed. */
import { type Case, stepGroup } from '../steps.js';

const headers = ['X-A: 1', 'X-B: two', 'X-A: 3', 'X-Empty:', 'User-Agent: peer'];
const at = '$hfitname(i): $hfitbody(i)';

const cases: Case[] = [
  {
    slug: 'walk',
    title: 'hf_iterator_next(), hf_iterator_prev(), hf_iterator_end(): beyond both ends, and without a start',
    answered: true,
    options: { headers },
    steps: [
      ['hf_iterator_next("i")', at],
      ['hf_iterator_prev("i")', at],
      'hf_iterator_end("i")',
      'hf_iterator_rm("i")',
      'hf_iterator_append("i", "X-N: 1\\r\\n")',
      'hf_iterator_insert("i", "X-N: 1\\r\\n")',
      ['hf_iterator_start("i")', at],
      ['hf_iterator_prev("i")', at],
      'hf_iterator_rm("i")',
      'hf_iterator_append("i", "X-N: 1\\r\\n")',
      ['hf_iterator_next("i")', at],
      ['hf_iterator_prev("i")', at],
      ['hf_iterator_next("i")', at],
      ['hf_iterator_next("i")', at],
      ['hf_iterator_prev("i")', at],
      ['while(hf_iterator_next("i")) { $var(n) = $var(n) + 1; }', ''],
      ['hf_iterator_next("i")', `${at} $var(n)`],
      ['hf_iterator_prev("i")', at],
      ['hf_iterator_start("i")', at],
      ['hf_iterator_next("i")', at],
      ['hf_iterator_end("i")', at],
      ['hf_iterator_next("i")', at],
      'hf_iterator_end("i")',
    ],
  },
  {
    slug: 'several',
    title: 'more iterators than there is room for, and a long name',
    answered: true,
    steps: [
      // Kamailio keeps names as long as it runs: those of the other scenarios are among them.
      `hf_iterator_start("${'x'.repeat(32)}")`,
      `bl_iterator_start("${'x'.repeat(32)}")`,
      ...['i', 'p', 'q', 'r', 's', 'p'].map((name) => `hf_iterator_start("${name}")`),
      ...['b', 'p', 'q', 'r', 's', 'p'].map((name) => `bl_iterator_start("${name}")`),
      'bl_iterator_end("b")',
      'bl_iterator_end("b")',
      'bl_iterator_end("s")',
    ],
  },
  {
    slug: 'edit',
    title: 'hf_iterator_rm(), hf_iterator_append(), hf_iterator_insert()',
    options: { headers },
    steps: [
      'hf_iterator_start("i");',
      `while(hf_iterator_next("i")) {
		if ($hfitname(i) == "X-A") {
			hf_iterator_rm("i");
			xlog("L_NOTICE", "removed $rc $hfitbody(i)\\n");
		}
		if ($hfitname(i) == "X-B") {
			hf_iterator_append("i", "X-After: $hfitbody(i)\\r\\n");
			xlog("L_NOTICE", "appended $rc\\n");
			hf_iterator_insert("i", "X-Before: $hfitbody(i)\\r\\n");
			xlog("L_NOTICE", "inserted $rc\\n");
		}
		if ($hfitname(i) == "X-Empty") {
			hf_iterator_rm("i");
			hf_iterator_insert("i", "X-Instead: 1\\r\\n");
			hf_iterator_rm("i");
			xlog("L_NOTICE", "twice $rc\\n");
		}
	}`,
      'hf_iterator_append("i", "X-Last: 1\\r\\n")',
      'hf_iterator_end("i")',
    ],
  },
  {
    slug: 'empty_text',
    title: 'hf_iterator_append() of nothing',
    options: { headers },
    steps: [
      '$var(e) = "";',
      'hf_iterator_start("i")',
      'hf_iterator_next("i")',
      'hf_iterator_append("i", "$var(e)")',
      'hf_iterator_insert("i", "$var(e)")',
    ],
  },
  {
    slug: 'lines',
    title: 'bl_iterator_rm(), bl_iterator_append(), bl_iterator_insert(), bl_iterator_end()',
    options: { body: 'one\r\ntwo\nthree\r\n\r\nlast\r\n' },
    steps: [
      'is_present_hf("X-None")',
      ['bl_iterator_next("b")', '$blitval(b)'],
      'bl_iterator_rm("b")',
      'bl_iterator_append("b", "x\\r\\n")',
      'bl_iterator_start("b")',
      'bl_iterator_rm("b")',
      ['bl_iterator_next("b")', '$(blitval(b){s.escape.common}{s.len})'],
      'bl_iterator_append("b", "after one\\r\\n")',
      ['bl_iterator_next("b")', '$(blitval(b){s.len})'],
      'bl_iterator_rm("b")',
      ['bl_iterator_next("b")', '$(blitval(b){s.len})'],
      'bl_iterator_insert("b", "before three\\r\\n")',
      ['bl_iterator_next("b")', '$(blitval(b){s.len})'],
      ['bl_iterator_next("b")', '$(blitval(b){s.len})'],
      'bl_iterator_insert("b", "before last\\r\\n")',
      ['bl_iterator_next("b")', '$(blitval(b){s.len})'],
      ['bl_iterator_next("b")', '$(blitval(b){s.len})'],
      'bl_iterator_end("b")',
      'bl_iterator_end("b")',
    ],
  },
  {
    slug: 'no_lines',
    title: 'bl_iterator_start() without a body',
    options: { body: '' },
    steps: ['bl_iterator_start("b")', ['bl_iterator_next("b")', '$blitval(b)'], 'bl_iterator_end("b")'],
  },
  {
    slug: 'keep',
    title: 'keep_hf() with an expression',
    options: {
      headers: [...headers, 'Subject: s', 'Supported: path', 'Expires: 5', 'Route: <sip:127.0.0.1:21700;lr>'],
    },
    steps: ['keep_hf("^X-|Expires")', 'keep_hf("nothing")'],
  },
  { slug: 'rmbody', title: 'remove_body()', options: { headers }, steps: ['remove_body()'] },
  {
    slug: 'rmbody_none',
    title: 'remove_body() where there is none',
    options: { headers, body: '' },
    steps: ['remove_body()'],
  },
  {
    slug: 'rmbody_seen',
    title: 'remove_body() and msg_apply_changes()',
    options: { headers },
    steps: ['remove_body()', ['msg_apply_changes()', '$rb $cl $cT'], 'set_body("new", "text/new")'],
  },
  {
    slug: 'buffer',
    title: 'msg_set_buffer(): what is relayed is the new text',
    options: { headers },
    steps: [
      '$var(e) = "";',
      'msg_set_buffer("$var(e)")',
      [
        'msg_set_buffer("MESSAGE sip:changed@127.0.0.1 SIP/2.0\\r\\nVia: $hdr(Via)\\r\\nFrom: $hdr(From)\\r\\nTo: $hdr(To)\\r\\nCall-ID: $ci\\r\\nCSeq: $hdr(CSeq)\\r\\nX-New: $rU\\r\\nContent-Length: 0\\r\\n\\r\\n")',
        '$rU $hdr(X-New) $hdr(X-A)',
      ],
    ],
  },
  {
    slug: 'reply_code',
    title: 'change_reply_status_code() in a reply route',
    steps: ['t_on_reply("CODE");'],
  },
];

const head = `onreply_route[CODE] {
${['0', '99', '100', '199', '300', '700', '1000', '-5']
  .map((code) => `	change_reply_status_code("${code}"); xlog("L_NOTICE", "${code}: $rc $rs $rr\\n");`)
  .join('\n')}
	change_reply_status_code("202"); xlog("L_NOTICE", "202: $rc $rs $rr\\n");
}
`;
export default stepGroup('textopsx-steps', 'textopsx', head, cases);
