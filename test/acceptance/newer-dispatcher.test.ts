/** What dispatcher has since after 5.6.3, so that no golden can tell: a cfg calls it and logs what came of it, as its page says. */
import { writeFileSync } from 'node:fs';
import { afterAll, expect, it } from 'vitest';
import { simulatedEnvironment } from '../../runtime/env/simulated.js';
import { RpcCall, RpcStruct } from '../../runtime/sdk/index.js';
import { temporaryFolder } from '../support/databases.js';
import { buildCfg, startOnClock } from '../support/in-process.js';

const folder = temporaryFolder();
afterAll(() => folder.remove());
const list = `${folder.path}/dispatcher.list`;
writeFileSync(
  list,
  '1 sip:127.0.0.1:5081 0 0 ocmax=50\n1 sip:127.0.0.1:5082\n2 sip:127.0.0.1:5083 8 0 ping_socket=udp:127.0.0.1:5071\n',
);

const first = '"1", "sip:127.0.0.1:5081"';
const second = '"1", "sip:127.0.0.1:5082"';
/** Statement, what `$rc` is after it, and what the text is then. */
const rows: readonly (readonly [string, number, string?, string?])[] = [
  ['ds_mark_addr("a", "1", "sip:127.0.0.1:5081")', 1],
  ['ds_mark_addr("ip", "1", "sip:127.0.0.1:5081")', 1, '$dsg(count) $dsg(active) $dsg(inactive) $dsg(pactive) $dsg(pinactive)', '2 1 1 50 50'],
  ['ds_mark_addr("a", "1", "SIP:127.0.0.1:5081")', 1, '$dsg(active)', '2'],
  ['ds_mark_addr("x", "1", "sip:127.0.0.1:5081")', -1],
  ['ds_mark_addr("a", "1", "sip:127.0.0.1:5089")', -1],
  [`ds_oc_set_attrs(${first}, "100", "60000", "7")`, 1],
  [`ds_oc_set_attrs(${first}, "100", "60000", "7")`, -2],
  ['ds_oc_set_attrs("9", "sip:x", "1", "1", "1")', -1],
  [`ds_dsg_fetch_uri(${first})`, 1, '$dsg(ocseq) $dsg(ocrate) $dsg(count)', '7 50 2'],
  ['ds_dsg_fetch("9")', 1, '[$dsg(count)]', '[<null>]'],
  ['ds_dsg_fetch("2")', 1, '$dsg(count) $dsg(ocrate)', '1 0'],
  ['ds_oc_set_attrs("1", "sip:127.0.0.1:5081", "0", "1", "8")', 1],
  [`ds_oc_set_attrs(${second}, "100", "60000", "1")`, 1],
  ['ds_select_dst("1", "64")', 1, '$du', 'sip:127.0.0.1:5081'],
  ['ds_select_dst("1", "64")', 1, '$du', 'sip:127.0.0.1:5081'],
]; // biome-ignore format: a row a line

const fieldOf = (one: RpcStruct, wanted: string) => one.entries.find(({ name }) => name === wanted)?.value;

async function open(params: Readonly<Record<string, number | string>>, body: string) {
  const set = Object.entries({ list_file: list, ...params });
  const cfg = `listen=udp:127.0.0.1:5060
listen=udp:127.0.0.1:5070 name "second"
listen=udp:127.0.0.1:5071
${['tm', 'sl', 'pv', 'xlog', 'dispatcher'].map((name) => `loadmodule "${name}.so"`).join('\n')}
${set.map(([name, value]) => `modparam("dispatcher", "${name}", ${typeof value === 'number' ? value : `"${value}"`})`).join('\n')}
request_route {
  ${body}
  sl_send_reply("200", "OK");
}
event_route[dispatcher:dst-down] { xlog("L_ERR", "down $dsv(setid) $dsv(uri)\\n"); }
event_route[dispatcher:dst-up] { xlog("L_ERR", "up $dsv(group) $dsv(uri)\\n"); }`;
  const env = simulatedEnvironment();
  env.resolver.zone = { 'many.example': { a: ['10.0.0.7', '127.0.0.1'] } };
  const server = await startOnClock(await buildCfg('newer-dispatcher.cfg', cfg), env);
  const peer = await env.network.bindUdp({ ip: '127.0.0.1', port: 5099 }, () => {});
  const ask = () =>
    peer.send(
      'OPTIONS sip:bob@10.0.0.1 SIP/2.0\r\nVia: SIP/2.0/UDP 127.0.0.1:5099;branch=z9hG4bKn\r\nFrom: <sip:a@b>;tag=1\r\n' +
        'To: <sip:b@b>\r\nCall-ID: n\r\nCSeq: 1 OPTIONS\r\nContent-Length: 0\r\n\r\n',
      { ip: '127.0.0.1', port: 5060 },
    );
  const said = () =>
    env.log.records.splice(0).flatMap(({ source, text }) => (source === '<script>' ? [text.trim()] : []));
  const rpc = async (name: string, ...words: (string | number)[]) => {
    const call = new RpcCall(name, words);
    await server.rpc.execute(call, () => undefined)?.done;
    return call;
  };
  return { env, server, ask, said, rpc };
}

