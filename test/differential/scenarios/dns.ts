/** RFC 3263 with records put in by command: order of SRV targets, failover (§4.3), the list of destinations that failed. */
import { group, type Stage, scenario } from '../scenario.js';

const PERMANENT = '2';
async function host({ rpc }: Stage, name: string, ip = '127.0.0.1') {
  await rpc('dns.add_a', name, '600', ip, PERMANENT);
}
async function srv({ rpc }: Stage, name: string, priority: number, weight: number, port: number, target: string) {
  await rpc('dns.add_srv', name, '600', String(priority), String(weight), String(port), target, PERMANENT);
}
/** A MESSAGE to the domain, answered by bob. */
async function message(stage: Stage, domain: string, more = '', headers: readonly string[] = []) {
  const { alice, bob, uri } = stage;
  await alice.request('MESSAGE', uri(domain), { headers: [`X-More: ${more}`, ...headers] });
  await bob.reply(await bob.receives('MESSAGE'), 200);
  await alice.receives(200);
}
const clean = async ({ rpc }: Stage) => {
  await rpc('dst_blocklist.delete_all');
  await rpc('dns.delete_all_force');
};
const DEAD = 22076;

export default group('dns', 'dns.cfg', [
  scenario('address', 'a name with a port', async (stage) => {
    await host(stage, 'host.example');
    await message(stage, 'host.example', ':22010');
    await clean(stage);
  }),
  scenario('srv', 'the port of an SRV record', async (stage) => {
    await host(stage, 'host.example');
    await srv(stage, '_sip._udp.srv.example', 10, 10, 22010, 'host.example');
    await message(stage, 'srv.example');
    await clean(stage);
  }),
  scenario('srv-tcp', 'SRV of the transport', async (stage) => {
    await host(stage, 'host.example');
    await srv(stage, '_sip._udp.srv.example', 10, 10, DEAD, 'host.example');
    await srv(stage, '_sip._tcp.srv.example', 10, 10, 22010, 'host.example');
    await message(stage, 'srv.example', ';transport=tcp');
    await clean(stage);
  }),
  scenario('blocked', 'a destination listed by command', async (stage) => {
    const { alice, uri, rpc } = stage;
    await host(stage, 'host.example');
    await rpc('dst_blocklist.add', '127.0.0.1', '22010', '1', '2');
    await alice.request('MESSAGE', uri('host.example'), { headers: ['X-More: :22010'] });
    await alice.receives(477);
    await rpc('dst_blocklist.delete_all');
    await rpc('dst_blocklist.view');
    await message(stage, 'host.example', ':22010');
    await clean(stage);
  }),
  scenario('newest', 'a record put in takes the place of the one before', async (stage) => {
    await host(stage, 'host.example');
    await srv(stage, '_sip._udp.order.example', 10, 90, DEAD, 'host.example');
    await srv(stage, '_sip._udp.order.example', 20, 10, 22010, 'host.example');
    await message(stage, 'order.example');
    await clean(stage);
  }),
  scenario('commands', 'dns.* and dst_blocklist.* with what is wrong', async (stage) => {
    const { rpc } = stage;
    await rpc('dns.lookup', 'XYZ', 'a.example');
    await rpc('dns.delete_a', 'a.example');
    await rpc('dns.add_a', 'a.example', '60', 'no-address', PERMANENT);
    await rpc('dst_blocklist.add', 'no-address', '5060', '1', '2');
    await rpc('dst_blocklist.add', '127.0.0.1', '5060', '9', '2');
    await rpc('cfg.set_now_int', 'core', 'use_dst_blocklist', '0');
    await rpc('dst_blocklist.view');
    await rpc('cfg.set_now_int', 'core', 'use_dst_blocklist', '1');
    await rpc('cfg.get', 'core', 'dns_srv_lb');
    await rpc('cfg.get', 'core', 'dns_cache_negative_ttl');
    await clean(stage);
  }),
  scenario('stateless', 'forward() by name', async (stage) => {
    await host(stage, 'host.example');
    await srv(stage, '_sip._udp.srv.example', 10, 10, 22010, 'host.example');
    await message(stage, 'srv.example', '', ['X-How: stateless']);
    await clean(stage);
  }),
]);
