/**
 * A user agent of the simulator: calls, answers, refuses, hangs up, cancels, says nothing, talks nonsense or dies, by the dice of a
 * seed, and retransmits as RFC 3261 §17 and §13.3.1.4 have it. All it sends for a call carries the call's mark.
 */
import type { SeededRandom, SimulatedEnvironment } from '../../runtime/env/simulated.js';
import type { DatagramSocket, Endpoint, Timer } from '../../runtime/env.js';
import { branchOf, Framer, param, readSip, type Sip, uriIn, writeSip } from './sip.js';

const T1 = 500;
const T2 = 4000;
const GIVE_UP_MS = 64 * T1;

export const markOf = (call: number): string => `K${call}K`;

interface Asked {
  readonly method: string;
  readonly text: string;
  readonly to: Endpoint;
  readonly call: number;
  readonly sentAt: number;
  provisional: boolean;
  /** Status of the first final response; 0 none yet. */
  final: number;
  canceled: boolean;
  /** By To tag: the ACK of each final response. */
  readonly acks: Map<string, string>;
}
type Answer = (text: string) => void;

const ENDINGS: readonly (readonly [share: number, status: number])[] = [
  [0.46, 200],
  [0.12, 486],
  [0.06, 603],
  [0.04, 500],
  [0.04, 503],
  [0.04, 404],
  [0.03, 302],
  [0.04, 407],
  [0.03, 600],
  // Rings on.
  [0.07, 0],
  // Says nothing at all.
  [0.07, -1],
];

export class Phone {
  readonly asked = new Map<string, Asked>();
  /** Gone: hears nothing, says nothing. */
  dead = false;
  /** By branch: what a request that comes again is answered with. */
  readonly #answers = new Map<string, string>();
  readonly #ringing = new Map<string, { readonly request: Sip; readonly tag: string; readonly answer: Answer }>();
  /** By Call-ID and To tag: a final response that waits for its ACK. */
  readonly #unacknowledged = new Map<string, Timer>();
  #socket: DatagramSocket | null = null;
  #count = 0;

  constructor(
    readonly at: Endpoint,
    private readonly env: SimulatedEnvironment,
    private readonly dice: SeededRandom,
  ) {}

