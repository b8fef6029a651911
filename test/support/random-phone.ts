/**
 * A phone that acts on its own, by the dice of a seed: calls, answers, refuses, hangs up, cancels, ignores, and retransmits as
 * RFC 3261 §17 has it. For long random runs; it keeps what the invariants are checked against.
 */

import type { SeededRandom, SimulatedEnvironment } from '../../runtime/env/simulated.js';
import type { DatagramSocket, Endpoint, Timer } from '../../runtime/env.js';
import { allValues, firstValue, paramOf, readSip, type SipText, uriIn, writeSip } from './sip-text.js';

const T1 = 500;
const T2 = 4000;
const GIVE_UP_MS = 64 * T1;
const REMEMBERED_MS = 4500;

/** A request of ours, until its final response. */
interface Asked {
  readonly branch: string;
  readonly method: string;
  readonly bytes: string;
  timer: Timer | null;
  /**
   * Status and tag of the final responses seen; more than one kind breaks the rules. Late ones do not count: what comes when
   * the proxy has forgotten the transaction (tm's wait_timer, 5 s) it passes on statelessly, as Kamailio does.
   */
  readonly finals: Set<string>;
  finalAt: number;
  provisional: boolean;
  readonly sentAt: number;
  gaveUp: boolean;
  ack: string | null;
}

/** One phone may be reached by several branches of a call: each response of it has its own ACK. */
const ackKey = (sip: SipText, tag: string): string => `${firstValue(sip, 'Call-ID') ?? ''} ${tag}`;

export class RandomPhone {
  readonly asked: Asked[] = [];
  /** Responses of ours to INVITEs, by Via branch: what a retransmission gets again. */
  private readonly answered = new Map<string, string>();
  private readonly ringing = new Map<string, { request: SipText; tag: string; from: Endpoint; timer: Timer | null }>();
  private readonly unacknowledged = new Map<string, Timer>();
  private socket: DatagramSocket | null = null;
  private count = 0;
  /** Bytes nobody should have sent us. */
  readonly strange: string[] = [];

  constructor(
    readonly name: string,
    readonly at: Endpoint,
    private readonly proxy: Endpoint,
    private readonly env: SimulatedEnvironment,
    private readonly dice: SeededRandom,
  ) {}

  async open(): Promise<void> {
    this.socket = await this.env.network.bindUdp(this.at, (bytes, from) => this.arrived(readSip(bytes), from));
  }
  private get contact(): string {
    return `<sip:${this.name}@${this.at.ip}:${this.at.port}>`;
  }
  private get self(): string {
    return `<sip:${this.name}@${this.proxy.ip}>`;
  }

  register(): void {
    this.request('REGISTER', `sip:${this.proxy.ip}`, this.self, this.self, []);
  }
  call(to: string): void {
    this.request('INVITE', `sip:${to}@${this.proxy.ip}`, this.self, `<sip:${to}@${this.proxy.ip}>`, []);
  }
  message(to: string): void {
    this.request('MESSAGE', `sip:${to}@${this.proxy.ip}`, this.self, `<sip:${to}@${this.proxy.ip}>`, []);
  }

  private request(
    method: string,
    uri: string,
    from: string,
    to: string,
    routes: readonly string[],
    callId?: string,
  ): void {
    const n = ++this.count;
    const branch = `z9hG4bK-${this.name}-${n}`;
    const bytes = writeSip(
      `${method} ${uri} SIP/2.0`,
      [
        ['Via', `SIP/2.0/UDP ${this.at.ip}:${this.at.port};branch=${branch}`],
        ...routes.map((route): [string, string] => ['Route', route]),
        ['Max-Forwards', '70'],
        ['From', from.includes(';tag=') ? from : `${from};tag=${this.name}${n}`],
        ['To', to],
        ['Call-ID', callId ?? `${n}@${this.name}`],
        ['CSeq', `${n} ${method}`],
        ['Contact', this.contact],
      ],
      '',
    );
    this.ask(method, branch, bytes);
  }

