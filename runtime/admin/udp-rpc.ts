/** `udp.proxy.*`: the flows of `udp_accept_proxy`, with the shape udp_server.c of later versions gives them. */
import type { Endpoint } from '../env.js';
import type { Transports } from '../transport/transports.js';
import { type RpcRegistry, RpcStruct } from './rpc.js';

interface UdpRpcServer {
  readonly rpc: RpcRegistry;
  readonly transports: Transports;
  readonly env: { readonly clock: { now(): number } };
}

const shown = ({ ip, port }: Endpoint): string => `${ip.includes(':') ? `[${ip}]` : ip}:${port}`;

/** As in Kamailio, they are there only where `udp_accept_proxy` is set. */
export function registerUdpRpc({ rpc, transports, env }: UdpRpcServer): void {
  const { proxied } = transports;
  if (proxied === null) return;
  rpc.register(
    'udp.proxy.dump',
    'Flows of peers behind a proxy.',
    (call) => {
      for (const { proxy, peer, idleMs } of proxied.flows())
        call.add(
          new RpcStruct({
            proxyaddr: shown(proxy),
            realaddr: shown(peer),
            lastaccess: Math.floor((env.clock.now() - idleMs) / 1000),
          }),
        );
    },
    true,
  );
  rpc.register('udp.proxy.stats', 'How many flows there are; each has a slot of its own.', (call) => {
    const { size } = proxied;
    call.add(new RpcStruct({ real_buckets: size, proxy_buckets: size, real_items: size, proxy_items: size }));
  });
  rpc.register('udp.proxy.clean', 'Forgets the flows that nothing used for two hours.', (call) =>
    call.add(`${proxied.clear(false)} expired hash table entries have been removed.`),
  );
  rpc.register('udp.proxy.flush', 'Forgets all flows.', (call) =>
    call.add(`${proxied.clear(true)} hash table entries have been flushed.`),
  );
}
