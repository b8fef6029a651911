/**
 * A WebSocket to a server that is asked things (RFC 6455, client side): opened when it is needed, kept open, opened anew when it
 * was closed. What lwsc offers the script, and rtpengine's ng protocol.
 */
import { ipFamily } from '../dns/ip.js';
import type { Environment, StreamConnection, TlsProfile } from '../env.js';
import { closeFrame, FrameReader, frame, messageFrame, Opcode, withMask } from '../transport/ws-frames.js';
import { answerProblem, MAX_ANSWER, openingRequest, type WsTarget } from '../transport/ws-opening.js';
import type { FindHost } from './exchange.js';

/** For the connection, the TLS handshake and the WebSocket's, each. */
const OPEN_MS = 10_000;
const MAX_MESSAGE = 1 << 20;
/** Questions that wait for their answers. */
const MAX_QUESTIONS = 1000;

/** Whoever answers is who the URL names: as Kamailio does, no certificate is asked for and none is checked. */
const profile: TlsProfile = {
  certificate: null,
  privateKey: null,
  ca: [],
  crl: null,
  ciphers: '',
  minVersion: 'TLSv1.2',
  maxVersion: 'TLSv1.3',
  verify: false,
  require: false,
  acceptAny: true,
  verifyDepth: 9,
};

interface Question {
  readonly fits: (message: string) => boolean;
  readonly end: (answer: string | null) => void;
}

export class WsClient {
  #stream: StreamConnection | null = null;
  #opening: Promise<boolean> | null = null;
  #closed = false;
  readonly #questions = new Set<Question>();

  constructor(
    private readonly env: Environment,
    private readonly find: FindHost,
    readonly target: WsTarget,
    /** The sub-protocol asked for. */
    readonly protocol: string,
    private readonly log: (text: string) => void,
  ) {}

  /** Nobody waits for anything here. */
  get idle(): boolean {
    return this.#opening === null && this.#questions.size === 0;
  }

  /** False: it is not open after that time, or cannot be opened. */
  ready(timeoutMs: number): Promise<boolean> {
    if (this.#closed) return Promise.resolve(false);
    if (this.#stream !== null) return Promise.resolve(true);
    this.#opening ??= this.#open().finally(() => {
      this.#opening = null;
    });
    const opening = this.#opening;
    return new Promise((resolve) => {
      const timer = this.env.clock.setTimer(timeoutMs, () => resolve(false));
      void opening.then((open) => {
        timer.cancel();
        resolve(open);
      });
    });
  }

  /** False: it is not open. */
  send(message: string): boolean {
    return this.#write(messageFrame(message));
  }

  /** The first message that `fits` of those that come after the question; null when none does in time, or it closes. */
  ask(message: string, fits: (message: string) => boolean, timeoutMs: number): Promise<string | null> {
    if (this.#questions.size >= MAX_QUESTIONS) return Promise.resolve(null);
    return new Promise((resolve) => {
      const end = (answer: string | null) => {
        timer.cancel();
        this.#questions.delete(question);
        resolve(answer);
      };
      const question: Question = { fits, end };
      const timer = this.env.clock.setTimer(timeoutMs, () => end(null));
      this.#questions.add(question);
      if (!this.send(message)) end(null);
    });
  }

  close(): void {
    this.#closed = true;
    this.#write(closeFrame(1000, ''));
    const stream = this.#stream;
    this.#lost();
    stream?.end();
  }

  async #open(): Promise<boolean> {
    const { target } = this;
    try {
      const at = await this.find(target.host, target.port);
      if (at === null) throw new Error('it cannot be resolved');
      const { network, tls } = this.env;
      let stream = await network.connectTcp(at, { timeoutMs: OPEN_MS });
      if (target.secure) {
        const serverName = ipFamily(target.host) === 0 ? target.host : '';
        stream = await tls.connect(stream, tls.context(profile), { serverName, verifyName: null, timeoutMs: OPEN_MS });
      }
      const early = await this.#shakeHands(stream);
      if (this.#closed) {
        stream.end();
        return false;
      }
      this.#opened(stream, early);
      return this.#stream !== null;
    } catch (error) {
      this.log(
        `no WebSocket to ${target.host}:${target.port}: ${error instanceof Error ? error.message : String(error)}`,
      );
      return false;
    }
  }

  /** Resolves to what came behind the answer. */
  #shakeHands(stream: StreamConnection): Promise<string> {
    const raw = Buffer.alloc(16);
    for (let at = 0; at < raw.length; at += 4) raw.writeUInt32BE(this.env.random.uint32(), at);
    const key = raw.toString('base64');
    return new Promise((resolve, reject) => {
      let held = '';
      const settle = (problem: string | null, early = '') => {
        timer.cancel();
        stream.onClose = () => {};
        stream.onData = () => {};
        if (problem === null) {
          resolve(early);
          return;
        }
        stream.destroy();
        reject(new Error(problem));
      };
      const timer = this.env.clock.setTimer(OPEN_MS, () => settle('no answer'));
      stream.onClose = () => settle('closed');
      stream.onData = (bytes) => {
        held += bytes;
        const end = held.indexOf('\r\n\r\n');
        if (end >= 0) settle(answerProblem(held.slice(0, end), key, this.protocol, false), held.slice(end + 4));
        else if (held.length > MAX_ANSWER) settle('the answer is too long');
      };
      if (!stream.write(openingRequest(this.target, key, this.protocol))) settle('closed');
    });
  }

  #opened(stream: StreamConnection, early: string): void {
    this.#stream = stream;
    const sink = {
      message: (text: string) => this.#came(text),
      control: (opcode: number, payload: string) => this.#control(opcode, payload),
    };
    const reader = new FrameReader(sink, 'server', MAX_MESSAGE);
    stream.onClose = () => {
      if (this.#stream === stream) this.#lost();
    };
    stream.onData = (bytes) => {
      const problem = reader.push(bytes);
      if (problem === null || this.#stream !== stream) return;
      this.log(`${this.target.host}:${this.target.port} breaks the WebSocket protocol: ${problem.reason}`);
      this.#write(closeFrame(problem.status, problem.reason));
      this.#lost();
      stream.end();
    };
    if (early !== '') stream.onData(early);
  }
  #came(message: string): void {
    for (const question of this.#questions)
      if (question.fits(message)) {
        question.end(message);
        return;
      }
  }
  #control(opcode: number, payload: string): void {
    if (opcode === Opcode.ping) this.#write(frame(Opcode.pong, payload));
    else if (opcode === Opcode.close) {
      this.#write(frame(Opcode.close, payload));
      const stream = this.#stream;
      this.#lost();
      stream?.end();
    }
  }
  #write(built: string): boolean {
    return this.#stream?.write(withMask(built, this.env.random.uint32())) ?? false;
  }
  /** What was asked gets no answer any more. */
  #lost(): void {
    this.#stream = null;
    for (const { end } of [...this.#questions]) end(null);
  }
}
