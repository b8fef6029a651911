/**
 * The sample of messages whose answers Kamailio gave (goldens.json): the answers of sipc to the same, and how both are written down.
 */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { SimulatedWorld } from '../../runtime/env/simulated.js';
import { buildCfg, projectRoot, startBuilt } from '../support/in-process.js';
import { messages } from './messages.js';

export const SAMPLE_SEED = 3261;
export const SAMPLE_SIZE = 2_000;
export const SERVER = { ip: '127.0.0.1', port: 23_980 } as const;
export const SENDER = { ip: '127.0.0.1', port: 23_981 } as const;
export const cfgPath = 'test/fuzz/fuzz.cfg';
export const goldenPath = join(projectRoot, 'test/fuzz/goldens.json');

export interface Goldens {
  /** Of all messages: the generator has to make the same ones. */
  readonly digest: string;
  /** Answers that occur, and for each message which: -1 none, -2 it ended Kamailio. */
  readonly answers: readonly string[];
  readonly byMessage: readonly number[];
}

export const sample = (): readonly string[] => messages(SAMPLE_SEED, SAMPLE_SIZE);
export const digestOf = (all: readonly string[]): string => {
  const hash = createHash('md5');
  for (const each of all) hash.update(each, 'latin1').update('\n--\n');
  return hash.digest('hex');
};
export const readGoldens = (): Goldens => JSON.parse(readFileSync(goldenPath, 'utf8')) as Goldens;

/**
 * What counts of an answer: the status line, and what was read of the message. The rest is copied from the request, byte for byte,
 * which other tests compare.
 */
export function essence(answer: string): string {
  const head = answer.slice(0, answer.indexOf('\r\n\r\n')).split('\r\n');
  return [
    head[0]!,
    ...head.filter((line) => line.startsWith('X-') && /^X-(Uri|From|Rest|Contact|Dialog):/.test(line)),
  ].join('\n');
}

/** What sipc answers to each; null: nothing. */
export async function answersOfSipc(all: readonly string[]): Promise<readonly (string | null)[]> {
  const world = new SimulatedWorld(1);
  const env = world.host([SERVER.ip]);
  const built = await buildCfg(cfgPath, readFileSync(join(projectRoot, cfgPath), 'latin1'));
  const server = await startBuilt(built, env, ['-l', `udp:${SERVER.ip}:${SERVER.port}`]);
  env.log.level = -2;
  const got: string[] = [];
  const socket = await env.network.bindUdp(SENDER, (bytes) => void got.push(bytes));
  const answers: (string | null)[] = [];
  for (const each of all) {
    got.length = 0;
    socket.send(each, SERVER);
    await world.clock.advance(3);
    answers.push(got[0] === undefined ? null : essence(got[0]));
  }
  await server.stop(0);
  return answers;
}
