/**
 * A peer in a scenario: builds SIP text from short helpers, sends it to the server, waits for what the server sends it.
 *
 * Everything it makes up (branches, tags, Call-IDs) follows from the scenario's name and a counter: the same in every run.
 */

import type { Arrival, PeerProto, PeerSockets, TlsChoice } from '../support/peers.js';
import { type PeerName, peerPorts, toWire } from '../support/ports.js';
import { tokensOf } from './mask.js';
import { Packet, splitList } from './packet.js';

/** A scenario cannot go on: what a peer waited for did not come. */
export class Stuck extends Error {}

export interface SendOptions {
  /** Request-URI, when it is not the address of `to`. */
  readonly uri?: string;
  /** Whole header lines, after Contact. */
  readonly headers?: readonly string[];
  /** Names of the usual header fields to leave out. */
  readonly omit?: readonly string[];
  readonly body?: string;
  /** Content-Type of `body`. */
  readonly type?: string;
  readonly maxForwards?: number;
  readonly contact?: string;
  readonly from?: string;
  readonly to?: string;
  readonly cseq?: number;
  readonly callId?: string;
  /** Parameters after sent-by, as `;rport`. */
  readonly viaParams?: string;
  /** Last change to the whole text. */
  readonly edit?: (text: string) => string;
  readonly over?: PeerProto;
}
export interface ReplyOptions {
  readonly reason?: string;
  readonly headers?: readonly string[];
  readonly body?: string;
  readonly type?: string;
  readonly contact?: string | null;
  readonly tag?: string | null;
  readonly edit?: (text: string) => string;
}

/** A request that was sent. */
export interface Sent {
  readonly text: string;
  readonly method: string;
  readonly uri: string;
  readonly via: string;
  readonly from: string;
  readonly to: string;
  readonly callId: string;
  readonly cseq: number;
  readonly routes: readonly string[];
  readonly over: PeerProto;
}

export interface Setting {
  readonly slug: string;
  readonly serverHost: string;
  readonly serverPort: number;
  /** How far the real ports are above the ones named here. */
  readonly shift: number;
  readonly waitMs: number;
  /** All that peers sent. */
  readonly sent: string[];
  /** Branches, tags and Call-IDs that came from the server before a peer sent them. */
  readonly made: Set<string>;
  nextCallId(): string;
}

interface Waiting {
  readonly matches: (packet: Packet) => boolean;
  readonly resolve: (packet: Packet) => void;
}

export class Party {
  /** In the order they came. */
  readonly received: Packet[] = [];
  readonly #claimed = new Set<Packet>();
  #waiting: Waiting[] = [];
  #branches = 0;
  #tags = 0;
  #registerCseq = 0;

  constructor(
    readonly name: PeerName,
    readonly proto: PeerProto,
    readonly setting: Setting,
    readonly sockets: PeerSockets,
    readonly ipv6: boolean,
  ) {}

  get user(): string {
    return `${this.name}.${this.setting.slug}`;
  }
  get host(): string {
    return this.ipv6 ? '[::1]' : '127.0.0.1';
  }
  get port(): number {
    return peerPorts[this.name] + (this.proto === 'tls' ? 1 : 0);
  }
  /** A browser does not know its own address (RFC 7118 §5). */
  get hostPort(): string {
    if (this.proto === 'ws') return `${this.name}.invalid`;
    return `${this.host}:${this.port}`;
  }
  /** Server name and certificate of the TLS connection it opens. */
  tls: TlsChoice = {};
  /** Address-of-record at the server. */
  get aor(): string {
    return `sip:${this.user}@${this.setting.serverHost}:${this.setting.serverPort}`;
  }
  get contactUri(): string {
    return `sip:${this.name}@${this.hostPort}${this.proto === 'udp' ? '' : `;transport=${this.proto}`}`;
  }
  get contact(): string {
    return `<${this.contactUri}>`;
  }
  get sdp(): string {
    const address = this.ipv6 ? 'IN IP6 ::1' : 'IN IP4 127.0.0.1';
    const lines = [
      'v=0',
      `o=${this.name} 1 1 ${address}`,
      's=-',
      `c=${address}`,
      't=0 0',
      'm=audio 30000 RTP/AVP 8 101',
    ];
    return `${[...lines, 'a=rtpmap:101 telephone-event/8000', 'a=sendrecv'].join('\r\n')}\r\n`;
  }

