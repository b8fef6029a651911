/** A scripted endpoint: what a ladder says it sends, it sends; what it gets waits to be expected. Nothing is automatic. */

import { createHash } from 'node:crypto';
import type { SimulatedEnvironment } from '../../runtime/env/simulated.js';
import type { DatagramSocket, Endpoint, StreamConnection } from '../../runtime/env.js';
import { StreamFramer } from '../../runtime/transport/framing.js';
import type { SendStep } from './ladder-file.js';
import { allValues, firstValue, paramOf, readSip, type SipText, uriIn, writeSip } from './sip-text.js';

export interface Received {
  readonly sip: SipText;
  readonly atMs: number;
  /** Sends back the way it came. */
  readonly answer: (bytes: string) => void;
}

/** The peer's side of a dialog (RFC 3261 §12). */
interface Dialog {
  readonly callId: string;
  readonly local: string;
  readonly remote: string;
  readonly target: string;
  readonly routes: readonly string[];
  cseq: number;
}

const bracketed = ({ ip, port }: Endpoint) => `${ip.includes(':') ? `[${ip}]` : ip}:${port}`;

const reasons: Readonly<Record<number, string>> = {
  100: 'Trying',
  180: 'Ringing',
  183: 'Session Progress',
  200: 'OK',
  202: 'Accepted',
  302: 'Moved Temporarily',
  404: 'Not Found',
  486: 'Busy Here',
  487: 'Request Terminated',
  500: 'Server Internal Error',
  503: 'Service Unavailable',
  600: 'Busy Everywhere',
  603: 'Decline',
};

/** RFC 5626 §4.4.1, as a ladder shows it. */
const CRLF = '\r\n';
const PING = 'PING keep-alive SIP/2.0\r\n\r\n';
const PONG = 'PONG keep-alive SIP/2.0\r\n\r\n';

export class ScriptedPeer {
  /** Arrived, not yet expected. */
  readonly inbox: Received[] = [];
  /** All that arrived, oldest first. */
  readonly history: Received[] = [];
  /** By method or `status method`: the bytes sent last. */
  private readonly sent = new Map<string, SipText>();
  private dialog: Dialog | null = null;
  private count = 0;
  private tags = 0;
  private datagrams: DatagramSocket | null = null;
  private listener: { close(): void } | null = null;
  private readonly streams: StreamConnection[] = [];
  private outgoing: StreamConnection | null = null;

  constructor(
    readonly name: string,
    readonly proto: 'udp' | 'tcp',
    readonly at: Endpoint,
    private readonly proxy: Endpoint,
    private readonly domain: string,
    private readonly env: SimulatedEnvironment,
    private readonly note: (peer: string, toProxy: boolean, bytes: string) => void,
  ) {}

  async open(): Promise<void> {
    if (this.proto === 'udp') {
      this.datagrams = await this.env.network.bindUdp(this.at, (bytes, from) => {
        this.arrived(bytes, (answer) => this.datagrams?.send(answer, from));
      });
    } else {
      this.listener = await this.env.network.listenTcp(this.at, (stream) => this.adopt(stream));
    }
  }
  close(): void {
    this.datagrams?.close();
    this.listener?.close();
    this.closeStreams();
  }
  closeStreams(): void {
    for (const stream of this.streams.splice(0)) stream.end();
    this.outgoing = null;
  }

  private adopt(stream: StreamConnection): void {
    this.streams.push(stream);
    const framer = new StreamFramer({
      message: (bytes) => this.arrived(bytes, (answer) => stream.write(answer)),
      ping: () => {},
    });
    stream.onData = (bytes) => {
      if (bytes === CRLF) this.arrived(PONG, () => {});
      else framer.push(bytes);
    };
    stream.onClose = () => {
      const index = this.streams.indexOf(stream);
      if (index >= 0) this.streams.splice(index, 1);
      if (this.outgoing === stream) this.outgoing = null;
    };
  }

  private arrived(bytes: string, answer: (bytes: string) => void): void {
    this.note(this.name, false, bytes);
    const received: Received = { sip: readSip(bytes), atMs: this.env.clock.monotonic(), answer };
    this.inbox.push(received);
    this.history.push(received);
    const { sip } = received;
    // RFC 3261 §12.1.2: the caller's dialog.
    const invite = this.sent.get('INVITE');
    if (sip.status >= 200 && sip.status < 300 && sip.method === 'INVITE' && invite) {
      const to = firstValue(sip, 'To') ?? '';
      const cseq = Number.parseInt(firstValue(invite, 'CSeq') ?? '0', 10);
      this.dialog = {
        callId: firstValue(invite, 'Call-ID') ?? '',
        local: firstValue(invite, 'From') ?? '',
        remote: to,
        target: uriIn(firstValue(sip, 'Contact') ?? to),
        routes:
          this.dialog?.remote === to && this.dialog.routes.length > 0
            ? this.dialog.routes
            : allValues(sip, 'Record-Route').reverse(),
        cseq: Math.max(this.dialog?.cseq ?? 0, cseq),
      };
    }
  }

