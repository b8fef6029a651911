/**
 * Plays a ladder on the simulated environment: time is virtual, nothing sleeps. On failure the ladder that did happen is
 * printed beside the one that was written.
 */
import { type SimulatedEnvironment, SimulatedWorld, type Zone } from '../../runtime/env/simulated.js';
import type { ExpectStep, LadderFile, Step } from './ladder-file.js';
import { type Received, ScriptedPeer } from './ladder-peer.js';
import { pick, readSip, type SipText } from './sip-text.js';

/** What is under test: started on `env`, listening on udp and tcp 127.0.0.1:5060. */
export interface LadderServer {
  readonly transactions: () => number;
  stop(): void | Promise<void>;
}
export type StartLadderServer = (ladder: LadderFile, env: SimulatedEnvironment) => Promise<LadderServer>;

export class LadderFailure extends Error {
  override readonly name = 'LadderFailure';
}

const PROXY = { ip: '127.0.0.1', port: 5060 };
/** Below T1: a message that is only retransmitted in time does not count as prompt. */
const PATIENCE_MS = 400;

interface Happened {
  readonly atMs: number;
  readonly text: string;
}

export async function playLadder(ladder: LadderFile, start: StartLadderServer): Promise<void> {
  const { seed = 1, delayMs = 1, ...faults } = ladder.wire;
  const world = new SimulatedWorld(seed);
  const env = world.host(['127.0.0.1', '::1'], zoneOf(ladder));
  for (const { name, type } of ladder.dns) if (type === 'silent') env.resolver.failing.add(name);
  const server = await start(ladder, env);
  const happened: Happened[] = [];
  const note = (peer: string, toProxy: boolean, bytes: string): void => {
    const sip = readSip(bytes);
    const what = sip.status === 0 ? `${sip.method} ${sip.uri}` : `${sip.status} to ${sip.method}`;
    happened.push({
      atMs: world.clock.monotonic(),
      text: `${toProxy ? `${peer} -> proxy` : `proxy -> ${peer}`} : ${what}`,
    });
  };
  const peers = new Map<string, ScriptedPeer>();
  for (const [index, spec] of ladder.peers.entries()) {
    const at = spec.address ?? { ip: '127.0.0.1', port: 20_001 + index };
    const peer = new ScriptedPeer(spec.name, spec.proto, at, PROXY, ladder.domain, env, note);
    peers.set(spec.name, peer);
    await peer.open();
  }
  Object.assign(world.wire.faults, faults, { delayMs: [delayMs, delayMs] });
  const peerOf = (name: string): ScriptedPeer => peers.get(name)!;

  let current: Step | null = null;
  try {
    for (const step of ladder.steps) {
      current = step;
      switch (step.kind) {
        case 'send':
          await peerOf(step.peer).send(step);
          break;
        case 'expect':
          for (let n = 0; n < step.times; n++) await expectMessage(peerOf(step.peer), step, world);
          break;
        case 'after':
          await world.clock.advance(step.ms);
          for (const check of step.checks) checkServer(check, server, env);
          break;
        case 'close':
          peerOf(step.peer).closeStreams();
          break;
        default:
          // All peers share one address: cutting one off means closing its door.
          if (step.kind === 'cut') peerOf(step.peer).close();
          else await peerOf(step.peer).open();
      }
    }
    current = null;
    await world.clock.advance(PATIENCE_MS);
    for (const peer of peers.values()) {
      const extra = peer.inbox[0];
      if (extra) throw new LadderFailure(`${peer.name} got what nothing expects: ${extra.sip.firstLine}`);
    }
  } catch (error) {
    const what = error instanceof Error ? error.message : String(error);
    const log = env.log.texts().slice(-15);
    throw new LadderFailure(
      `${ladder.path}${current ? `:${current.line}` : ''}: ${what}\n\n${beside(ladder, current, happened)}\n\nlog:\n${log.map((line) => `  ${line.trimEnd()}`).join('\n')}`,
      error instanceof LadderFailure ? undefined : { cause: error },
    );
  } finally {
    await server.stop();
    for (const peer of peers.values()) peer.close();
  }
}

function zoneOf(ladder: LadderFile): Zone {
  const zone: Record<
    string,
    { a?: string[]; aaaa?: string[]; srv?: { port: number; target: string; priority: number }[] }
  > = {};
  for (const { name, type, values } of ladder.dns) {
    const entry = (zone[name] ??= {});
    if (type === 'srv') {
      const priority = Number(values[2] ?? 10);
      (entry.srv ??= []).push({ port: Number(values[0]), target: values[1] ?? '', priority });
    } else if (type === 'silent') continue;
    else if (type === 'a' || type === 'aaaa') (entry[type] ??= []).push(...values);
    else throw new LadderFailure(`${ladder.path}: a dns line has type a, aaaa, srv or silent`);
  }
  return zone;
}