  newTag(): string {
    this.#tags++;
    return `${this.name}-${this.setting.slug}-${this.#tags}`;
  }
  newVia(over: PeerProto = this.proto, params = ''): string {
    this.#branches++;
    const branch = `z9hG4bK-${this.setting.slug}-${this.name}-${this.#branches}`;
    // With a port always: of a Via without one, Kamailio's To-tag does not depend on the branch (docs/deviations.md).
    const sentBy = this.proto === 'ws' ? `${this.hostPort}:${this.port}` : this.hostPort;
    return `SIP/2.0/${over.toUpperCase()} ${sentBy};branch=${branch}${params}`;
  }

  // ---- sending

  /** Sends a request outside a dialog (or, with `to` and `from` given, whatever you like). */
  async request(method: string, to: Party | string, options: SendOptions = {}): Promise<Sent> {
    const target = typeof to === 'string' ? to : to.aor;
    const over = options.over ?? this.proto;
    return this.send(
      {
        method,
        over,
        uri: options.uri ?? target,
        via: this.newVia(over, options.viaParams),
        from: options.from ?? `"${this.name}" <${this.aor}>;tag=${this.newTag()}`,
        to: options.to ?? `<${target}>`,
        callId: options.callId ?? this.setting.nextCallId(),
        cseq: options.cseq ?? 1,
        routes: [],
      },
      options,
    );
  }
  /** INVITE with an SDP body. */
  invite(to: Party | string, options: SendOptions = {}): Promise<Sent> {
    return this.request('INVITE', to, { body: this.sdp, ...options });
  }

  /** Sends the text of a request built from its parts. */
  async send(parts: Omit<Sent, 'text'>, options: SendOptions = {}): Promise<Sent> {
    const body = options.body ?? '';
    const fields: [string, string][] = [
      ['Via', parts.via],
      ['Max-Forwards', String(options.maxForwards ?? 70)],
      ...parts.routes.map((route): [string, string] => ['Route', route]),
      ['From', parts.from],
      ['To', parts.to],
      ['Call-ID', parts.callId],
      ['CSeq', `${parts.cseq} ${parts.method}`],
      ['Contact', options.contact ?? this.contact],
    ];
    const plain = ['ACK', 'CANCEL', 'BYE', 'MESSAGE', 'OPTIONS'];
    const omit = new Set(options.omit ?? []);
    if (plain.includes(parts.method) && options.contact === undefined) omit.add('Contact');
    const lines = fields.filter(([name]) => !omit.has(name)).map(([name, value]) => `${name}: ${value}`);
    lines.push(...(options.headers ?? []));
    if (body !== '' && !omit.has('Content-Type')) lines.push(`Content-Type: ${options.type ?? 'application/sdp'}`);
    if (!omit.has('Content-Length')) lines.push(`Content-Length: ${body.length}`);
    const built = `${parts.method} ${parts.uri} SIP/2.0\r\n${lines.join('\r\n')}\r\n\r\n${body}`;
    const text = options.edit === undefined ? built : options.edit(built);
    await this.raw(text, parts.over);
    return { ...parts, text };
  }

  /** Sends these bytes. */
  async raw(text: string, over: PeerProto = this.proto): Promise<void> {
    const { setting } = this;
    setting.sent.push(text);
    const host = setting.serverHost.replace(/[[\]]/g, '');
    const port = setting.serverPort + setting.shift;
    const bytes = toWire(text, setting.shift);
    if (over === 'tls') await this.sockets.sendTls(bytes, host, port + 1, this.tls);
    else if (over === 'tcp') await this.sockets.sendTcp(bytes, host, port);
    else if (over === 'ws') await this.sockets.sendWs(bytes, host, port);
    else this.sockets.sendUdp(bytes, host, port);
  }
  /** The same bytes again. */
  resend(sent: Sent): Promise<void> {
    return this.raw(sent.text, sent.over);
  }