  private ask(method: string, branch: string, bytes: string): void {
    const asked: Asked = {
      branch,
      method,
      bytes,
      timer: null,
      finals: new Set(),
      finalAt: 0,
      provisional: false,
      sentAt: this.env.clock.monotonic(),
      gaveUp: false,
      ack: null,
    };
    this.asked.push(asked);
    this.socket?.send(bytes, this.proxy);
    const again = (waitMs: number): void => {
      asked.timer = this.env.clock.setTimer(waitMs, () => {
        if (asked.finals.size > 0 || (asked.provisional && method === 'INVITE')) return;
        if (this.env.clock.monotonic() - asked.sentAt > GIVE_UP_MS) {
          asked.gaveUp = true;
          return;
        }
        this.socket?.send(bytes, this.proxy);
        again(method === 'INVITE' ? waitMs * 2 : Math.min(waitMs * 2, T2));
      });
    };
    again(T1);
  }

  private arrived(sip: SipText, from: Endpoint): void {
    if (sip.status > 0) this.response(sip);
    else this.incoming(sip, from);
  }

  private response(sip: SipText): void {
    const branch = paramOf(firstValue(sip, 'Via') ?? '', 'branch');
    const asked = this.asked.find((each) => each.branch === branch && each.method === sip.method);
    if (!asked || allValues(sip, 'Via').length !== 1) {
      this.strange.push(sip.bytes);
      return;
    }
    if (sip.status < 200) {
      asked.provisional = true;
      if (asked.method === 'INVITE' && sip.status > 100 && this.dice.fraction() < 0.15) this.cancel(asked);
      return;
    }
    const first = asked.finals.size === 0;
    if (first) asked.finalAt = this.env.clock.monotonic();
    if (this.env.clock.monotonic() - asked.finalAt < REMEMBERED_MS)
      asked.finals.add(`${sip.status} ${paramOf(firstValue(sip, 'To') ?? '', 'tag')}`);
    asked.timer?.cancel();
    if (asked.method !== 'INVITE') return;
    if (first) asked.ack = this.ackFor(asked, sip);
    if (asked.ack) this.socket?.send(asked.ack, this.proxy);
    if (first && sip.status < 300) this.env.clock.setTimer(this.dice.fraction() * 3000, () => this.bye(asked, sip));
  }

  private ackFor(asked: Asked, sip: SipText): string {
    const invite = readSip(asked.bytes);
    const success = sip.status < 300;
    const routes = success ? allValues(sip, 'Record-Route').reverse() : [];
    const via = firstValue(invite, 'Via') ?? '';
    return writeSip(
      `ACK ${success ? uriIn(firstValue(sip, 'Contact') ?? '') : invite.uri} SIP/2.0`,
      [
        ['Via', success ? `${via}a` : via],
        ...routes.map((route): [string, string] => ['Route', route]),
        ['Max-Forwards', '70'],
        ['From', firstValue(invite, 'From') ?? ''],
        ['To', firstValue(sip, 'To') ?? ''],
        ['Call-ID', firstValue(invite, 'Call-ID') ?? ''],
        ['CSeq', `${Number.parseInt(firstValue(invite, 'CSeq') ?? '', 10)} ACK`],
      ],
      '',
    );
  }
  private bye(asked: Asked, sip: SipText): void {
    const invite = readSip(asked.bytes);
    const routes = allValues(sip, 'Record-Route').reverse();
    const target = uriIn(firstValue(sip, 'Contact') ?? '');
    this.request(
      'BYE',
      target,
      firstValue(invite, 'From') ?? '',
      firstValue(sip, 'To') ?? '',
      routes,
      firstValue(invite, 'Call-ID') ?? '',
    );
  }
  private cancel(asked: Asked): void {
    if (this.asked.some(({ branch, method }) => branch === asked.branch && method === 'CANCEL')) return;
    const invite = readSip(asked.bytes);
    const bytes = writeSip(
      `CANCEL ${invite.uri} SIP/2.0`,
      [
        ...['Via', 'Max-Forwards', 'From', 'To', 'Call-ID'].map((name): [string, string] => [
          name,
          firstValue(invite, name) ?? '',
        ]),
        ['CSeq', `${Number.parseInt(firstValue(invite, 'CSeq') ?? '', 10)} CANCEL`],
      ],
      '',
    );
    this.ask('CANCEL', asked.branch, bytes);
  }

