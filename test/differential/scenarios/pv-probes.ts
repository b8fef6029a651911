/** Every pseudo-variable, read in every kind of route: on what has it, on what lacks it, and on hostile text. */
import { probesCfg } from '../probes/cfg.js';
import { bare, big, full, hostile, typical } from '../probes/messages.js';
import { generated, hangUp, type Stage, scenario } from '../scenario.js';

/** Two branches: the first rings and is busy, the second is out of service. */
export async function refused({ alice, bob }: Stage, text: string, method: string): Promise<void> {
  await alice.raw(text);
  const first = await bob.receives(method);
  const second = await bob.receives(method);
  if (method === 'INVITE') await bob.reply(first, 180);
  await bob.reply(first, 486, { headers: ['X-Reply: one', 'Contact: <sip:bob@127.0.0.1:22010>'] });
  await bob.reply(second, 503, { headers: ['X-Reply: two'] });
  await alice.receives(486);
}

/** Without a port, which another run may move. */
const callee = 'sip:callee@example.com';

export default generated('pv-probes', probesCfg(), [
  scenario('typical', 'a message that has nearly everything', (stage) => refused(stage, typical, 'INVITE')),
  scenario('bare', 'a message that has only what it must have', (stage) => refused(stage, bare, 'MESSAGE')),
  scenario('hostile', 'compact, folded, escaped, repeated, empty', (stage) => refused(stage, hostile, 'INVITE')),
  scenario('big', 'a body of 60 kB', (stage) => refused(stage, big(60_000), 'MESSAGE'), { outlineOnly: true }),
  scenario('full', 'every part of every address', async ({ alice }) => {
    await alice.raw(full);
    await alice.receives(200);
  }),
  scenario('event-local', 'event_route[tm:local-request]', async ({ alice, bob, uri }) => {
    await alice.request('OPTIONS', uri('event.local'));
    await bob.reply(await bob.receives('OPTIONS'), 200, { headers: ['X-Event: local'] });
    await alice.receives(202);
  }),
  scenario('event-dialog', 'event_route[dialog:start], [dialog:end]', async ({ alice, bob }) => {
    const invite = await alice.invite(callee);
    await bob.reply(await bob.receives('INVITE'), 200);
    const ok = await alice.receives(200);
    await alice.ack(invite, ok);
    await bob.receives('ACK');
    await hangUp(alice.dialog(invite, ok), alice, bob);
  }),
  scenario('event-failed', 'event_route[dialog:failed]', async ({ alice, bob }) => {
    const invite = await alice.invite(callee);
    await bob.reply(await bob.receives('INVITE'), 486);
    await alice.ack(invite, await alice.receives(486));
  }),
  scenario('event-expired', 'event_route[htable:expired:…]', async ({ alice, uri, pause }) => {
    await alice.request('OPTIONS', uri('event.item'));
    await alice.receives(202);
    await pause(2_500);
  }),
  scenario('event-http', 'event_route[xhttp:request]', async ({ alice, pause }) => {
    await alice.raw('GET /event?a=b HTTP/1.1\r\nHost: h\r\nContent-Length: 4\r\nX-List: a,b\r\n\r\nbody', 'tcp');
    await pause(300);
  }),
  scenario('event-init', 'event_route[htable:mod-init]', async ({ restart }) => restart()),
]);
