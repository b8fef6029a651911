/**
 * TLS over `node:tls`. A server reads the hello itself (client-hello.ts), then hands the socket to a `tls.Server` that
 * listens nowhere and holds the chosen profile: so rules may differ by server name and change while connections are open.
 */
import {
  connect,
  createSecureContext,
  createServer,
  type DetailedPeerCertificate,
  type SecureContext,
  type Server,
  type TLSSocket,
} from 'node:tls';
import type { Clock, SecureInfo, SecureStream, StreamConnection, TlsContext, TlsLayer, TlsProfile } from '../env.js';
import { MAX_HELLO_BYTES, readServerName } from './client-hello.js';
import { RealConnection } from './real-connection.js';

const failure = (text: string, code = 'EPROTO') => Object.assign(new Error(text), { code });

class RealContext implements TlsContext {
  readonly secureContext: SecureContext;
  /** Handshakes under way, by the peer's address. */
  readonly shaking = new Map<string, { done(socket: TLSSocket): void; failed(error: Error): void }>();
  private server: Server | null = null;

  constructor(readonly profile: TlsProfile) {
    this.secureContext = createSecureContext(optionsOf(profile));
  }
  get acceptor(): Server {
    if (this.server) return this.server;
    const { verify, require } = this.profile;
    const server = createServer({
      ...optionsOf(this.profile),
      requestCert: verify || require,
      // Checked in `check`, which can say why.
      rejectUnauthorized: false,
      pauseOnConnect: false,
    });
    server.on('secureConnection', (socket) => this.shaking.get(keyOf(socket))?.done(socket));
    const { onKey } = this.profile;
    if (onKey) server.on('keylog', (line: Buffer) => onKey(keyLine(line)));
    server.on('tlsClientError', (error, socket) => this.shaking.get(keyOf(socket))?.failed(error));
    this.server = server;
    return server;
  }
}

const optionsOf = (p: TlsProfile) => ({
  cert: p.certificate ?? undefined,
  key: p.privateKey ?? undefined,
  passphrase: p.privateKeyPassword,
  // An empty list: nobody is trusted, as in Kamailio; Node's own roots would trust half the world.
  ca: [...p.ca],
  crl: p.crl ?? undefined,
  ciphers: p.ciphers === '' ? undefined : p.ciphers,
  minVersion: p.minVersion,
  maxVersion: p.maxVersion,
});
const keyLine = (line: Buffer): string => line.toString('latin1').trimEnd();
const keyOf = (s: { remoteAddress?: string; remotePort?: number; localPort?: number }) =>
  `${s.remoteAddress}|${s.remotePort}|${s.localPort}`;

export class RealTls implements TlsLayer {
  constructor(private readonly clock: Clock) {}

  context(profile: TlsProfile): TlsContext {
    return new RealContext(profile);
  }

  accept(
    stream: StreamConnection,
    choose: (serverName: string) => TlsContext | null,
    timeoutMs: number,
  ): Promise<SecureStream> {
    if (!(stream instanceof RealConnection)) return Promise.reject(failure('not a stream of this environment'));
    const socket = stream.release();
    return new Promise((resolve, reject) => {
      let held = Buffer.alloc(0);
      let finish: (() => void) | null = null;
      const end = (error: Error) => {
        timer.cancel();
        finish?.();
        socket.off('data', onHello);
        socket.destroy();
        reject(error);
      };
      const timer = this.clock.setTimer(timeoutMs, () => end(failure('no handshake in time', 'ETIMEDOUT')));
      socket.on('error', (error) => end(error));
      socket.once('close', () => end(failure('closed during the handshake', 'ECONNRESET')));
      const onHello = (bytes: Buffer) => {
        held = Buffer.concat([held, bytes]);
        const hello = readServerName(held);
        if (hello === 'more' && held.length < MAX_HELLO_BYTES) return;
        if (typeof hello === 'string') return end(failure('what came is no TLS hello'));
        const context = choose(hello.name);
        if (!(context instanceof RealContext)) return end(failure(`nothing serves the name "${hello.name}"`));
        socket.off('data', onHello);
        socket.pause();
        socket.unshift(held);
        const key = keyOf(socket);
        finish = () => void context.shaking.delete(key);
        context.shaking.set(key, {
          failed: end,
          done(secured) {
            const problem = check(secured, context.profile);
            if (problem) return end(problem);
            timer.cancel();
            finish?.();
            resolve(new RealSecureStream(stream, secured, hello.name));
          },
        });
        context.acceptor.emit('connection', socket);
      };
      socket.on('data', onHello);
    });
  }

