/**
 * Questions to a media relay (rtpengine, rtpproxy) and their answers: over UDP with a cookie in front of both, the same bytes
 * again while no answer comes; over a unix stream socket one connection a question; over a WebSocket with the cookie, once.
 */
import { exchangeUnixStream } from '../admin/local-io.js';
import type { ConnectedDatagrams, Endpoint, Environment } from '../env.js';

export type RelayAddress =
  | { readonly kind: 'udp'; readonly host: string; readonly port: number }
  | { readonly kind: 'unix'; readonly path: string }
  | { readonly kind: 'ws'; readonly url: string };

/** Asks a WebSocket server; the first message that `fits`, null when none comes in time. */
export type AskWebSocket = (
  url: string,
  question: string,
  fits: (message: string) => boolean,
  timeoutMs: number,
) => Promise<string | null>;

export interface Patience {
  readonly tries: number;
  /** For each try. */
  readonly timeoutMs: number;
}
/** Where a host is; null when nobody knows. */
export type FindHost = (host: string, port: number) => Promise<Endpoint | null>;

interface Question {
  readonly to: string;
  readonly end: (answer: string | null) => void;
}

export class Exchange {
  /** By address: what is cut off from a relay must not wait for another. */
  readonly #open = new Map<string, Promise<ConnectedDatagrams>>();
  readonly #questions = new Map<string, Question>();
  readonly #start: string;
  #count = 0;

  constructor(
    private readonly env: Environment,
    private readonly find: FindHost,
    /** Address questions leave from; '' the system's choice. */
    private readonly localIp = '',
    /** Null: there are no WebSockets. */
    private readonly webSocket: AskWebSocket | null = null,
  ) {
    // Not guessable: only who sees the question can answer it.
    this.#start = env.random.hex(16);
  }

  /** The answer without its cookie; null when none came in time, or the relay's host says that nobody listens there. */
  async ask(address: RelayAddress, question: string, patience: Patience): Promise<string | null> {
    if (address.kind === 'unix')
      return exchangeUnixStream(address.path, question, patience.timeoutMs * Math.max(1, patience.tries));
    if (address.kind === 'ws') return this.#askWebSocket(address.url, question, patience.timeoutMs);
    const at = await this.find(address.host, address.port);
    if (at === null) return null;
    const to = `${at.ip} ${at.port}`;
    let socket: ConnectedDatagrams;
    try {
      socket = await this.#socket(at, to);
    } catch {
      return null;
    }
    const cookie = this.#cookie();
    const bytes = `${cookie} ${question}`;
    return new Promise((resolve) => {
      let left = patience.tries;
      const end = (answer: string | null) => {
        timer.cancel();
        this.#questions.delete(cookie);
        resolve(answer);
      };
      const send = () => {
        if (left-- <= 0 || !socket.send(bytes)) end(null);
        else timer.rearm(patience.timeoutMs);
      };
      const timer = this.env.clock.setTimer(patience.timeoutMs, send);
      this.#questions.set(cookie, { to, end });
      send();
    });
  }

  #cookie(): string {
    return `${this.#start}_${this.#count++}`;
  }
  async #askWebSocket(url: string, question: string, timeoutMs: number): Promise<string | null> {
    if (this.webSocket === null) return null;
    const head = `${this.#cookie()} `;
    const answer = await this.webSocket(url, head + question, (message) => message.startsWith(head), timeoutMs);
    return answer === null ? null : answer.slice(head.length);
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

  #socket(at: Endpoint, to: string): Promise<ConnectedDatagrams> {
    const known = this.#open.get(to);
    if (known !== undefined) return known;
    const refused = () => {
      for (const question of this.#questions.values()) if (question.to === to) question.end(null);
    };
    const arrived = (bytes: string) => this.#arrived(bytes, to);
    const socket = this.env.network.connectUdp(at, this.localIp, arrived, refused);
    this.#open.set(to, socket);
    socket.catch(() => this.#open.delete(to));
    return socket;
  }
  #arrived(bytes: string, from: string): void {
    const blank = bytes.indexOf(' ');
    const question = this.#questions.get(blank < 0 ? bytes.trimEnd() : bytes.slice(0, blank));
    if (question?.to !== from) return;
    question.end(blank < 0 ? '' : bytes.slice(blank + 1));
  }
}
