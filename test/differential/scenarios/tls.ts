/** TLS: domains by server name, certificates of clients, calls from and to other transports (RFC 3261 §26, tls module). */
import { group, hangUp, type Stage, scenario, silent } from '../scenario.js';

const aliceTls = { tls: ['alice'] } as const;

/** OPTIONS over a connection with this server name and certificate: the cfg logs all it can see. */
const seen = (slug: string, title: string, servername: string, certificate?: string) =>
  scenario(
    slug,
    title,
    async ({ alice, uri }) => {
      alice.tls = { servername, certificate };
      await alice.request('OPTIONS', uri('x'));
      await alice.receives(200);
    },
    aliceTls,
  );
/** The handshake, or what comes after it, fails: nothing reaches the route. */
const refused = (slug: string, title: string, servername: string, certificate?: string) =>
  silent(
    scenario(
      slug,
      title,
      async ({ alice, uri, pause }) => {
        alice.tls = { servername, certificate };
        await alice.request('OPTIONS', uri('x')).catch(() => {});
        await pause(200);
      },
      aliceTls,
    ),
  );
const call = (slug: string, title: string, user: string, tls: readonly ('alice' | 'bob')[]) =>
  scenario(
    slug,
    title,
    async ({ alice, bob, uri }: Stage) => {
      const invite = await alice.invite(uri(user));
      const incoming = await bob.receives('INVITE');
      await bob.reply(incoming, 180);
      await alice.receives(180);
      await bob.reply(incoming, 200, { body: bob.sdp });
      const ok = await alice.receives(200);
      await alice.ack(invite, ok);
      await bob.receives('ACK');
      await hangUp(alice.dialog(invite, ok), alice, bob);
    },
    { tls },
  );

export default group('tls', 'tls.cfg', [
  seen('plain', 'no name, no certificate: the default domain', ''),
  seen('unknown-name', 'a name no domain has', 'nowhere.example.com'),
  seen('certificate-unasked', 'a certificate nobody asks for is not sent', '', 'alice'),
  seen('strict', 'a domain by name that wants a certificate', 'strict.example.com', 'alice'),
  seen('second', 'a domain for any address, by name', 'second.example.com'),
  seen('second-below', 'a name below it', 'deep.second.example.com', 'alice'),
  seen('second-case', 'names are compared without case', 'SECOND.example.com'),
  refused('strict-none', 'no certificate where one is wanted', 'strict.example.com'),
  refused('strict-nobody', 'a certificate of nobody', 'strict.example.com', 'nobody'),
  refused('strict-revoked', 'a revoked certificate', 'strict.example.com', 'revoked'),
  refused('second-nobody', 'a bad certificate where none is needed', 'second.example.com', 'nobody'),
  scenario('over-udp', 'what the cfg sees where there is no TLS', async ({ alice, uri }) => {
    await alice.request('OPTIONS', uri('x'));
    await alice.receives(200);
  }),
  call('tls-udp', 'TLS caller, UDP callee', 'to-udp', ['alice']),
  call('udp-tls', 'UDP caller, TLS callee', 'to-tls', ['bob']),
  call('tls-tls', 'TLS on both sides', 'to-tls', ['alice', 'bob']),
  call('sips', 'a sips URI goes over TLS', 'sips', ['bob']),
  call('named', 'a server name for the connection out', 'named', ['bob']),
  call('by-id', 'tls_set_connect_server_id(): a domain for the connection out', 'by-id', ['bob']),
  call('by-id-xavp', 'the same through $xavp(tls=>server_id)', 'by-id-xavp', ['bob']),
  call('by-id-none', 'an id no domain has', 'by-id-none', ['bob']),
  call('forced', 'a forced TLS socket', 'forced', ['bob']),
  scenario('rpc', 'tls.info and a reload', async ({ rpc }) => {
    await rpc('tls.info');
    await rpc('tls.reload');
  }),
  scenario(
    'call-through-reload',
    'a reload does not touch open connections',
    async (stage) => {
      const { alice, bob, uri, rpc } = stage;
      const invite = await alice.invite(uri('to-tls'));
      const incoming = await bob.receives('INVITE');
      await rpc('tls.reload');
      await bob.reply(incoming, 200, { body: bob.sdp });
      const ok = await alice.receives(200);
      await alice.ack(invite, ok);
      await bob.receives('ACK');
      await hangUp(alice.dialog(invite, ok), alice, bob);
    },
    { tls: ['alice', 'bob'] },
  ),
]);