  connect(
    stream: StreamConnection,
    context: TlsContext,
    options: { readonly serverName: string; readonly verifyName: string | null; readonly timeoutMs: number },
  ): Promise<SecureStream> {
    if (!(stream instanceof RealConnection) || !(context instanceof RealContext))
      return Promise.reject(failure('not a stream of this environment'));
    const socket = stream.release();
    const { verifyName } = options;
    return new Promise((resolve, reject) => {
      const secured = connect({
        socket,
        secureContext: context.secureContext,
        servername: options.serverName,
        rejectUnauthorized: false,
        ...(verifyName === null ? { checkServerIdentity: () => undefined } : {}),
      });
      const { onKey } = context.profile;
      if (onKey) secured.on('keylog', (line: Buffer) => onKey(keyLine(line)));
      const end = (error: Error) => {
        timer.cancel();
        secured.destroy();
        reject(error);
      };
      const timer = this.clock.setTimer(options.timeoutMs, () => end(failure('no handshake in time', 'ETIMEDOUT')));
      secured.once('error', end);
      secured.once('close', () => end(failure('closed during the handshake', 'ECONNRESET')));
      secured.once('secureConnect', () => {
        const problem = check(secured, context.profile);
        if (problem) return end(problem);
        timer.cancel();
        secured.off('error', end);
        resolve(new RealSecureStream(stream, secured, options.serverName));
      });
    });
  }
}

/** Node gives an empty object, or null, where there is no certificate. */
const derOf = (certificate: object | null): Uint8Array | null =>
  certificate !== null && 'raw' in certificate && certificate.raw instanceof Uint8Array ? certificate.raw : null;

/** Node links each certificate to its issuer; a root is its own. */
function chainOf(socket: TLSSocket): Uint8Array[] {
  const chain: Uint8Array[] = [];
  let at: DetailedPeerCertificate | undefined = socket.getPeerCertificate(true);
  while (at) {
    const der = derOf(at);
    if (der) chain.push(der);
    at = at.issuerCertificate === at ? undefined : at.issuerCertificate;
  }
  return chain;
}

const NO_CERTIFICATE = 'no certificate';
const problemOf = (socket: TLSSocket): string | null =>
  derOf(socket.getPeerCertificate()) === null
    ? NO_CERTIFICATE
    : socket.authorized
      ? null
      : String(socket.authorizationError ?? 'not verified');

/** A certificate that was shown has to be good when it is verified at all; `require`: there has to be one. */
function check(socket: TLSSocket, { verify, require, acceptAny, verifyDepth }: TlsProfile): Error | null {
  if (verify && socket.authorized && intermediates(socket) > verifyDepth)
    return failure("the peer's certificate is not accepted: CERT_CHAIN_TOO_LONG", 'ERR_TLS_CERT');
  const problem = problemOf(socket);
  if (problem === null || !(verify || require) || (problem === NO_CERTIFICATE && !require)) return null;
  if (acceptAny && problem !== NO_CERTIFICATE) return null;
  return failure(`the peer's certificate is not accepted: ${problem}`, 'ERR_TLS_CERT');
}

/** Certificates between the peer's own and the one at the end of its chain. */
function intermediates(socket: TLSSocket): number {
  let count = -1;
  let each = socket.getPeerCertificate(true);
  while (each.issuerCertificate !== undefined && each.issuerCertificate !== each) {
    count++;
    each = each.issuerCertificate;
  }
  return Math.max(0, count);
}

class RealSecureStream extends RealConnection implements SecureStream {
  readonly secure: SecureInfo;
  private readonly secured: TLSSocket;
  private turn = -1;
  private stuck = 0;
  constructor(plain: RealConnection, socket: TLSSocket, serverName: string) {
    super(plain.id, socket, plain.turns, plain.resetOnClose);
    this.secured = socket;
    socket.disableRenegotiation();
    const { name } = socket.getCipher();
    this.secure = {
      version: socket.getProtocol() ?? '',
      cipher: { name, bits: bitsOf(name) },
      serverName,
      peerCertificate: derOf(socket.getPeerCertificate()),
      ownCertificate: derOf(socket.getCertificate()),
      problem: problemOf(socket),
      verifiedChain: () => chainOf(socket),
    };
  }
  /** Node resets no encrypted connection; its descriptor was told to (`tuneStream`). */
  protected override reset(): void {
    this.secured.destroy();
  }
  /** Node tells at the end of a turn what the system took of an encrypted write: what is queued since then is not stuck. */
  protected override stuckBytes(): number {
    const queued = super.stuckBytes();
    const { turn } = this.turns;
    if (turn !== this.turn) {
      this.turn = turn;
      this.stuck = queued;
    }
    return Math.min(this.stuck, queued);
  }
}

function bitsOf(cipher: string): number {
  if (/AES_?128|ARIA128|CAMELLIA128|SEED|RC4/.test(cipher)) return 128;
  if (/3DES|DES-CBC3/.test(cipher)) return 112;
  return /256|CHACHA20/.test(cipher) ? 256 : 0;
}
