/**
 * One question to one name server (RFC 1035 §4.2): over UDP from a port of its own, with an id nobody can guess, again over
 * TCP when the answer was cut. What does not answer this very question is not looked at.
 */

import { randomInt } from 'node:crypto';
import { createSocket } from 'node:dgram';
import { connect } from 'node:net';
import * as packet from 'dns-packet';
import type { Clock } from '../env.js';
import type { NameServer } from './resolv-conf.js';

export type QueryType = 'A' | 'AAAA' | 'SRV' | 'NAPTR' | 'PTR' | 'TXT';

/** What a server said; `rcode` NOERROR, NXDOMAIN, SERVFAIL … */
export interface Answer {
  /** What was asked for. */
  readonly name: string;
  readonly rcode: string;
  readonly records: readonly packet.Answer[];
}

/** RFC 9715: fits every path, seldom cut. */
const UDP_PAYLOAD = 1232;
const MAX_TCP_BYTES = 65_535;

const timedOut = () => Object.assign(new Error('no answer from the name server'), { code: 'ETIMEOUT' });

export function ask(
  clock: Clock,
  server: NameServer,
  name: string,
  type: QueryType,
  timeoutMs: number,
): Promise<Answer> {
  const id = randomInt(0x1_0000);
  const query = packet.encode({
    type: 'query',
    id,
    flags: packet.RECURSION_DESIRED,
    questions: [{ type, name, class: 'IN' }],
    additionals: [{ type: 'OPT', name: '.', udpPayloadSize: UDP_PAYLOAD, extendedRcode: 0, ednsVersion: 0, flags: 0, flag_do: false, options: [] }],
  }); // biome-ignore format: one packet
  const fits = (bytes: Uint8Array): packet.DecodedPacket | null => {
    try {
      const answer = packet.decode(Buffer.from(bytes));
      const question = answer.questions?.[0];
      const same = question?.type === type && question.name.toLowerCase() === name.toLowerCase();
      return answer.type === 'response' && answer.id === id && same ? answer : null;
    } catch {
      return null;
    }
  };
  return new Promise((resolve, reject) => {
    const socket = createSocket(server.ip.includes(':') ? 'udp6' : 'udp4');
    let over = false;
    const end = (settle: () => void) => {
      if (over) return;
      over = true;
      timer.cancel();
      socket.close();
      settle();
    };
    const timer = clock.setTimer(timeoutMs, () => end(() => reject(timedOut())));
    socket.on('error', (error) => end(() => reject(error)));
    socket.on('message', (bytes) => {
      const answer = fits(bytes);
      if (answer === null) return;
      if (answer.flag_tc) end(() => resolve(askOverTcp(clock, server, query, fits, timeoutMs)));
      else end(() => resolve(answerOf(answer)));
    });
    socket.connect(server.port, server.ip, () => {
      if (!over) socket.send(query);
    });
  });
}

const answerOf = (answer: packet.DecodedPacket): Answer => ({
  name: answer.questions?.[0]?.name ?? '',
  rcode: answer.rcode,
  records: answer.answers ?? [],
});

function askOverTcp(
  clock: Clock,
  server: NameServer,
  query: Buffer,
  fits: (bytes: Uint8Array) => packet.DecodedPacket | null,
  timeoutMs: number,
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host: server.ip, port: server.port });
    const end = (settle: () => void) => {
      timer.cancel();
      socket.destroy();
      settle();
    };
    const timer = clock.setTimer(timeoutMs, () => end(() => reject(timedOut())));
    let held = Buffer.alloc(0);
    socket.on('error', (error) => end(() => reject(error)));
    socket.on('close', () => end(() => reject(timedOut())));
    socket.on('connect', () => {
      const length = Buffer.alloc(2);
      length.writeUInt16BE(query.length);
      socket.write(Buffer.concat([length, query]));
    });
    socket.on('data', (bytes) => {
      held = Buffer.concat([held, bytes]);
      if (held.length < 2) return;
      const wanted = held.readUInt16BE(0);
      if (held.length > MAX_TCP_BYTES + 2) end(() => reject(timedOut()));
      if (held.length < wanted + 2) return;
      const answer = fits(held.subarray(2, wanted + 2));
      end(() => (answer === null ? reject(timedOut()) : resolve(answerOf(answer))));
    });
  });
}
