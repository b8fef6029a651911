/** Forwarding inside a transaction, relaying to an address, replicating; what each function gives back (RFC 3261 §16.6). */
import type { Party } from '../party.js';
import { group, type Scenario, scenario } from '../scenario.js';

/** One INVITE that reaches bob, who is busy. */
const reaches = (slug: string, title: string, over?: 'tcp'): Scenario =>
  scenario(
    slug,
    title,
    async ({ alice, bob, uri }) => {
      const invite = await alice.invite(uri(`${slug}.x`));
      await busy(bob);
      await alice.ack(invite, await alice.receives(486));
    },
    over ? { tcp: ['bob'] } : {},
  );
async function busy(bob: Party): Promise<void> {
  await bob.reply(await bob.receives('INVITE'), 486);
  await bob.receives('ACK');
}
/** One MESSAGE that is answered here and sent on to carol, whose answer ends here. */
const replicates = (slug: string, title: string, over?: 'tcp'): Scenario =>
  scenario(
    slug,
    title,
    async ({ alice, carol, uri }) => {
      await alice.request('MESSAGE', uri(`${slug}.x`), { body: 'x', type: 'text/plain' });
      await carol.reply(await carol.receives('MESSAGE'), 404);
      await alice.receives(200);
    },
    over ? { tcp: ['carol'] } : {},
  );

export default group('tm-relay', 'tm-relay.cfg', [
  reaches('nonack', 't_forward_nonack() without and with a transaction'),
  reaches('nonack-uri', 't_forward_nonack_uri(), then again with nothing left'),
  reaches('nonack-udp', 't_forward_nonack_udp()'),
  reaches('nonack-tcp', 't_forward_nonack_tcp()', 'tcp'),
  reaches('nonack-to', 't_forward_nonack_to()'),
  scenario('nonack-fails', 'every branch dropped: the script answers', async ({ alice, uri }) => {
    const invite = await alice.invite(uri('nonack-fails.x'));
    await alice.ack(invite, await alice.receives(503));
  }),
  reaches('relay-avp', 't_relay_to_avp()'),
  reaches('relay-to', 't_relay_to() with a proxy, without the automatic 100'),
  reaches('relay-to-host', 't_relay_to() with host and port'),
  reaches('relay-to-flags', 't_relay_to() with flags only'),
  reaches('relay-tcp', 't_relay_to_tcp()', 'tcp'),
  scenario('relay-tls', 't_relay_to_tls() without a TLS socket', async ({ alice, uri }) => {
    const invite = await alice.invite(uri('relay-tls.x'));
    await alice.ack(invite, await alice.receives(500));
  }),
  replicates('replicate', 't_replicate() with a URI'),
  replicates('replicate-host', 't_replicate() with host and port'),
  replicates('replicate-tcp', 't_replicate_tcp()', 'tcp'),
  replicates('replicate-to', 't_replicate_to()'),
  scenario('replicate-bad', 't_replicate() with what is no URI', async ({ alice, uri }) => {
    await alice.request('MESSAGE', uri('replicate-bad.x'), { body: 'x', type: 'text/plain' });
    await alice.receives(200);
  }),
  scenario('cancelled', 't_relay_cancel() with its INVITE', async ({ alice, bob, uri }) => {
    const invite = await alice.invite(uri('cancelled.x'));
    const incoming = await bob.receives('INVITE');
    await bob.reply(incoming, 180);
    await alice.receives(180);
    await alice.cancel(invite, { headers: ['Reason: SIP;cause=200;text="Call completed elsewhere"'] });
    await bob.reply(await bob.receives('CANCEL'), 200);
    await bob.reply(incoming, 487);
    await alice.ack(invite, await alice.receives(487));
  }),
  scenario('cancel-alone', 't_relay_cancel() without an INVITE', async ({ alice, uri }) => {
    await alice.request('CANCEL', uri('cancelled.x'));
    await alice.receives(481);
  }),
  scenario('slow', 'selects of tm in request, reply and failure routes', async ({ alice, bob, uri }) => {
    const invite = await alice.invite(uri('slow.x'));
    const incoming = await bob.receives('INVITE');
    await bob.reply(incoming, 183);
    await alice.receives(183);
    await bob.reply(incoming, 180);
    await alice.receives(180);
    await bob.reply(incoming, 486);
    await alice.ack(invite, await alice.receives(486));
  }),
]);
