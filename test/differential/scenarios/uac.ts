/** uac: replaced From and To through a call, digest answers, own requests. */
import type { SendOptions } from '../party.js';
import { group, hangUp, type Stage, scenario } from '../scenario.js';

/** A whole call, with a BYE from each side's view of it. */
const call = (name: string, title: string, options: SendOptions = {}, byCallee = false) =>
  scenario(byCallee ? `${name}-callee` : name, title, async ({ alice, bob, uri }: Stage) => {
    // No port in From and To: what Record-Route keeps of them cannot be translated when the ports of a run are moved.
    const invite = await alice.invite(uri(name), {
      from: `"alice" <sip:alice@example.org>;tag=${alice.newTag()}`,
      to: `<sip:${name}@example.org>`,
      ...options,
    });
    const incoming = await bob.receives('INVITE');
    await bob.reply(incoming, 180);
    await alice.receives(180);
    await bob.reply(incoming, 200, { body: bob.sdp });
    const ok = await alice.receives(200, 'INVITE');
    await alice.ack(invite, ok);
    await bob.receives('ACK');
    if (byCallee) await hangUp(bob.dialog(incoming), bob, alice);
    else await hangUp(alice.dialog(invite, ok), alice, bob);
  });

const challenged = (name: string, title: string, status: 401 | 407, challenge: string, answered = true) =>
  scenario(name.replaceAll('.', '-'), title, async ({ alice, bob, uri }: Stage) => {
    await alice.request('MESSAGE', uri(name));
    const header = status === 401 ? 'WWW-Authenticate' : 'Proxy-Authenticate';
    await bob.reply(await bob.receives('MESSAGE'), status, { headers: [`${header}: ${challenge}`] });
    if (!answered) {
      await alice.receives(status);
      return;
    }
    await bob.reply(await bob.receives('MESSAGE'), 200);
    await alice.receives(200);
  });
const digest = 'Digest realm="realm.example", nonce="abcdef0123456789"';

export default group('uac', 'uac.cfg', [
  call('fromuri', 'From gets another URI and name stays'),
  call('fromuri', 'the callee hangs up', {}, true),
  call('fromboth', 'From gets another name and URI'),
  call('fromboth', 'the callee hangs up', {}, true),
  call('fromname', 'From gets another name'),
  call('fromnone', 'From loses its name'),
  call('fromtwice', 'replaced twice'),
  call('touri', 'To gets a longer URI'),
  call('touri', 'the callee hangs up', {}, true),
  call('tobare', 'To has no brackets', { to: 'sip:t.bare@example.org' }),
  call('both', 'From and To'),
  call('both', 'the callee hangs up', {}, true),
  challenged('auth.plain', 'a challenge without qop', 401, digest),
  challenged('auth.qop', 'a challenge with qop and opaque', 407, `${digest}, qop="auth", opaque="xyz", algorithm=MD5`),
  challenged('auth.ints', 'two qops', 401, `${digest}, qop="auth,auth-int"`),
  challenged('auth.other', 'another realm', 401, 'Digest realm="other.example", nonce="n"'),
  challenged('auth.unknown', 'a realm nobody knows', 401, 'Digest realm="unknown.example", nonce="n"', false),
  challenged('auth.basic', 'another scheme', 401, 'Basic realm="realm.example"', false),
  challenged('authavp.any', 'credentials of AVPs', 401, digest),
  challenged('authha1.given', 'a password that is an HA1', 407, `${digest}, qop="auth"`),
  scenario('own', 'uac_req_send(), challenged', async ({ alice, bob, uri }) => {
    await alice.request('OPTIONS', uri('own'));
    await alice.receives(200);
    await bob.reply(await bob.receives('OPTIONS'), 401, { headers: [`WWW-Authenticate: ${digest}`] });
    await bob.reply(await bob.receives('OPTIONS'), 200);
  }),
]);
