/** What sipc does with the torture messages, each on a server of its own on the simulated network. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { SimulatedWorld } from '../../../runtime/env/simulated.js';
import { type BuiltCfg, buildCfg, projectRoot, startBuilt } from '../../support/in-process.js';
import { cfgPath, NEXT_HOP, type Outcome, outcomeOf, SENDER, SERVER } from './messages.js';

let built: Promise<BuiltCfg> | null = null;

export async function playTorture(text: string): Promise<Outcome> {
  built ??= buildCfg(cfgPath, readFileSync(join(projectRoot, cfgPath), 'latin1'));
  const env = new SimulatedWorld(1).host([SERVER.ip]);
  const server = await startBuilt(await built, env, ['-l', `udp:${SERVER.ip}:${SERVER.port}`]);
  const answers: string[] = [];
  const forwarded: string[] = [];
  const sender = await env.network.bindUdp(SENDER, (bytes) => void answers.push(bytes));
  await env.network.bindUdp(NEXT_HOP, (bytes) => void forwarded.push(bytes));
  sender.send(text, SERVER);
  await env.clock.advance(100);
  const response = env.log.records.some((record) => record.text.includes('a response'));
  await server.stop(0);
  return outcomeOf(answers, forwarded, response);
}