  async send(step: SendStep): Promise<void> {
    if (step.again) {
      const key = step.method ?? `${step.status} ${step.about ?? ''}`.trim();
      const bytes = this.sent.get(key)?.bytes;
      if (bytes === undefined) throw new Error(`${this.name} has sent no ${key} yet`);
      if (step.method === null) this.requestFor(step).answer(this.noted(bytes));
      else await this.transmit(bytes);
    } else if (step.method === null) this.respond(step);
    else await this.request(step, step.method);
  }

  private noted(bytes: string): string {
    this.note(this.name, true, bytes);
    return bytes;
  }

  private async transmit(bytes: string, shown = bytes): Promise<void> {
    this.noted(shown);
    if (this.datagrams) return void this.datagrams.send(bytes, this.proxy);
    if (!this.outgoing) {
      const connecting = this.env.network.connectTcp(this.proxy, { localIp: this.at.ip, timeoutMs: 1000 });
      connecting.then(
        (stream) => {
          this.outgoing = stream;
          this.adopt(stream);
        },
        () => {},
      );
      await this.env.clock.advance(10);
      await connecting;
    }
    this.outgoing?.write(bytes);
  }

  private async request(step: SendStep, method: string): Promise<void> {
    if (method === 'PING') return this.transmit(CRLF + CRLF, PING);
    const bytes = this.build(step, method);
    const sip = readSip(bytes);
    this.sent.set(method, sip);
    await this.transmit(bytes);
  }

  private build(step: SendStep, method: string): string {
    const invite = this.sent.get('INVITE');
    if (method === 'CANCEL') {
      if (!invite) throw new Error(`${this.name} has sent no INVITE to cancel`);
      return this.likeInvite(step, method, invite, firstValue(invite, 'To') ?? '');
    }
    if (method === 'ACK' && step.uri === null) {
      const final = this.history.findLast(({ sip }) => sip.method === 'INVITE' && sip.status >= 200)?.sip;
      if (!invite || !final) throw new Error(`${this.name} has no final response to acknowledge`);
      // RFC 3261 §17.1.1.3: the ACK to a refusal belongs to the INVITE's transaction; §13.2.2.4: to a 2xx it is its own.
      if (final.status >= 300) return this.likeInvite(step, method, invite, firstValue(final, 'To') ?? '');
      if (!this.dialog) throw new Error(`${this.name} has no dialog`);
      return this.inDialog(step, method, this.dialog, Number.parseInt(firstValue(invite, 'CSeq') ?? '0', 10));
    }
    if (step.uri === null && this.dialog) return this.inDialog(step, method, this.dialog, ++this.dialog.cseq);
    const self = `sip:${step.from ?? this.name}@${this.domain}`;
    const uri = step.uri ?? `sip:${this.domain}`;
    this.dialog = null;
    const n = ++this.count;
    return this.finish(step, `${method} ${uri} SIP/2.0`, [
      ['Via', this.via()],
      ['Max-Forwards', '70'],
      ['From', `<${self}>;tag=${this.name}${n}`],
      ['To', method === 'REGISTER' ? `<${self}>` : `<${uri}>`],
      ['Call-ID', `call${n}@${this.name}`],
      ['CSeq', `${n} ${method}`],
      ['Contact', this.contact()],
    ]);
  }

  private likeInvite(step: SendStep, method: string, invite: SipText, to: string): string {
    return this.finish(step, `${method} ${invite.uri} SIP/2.0`, [
      ['Via', firstValue(invite, 'Via') ?? ''],
      ...allValues(invite, 'Route').map((route): [string, string] => ['Route', route]),
      ['Max-Forwards', '70'],
      ['From', firstValue(invite, 'From') ?? ''],
      ['To', to],
      ['Call-ID', firstValue(invite, 'Call-ID') ?? ''],
      ['CSeq', `${Number.parseInt(firstValue(invite, 'CSeq') ?? '0', 10)} ${method}`],
    ]);
  }

  private inDialog(step: SendStep, method: string, dialog: Dialog, cseq: number): string {
    return this.finish(step, `${method} ${dialog.target} SIP/2.0`, [
      ['Via', this.via()],
      ...dialog.routes.map((route): [string, string] => ['Route', route]),
      ['Max-Forwards', '70'],
      ['From', dialog.local],
      ['To', dialog.remote],
      ['Call-ID', dialog.callId],
      ['CSeq', `${cseq} ${method}`],
      ['Contact', this.contact()],
    ]);
  }