  async open(): Promise<void> {
    this.#socket = await this.env.network.bindUdp(this.at, (text, from) => {
      if (!this.dead) this.#arrived(text, (answer) => this.#send(answer, from));
    });
    await this.env.network.listenTcp(this.at, (stream) => {
      const framer = new Framer((text) => {
        if (!this.dead) this.#arrived(text, (answer) => void (this.dead || stream.write(answer)));
      });
      stream.onData = (bytes) => framer.push(bytes);
      // Connections end, with or without a reason.
      if (this.dice.fraction() < 0.2)
        this.env.clock.setTimer(Math.floor(this.dice.fraction() * 20) * 500, () => stream.destroy());
    });
  }
  #send(text: string, to: Endpoint): void {
    if (!this.dead) this.#socket?.send(text, to);
  }
  #now(): number {
    return this.env.clock.monotonic();
  }
  #chance(share: number): boolean {
    return this.dice.fraction() < share;
  }

  /** A request out of any dialog; `action` is what the proxies do with it (see proxy.cfg). */
  request(method: string, call: number, action: string, proxy: Endpoint): void {
    const mark = markOf(call);
    this.#ask(
      method,
      call,
      proxy,
      `sip:${action}-${mark}@${proxy.ip}`,
      [
        ['From', `<sip:${mark}@${this.at.ip}>;tag=f${mark}`],
        ['To', `<sip:${action}-${mark}@${proxy.ip}>`],
        ['Call-ID', `${mark}@${this.at.ip}`],
        ['CSeq', `1 ${method}`],
        ['Contact', `<sip:${mark}@${this.at.ip}:${this.at.port}>`],
        ['X-Call', mark],
      ],
      method === 'OPTIONS' ? '' : `body of ${mark}`,
    );
  }
  #ask(
    method: string,
    call: number,
    to: Endpoint,
    uri: string,
    headers: readonly (readonly [string, string])[],
    body: string,
    branch = `z9hG4bK-${markOf(call)}-${this.at.ip}-${++this.#count}`,
  ): void {
    const via = `SIP/2.0/UDP ${this.at.ip}:${this.at.port};branch=${branch}`;
    const text = writeSip(`${method} ${uri} SIP/2.0`, [['Via', via], ['Max-Forwards', '70'], ...headers], body);
    const asked: Asked = {
      method,
      text,
      to,
      call,
      sentAt: this.#now(),
      provisional: false,
      final: 0,
      canceled: false,
      acks: new Map(),
    };
    this.asked.set(`${branch} ${method}`, asked);
    this.#send(text, to);
    let waitMs = T1;
    const timer = this.env.clock.setTimer(waitMs, () => {
      if (asked.final > 0 || this.dead || (asked.provisional && method === 'INVITE')) return;
      if (this.#now() - asked.sentAt > GIVE_UP_MS) return;
      this.#send(text, to);
      waitMs = method === 'INVITE' ? waitMs * 2 : Math.min(waitMs * 2, T2);
      timer.rearm(waitMs);
    });
    // A caller in doubt: the CANCEL comes hard on the heels of the INVITE.
    if (method === 'INVITE' && this.#chance(0.03)) this.env.clock.setTimer(5, () => this.#cancel(asked));
  }

  #arrived(text: string, answer: Answer): void {
    const sip = readSip(text);
    if (sip === null) return;
    if (sip.status > 0) this.#response(sip);
    else this.#incoming(sip, answer);
  }

  #response(sip: Sip): void {
    const asked = this.asked.get(`${branchOf(sip.vias[0]!)} ${sip.method}`);
    if (!asked || !sip.callId.startsWith(markOf(asked.call))) return;
    if (sip.status < 200) {
      asked.provisional = true;
      if (asked.method === 'INVITE' && sip.status > 100 && this.#chance(0.1))
        this.env.clock.setTimer(Math.floor(this.dice.fraction() * 8) * 250, () => this.#cancel(asked));
      return;
    }
    const first = asked.final === 0;
    if (first) asked.final = sip.status;
    if (asked.method !== 'INVITE') return;
    const key = `${sip.status} ${param(sip.to, 'tag')}`;
    let ack = asked.acks.get(key);
    if (ack === undefined) asked.acks.set(key, (ack = this.#ackFor(asked, sip)));
    this.#send(ack, this.#nextHop(asked, sip));
    // Each dialog that came of it is ended.
    if (sip.status < 300 && (first || asked.acks.size > 1) && !asked.acks.has(`bye ${key}`)) {
      asked.acks.set(`bye ${key}`, '');
      this.env.clock.setTimer(500 + Math.floor(this.dice.fraction() * 12) * 250, () => this.#bye(asked, sip));
    }
  }
  /** Of the ACK to a 2xx, and what follows in the dialog: the first of the route set, else the remote target. */
  #nextHop(asked: Asked, sip: Sip): Endpoint {
    if (sip.status >= 300) return asked.to;
    const first = sip.recordRoutes.at(-1) ?? sip.contact;
    const [ip, port] = uriIn(first)
      .replace(/^sip:([^@]*@)?/, '')
      .split(';')[0]!
      .split(':');
    return { ip: ip ?? '', port: Number(port ?? 5060) };
  }
  #dialogHeaders(asked: Asked, sip: Sip, method: string, number: number): (readonly [string, string])[] {
    const mark = markOf(asked.call);
    return [
      ...[...sip.recordRoutes].reverse().map((route): [string, string] => ['Route', route]),
      ['From', `<sip:${mark}@${this.at.ip}>;tag=f${mark}`],
      ['To', sip.to],
      ['Call-ID', sip.callId],
      ['CSeq', `${number} ${method}`],
    ];
  }
  #ackFor(asked: Asked, sip: Sip): string {
    const invite = readSip(asked.text)!;
    const head: (readonly [string, string])[] = [['Max-Forwards', '70']];
    if (sip.status < 300) {
      const branch = `z9hG4bK-${markOf(asked.call)}-${this.at.ip}-${++this.#count}`;
      const via = `SIP/2.0/UDP ${this.at.ip}:${this.at.port};branch=${branch}`;
      return writeSip(`ACK ${uriIn(sip.contact)} SIP/2.0`, [
        ['Via', via],
        ...head,
        ...this.#dialogHeaders(asked, sip, 'ACK', 1),
      ]);
    }
    return writeSip(`ACK ${invite.uri} SIP/2.0`, [
      ['Via', invite.vias[0]!],
      ...head,
      ['From', invite.from],
      ['To', sip.to],
      ['Call-ID', invite.callId],
      ['CSeq', '1 ACK'],
    ]);
  }
  #bye(asked: Asked, sip: Sip): void {
    if (this.dead) return;
    this.#ask(
      'BYE',
      asked.call,
      this.#nextHop(asked, sip),
      uriIn(sip.contact),
      this.#dialogHeaders(asked, sip, 'BYE', 2),
      '',
    );
  }
  #cancel(asked: Asked): void {
    if (asked.canceled || asked.final > 0 || this.dead) return;
    asked.canceled = true;
    const invite = readSip(asked.text)!;
    this.#ask(
      'CANCEL',
      asked.call,
      asked.to,
      invite.uri,
      [
        ['From', invite.from],
        ['To', invite.to],
        ['Call-ID', invite.callId],
        ['CSeq', '1 CANCEL'],
      ],
      '',
      branchOf(invite.vias[0]!),
    );
  }

  #incoming(sip: Sip, answer: Answer): void {
    const branch = branchOf(sip.vias[0]!);
    if (sip.method === 'ACK') {
      const key = `${sip.callId} ${param(sip.to, 'tag')}`;
      this.#unacknowledged.get(key)?.cancel();
      this.#unacknowledged.delete(key);
      return;
    }
    const key = `${branch} ${sip.method}`;
    const before = this.#answers.get(key);
    if (before !== undefined) {
      if (before !== '') answer(before);
      return;
    }
    if (sip.method === 'INVITE') {
      this.#ring(sip, branch, answer);
      return;
    }
    if (sip.method !== 'CANCEL' && this.#chance(0.05)) {
      this.#answers.set(key, '');
      return;
    }
    const roll = this.dice.fraction();
    const status = sip.method === 'CANCEL' || sip.method === 'BYE' ? 200 : roll < 0.8 ? 200 : roll < 0.9 ? 404 : 503;
    const text = this.#respond(sip, status, 'Said', `t${++this.#count}`);
    this.#answers.set(key, text);
    if (roll < 0.1 && sip.method !== 'CANCEL') answer(this.#respond(sip, 182, 'Queued', `t${this.#count}`));
    answer(text);
    if (sip.method === 'CANCEL' && this.#ringing.has(branch)) this.#finish(branch, 487);
  }

  #ring(request: Sip, branch: string, answer: Answer): void {
    let roll = this.dice.fraction();
    let ending = 200;
    for (const [share, status] of ENDINGS) {
      ending = status;
      roll -= share;
      if (roll < 0) break;
    }
    const key = `${branch} INVITE`;
    if (ending === -1) {
      this.#answers.set(key, '');
      return;
    }
    const tag = `t${++this.#count}${request.callId.split('@')[0]}`;
    if (this.#chance(0.06)) this.#talkNonsense(request, tag, answer);
    const ringing = this.#respond(request, 180, 'Ringing', tag);
    this.#answers.set(key, ringing);
    this.#ringing.set(branch, { request, tag, answer });
    if (this.#chance(0.85)) answer(ringing);
    if (this.#chance(0.2)) answer(this.#respond(request, 183, 'Session Progress', tag));
    if (this.#chance(0.02)) this.env.clock.setTimer(250, () => (this.dead = true));
    if (ending === 0) return;
    const soon = this.#chance(0.3);
    this.env.clock.setTimer(soon ? 1 : Math.floor(this.dice.fraction() * 16) * 500, () => this.#finish(branch, ending));
  }

  /** None of it belongs to any branch. */
  #talkNonsense(request: Sip, tag: string, answer: Answer): void {
    const ringing = this.#respond(request, 180, 'Ringing', tag);
    const busy = this.#respond(request, 486, 'Busy Here', tag);
    const pieces = [
      'SIP/2.0 200 OK\r\n\r\n',
      '\r\n\r\n',
      'not sip at all',
      ringing.replace('SIP/2.0 180', 'SIP/2.0 99'),
      ringing.replace('SIP/2.0 180', 'SIP/2.0 1800'),
      busy.replaceAll('branch=z9hG4bK', 'branch=z9hG4bKx'),
      busy.replace(/CSeq: \d+ INVITE/, 'CSeq: 77 NOTHING'),
      busy.slice(0, 40),
      busy.replace(/Via: .*\r\n/, 'Via: nonsense\r\n'),
    ];
    for (let n = 0; n < 3; n++) answer(pieces[Math.floor(this.dice.fraction() * pieces.length)]!);
  }

  #finish(branch: string, status: number): void {
    const ringing = this.#ringing.get(branch);
    if (!ringing || this.dead) return;
    this.#ringing.delete(branch);
    const { request, tag, answer } = ringing;
    const text = this.#respond(request, status, 'Said', tag);
    this.#answers.set(`${branch} INVITE`, text);
    answer(text);
    // Two phones behind one branch (RFC 3261 §13.2.2.4).
    if (status === 200 && this.#chance(0.04)) this.#untilAcknowledged(request, `${tag}b`, 200, answer);
    this.#repeat(request, tag, text, answer);
  }
  #untilAcknowledged(request: Sip, tag: string, status: number, answer: Answer): void {
    const text = this.#respond(request, status, 'Said', tag);
    answer(text);
    this.#repeat(request, tag, text, answer);
  }
  #repeat(request: Sip, tag: string, text: string, answer: Answer): void {
    const end = this.#now() + GIVE_UP_MS;
    const key = `${request.callId} ${tag}`;
    let waitMs = T1;
    const timer = this.env.clock.setTimer(waitMs, () => {
      if (this.dead || this.#now() > end) {
        this.#unacknowledged.delete(key);
        return;
      }
      answer(text);
      waitMs = Math.min(waitMs * 2, T2);
      timer.rearm(waitMs);
    });
    this.#unacknowledged.set(key, timer);
  }

  #respond(request: Sip, status: number, reason: string, tag: string): string {
    const mark = request.callId.split('@')[0]!;
    return writeSip(
      `SIP/2.0 ${status} ${reason}`,
      [
        ...request.vias.map((via): [string, string] => ['Via', via]),
        ...request.recordRoutes.map((route): [string, string] => ['Record-Route', route]),
        ['From', request.from],
        ['To', request.to.includes(';tag=') ? request.to : `${request.to};tag=${tag}`],
        ['Call-ID', request.callId],
        ['CSeq', request.cseq],
        ['Contact', `<sip:${mark}@${this.at.ip}:${this.at.port}>`],
        ['X-Call', mark],
      ],
      status > 100 && status < 300 ? `answer of ${mark}` : '',
    );
  }
}
