/** The language: what a few statements log, and whether the reply after them is sent. */
import { group, type Stage, scenario } from '../scenario.js';

const headers = ['X-List: "A" <sip:a@x>, <sip:b@y>', 'Contact: "Ali Ce" <sip:alice@127.0.0.1:22000>;q=0.3'];
const ask = (name: string, title: string) =>
  scenario(name, title, async ({ alice, uri }: Stage) => {
    await alice.request('OPTIONS', uri(`${name}.x`), { headers });
    await alice.receives(200);
  });
const silent = (name: string, title: string) =>
  scenario(name, title, async ({ alice, uri }: Stage) => {
    await alice.request('OPTIONS', uri(`${name}.x`), { headers });
  });

export default group('script', 'script.cfg', [
  ask('arith', 'arithmetic, precedence, int and string'),
  ask('compare', 'comparisons'),
  ask('loop', 'while, break, the loop limit'),
  ask('switch', 'switch with fall through, regex and default'),
  ask('codes', 'return codes of routes and functions'),
  silent('zero', 'return 0 ends the script'),
  ask('avps', 'avps are stacks'),
  ask('flags', 'flags and branch flags'),
  ask('strings', 'string transformations'),
  ask('uris', 'uri and name-addr transformations'),
  ask('escapes', 'quotes, escapes, defines'),
  ask('levels', 'xlog levels'),
  ask('ifs', 'bare operands'),
  ask('avpflags', 'flags of AVPs'),
  ask('exec', 'exec() is true whatever the command ends with'),
  ask('sctp', 'forward_sctp() without an SCTP socket'),
  ask('setters', 'core functions on the Request-URI and the branches, under all their names'),
  scenario('forwards', 'forward_udp() and forward_tls()', async ({ alice, bob, uri }) => {
    await alice.request('OPTIONS', uri('forwards.x'));
    const came = await bob.receives('OPTIONS');
    await bob.reply(came, 200);
    await alice.receives(200);
  }),
  silent('drop', 'drop ends the script'),
  ask('other', 'the default case'),
]);
