/** When the hooks of modules run, beside the sockets: as Kamailio's `mod_init`, its sockets and `child_init`. */
import { afterEach, expect, it } from 'vitest';
import { defineModule, type ServerApi } from '../sdk/index.js';
import { BENCH_SERVER, type Bench, startBench } from '../sdk/testing.js';

let bench: Bench | null = null;
afterEach(async () => {
  await bench?.stop();
  bench = null;
});

/** Can the address of the server be bound, which is: has it no socket yet? */
async function isFree(server: ServerApi): Promise<boolean> {
  try {
    (await server.env.network.bindUdp(BENCH_SERVER, () => {})).close();
    return true;
  } catch {
    return false;
  }
}

function noting(name: string, seen: string[], faultIn: 'start' | 'serve' | null = null) {
  const note = async (hook: 'start' | 'serve', server: ServerApi) => {
    // A slow database.
    await new Promise((resolve) => setImmediate(resolve));
    seen.push(`${name} ${hook}: ${(await isFree(server)) ? 'nothing' : 'sockets'} open`);
    if (hook === faultIn) throw new Error(`${name} fails`);
  };
  return defineModule({
    name,
    doc: 'Notes when it is called.',
    uses: [],
    params: {},
    stats: {},
    start: (_me, server) => note('start', server),
    serve: (_me, server) => note('serve', server),
    stop: () => void seen.push(`${name} stop`),
    functions: {},
    pvs: {},
    rpc: {},
    eventRoutes: {},
    missing: [],
  });
}

it('all modules start, then sockets open, then modules listen', async () => {
  const seen: string[] = [];
  bench = await startBench({ modules: [noting('one', seen), noting('two', seen)] });
  expect(bench.server.transports.sockets.map(({ sockStr }) => sockStr)).toEqual(['udp:10.0.0.1:5060']);
  await bench.stop();
  expect(seen).toEqual([
    'one start: nothing open',
    'two start: nothing open',
    'one serve: sockets open',
    'two serve: sockets open',
    'two stop',
    'one stop',
  ]);
});

it.each([
  ['start', ['one start: nothing open', 'two start: nothing open', 'one stop']],
  [
    'serve',
    [
      'one start: nothing open',
      'two start: nothing open',
      'one serve: sockets open',
      'two serve: sockets open',
      'two stop',
      'one stop',
    ],
  ],
] as const)('a fault in %s stops those that have started', async (hook, expected) => {
  const seen: string[] = [];
  await expect(startBench({ modules: [noting('one', seen), noting('two', seen, hook)] })).rejects.toThrow();
  expect(seen).toEqual(expected);
});
