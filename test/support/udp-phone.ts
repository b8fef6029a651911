/** A phone by hand on loopback UDP: sends what a test writes, keeps what came, waits for what the test expects. */
import { createSocket, type Socket } from 'node:dgram';
import { allValues, firstValue, paramOf, readSip, type SipText, writeSip } from './sip-text.js';

const WAIT_MS = 10_000;

export class UdpPhone {
  readonly arrived: SipText[] = [];
  #taken = 0;
  #looking: (() => void) | null = null;
  #branches = 0;

  private constructor(
    readonly user: string,
    readonly port: number,
    readonly server: number,
    private readonly socket: Socket,
  ) {
    socket.on('message', (bytes) => {
      this.arrived.push(readSip(bytes.toString('latin1')));
      this.#looking?.();
    });
  }

  static open(user: string, port: number, server: number): Promise<UdpPhone> {
    const socket = createSocket('udp4');
    return new Promise((resolve, reject) => {
      socket.once('error', reject);
      socket.bind(port, '127.0.0.1', () => resolve(new UdpPhone(user, port, server, socket)));
    });
  }
  close(): void {
    this.socket.close();
  }

  /** To: the user's own address for REGISTER, else `to`. */
  request(method: string, to: string, more: readonly (readonly [string, string])[] = [], body = ''): void {
    const domain = `127.0.0.1:${this.server}`;
    const uri = method === 'REGISTER' ? `sip:${domain}` : to.includes(':') ? to : `sip:${to}@${domain}`;
    this.send(
      writeSip(
        `${method} ${uri} SIP/2.0`,
        [
          ['Via', `SIP/2.0/UDP 127.0.0.1:${this.port};branch=z9hG4bK-${this.user}-${++this.#branches}`],
          ['Max-Forwards', '70'],
          ['From', `<sip:${this.user}@${domain}>;tag=${this.user}`],
          ['To', `<sip:${method === 'REGISTER' ? this.user : to}@${domain}>`],
          ['Call-ID', `${this.user}-${this.port}`],
          ['CSeq', `${this.#branches} ${method}`],
          ['Contact', `<sip:${this.user}@127.0.0.1:${this.port}>`],
          ...more,
        ],
        body,
      ),
    );
  }
  respond(request: SipText, status: number, reason: string): void {
    const copied = request.headers
      .filter(([name]) => ['via', 'from', 'to', 'call-id', 'cseq', 'record-route'].includes(name.toLowerCase()))
      .map(([name, value]): [string, string] => [
        name,
        name === 'To' && paramOf(value, 'tag') === null ? `${value};tag=${this.user}` : value,
      ]);
    const contact: [string, string] = ['Contact', `<sip:${this.user}@127.0.0.1:${this.port}>`];
    this.send(writeSip(`SIP/2.0 ${status} ${reason}`, [...copied, contact], ''));
  }
  /** The ACK of a 2xx, along the recorded route. */
  acknowledge(response: SipText): void {
    const cseq = firstValue(response, 'CSeq')!.split(' ')[0]!;
    const routes = allValues(response, 'Record-Route').reverse();
    this.send(
      writeSip(
        `ACK ${firstValue(response, 'Contact')!.slice(1, -1)} SIP/2.0`,
        [
          ['Via', `SIP/2.0/UDP 127.0.0.1:${this.port};branch=z9hG4bK-${this.user}-ack`],
          ['Max-Forwards', '70'],
          ...routes.map((route): [string, string] => ['Route', route]),
          ['From', firstValue(response, 'From')!],
          ['To', firstValue(response, 'To')!],
          ['Call-ID', firstValue(response, 'Call-ID')!],
          ['CSeq', `${cseq} ACK`],
        ],
        '',
      ),
    );
  }
  send(bytes: string): void {
    this.socket.send(Buffer.from(bytes, 'latin1'), this.server, '127.0.0.1');
  }

  /** The next message not yet taken that begins with this; what came before it is skipped. */
  async expect(start: string): Promise<SipText> {
    const until = performance.now() + WAIT_MS;
    for (;;) {
      while (this.#taken < this.arrived.length) {
        const message = this.arrived[this.#taken++]!;
        if (message.firstLine.startsWith(start)) return message;
      }
      if (performance.now() > until)
        throw new Error(
          `${this.user} got no ${start}; it got: ${this.arrived.map(({ firstLine }) => firstLine).join(' | ')}`,
        );
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, WAIT_MS);
        this.#looking = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
  }
}
