/**
 * TLS on the simulated wire: one line each way in place of the handshake, then the bytes as they are. A certificate is
 * trusted when the other side's `ca` holds the same text.
 */
import type { SecureInfo, SecureStream, StreamConnection, Timer, TlsContext, TlsLayer, TlsProfile } from '../env.js';

interface SimulatedClock {
  setTimer(delayMs: number, fire: () => void): Timer;
}
const failure = (text: string, code = 'EPROTO') => Object.assign(new Error(text), { code });
const BEGIN = '-----BEGIN ';
const HELLO = '\x16\x03hello ';

class SimulatedContext implements TlsContext {
  constructor(readonly profile: TlsProfile) {}
}

export class SimulatedTls implements TlsLayer {
  constructor(private readonly clock: SimulatedClock) {}

  context(profile: TlsProfile): TlsContext {
    for (const text of [profile.certificate, profile.privateKey, profile.crl, ...profile.ca])
      if (text !== null && !text.startsWith(BEGIN)) throw new Error('no PEM text');
    return new SimulatedContext(profile);
  }

  accept(
    stream: StreamConnection,
    choose: (serverName: string) => TlsContext | null,
    timeoutMs: number,
  ): Promise<SecureStream> {
    return this.shake(stream, timeoutMs, (line) => {
      if (!line.startsWith(HELLO)) throw failure('what came is no TLS hello');
      const [name = '', certificate = ''] = line.slice(HELLO.length).split('|');
      const context = choose(name);
      if (context === null) throw failure(`nothing serves the name "${name}"`);
      stream.write(`${HELLO}${name}|${oneLine(context.profile.certificate)}\n`);
      return infoOf(name, context.profile, manyLines(certificate), 'server');
    });
  }

  connect(
    stream: StreamConnection,
    context: TlsContext,
    options: { readonly serverName: string; readonly verifyName: string | null; readonly timeoutMs: number },
  ): Promise<SecureStream> {
    stream.write(`${HELLO}${options.serverName}|${oneLine(context.profile.certificate)}\n`);
    return this.shake(stream, options.timeoutMs, (line) => {
      if (!line.startsWith(HELLO)) throw failure('what came is no TLS hello');
      const certificate = manyLines(line.slice(line.indexOf('|') + 1));
      return infoOf(options.serverName, context.profile, certificate, 'client');
    });
  }

  private shake(
    stream: StreamConnection,
    timeoutMs: number,
    read: (line: string) => SecureInfo,
  ): Promise<SecureStream> {
    return new Promise((resolve, reject) => {
      const end = (error: unknown) => {
        timer.cancel();
        stream.onData = () => {};
        stream.onClose = () => {};
        stream.destroy();
        reject(error);
      };
      const timer = this.clock.setTimer(timeoutMs, () => end(failure('no handshake in time', 'ETIMEDOUT')));
      let held = '';
      stream.onClose = (code) => end(failure('closed during the handshake', code ?? 'ECONNRESET'));
      stream.onData = (bytes) => {
        held += bytes;
        const line = held.indexOf('\n');
        if (!held.startsWith(HELLO.slice(0, held.length))) return end(failure('what came is no TLS hello'));
        if (line < 0) return undefined;
        try {
          const secure = read(held.slice(0, line));
          timer.cancel();
          resolve(Object.assign(stream, { secure }));
          const rest = held.slice(line + 1);
          if (rest !== '') this.clock.setTimer(0, () => stream.onData(rest));
        } catch (error) {
          end(error);
        }
        return undefined;
      };
    });
  }
}

const oneLine = (pem: string | null) => (pem ?? '').replaceAll('\n', '~');
const manyLines = (text: string) => text.replaceAll('~', '\n');

function infoOf(serverName: string, own: TlsProfile, peer: string, side: 'server' | 'client'): SecureInfo {
  const problem = peer === '' ? 'no certificate' : own.ca.includes(peer) ? null : 'self-signed certificate';
  const refused =
    problem !== null && !own.acceptAny && (own.require || (own.verify && (peer !== '' || side === 'client')));
  if (refused) throw failure(`the peer's certificate is not accepted: ${problem}`, 'ERR_TLS_CERT');
  return {
    version: 'TLSv1.3',
    cipher: { name: 'TLS_AES_256_GCM_SHA384', bits: 256 },
    serverName,
    peerCertificate: peer === '' ? null : Buffer.from(peer, 'latin1'),
    ownCertificate: own.certificate === null ? null : Buffer.from(own.certificate, 'latin1'),
    problem,
    verifiedChain: () => (peer === '' ? [] : [Buffer.from(peer, 'latin1')]),
  };
}
