/** A random run: phones on a bad network, calls by the dice of a seed, then silence; what the invariants are checked against. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { SeededRandom, SimulatedWorld } from '../../runtime/env/simulated.js';
import type { Server } from '../../runtime/index.js';
import type { Transaction } from '../../runtime/transaction/transaction.js';
import { buildCfg, projectRoot, startBuilt } from './in-process.js';
import { RandomPhone } from './random-phone.js';

const PHONES = 8;
const PROXY = { ip: '127.0.0.1', port: 5060 };

export interface RandomRun {
  /** From the project's folder. */
  readonly cfg: string;
  readonly seed: number;
  readonly calls: number;
  readonly faults: object;
  /** After each call, and now and then while things end. */
  readonly meanwhile?: (server: Server, dice: SeededRandom) => void;
}

const builds = new Map<string, ReturnType<typeof buildCfg>>();
function built(cfg: string): ReturnType<typeof buildCfg> {
  let building = builds.get(cfg);
  if (!building) {
    building = buildCfg(cfg, readFileSync(join(projectRoot, cfg), 'latin1'));
    builds.set(cfg, building);
  }
  return building;
}

/** A second final answer; but a 2xx that crossed with ours has to be passed on (RFC 3261 §16.7 item 5). */
const brokeTheRule = ({ finals }: { finals: ReadonlySet<string> }) =>
  [...finals].slice(1).some((each) => !each.startsWith('2'));

/** Enough of a transaction that should be gone to see why it is not. */
const describe = (t: Transaction): string =>
  `${t.request.method} ${t.request.callId} status ${t.status} flags ${t.flags} suspended ${t.suspension?.reply?.message.status ?? t.suspended}: ` +
  t.branches
    .map(
      (b) =>
        `[${b.uri} ${b.lastReceived}${b.blind ? ' blind' : ''}${b.request.running ? ' running' : ''}${b.canceled ? ' canceled' : ''}]`,
    )
    .join(' ');

export async function randomRun({ cfg, seed, calls, faults, meanwhile }: RandomRun) {
  const world = new SimulatedWorld(seed);
  const env = world.host(['127.0.0.1']);
  const server = await startBuilt(await built(cfg), env);
  env.log.level = Math.max(env.log.level, 2);
  await world.clock.advance(1000);
  const idleTimers = world.clock.pending;
  Object.assign(world.wire.faults, faults);
  const dice = new SeededRandom(seed + 77);
  const phones: RandomPhone[] = [];
  for (let n = 0; n < PHONES; n++) {
    const phone = new RandomPhone(`p${n}`, { ip: '127.0.0.1', port: 21_400 + n }, PROXY, env, dice);
    await phone.open();
    phones.push(phone);
    phone.register();
  }
  await world.clock.advance(40_000);
  const pick = () => phones[Math.floor(dice.fraction() * PHONES)]!;
  for (let n = 0; n < calls; n++) {
    const to = dice.fraction() < 0.9 ? pick().name : 'nobody';
    if (dice.fraction() < 0.8) pick().call(to);
    else pick().message(to);
    await world.clock.advance(dice.fraction() * 800);
    meanwhile?.(server, dice);
  }
  for (let n = 0; n < 24; n++) {
    await world.clock.advance(10_000);
    meanwhile?.(server, dice);
  }
  const asked = phones.flatMap((phone) => phone.asked);
  const result = {
    two: asked
      .filter(brokeTheRule)
      .map(({ branch, method, finals }) => `${method} ${branch}: ${[...finals].join(', ')}`),
    unanswered: asked
      .filter(({ finals, gaveUp }) => finals.size === 0 && !gaveUp)
      .map(({ branch, method }) => `${method} ${branch}`),
    strange: phones.flatMap(({ strange }) => strange),
    errors: env.log.records.filter(({ level }) => level < 0 && level !== -1).map(({ text }) => text),
    left: [...server.transactions.all()].map(describe),
    timers: world.clock.pending - idleTimers,
    statuses: new Set(asked.flatMap(({ finals }) => [...finals].map((each) => each.slice(0, 3)))),
    gaveUp: asked.filter(({ gaveUp }) => gaveUp).length,
  };
  await server.stop(0);
  return result;
}

export const randomNetworks = [
  { name: 'a good network', faults: {} },
  { name: 'loss', faults: { loss: 0.1 } },
  {
    name: 'duplication and reordering',
    faults: { duplication: 0.1, reordering: 0.2, reorderMs: 300, delayMs: [1, 40] as const },
  },
  {
    name: 'all of it',
    faults: { loss: 0.15, duplication: 0.05, reordering: 0.1, reorderMs: 700, delayMs: [1, 120] as const },
  },
];
