/** Streams: aliases (RFC 5923), reuse, and requests too long for a datagram (RFC 3261 §18.1.1). */
import { group, type Stage, scenario } from '../scenario.js';

const tcpAlice = { tcp: ['alice'] } as const;

/** OPTIONS from alice that makes the alias, then a MESSAGE from bob to that port, which nobody listens on. */
const alias = (slug: string, title: string, user: string, viaParams: string, port: number) =>
  scenario(
    slug,
    title,
    async ({ alice, bob, uri }) => {
      await alice.request('OPTIONS', uri(user), {
        viaParams,
        edit: (text) => text.replace('127.0.0.1:22000;branch', `127.0.0.1:${port};branch`),
      });
      await alice.receives(200);
      await bob.request('MESSAGE', uri('x'), { body: 'hello', type: 'text/plain', headers: [`X-Port: ${port}`] });
      await alice.reply(await alice.receives('MESSAGE'), 200);
      await bob.receives(200);
    },
    tcpAlice,
  );
/** A MESSAGE whose text is a little below or above `udp_mtu`. */
const long = (slug: string, title: string, user: string, sizes: readonly number[]) =>
  scenario(slug, title, async ({ alice, bob, uri }: Stage) => {
    for (const size of sizes) {
      await alice.request('MESSAGE', uri(user), { body: 'x'.repeat(size), type: 'text/plain' });
      await bob.reply(await bob.receives('MESSAGE'), 200);
      await alice.receives(200);
    }
  });

export default group('streams', 'streams.cfg', [
  alias('via-alias', 'a Via with ;alias names a further port', 'none', ';alias', 22061),
  alias('via-forced', 'force_tcp_alias() takes the port of the Via', 'via', '', 22062),
  scenario(
    'ports-forced',
    'three further ports, not four',
    async ({ alice, bob, uri }) => {
      await alice.request('OPTIONS', uri('force'));
      await alice.receives(200);
      for (const port of [22073, 22074]) {
        const headers = [`X-Port: ${port}`];
        await bob.request('MESSAGE', uri('stay'), { body: 'hello', type: 'text/plain', headers });
        if (port === 22074) break;
        await alice.reply(await alice.receives('MESSAGE'), 200);
        await bob.receives(200);
      }
      await bob.receives(477);
    },
    tcpAlice,
  ),
  scenario('not-a-stream', 'force_tcp_alias() over UDP', async ({ alice, uri }) => {
    await alice.request('OPTIONS', uri('via'));
    await alice.receives(200);
  }),
  long('mtu', 'udp_mtu_try_proto(TCP): by datagram below the limit, by TCP above', 'mtu', [100, 1200]),
  long('mtu-edge', 'where exactly the limit lies', 'mtu', [640, 650, 660, 670, 680, 690, 700, 710, 720, 730]),
  long('mtu-off', 'without a protocol to try, datagrams of any size', 'mtu-global', [1200]),
  long('mtu-stateless', 'forward() falls back too', 'mtu-stateless', [100, 1200]),
  scenario('mtu-live', 'udp_mtu and its protocol set while running', async ({ alice, bob, uri, rpc }) => {
    await rpc('cfg.set_now_int', 'core', 'udp_mtu_try_proto', '2');
    await rpc('cfg.set_now_int', 'core', 'udp_mtu', '700');
    await alice.request('MESSAGE', uri('mtu-global'), { body: 'x'.repeat(600), type: 'text/plain' });
    await bob.reply(await bob.receives('MESSAGE'), 200);
    await alice.receives(200);
    await rpc('cfg.set_now_int', 'core', 'udp_mtu_try_proto', '1');
    await rpc('cfg.set_now_int', 'core', 'udp_mtu', '1300');
  }),
  scenario('forced-socket', 'a forced UDP socket for a TCP target', async ({ alice, bob, uri }) => {
    await alice.request('MESSAGE', uri('forced'), { body: 'x', type: 'text/plain' });
    await bob.reply(await bob.receives('MESSAGE'), 200);
    await alice.receives(200);
  }),
  scenario('advertised', 'set_advertised_address() and set_advertised_port()', async ({ alice, bob, uri }) => {
    await alice.request('MESSAGE', uri('advertised'), { body: 'x', type: 'text/plain' });
    await bob.reply(await bob.receives('MESSAGE'), 200);
    await alice.receives(200);
  }),
  ...(['udp', 'tcp'] as const).map((proto) =>
    scenario(
      `six-to-four-${proto}`,
      `from IPv6 over ${proto} to IPv4: two Record-Routes`,
      async ({ alice, bob, uri }) => {
        await alice.request('MESSAGE', uri('mtu'), { body: 'x', type: 'text/plain' });
        await bob.reply(await bob.receives('MESSAGE'), 200);
        await alice.receives(200);
      },
      { ipv6: true, tcp: proto === 'tcp' ? ['alice'] : [] },
    ),
  ),
  scenario('options', 'core.tcp_options and the group tcp', async ({ rpc }) => {
    await rpc('core.tcp_options');
    await rpc('cfg.get', 'tcp', 'crlf_ping');
    await rpc('cfg.get', 'tcp', 'accept_aliases');
    await rpc('cfg.set_now_int', 'tcp', 'no_connect', '7');
    await rpc('cfg.set_now_int', 'tcp', 'no_connect', '1');
    await rpc('cfg.get', 'tcp', 'no_connect');
    await rpc('cfg.set_now_int', 'tcp', 'no_connect', '0');
    await rpc('core.udp4_raw_info');
  }),
]);