  /** ACK for a final response: a new transaction along the route set for a 2xx, else part of the INVITE's (RFC 3261 §13.2.2.4, §17.1.1.3). */
  async ack(invite: Sent, response: Packet, options: SendOptions = {}): Promise<Sent> {
    if (response.status < 300) return this.dialog(invite, response).send('ACK', options);
    const { text: _, ...parts } = invite;
    return this.send({ ...parts, method: 'ACK', to: response.header('To') }, options);
  }
  async cancel(invite: Sent, options: SendOptions = {}): Promise<Sent> {
    const { text: _, ...parts } = invite;
    return this.send({ ...parts, method: 'CANCEL' }, options);
  }

  /** Answers a request along its Via. */
  async reply(request: Packet, status: number, options: ReplyOptions = {}): Promise<string> {
    const body = options.body ?? '';
    const to = request.header('To');
    const tag = options.tag === undefined ? `${this.name}-${this.setting.slug}-uas` : options.tag;
    const tagged = status === 100 || tag === null || request.tagOf('To') !== '' ? to : `${to};tag=${tag}`;
    const lines = [
      `SIP/2.0 ${status} ${options.reason ?? reasons[status] ?? 'Whatever'}`,
      ...request.headers('Via').map((via) => `Via: ${via}`),
      ...(status > 100 && status < 300 ? request.headers('Record-Route').map((route) => `Record-Route: ${route}`) : []),
      `From: ${request.header('From')}`,
      `To: ${tagged}`,
      `Call-ID: ${request.header('Call-ID')}`,
      `CSeq: ${request.header('CSeq')}`,
    ];
    const withContact = request.method === 'INVITE' && status > 100 && status < 300;
    const contact = options.contact === undefined && withContact ? this.contact : options.contact;
    if (contact !== undefined && contact !== null) lines.push(`Contact: ${contact}`);
    lines.push(...(options.headers ?? []));
    if (body !== '') lines.push(`Content-Type: ${options.type ?? 'application/sdp'}`);
    lines.push(`Content-Length: ${body.length}`);
    const built = `${lines.join('\r\n')}\r\n\r\n${body}`;
    const text = options.edit === undefined ? built : options.edit(built);
    this.setting.sent.push(text);
    request.arrival.answer(text);
    return text;
  }

  // ---- waiting

