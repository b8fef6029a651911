/** The TLS session a message came over, and its certificates, read once. */
import type { RouteContext, SecureInfo } from '../../runtime/sdk/index.js';
import { Certificate } from './certificate.js';

export type Side = 'peer' | 'my';
interface Certificates {
  readonly peer: Certificate | null;
  readonly my: Certificate | null;
}

export class Sessions {
  private readonly read = new WeakMap<SecureInfo, Certificates>();

  /** Null when the message did not come over TLS, or its connection is gone. */
  of(ctx: RouteContext): SecureInfo | null {
    const id = ctx.msg.received.connectionId;
    return (id ? ctx.server.transports.connections.get(id)?.secure : null) ?? null;
  }
  certificate(ctx: RouteContext, side: Side): Certificate | null {
    const session = this.of(ctx);
    if (session === null) return null;
    let both = this.read.get(session);
    if (!both) {
      const { peerCertificate, ownCertificate } = session;
      both = {
        peer: peerCertificate && new Certificate(peerCertificate),
        my: ownCertificate && new Certificate(ownCertificate),
      };
      this.read.set(session, both);
    }
    return both[side];
  }
}

/** OpenSSL's codes for why a certificate was refused, as `revoked`, `expired` and `selfsigned` ask. */
export const problems = {
  verified: [null],
  revoked: ['CERT_REVOKED'],
  expired: ['CERT_HAS_EXPIRED'],
  selfsigned: ['DEPTH_ZERO_SELF_SIGNED_CERT'],
} as const;
export type ProblemName = keyof typeof problems;

export function hasProblem(session: SecureInfo, name: ProblemName): number {
  if (session.peerCertificate === null) return 0;
  return problems[name].some((text) => text === session.problem) ? 1 : 0;
}