it.each([
  [0, ['down 1 sip:127.0.0.1:5081', 'up 1 SIP:127.0.0.1:5081']],
  [1, []],
  [2, ['up 1 sip:127.0.0.1:5081', 'down 1 sip:127.0.0.1:5081', 'up 1 SIP:127.0.0.1:5081']],
])('functions and $dsg, with event_callback_mode %d', async (mode, events) => {
  const body = rows.map(([call, , shown], n) => `${call}; xlog("L_ERR", "${n} $rc ${shown ?? ''}\\n");`).join('\n  ');
  const { env, server, ask, said, rpc } = await open({ event_callback_mode: mode }, body);
  ask();
  await env.clock.advance(100);
  const lines = said();
  expect(lines.filter((line) => /^\d/.test(line))).toEqual(
    rows.map(([, rc, , text], n) => `${n} ${rc} ${text ?? ''}`.trim()),
  );
  expect(lines.filter((line) => /^(?:up|down)/.test(line))).toEqual(events);
  const shown = (await rpc('dispatcher.oclist', 1)).results as RpcStruct[];
  expect(shown.map((one) => ['uri', 'ocrate', 'ocseq', 'ocmin', 'ocmax'].map((name) => fieldOf(one, name)))).toEqual([
    ['sip:127.0.0.1:5082', 100, 1, 0, 100],
    ['sip:127.0.0.1:5081', 0, 8, 0, 50],
  ]);
  expect((await rpc('dispatcher.oclist', 9)).faulted?.text).toBe('Destination Group Not Found');
  await server.stop(0);
});

it.each([
  [1, 'ds_ping_fr_timer'],
  [0, 'ds_ping_fr_timeout'],
])(
  'probes: their socket, their timeout, and what was measured after a reload (ds_retain_latency_stats %d, %s)',
  async (retain, timeout) => {
    const { env, server, said, rpc } = await open(
    {
      ds_ping_interval: 1, ds_probing_mode: 1, ds_ping_socket: 'udp:127.0.0.1:5070', [timeout]: 8,
      ds_ping_latency_stats: 1, ds_retain_latency_stats: retain, reload_delta: 0,
    },
    ';',
  ); // biome-ignore format: parameters
    const from = new Map<number, number>();
    for (const port of [5081, 5082, 5083])
      await env.network.bindUdp({ ip: '127.0.0.1', port }, (_text, sender) => void from.set(port, sender.port));
    await env.clock.advance(1_400);
    expect([...from].sort()).toEqual([[5081, 5070], [5082, 5070], [5083, 5071]]); // biome-ignore format: pairs
    expect(said()).toEqual([]);
    await env.clock.advance(400);
    expect(said().sort()).toEqual(
      [5081, 5082, 5083].map((port) => `down ${port === 5083 ? 2 : 1} sip:127.0.0.1:${port}`),
    );
    await rpc('dispatcher.reload');
    const timeouts = JSON.stringify((await rpc('dispatcher.list')).results, (_, value: unknown) =>
      value instanceof RpcStruct ? value.entries.map((e) => [e.name, e.value]) : value,
    );
    expect(timeouts.includes('["TIMEOUT",1]')).toBe(retain === 1);
    await server.stop(0);
  },
);

it('ds_default_sockname: the socket of destinations without one', async () => {
  const body = 'ds_select_dst("1", "4"); xlog("L_ERR", "$fs\\n"); ds_select_dst("2", "4"); xlog("L_ERR", "$fs\\n");';
  const { env, server, ask, said } = await open({ ds_default_sockname: 'second' }, body);
  ask();
  await env.clock.advance(100);
  expect(said()).toEqual(['udp:127.0.0.1:5070', 'udp:127.0.0.1:5070']);
  await server.stop(0);
});

it.each([
  [0, -1],
  [1, 1],
])(
  'ds_dns_match_all %d: of a source that is the second address of a host, ds_is_from_list() says %d',
  async (all, rc) => {
    const named = `${folder.path}/named.list`;
    writeFileSync(named, '1 sip:many.example:5099\n');
    const body = 'ds_is_from_list("1"); xlog("L_ERR", "from $rc\\n");';
    const { env, server, ask, said } = await open({ list_file: named, ds_dns_match_all: all }, body);
    ask();
    await env.clock.advance(100);
    expect(said()).toEqual([`from ${rc}`]);
    await server.stop(0);
  },
);
