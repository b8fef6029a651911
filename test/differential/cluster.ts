/**
 * Nodes of a cluster (dmq) beside the server: carol is the one that is looked at; the gateway is one too, and there from the start, so that
 * no scenario sees the questions of a server that has just found the others.
 */
import type { Party } from './party.js';
import { type Scenario, type Speaker, type Stage, scenario } from './scenario.js';

/** A node that answers, and is not looked at. */
export const silentNode: Speaker = (text) => {
  const copied = text.split('\r\n').filter((line) => /^(Via|From|To|Call-ID|CSeq):/.test(line));
  return { note: null, answer: ['SIP/2.0 200 OK', ...copied, 'Content-Length: 0', '', ''].join('\r\n') };
};

const from = (party: Party, channel: string) => `<sip:${channel}@${party.hostPort}>;tag=${party.newTag()}`;
/** Carol tells the server something over a channel. */
export async function tell(
  { carol, uri }: Stage,
  channel: string,
  body: object | string,
  status = 200,
  type = 'application/json',
): Promise<void> {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  await carol.request('KDMQ', uri(channel), { from: from(carol, channel), body: text, type, maxForwards: 1 });
  await carol.receives(status, 'KDMQ');
}
export const takeIn = async ({ carol }: Stage): Promise<void> =>
  void (await carol.reply(await carol.receives('KDMQ'), 200));

/** The server knows a node no longer: on a busy machine a command may be lost. */
export async function forget({ quietly, pause }: Stage, port: number): Promise<void> {
  for (let i = 0; i < 20; i++) {
    await quietly('dmq.remove', `sip:127.0.0.1:${port}`);
    if (!(await quietly('dmq.list_nodes')).includes(`port: ${port}`)) return;
    await pause(50);
  }
}

/** Carol comes, something happens, and she is forgotten. */
export const withNode = (slug: string, title: string, play: (stage: Stage) => Promise<void>): Scenario =>
  scenario(slug, title, async (stage) => {
    for (let i = 0; i < 100; i++) {
      const nodes = await stage.quietly('dmq.list_nodes');
      if (nodes.split('status: active').length > 2) break;
      await stage.pause(50);
    }
    await tell(stage, 'notification_peer', `sip:${stage.carol.hostPort};status=active\r\n`, 200, 'text/plain');
    await play(stage);
    await forget(stage, stage.carol.port);
  });
