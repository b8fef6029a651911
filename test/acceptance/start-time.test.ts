/** How long the stock config takes to its sockets: built anew, and from the cache. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { freePort, startSipcCommand } from '../support/child.js';
import { missingTools, stockConfig } from '../support/tools.js';

const missing = missingTools([], [stockConfig]);
/** The machine may be busy with something else: the best of this many counts. */
const TRIES = 5;

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'sipc-start-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

interface Start {
  readonly wallMs: number;
  readonly cpuMs: number;
}

async function start(cache: string): Promise<Start> {
  const port = await freePort();
  const args = ['run', stockConfig, '-l', `udp:127.0.0.1:${port}`, '-l', `tcp:127.0.0.1:${port}`, '-Y', folder];
  const startedAt = performance.now();
  const server = startSipcCommand(args, { env: { SIPC_CACHE: cache } });
  try {
    await server.until(new RegExp(`listening on udp:127.0.0.1:${port}\nlistening on tcp:127.0.0.1:${port}\n`));
    return { wallMs: performance.now() - startedAt, cpuMs: server.cpuMs() };
  } finally {
    server.kill('SIGKILL');
    await server.ended;
  }
}

/** Until one is quick enough. */
async function best(limitMs: number, run: (n: number) => Promise<Start>): Promise<Start> {
  let quickest = await run(0);
  for (let n = 1; n < TRIES && quickest.wallMs >= limitMs; n++) {
    const again = await run(n);
    if (again.wallMs < quickest.wallMs) quickest = again;
  }
  return quickest;
}

const say = (what: string, { wallMs, cpuMs }: Start) =>
  console.info(`stock config, ${what}: ${wallMs.toFixed(0)} ms to its sockets, ${cpuMs} ms of processor time`);

describe('the stock config starts', () => {
  it.for([
    { what: 'built anew', limitMs: 3000, cache: (n: number) => `cold-${n}` },
    { what: 'from the cache', limitMs: 700, cache: () => 'cold-0' },
  ])('$what: under $limitMs ms', async ({ what, limitMs, cache }, { skip }) => {
    if (missing !== null) skip(missing);
    const quickest = await best(limitMs, (n) => start(join(folder, cache(n))));
    say(what, quickest);
    expect(quickest.wallMs).toBeLessThan(limitMs);
  });
});
