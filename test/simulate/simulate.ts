/**
 * One simulated world: proxies in a row or a tree, user agents around them, a network with its faults, names that fail, peers that
 * die; calls by the dice of a seed, then silence until all timers have run out. The same seed gives the same run, to the byte.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { SeededRandom, type SimulatedEnvironment, SimulatedWorld, type Zone } from '../../runtime/env/simulated.js';
import type { Server } from '../../runtime/index.js';
import type { Transaction } from '../../runtime/transaction/transaction.js';
import { type BuiltCfg, buildCfg, projectRoot, startBuilt } from '../support/in-process.js';
import { markOf, Phone } from './phone.js';
import { Watch, watched } from './watch.js';

const ACTIONS = [
  ...['plain', 'plain', 'plain', 'fork', 'fork', 'three', 'serial', 'serial', 'refused', 'srv', 'gone', 'mute'],
  ...['slow', 'slow', 'stream', 'held', 'thin', 'drop'],
];
/** At one proxy, for each call: more than all retransmissions there can be. */
const MOST_MESSAGES = 300;
/** Longest a transaction lives (max_inv_lifetime) and is remembered, then idle connections are closed. */
const QUIET_MS = 400_000;

export interface Outcome {
  readonly calls: number;
  readonly messages: number;
  readonly violations: readonly string[];
  readonly statuses: ReadonlySet<number>;
  /** What the proxies sent and received of the call asked for. */
  readonly trace: readonly string[];
  /** What was drawn: `3 proxies, loss 0.1 …`. */
  readonly world: string;
}
export interface Meddling {
  /** Stands between a proxy and its watch; for tests of the watch. */
  readonly environment?: (env: SimulatedEnvironment) => SimulatedEnvironment;
  readonly traced?: number;
}

const builds = new Map<number, Promise<BuiltCfg>>();
function proxyCfg(rfcMode: number): Promise<BuiltCfg> {
  let building = builds.get(rfcMode);
  if (!building) {
    const path = 'test/simulate/proxy.cfg';
    const text = readFileSync(join(projectRoot, path), 'latin1').replace('RFC_MODE', String(rfcMode));
    builds.set(rfcMode, (building = buildCfg(path, text)));
  }
  return building;
}

interface Proxy {
  readonly ip: string;
  readonly server: Server;
  readonly watch: Watch;
  readonly env: SimulatedEnvironment;
}

export async function simulate(seed: number, calls: number, meddling: Meddling = {}): Promise<Outcome> {
  const world = new SimulatedWorld(seed);
  const dice = new SeededRandom(seed * 7919 + 13);
  const roll = (n: number): number => Math.floor(dice.fraction() * n);
  const chance = (share: number): boolean => dice.fraction() < share;
  const rfcMode = chance(0.5) ? 7 : 0;
  const levels = 1 + roll(3);
  const perLevel = chance(0.5) ? 1 : 2;
  const phoneIps = Array.from({ length: 4 + roll(5) }, (_, n) => `10.1.0.${n + 1}`);
  const proxyIps = Array.from({ length: levels }, (_, level) =>
    Array.from({ length: level === 0 ? 1 : perLevel }, (_, n) => `10.0.${level}.${n + 1}`),
  );

  const proxies: Proxy[] = [];
  for (const [level, ips] of proxyIps.entries())
    for (const ip of ips) {
      const below = proxyIps[level + 1] ?? phoneIps;
      const base = world.host([ip], zoneOf(below, roll));
      base.resolver.failing.add('mute.sim');
      const watch = new Watch(
        ip,
        () => world.clock.monotonic(),
        rfcMode !== 0,
        meddling.traced === undefined ? '' : `${markOf(meddling.traced)}@`,
      );
      const env = meddling.environment?.(watched(base, watch)) ?? watched(base, watch);
      const server = await startBuilt(await proxyCfg(rfcMode), env, ['-l', `udp:${ip}:5060`, '-l', `tcp:${ip}:5060`]);
      env.log.level = -1;
      proxies.push({ ip, server, watch, env });
    }
  const phones: Phone[] = [];
  for (const ip of phoneIps) {
    const phone = new Phone({ ip, port: 5060 }, world.host([ip]), dice);
    await phone.open();
    phones.push(phone);
  }
  await world.clock.advance(1000);
  const idleTimers = world.clock.pending;
  const faults = {
    loss: chance(0.4) ? 0 : dice.fraction() * 0.2,
    duplication: chance(0.5) ? 0 : dice.fraction() * 0.1,
    delayMs: [1, chance(0.5) ? 2 : 60] as const,
    reordering: chance(0.5) ? 0 : dice.fraction() * 0.3,
    reorderMs: 700,
    maxSegmentBytes: chance(0.5) ? 0 : 300,
  };
  Object.assign(world.wire.faults, faults);

  const first = { ip: proxyIps[0]![0]!, port: 5060 };
  // Messages that go round would keep the world going for ever.
  const goesRound = (): boolean => proxies.some(({ watch }) => watch.messages > MOST_MESSAGES * calls);
  for (let call = 0; call < calls && !goesRound(); call++) {
    const method = chance(0.65) ? 'INVITE' : chance(0.6) ? 'MESSAGE' : 'OPTIONS';
    phones[roll(phones.length)]!.request(method, call, ACTIONS[roll(ACTIONS.length)]!, first);
    // Several at a time, then a while nothing.
    if (chance(0.25)) await world.clock.advance(roll(1500));
    if (chance(0.03)) misfortune(world, proxies, phones, roll);
    goOn(proxies, chance);
  }
  for (let rest = 0; rest < 12 && !goesRound(); rest++) {
    await world.clock.advance(1000);
    goOn(proxies, chance);
  }
  const deadlineMs = world.clock.monotonic() + QUIET_MS;
  while (world.clock.pending > idleTimers && world.clock.monotonic() < deadlineMs && !goesRound())
    await world.clock.advance(20_000);

  const violations: string[] = goesRound() ? ['messages go round'] : [];
  for (const { ip, server, watch, env } of proxies) {
    watch.finish();
    violations.push(...watch.violations, ...leftovers(ip, server, env));
  }
  const statuses = new Set(proxies.flatMap(({ watch }) => [...watch.statuses]));
  if (calls >= 50 && !statuses.has(200)) violations.push('no request ever got through');
  if (world.clock.pending > idleTimers) violations.push(`${world.clock.pending - idleTimers} timers are left`);
  const outcome = {
    calls,
    messages: proxies.reduce((sum, { watch }) => sum + watch.messages, 0),
    violations,
    statuses,
    trace: proxies.flatMap(({ watch }) => watch.trace).sort(),
    world: `${proxies.length} proxies on ${levels} levels, ${phones.length} phones, rfc_mode ${rfcMode}, ${JSON.stringify(faults)}`,
  };
  for (const { server } of proxies) await server.stop(0);
  return outcome;
}

