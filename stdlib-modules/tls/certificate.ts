/** What `$tls_peer_…` and `@tls.peer.…` show of a certificate, in the words OpenSSL has for it. */
import { X509Certificate } from 'node:crypto';

export type NamePart = 'CN' | 'L' | 'C' | 'ST' | 'O' | 'OU' | 'UID';
export type AltName = 'email' | 'DNS' | 'URI' | 'IP Address';

/** Characters to the bytes they have in UTF-8. */
const bytesOf = (text: string): string => Buffer.from(text, 'utf8').toString('latin1');

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
    for (const line of this.x509[of].split('\n'))
      if (line.startsWith(`${part}=`)) return bytesOf(line.slice(part.length + 1));
    return null;
  }
  /** `/C=DE/CN=alice`. */
  line(of: 'subject' | 'issuer'): string {
    return bytesOf(`/${this.x509[of].split('\n').join('/')}`);
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