  /**
   * Next request of this method, or response of this status (and CSeq method), that nobody waited for yet. `final`: whatever final
   * response comes next. Rejects with `Stuck` after `withinMs`, or when `over` is aborted.
   */
  receives(
    what: string | number,
    method?: string,
    withinMs = this.setting.waitMs,
    over?: AbortSignal,
  ): Promise<Packet> {
    const matches = (packet: Packet) =>
      typeof what === 'number'
        ? packet.status === what && (method === undefined || packet.method === method)
        : what === 'final'
          ? packet.status >= 200 && (method === undefined || packet.method === method)
          : packet.status === 0 && packet.method === what;
    const there = this.received.find((packet) => !this.#claimed.has(packet) && matches(packet));
    if (there !== undefined) {
      this.#claimed.add(there);
      return Promise.resolve(there);
    }
    return new Promise((resolve, reject) => {
      const giveUp = () => {
        settled();
        this.#waiting = this.#waiting.filter((waiting) => waiting !== entry);
        reject(new Stuck(`${this.name} waited for ${method === undefined ? what : `${what} to ${method}`} in vain`));
      };
      const settled = () => {
        clearTimeout(timer);
        over?.removeEventListener('abort', giveUp);
      };
      const timer = setTimeout(giveUp, withinMs);
      over?.addEventListener('abort', giveUp);
      const entry: Waiting = {
        matches,
        resolve: (packet) => {
          settled();
          resolve(packet);
        },
      };
      this.#waiting.push(entry);
    });
  }

  arrived(arrival: Arrival): void {
    const { sent, made } = this.setting;
    for (const token of tokensOf(arrival.text)) {
      if (!made.has(token) && !sent.some((text) => text.includes(token))) made.add(token);
    }
    const packet = new Packet(arrival);
    this.received.push(packet);
    const waiting = this.#waiting.find((entry) => entry.matches(packet));
    if (waiting === undefined) return;
    this.#claimed.add(packet);
    this.#waiting = this.#waiting.filter((entry) => entry !== waiting);
    waiting.resolve(packet);
  }

  // ---- larger steps

  /** REGISTER; resolves with the final response. */
  async register(options: SendOptions & { readonly aor?: string; readonly status?: number } = {}): Promise<Packet> {
    const aor = options.aor ?? this.aor;
    this.#registerCseq++;
    const server = `sip:${this.setting.serverHost}:${this.setting.serverPort}`;
    await this.request('REGISTER', aor, {
      uri: server,
      from: `<${aor}>;tag=${this.newTag()}`,
      callId: `register-${this.name}-${this.setting.slug}`,
      cseq: this.#registerCseq,
      ...options,
    });
    return this.receives(options.status ?? 200, 'REGISTER');
  }

  /** The dialog of an INVITE this party sent and the response that made it. */
  dialog(invite: Sent, response: Packet): Dialog;
  /** The dialog of an INVITE this party received and answered. */
  dialog(invite: Packet): Dialog;
  dialog(invite: Sent | Packet, response?: Packet): Dialog {
    if (invite instanceof Packet) {
      const tag = invite.tagOf('To') || `${this.name}-${this.setting.slug}-uas`;
      return new Dialog(this, {
        local: invite.tagOf('To') === '' ? `${invite.header('To')};tag=${tag}` : invite.header('To'),
        remote: invite.header('From'),
        callId: invite.header('Call-ID'),
        routes: splitList(invite.headers('Record-Route')),
        target: invite.contactUri(),
        cseq: 100,
      });
    }
    if (response === undefined) throw new Error('a dialog needs the response that made it');
    return new Dialog(this, {
      local: invite.from,
      remote: response.header('To'),
      callId: invite.callId,
      routes: splitList(response.headers('Record-Route')).reverse(),
      target: response.contactUri() || invite.uri,
      cseq: invite.cseq,
    });
  }
}

/** One side of a dialog (RFC 3261 §12). */
export class Dialog {
  #cseq: number;
  constructor(
    readonly party: Party,
    readonly state: {
      readonly local: string;
      readonly remote: string;
      readonly callId: string;
      readonly routes: readonly string[];
      readonly target: string;
      readonly cseq: number;
    },
  ) {
    this.#cseq = state.cseq;
  }

  /** Sends a request in the dialog. An ACK keeps the CSeq number. */
  send(method: string, options: SendOptions & { readonly routes?: readonly string[] } = {}): Promise<Sent> {
    if (method !== 'ACK') this.#cseq++;
    const { party, state } = this;
    const over = options.over ?? party.proto;
    return party.send(
      {
        method,
        over,
        uri: options.uri ?? state.target,
        via: party.newVia(over, options.viaParams),
        from: options.from ?? state.local,
        to: options.to ?? state.remote,
        callId: state.callId,
        cseq: options.cseq ?? this.#cseq,
        routes: options.routes ?? state.routes,
      },
      options,
    );
  }
}

const reasons: Readonly<Record<number, string>> = {
  100: 'Trying',
  180: 'Ringing',
  183: 'Session Progress',
  200: 'OK',
  202: 'Accepted',
  300: 'Multiple Choices',
  301: 'Moved Permanently',
  302: 'Moved Temporarily',
  400: 'Bad Request',
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'Not Found',
  407: 'Proxy Authentication Required',
  408: 'Request Timeout',
  415: 'Unsupported Media Type',
  480: 'Temporarily Unavailable',
  481: 'Call/Transaction Does Not Exist',
  486: 'Busy Here',
  487: 'Request Terminated',
  488: 'Not Acceptable Here',
  491: 'Request Pending',
  500: 'Server Internal Error',
  503: 'Service Unavailable',
  600: 'Busy Everywhere',
  603: 'Decline',
  604: 'Does Not Exist Anywhere',
};