function zoneOf(below: readonly string[], roll: (n: number) => number): Zone {
  const at = (): string => below[roll(below.length)]!;
  return {
    'next.sim': { a: [at()] },
    'left.sim': { a: [at()], ttlSec: 3 },
    'right.sim': { a: roll(3) === 0 ? ['10.9.9.9', at()] : [at()] },
    '_sip._udp.srv.sim': {
      srv: [
        { priority: 1, weight: 1, port: 5060, target: roll(2) === 0 ? 'dead.sim' : 'next.sim' },
        { priority: 2, weight: 1, port: 5060, target: 'left.sim' },
      ],
    },
    'dead.sim': { a: ['10.9.9.9'] },
  };
}

/** A phone dies or comes back, a stretch of the network is cut, a name server stops. */
function misfortune(
  world: SimulatedWorld,
  proxies: readonly Proxy[],
  phones: readonly Phone[],
  roll: (n: number) => number,
): void {
  const phone = phones[roll(phones.length)]!;
  const proxy = proxies[roll(proxies.length)]!;
  const later = (undo: () => void): void => void world.clock.setTimer(1000 * (1 + roll(20)), undo);
  switch (roll(4)) {
    case 0:
      phone.dead = !phone.dead;
      break;
    case 1: {
      world.wire.cut(phone.at.ip, proxy.ip);
      later(() => world.wire.heal(phone.at.ip, proxy.ip));
      break;
    }
    case 2: {
      const other = proxies[roll(proxies.length)]!;
      world.wire.cut(proxy.ip, other.ip);
      later(() => world.wire.heal(proxy.ip, other.ip));
      break;
    }
    default:
      proxy.env.resolver.failing.add('left.sim');
      later(() => proxy.env.resolver.failing.delete('left.sim'));
  }
}

/** Suspended requests: some are gone on with, some time out. */
function goOn(proxies: readonly Proxy[], chance: (share: number) => boolean): void {
  for (const { server } of proxies)
    for (const t of server.transactions.all())
      if (t.suspended && chance(0.05)) void server.transactions.continue(t.index, t.label, 'GO_ON', null);
}

const describe = (t: Transaction): string =>
  `${t.request.method} ${t.request.callId} status ${t.status} flags ${t.flags} branches ${t.branches.map((b) => `${b.lastReceived}${b.request.running ? ' running' : ''}`).join()}`;

/** What a proxy at rest may not have. */
function leftovers(ip: string, server: Server, env: SimulatedEnvironment): string[] {
  const left = [...server.transactions.all()].map((t) => `${ip}: a transaction is left: ${describe(t)}`);
  const { counters } = server.transactions;
  const { connections } = server.transports;
  const numbers: readonly (readonly [string, number])[] = [
    ['transactions counted', counters.transactions],
    ['waiting transactions counted', counters.waiting],
    ['created and not freed', counters.created - counters.freed],
    ['messages in flight', server.script.inFlight],
    ['connections', [...connections.all()].length],
    ['bytes queued', connections.queuedBytes],
  ];
  for (const [what, number] of numbers) if (number !== 0) left.push(`${ip}: ${what}: ${number}`);
  for (const { level, text } of env.log.records)
    if (level < -1 || text.includes('error in') || text.includes('Error'))
      left.push(`${ip}: log: ${text.slice(0, 300)}`);
  return left;
}