async function expectMessage(peer: ScriptedPeer, step: ExpectStep, world: SimulatedWorld): Promise<void> {
  const end = world.clock.monotonic() + (step.withinMs ?? PATIENCE_MS);
  await world.clock.advance(0);
  while (peer.inbox.length === 0 && world.clock.monotonic() < end) await world.clock.advance(1);
  const received = peer.inbox.shift();
  if (!received) throw new LadderFailure(`${peer.name} got nothing; expected: ${step.text}`);
  const { sip } = received;
  const shown = sip.status === 0 ? `${sip.method} ${sip.uri}` : `${sip.status} to ${sip.method}`;
  const wanted =
    step.method !== null
      ? sip.status === 0 && sip.method === step.method && (step.uri === null || sip.uri === step.uri)
      : sip.status === step.status && (step.about === null || sip.method === step.about);
  if (!wanted) throw new LadderFailure(`${peer.name} got ${shown}; expected: ${step.text}`);
  const earlier = peer.history.slice(0, peer.history.indexOf(received));
  const repeated = earlier.some((each) => each.sip.bytes === sip.bytes);
  if (repeated !== step.again)
    throw new LadderFailure(
      repeated ? `${shown} is a retransmission; expected a new one` : `${shown} is new; expected one more of the same`,
    );
  for (const check of step.checks) checkMessage(check, sip, earlier);
}

/** `X is V`, `X is new`, `X is the INVITE's`, `X is absent`, `X contains V`, `X starts with V`, `X is not V`. */
function checkMessage(check: string, sip: SipText, earlier: readonly Received[]): void {
  const match = /^(\S+) (is not|is|contains|starts with) (.+)$/.exec(check);
  if (!match) throw new LadderFailure(`cannot read the check "${check}"`);
  const [, what, verb, text] = match as unknown as [string, string, string, string];
  const value = pick(sip, what);
  const fail = (): never => {
    throw new LadderFailure(`${check}: but it is ${value === null ? 'absent' : JSON.stringify(value)}`);
  };
  const other = /^the ([A-Z]+)'s$/.exec(text);
  const wanted = text.startsWith('"') ? text.slice(1, -1) : text;
  let holds: boolean;
  if (verb === 'contains') holds = value?.includes(wanted) ?? false;
  else if (verb === 'starts with') holds = value?.startsWith(wanted) ?? false;
  else if (text === 'absent') holds = value === null;
  else if (text === 'new') holds = value !== null && earlier.every((each) => pick(each.sip, what) !== value);
  else if (other) {
    const before = earlier.findLast((each) => each.sip.status === 0 && each.sip.method === other[1]);
    if (!before) throw new LadderFailure(`${check}: there was no ${other[1]} before`);
    holds = value !== null && pick(before.sip, what) === value;
  } else holds = value === wanted;
  if (holds === (verb === 'is not')) fail();
}

function checkServer(check: string, server: LadderServer, env: SimulatedEnvironment): void {
  const left = /^(no|\d+) transactions? (?:is|are) left$/.exec(check);
  if (left) {
    const wanted = left[1] === 'no' ? 0 : Number(left[1]);
    if (server.transactions() !== wanted)
      throw new LadderFailure(`${server.transactions()} transactions are left, not ${wanted}`);
    return;
  }
  const logged = /^log has (no )?"(.*)"$/.exec(check);
  if (logged) {
    const found = env.log.texts().some((text) => text.includes(logged[2]!));
    if (found === (logged[1] !== undefined)) throw new LadderFailure(`the log has ${found ? '' : 'no '}"${logged[2]}"`);
    return;
  }
  throw new LadderFailure(`cannot read the check "${check}"`);
}

/** What was written left, the failing line marked; what happened right. */
function beside(ladder: LadderFile, at: Step | null, happened: readonly Happened[]): string {
  const left = ladder.steps.map((step) => `${step === at ? '>' : ' '} ${step.text}`);
  const right = happened.map(({ atMs, text }) => `${(atMs / 1000).toFixed(3).padStart(9)}s  ${text}`);
  const width = Math.min(72, Math.max(...left.map((line) => line.length), 10));
  const rows = Math.max(left.length, right.length);
  const lines = [`${'written'.padEnd(width)} | happened`];
  for (let row = 0; row < rows; row++)
    lines.push(`${(left[row] ?? '').slice(0, width).padEnd(width)} | ${right[row] ?? ''}`);
  return lines.join('\n');
}
