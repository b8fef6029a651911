/**
 * Questions to a media relay (rtpengine, rtpproxy) and their answers: over UDP with a cookie in front of both, the same bytes
 * again while no answer comes; over a unix stream socket one connection a question.
 */
import { exchangeUnixStream } from '../admin/local-io.js';
import { ipFamily } from '../dns/ip.js';
import type { DatagramSocket, Endpoint, Environment } from '../env.js';

export type RelayAddress =
  | { readonly kind: 'udp'; readonly host: string; readonly port: number }
  | { readonly kind: 'unix'; readonly path: string };

export interface Patience {
  readonly tries: number;
  /** For each try. */
  readonly timeoutMs: number;
}
/** Where a host is; null when nobody knows. */
export type FindHost = (host: string, port: number) => Promise<Endpoint | null>;

interface Question {
  readonly to: Endpoint;
  readonly answered: (answer: string) => void;
}

export class Exchange {
  readonly #open = new Map<4 | 6, Promise<DatagramSocket>>();
  readonly #questions = new Map<string, Question>();
  readonly #start: string;
  #count = 0;

  constructor(
    private readonly env: Environment,
    private readonly find: FindHost,
    /** Address questions leave from; '' the system's choice. */
    private readonly localIp = '',
  ) {
    // Not guessable: only who sees the question can answer it.
    this.#start = env.random.hex(16);
  }

  /** The answer without its cookie; null when none came in time. */
  async ask(address: RelayAddress, question: string, patience: Patience): Promise<string | null> {
    if (address.kind === 'unix')
      return exchangeUnixStream(address.path, question, patience.timeoutMs * Math.max(1, patience.tries));
    const to = await this.find(address.host, address.port);
    if (to === null) return null;
    let socket: DatagramSocket;
    try {
      socket = await this.#socket(ipFamily(to.ip) === 6 ? 6 : 4);
    } catch {
      return null;
    }
    const cookie = `${this.#start}_${this.#count++}`;
    const bytes = `${cookie} ${question}`;
    return new Promise((resolve) => {
      let left = patience.tries;
      const end = (answer: string | null) => {
        timer.cancel();
        this.#questions.delete(cookie);
        resolve(answer);
      };
      const send = () => {
        if (left-- <= 0 || socket.send(bytes, to, () => undefined) !== '') end(null);
        else timer.rearm(patience.timeoutMs);
      };
      const timer = this.env.clock.setTimer(patience.timeoutMs, send);
      this.#questions.set(cookie, { to, answered: end });
      send();
    });
  }

  async close(): Promise<void> {
    const sockets = [...this.#open.values()];
    this.#open.clear();
    for (const socket of sockets) {
      try {
        (await socket).close();
      } catch {
        // It never opened.
      }
    }
  }

  #socket(family: 4 | 6): Promise<DatagramSocket> {
    const known = this.#open.get(family);
    if (known !== undefined) return known;
    const ip = this.localIp || (family === 6 ? '::' : '0.0.0.0');
    const socket = this.env.network.bindUdp({ ip, port: 0 }, (bytes, from) => this.#arrived(bytes, from));
    this.#open.set(family, socket);
    socket.catch(() => this.#open.delete(family));
    return socket;
  }
  #arrived(bytes: string, from: Endpoint): void {
    const blank = bytes.indexOf(' ');
    const question = this.#questions.get(blank < 0 ? bytes.trimEnd() : bytes.slice(0, blank));
    if (question === undefined || question.to.ip !== from.ip || question.to.port !== from.port) return;
    question.answered(blank < 0 ? '' : bytes.slice(blank + 1));
  }
}
