/** A phone of benchmarks: requests over UDP, a number of them at a time, each asked again until it is answered. */
import { createSocket, type Socket } from 'node:dgram';
import { setTimeout } from 'node:timers/promises';

/** Requests without an answer yet. */
const WINDOW = 100;
const RESEND_MS = 1000;
const TRIES = 8;

export const message = (lines: readonly string[]): string => [...lines, 'Content-Length: 0', '', ''].join('\r\n');
export const field = (text: string, name: string): string[] =>
  text.split('\r\n').filter((line) => line.startsWith(`${name}:`));

/** Waits for the first answer to each request, known by its Call-ID. */
export class Caller {
  private readonly waiting = new Map<string, (answer: string) => void>();
  private constructor(
    private readonly socket: Socket,
    private readonly port: number,
  ) {
    socket.on('message', (bytes) => {
      const text = bytes.toString('latin1');
      if (text.startsWith('SIP/2.0 100')) return;
      const id = field(text, 'Call-ID')[0] ?? '';
      this.waiting.get(id)?.(text);
    });
  }
  /** Sends to `port` of 127.0.0.1, from `own`, or from any. */
  static open(port: number, own = 0): Promise<Caller> {
    const socket = createSocket({ type: 'udp4', recvBufferSize: 4 << 20 });
    return new Promise((resolve) => socket.bind(own, '127.0.0.1', () => resolve(new Caller(socket, port))));
  }
  send(text: string): void {
    this.socket.send(Buffer.from(text, 'latin1'), this.port, '127.0.0.1');
  }
  /** Rejects where there is no answer or one above 299. */
  async ask(text: string): Promise<string> {
    const id = field(text, 'Call-ID')[0] ?? '';
    const answered = new Promise<string>((resolve) => this.waiting.set(id, resolve));
    const late = new AbortController();
    try {
      for (let i = 0; i < TRIES; i++) {
        this.send(text);
        const answer = await Promise.race([answered, setTimeout(RESEND_MS, null, { signal: late.signal })]);
        if (answer === null) continue;
        if (/^SIP\/2\.0 [12]/.test(answer)) return answer;
        throw new Error(`refused: ${answer.slice(0, answer.indexOf('\r'))}`);
      }
      throw new Error('no answer');
    } finally {
      this.waiting.delete(id);
      late.abort();
    }
  }
  close(): void {
    this.socket.close();
  }
}

/** `run(from … to - 1)`, `WINDOW` at a time. */
export async function each(from: number, to: number, run: (i: number) => Promise<unknown>): Promise<void> {
  let next = from;
  const worker = async () => {
    while (next < to) await run(next++);
  };
  await Promise.all(Array.from({ length: WINDOW }, worker));
}