  private incoming(sip: SipText, from: Endpoint): void {
    const branch = paramOf(firstValue(sip, 'Via') ?? '', 'branch') ?? '';
    if (sip.method === 'ACK') {
      const key = ackKey(sip, paramOf(firstValue(sip, 'To') ?? '', 'tag') ?? '');
      this.unacknowledged.get(key)?.cancel();
      this.unacknowledged.delete(key);
      return;
    }
    if (sip.method === 'INVITE') {
      const before = this.answered.get(branch);
      if (before) this.socket?.send(before, from);
      else this.ring(sip, branch, from);
      return;
    }
    if (sip.method === 'CANCEL') {
      const ringing = this.ringing.get(branch);
      this.socket?.send(this.respond(sip, 200, 'OK', 'c'), from);
      if (ringing) this.finish(branch, 487, 'Request Terminated');
      return;
    }
    this.socket?.send(this.respond(sip, 200, 'OK', 'x'), from);
  }

  private ring(request: SipText, branch: string, from: Endpoint): void {
    // One in ten hears nothing: the proxy's timers have to end it.
    if (this.dice.fraction() < 0.1) return;
    const tag = `${this.name}t${++this.count}`;
    const ringing = this.respond(request, 180, 'Ringing', tag);
    this.answered.set(branch, ringing);
    this.socket?.send(ringing, from);
    const outcome = this.dice.fraction();
    const timer = this.env.clock.setTimer(this.dice.fraction() * 8000, () => {
      if (outcome < 0.55) this.finish(branch, 200, 'OK');
      else if (outcome < 0.75) this.finish(branch, 486, 'Busy Here');
      else if (outcome < 0.85) this.finish(branch, 603, 'Decline');
      else if (outcome < 0.95) this.finish(branch, 500, 'Server Internal Error');
    });
    this.ringing.set(branch, { request, tag, from, timer });
  }

  private finish(branch: string, status: number, reason: string): void {
    const ringing = this.ringing.get(branch);
    if (!ringing) return;
    this.ringing.delete(branch);
    ringing.timer?.cancel();
    const { request, tag, from } = ringing;
    const bytes = this.respond(request, status, reason, tag);
    this.answered.set(branch, bytes);
    this.socket?.send(bytes, from);
    const key = ackKey(request, tag);
    const end = this.env.clock.monotonic() + GIVE_UP_MS;
    const again = (waitMs: number): void => {
      const timer = this.env.clock.setTimer(waitMs, () => {
        if (this.unacknowledged.get(key) !== timer || this.env.clock.monotonic() > end) return;
        this.socket?.send(bytes, from);
        again(Math.min(waitMs * 2, T2));
      });
      this.unacknowledged.set(key, timer);
    };
    again(T1);
  }

  private respond(request: SipText, status: number, reason: string, tag: string): string {
    const to = firstValue(request, 'To') ?? '';
    return writeSip(
      `SIP/2.0 ${status} ${reason}`,
      [
        ...allValues(request, 'Via').map((via): [string, string] => ['Via', via]),
        ...allValues(request, 'Record-Route').map((route): [string, string] => ['Record-Route', route]),
        ['From', firstValue(request, 'From') ?? ''],
        ['To', to.includes(';tag=') ? to : `${to};tag=${tag}`],
        ['Call-ID', firstValue(request, 'Call-ID') ?? ''],
        ['CSeq', firstValue(request, 'CSeq') ?? ''],
        ['Contact', this.contact],
      ],
      '',
    );
  }
}
