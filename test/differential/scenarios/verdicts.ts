/** How a block that the server enters by itself ends, and what becomes of the message: every ending in every kind of block. */
import { generated, type Scenario, scenario } from '../scenario.js';

const endings = {
  fall: '',
  bare: 'return;',
  one: 'return 1;',
  minus: 'return -1;',
  zero: 'return 0;',
  exit: 'exit;',
  drop: 'drop;',
  false: 'is_method("NONE");',
} as const;
type Ending = keyof typeof endings;
const kinds = {
  branch: 'branch_route[TM]',
  onsend: 'onsend_route',
  tmreply: 'onreply_route[TM]',
  reply: 'reply_route',
  failure: 'failure_route[TM]',
} as const;
type Kind = keyof typeof kinds;

/** The block logs, ends as the user in To says, and logs again where that did not end it. */
const block = (kind: Kind): string =>
  [
    `${kinds[kind]} {`,
    `	xlog("L_NOTICE", "${kind} $rm $rs\\n");`,
    ...Object.entries(endings).flatMap(([ending, code]) =>
      code === '' || ending === 'false' ? [] : [`	if ($tU == "${kind}-${ending}") ${code}`],
    ),
    `	xlog("L_NOTICE", "${kind} goes on\\n");`,
    // The last statement: its verdict is that of the block.
    `	if ($tU == "${kind}-false") ${endings.false}`,
    '}',
  ].join('\n');

const text = `#!KAMAILIO
#!define PLACE "nowhere"
debug=2
log_stderror=yes
auto_aliases=no
listen=udp:127.0.0.1:21700
loadmodule "tm.so"
loadmodule "sl.so"
loadmodule "pv.so"
loadmodule "textops.so"
loadmodule "xlog.so"
modparam("tm", "fr_timer", 300)
modparam("pv", "varset", "preset=s:hello")
modparam("pv", "varset", "number=i:-7")
modparamx("pv", "varset", "made=s:$def(PLACE)/$(env(NOT_SET_ANYWHERE){s.len})")
request_route {
	if ($rU == "presets") {
		xlog("L_NOTICE", "$var(preset) $var(number) $var(made)\\n");
		sl_send_reply("200", "OK");
		exit;
	}
	t_on_branch("TM");
	t_on_reply("TM");
	t_on_failure("TM");
	$du = "sip:127.0.0.1:22010";
	if (!t_relay()) sl_reply_error();
}
${Object.keys(kinds)
  .map((kind) => block(kind as Kind))
  .join('\n')}
`;

/** Endings with which the request does not reach bob. */
const unsent: Readonly<Partial<Record<Kind, readonly Ending[]>>> = { branch: ['drop'], onsend: ['drop'] };

const plays = Object.keys(kinds).flatMap((kind) =>
  Object.keys(endings).map((ending): Scenario => {
    const name = `${kind}-${ending}`;
    const sent = !unsent[kind as Kind]?.includes(ending as Ending);
    return scenario(
      name,
      `${kinds[kind as Kind]} that ends with ${endings[ending as Ending] || 'nothing'}`,
      async ({ alice, bob, uri }) => {
        await alice.request('MESSAGE', uri(name), { body: 'x', type: 'text/plain' });
        if (sent) {
          const message = await bob.receives('MESSAGE');
          await bob.reply(message, 180);
          await bob.reply(message, kind === 'failure' ? 404 : 200);
        }
        await alice.receives('final');
      },
    );
  }),
);

export default generated('verdicts', text, [
  ...plays,
  scenario('presets', 'varset, and modparamx with pseudo-variables in its value', async ({ alice, uri }) => {
    await alice.request('MESSAGE', uri('presets'), { body: 'x', type: 'text/plain' });
    await alice.receives(200);
  }),
]);