  /** The request a response step is for: the last of the method named, else the last that was no ACK. */
  private requestFor(step: SendStep): Received {
    const found = this.history.findLast(
      ({ sip }) => sip.status === 0 && (step.about === null ? sip.method !== 'ACK' : sip.method === step.about),
    );
    if (!found) throw new Error(`${this.name} has received no ${step.about ?? 'request'} to answer`);
    return found;
  }

  private respond(step: SendStep): void {
    const received = this.requestFor(step);
    const request = received.sip;
    const to = firstValue(request, 'To') ?? '';
    const own = this.dialog?.callId === firstValue(request, 'Call-ID') ? paramOf(this.dialog.local, 'tag') : null;
    const tag = step.tag ?? own ?? `${this.name}${step.status === 100 ? '' : ++this.tags}`;
    const tagged = paramOf(to, 'tag') !== null || step.status === 100 ? to : `${to};tag=${tag}`;
    if (request.method === 'INVITE' && step.status > 100 && step.status < 300) {
      const contact = firstValue(request, 'Contact') ?? '';
      // RFC 3261 §12.2: inside a dialog the target may change, the route set never does.
      const inside = paramOf(to, 'tag') !== null && this.dialog?.callId === firstValue(request, 'Call-ID');
      this.dialog = {
        callId: firstValue(request, 'Call-ID') ?? '',
        local: tagged,
        remote: firstValue(request, 'From') ?? '',
        target: uriIn(contact),
        routes: inside && this.dialog ? this.dialog.routes : allValues(request, 'Record-Route'),
        cseq: this.dialog?.cseq ?? 0,
      };
    }
    const bytes = this.finish(step, `SIP/2.0 ${step.status} ${step.reason ?? reasons[step.status] ?? 'Whatever'}`, [
      ...allValues(request, 'Via').map((via): [string, string] => ['Via', via]),
      ...(step.status < 300 ? allValues(request, 'Record-Route') : []).map((route): [string, string] => [
        'Record-Route',
        route,
      ]),
      ['From', firstValue(request, 'From') ?? ''],
      ['To', tagged],
      ['Call-ID', firstValue(request, 'Call-ID') ?? ''],
      ['CSeq', firstValue(request, 'CSeq') ?? ''],
      ...(step.status > 100 && step.status < 300 ? [['Contact', this.contact()] as [string, string]] : []),
    ]);
    const sip = readSip(bytes);
    this.sent.set(String(step.status), sip);
    this.sent.set(`${step.status} ${request.method}`, sip);
    received.answer(this.noted(bytes));
  }

  private finish(step: SendStep, firstLine: string, headers: [string, string][]): string {
    const all = [...headers];
    for (const [name, value] of step.headers) {
      const login = /^with ([^:\s]+):(\S+)$/.exec(value);
      if (login) {
        for (const line of this.credentials(firstLine, login[1]!, login[2]!)) all.push([name, line]);
        continue;
      }
      const index = all.findIndex(([each]) => each.toLowerCase() === name.toLowerCase());
      if (index < 0) {
        if (value !== '') all.push([name, value]);
      } else if (value === '') all.splice(index, 1);
      else all[index] = [name, value];
    }
    return writeSip(firstLine, all, step.body);
  }

  /** For the last challenge of each realm (RFC 7616 §3.4, without qop). */
  private credentials(firstLine: string, user: string, password: string): string[] {
    const md5 = (text: string) => createHash('md5').update(text, 'latin1').digest('hex');
    const [method = '', uri = ''] = firstLine.split(' ');
    const nonces = new Map<string, string>();
    for (const { sip } of this.history) {
      const challenge = firstValue(sip, sip.status === 401 ? 'WWW-Authenticate' : 'Proxy-Authenticate') ?? '';
      const part = (name: string) => new RegExp(`\\b${name}="([^"]*)"`).exec(challenge)?.[1] ?? '';
      if (challenge !== '') nonces.set(part('realm'), part('nonce'));
    }
    return [...nonces].map(([realm, nonce]) => {
      const response = md5(`${md5(`${user}:${realm}:${password}`)}:${nonce}:${md5(`${method}:${uri}`)}`);
      return `Digest username="${user}", realm="${realm}", nonce="${nonce}", uri="${uri}", response="${response}", algorithm=MD5`;
    });
  }

  private branches = 0;
  private via(): string {
    return `SIP/2.0/${this.proto.toUpperCase()} ${bracketed(this.at)};branch=z9hG4bK-${this.name}-${++this.branches}`;
  }
  private contact(): string {
    return `<sip:${this.name}@${bracketed(this.at)}${this.proto === 'tcp' ? ';transport=tcp' : ''}>`;
  }
}
