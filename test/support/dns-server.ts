/** A name server on loopback, over UDP and TCP, that says what a test tells it and remembers what it was asked. */
import { createSocket, type Socket } from 'node:dgram';
import { createServer, type Server } from 'node:net';
import * as packet from 'dns-packet';

/** Nothing: no answer at all. A number is the response code. */
export type Reply = {
  readonly answers?: readonly packet.Answer[];
  readonly rcode?: number;
  readonly cut?: boolean;
} | null;
export type Respond = (name: string, type: string, over: 'udp' | 'tcp') => Reply;

const NXDOMAIN = 3;

export class DnsServer {
  readonly asked: string[] = [];
  private constructor(
    readonly port: number,
    private readonly udp: Socket,
    private readonly tcp: Server,
  ) {}

  static async start(respond: Respond): Promise<DnsServer> {
    const tcp = createServer();
    await new Promise<void>((resolve) => void tcp.listen(0, '127.0.0.1', resolve));
    const address = tcp.address();
    const port = typeof address === 'object' && address ? address.port : 0;
    const udp = createSocket('udp4');
    await new Promise<void>((resolve) => void udp.bind(port, '127.0.0.1', resolve));
    const server = new DnsServer(port, udp, tcp);
    const answer = (bytes: Uint8Array, over: 'udp' | 'tcp'): Buffer | null => {
      const query = packet.decode(bytes);
      const question = query.questions?.[0];
      if (!question) return null;
      server.asked.push(`${question.type} ${question.name} ${over}`);
      const reply = respond(question.name.toLowerCase(), question.type, over);
      if (reply === null) return null;
      const cut = reply.cut && over === 'udp' ? packet.TRUNCATED_RESPONSE : 0;
      return packet.encode({
        type: 'response',
        id: query.id,
        flags: cut | (reply.rcode ?? 0),
        questions: [question],
        answers: cut ? [] : reply.answers,
      });
    };
    udp.on('message', (bytes, from) => {
      const reply = answer(bytes, 'udp');
      if (reply) udp.send(reply, from.port, from.address);
    });
    tcp.on('connection', (socket) => {
      socket.on('error', () => {});
      socket.on('data', (bytes) => {
        const reply = answer(bytes.subarray(2), 'tcp');
        if (!reply) return;
        const length = Buffer.alloc(2);
        length.writeUInt16BE(reply.length);
        socket.write(Buffer.concat([length, reply]));
      });
    });
    return server;
  }
  /** Sends these bytes to whoever asks next, before the true answer. */
  get socket(): Socket {
    return this.udp;
  }
  async close(): Promise<void> {
    this.udp.close();
    await new Promise<void>((resolve) => void this.tcp.close(() => resolve()));
  }
}

/** From a table of records: `A a.example` → answers. What is not in it does not exist. */
export const zoneOf =
  (zone: Readonly<Record<string, readonly packet.Answer[]>>): Respond =>
  (name, type) => {
    const answers = zone[`${type} ${name}`];
    return answers ? { answers } : { rcode: NXDOMAIN };
  };
