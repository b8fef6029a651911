/** What `$tls_peer_…` and `@tls.peer.…` show of a certificate, in the words OpenSSL has for it. */
import { X509Certificate } from 'node:crypto';

export type NamePart = 'CN' | 'L' | 'C' | 'ST' | 'O' | 'OU' | 'UID';
export type AltName = 'email' | 'DNS' | 'URI' | 'IP Address';

/** Characters to the bytes they have in UTF-8. */
const bytesOf = (text: string): string => Buffer.from(text, 'utf8').toString('latin1');
/** `CN=alice` …: Node writes a name one entry a line, escaped as RFC 2253 §2.4 has it. */
const linesOf = (name: string): string[] =>
  bytesOf(name)
    .split('\n')
    .map((line) =>
      line.replace(/\\(?:([0-9A-F]{2})|(.))/gs, (_, hex?: string, plain = '') =>
        hex ? String.fromCharCode(Number.parseInt(hex, 16)) : plain,
      ),
    );

export class Certificate {
  private readonly x509: X509Certificate;
  private altNames: Map<string, string[]> | null = null;

  constructor(private readonly der: Uint8Array) {
    this.x509 = new X509Certificate(der);
  }
  get pem(): string {
    return this.x509.toString();
  }
  get serial(): string {
    return BigInt(`0x${this.x509.serialNumber}`).toString();
  }
  /** 2 for the third version, as X.509 counts. */
  get version(): number {
    // Certificate ::= SEQUENCE { tbs SEQUENCE { [0] { INTEGER version } …
    const inner = skipHeader(this.der, skipHeader(this.der, 0));
    return this.der[inner] === 0xa0 ? (this.der[inner + 4] ?? 0) : 0;
  }
  get notBefore(): string {
    return this.x509.validFrom;
  }
  get notAfter(): string {
    return this.x509.validTo;
  }
  /** The first entry of this kind. */
  part(of: 'subject' | 'issuer', part: NamePart): string | null {
    for (const line of linesOf(this.x509[of])) if (line.startsWith(`${part}=`)) return line.slice(part.length + 1);
    return null;
  }
  /** `/C=DE/CN=alice`; what is not printable as `\xHH` (X509_NAME_oneline). */
  line(of: 'subject' | 'issuer'): string {
    const hex = (c: string) => `\\x${c.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`;
    return linesOf(this.x509[of])
      .map((line) => `/${line.replace(/[/+]/g, '\\$&').replace(/[^ -~]/g, hex)}`)
      .join('');
  }
  /** Null when it has no alternative names at all. */
  altCount(kind: AltName): number | null {
    return this.x509.subjectAltName === undefined ? null : this.alt(kind).length;
  }
  alt(kind: AltName): readonly string[] {
    if (this.altNames === null) {
      this.altNames = new Map();
      const text = this.x509.subjectAltName ?? '';
      for (const [, name = '', value = ''] of text.matchAll(/([A-Za-z ]+):("(?:[^"\\]|\\.)*"|[^,]*)(?:, |$)/g)) {
        const plain = value.startsWith('"') ? String(JSON.parse(value)) : value;
        this.altNames.set(name, [...(this.altNames.get(name) ?? []), bytesOf(plain)]);
      }
    }
    return this.altNames.get(kind) ?? [];
  }
}

/** Where the content of the element at `at` begins. */
const skipHeader = (der: Uint8Array, at: number): number => {
  const length = der[at + 1] ?? 0;
  return at + 2 + (length & 0x80 ? length & 0x7f : 0);
};
