/**
 * The domains of one loaded configuration: which profile serves a socket and server name, which one a connection of ours
 * uses (tls_domain.c). Everything is read and checked when it is made; a set that was made is complete.
 */
import type { Environment, TlsContext, TlsProfile, TlsVersion } from '../../runtime/sdk/index.js';
import { canonicalIp } from '../../runtime/sdk/index.js';
import { type DomainText, readTlsConfig } from './config.js';

/** The module's parameters that make the default domains. */
export interface TlsParams {
  readonly config: string;
  readonly tls_method: string;
  readonly server_name: string;
  readonly verify_certificate: number;
  readonly require_certificate: number;
  readonly verify_client: string;
  readonly verify_depth: number;
  readonly private_key: string;
  readonly private_key_password: string;
  readonly certificate: string;
  readonly ca_list: string;
  readonly ca_path: string;
  readonly crl: string;
  readonly cipher_list: string;
}

interface Domain {
  readonly text: DomainText;
  readonly context: TlsContext;
}

const VERSIONS: readonly TlsVersion[] = ['TLSv1', 'TLSv1.1', 'TLSv1.2', 'TLSv1.3'];

export class TlsDomains {
  private readonly domains: Domain[];
  private readonly server: Domain;
  private readonly client: Domain;

  /** Throws an Error that says which domain, which file and what is wrong. */
  constructor(
    private readonly env: Environment,
    params: TlsParams,
    private readonly folder: string,
    private readonly onKey: ((line: string) => void) | null = null,
  ) {
    const written = params.config === '' ? [] : this.readConfig(params.config);
    const base = (type: 'server' | 'client'): DomainText => ({
      type,
      address: 'default',
      line: 0,
      method: params.tls_method,
      verify: params.verify_certificate !== 0,
      require: params.require_certificate !== 0,
      verifyClient: params.verify_client,
      // A server without a certificate cannot be: Kamailio's own names stand in.
      ...(params.config === '' || type === 'server'
        ? { privateKey: params.private_key, certificate: params.certificate }
        : {}),
      privateKeyPassword: params.private_key_password,
      caList: params.ca_list,
      caPath: params.ca_path,
      verifyDepth: params.verify_depth,
      crl: params.crl,
      ciphers: params.cipher_list,
      serverName: params.server_name,
    });
    const complete = (type: 'server' | 'client') => {
      const own = written.find((domain) => domain.type === type && domain.address === 'default');
      return merged(own ?? base(type), base(type));
    };
    const serverText = complete('server');
    const clientText = complete('client');
    this.server = this.make(serverText);
    this.client = this.make(clientText);
    this.domains = written
      .filter(({ address }) => address !== 'default')
      .map((text) => this.make(merged(text, text.type === 'server' ? serverText : clientText)));
  }

  /** Domain of an accepted connection; `serverName` '' when the client named none. */
  forServer(ip: string, port: number, serverName: string): TlsContext {
    return this.find('server', ip, port, serverName, '').context;
  }
  /** Domain of a connection we open to this address. */
  forClient(ip: string, port: number, serverName: string, serverId: string): TlsContext {
    return this.find('client', ip, port, serverName, serverId).context;
  }
  /** Names the domain `forClient` finds; one that is loaded again keeps its name. */
  clientName(ip: string, port: number, serverName: string, serverId: string): string {
    const { text } = this.find('client', ip, port, serverName, serverId);
    return [nameOf(text), text.serverName ?? '', text.serverId ?? ''].join(' ');
  }
  /** Addresses server domains were written for: each needs a listen socket. */
  serverAddresses(): { ip: string; port: number }[] {
    return this.domains.flatMap(({ text: { type, address } }) =>
      type === 'server' && typeof address === 'object' ? [address] : [],
    );
  }

  private find(type: 'server' | 'client', ip: string, port: number, serverName: string, serverId: string): Domain {
    for (const domain of this.domains) {
      const { text } = domain;
      if (text.type !== type) continue;
      if (serverId !== '' && text.serverId?.toLowerCase() === serverId.toLowerCase()) return domain;
      const { address } = text;
      const fits =
        address === 'any' ||
        (typeof address === 'object' && address.ip === ip && (address.port === 0 || address.port === port));
      if (!fits) continue;
      if (serverName !== '' && text.serverName) {
        if (nameFits(text.serverName.toLowerCase(), text.serverNameMode ?? 0, serverName.toLowerCase())) return domain;
      } else if (address !== 'any') return domain;
    }
    return type === 'server' ? this.server : this.client;
  }

  private make(text: DomainText): Domain {
    const where = nameOf(text);
    // As Kamailio, for servers and clients alike (tls_domain.c, ksr_tls_fix_domain): it could be found by its server_id alone.
    if (text.address === 'any' && text.serverName === undefined)
      throw new Error(`${where}, line ${text.line}: a domain for any address needs a server_name`);
    try {
      return { text, context: this.env.tls.context(this.profileOf(text)) };
    } catch (error) {
      throw new Error(`${where}: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
  private profileOf(text: DomainText): TlsProfile {
    const certificate = this.file(text.certificate);
    // As Kamailio: without a file of its own the key stands with the certificate.
    const privateKey = this.file(text.privateKey || text.certificate);
    if (!text.privateKeyPassword && privateKey !== null && /BEGIN ENCRYPTED|^Proc-Type:.*ENCRYPTED/m.test(privateKey))
      throw new Error('the private key is encrypted, and private_key_password is not set');
    const { min, max } = versions(text.method ?? '');
    const asked = text.verifyClient ?? 'off';
    return {
      certificate,
      privateKey,
      ...(text.privateKeyPassword ? { privateKeyPassword: text.privateKeyPassword } : {}),
      ...(this.onKey === null ? {} : { onKey: this.onKey }),
      ca: [...[this.file(text.caList)].flatMap((pem) => (pem === null ? [] : [pem])), ...this.folderOf(text.caPath)],
      crl: this.file(text.crl),
      ciphers: text.ciphers ?? '',
      minVersion: min,
      maxVersion: max,
      verify: text.verify === true || asked === 'optional' || asked === 'optional_no_ca' || asked === 'on',
      require: text.require === true || asked === 'on',
      acceptAny: asked === 'optional_no_ca',
      verifyDepth: text.verifyDepth ?? 9,
    };
  }
  /** The certificates of a folder that `openssl rehash` made: others OpenSSL does not find there either. */
  private folderOf(path: string | undefined): string[] {
    if (!path) return [];
    const folder = this.pathOf(path).replace(/\/*$/, '/');
    let names: readonly string[] = [];
    try {
      names = this.env.files.list(folder);
    } catch {
      // Nobody is trusted then, as with OpenSSL, which looks when a peer comes.
    }
    return names.filter((name) => /^[0-9a-f]{8}\.\d+$/.test(name)).map((name) => this.env.files.read(folder + name));
  }
  private file(path: string | undefined): string | null {
    if (!path) return null;
    try {
      return this.env.files.read(this.pathOf(path));
    } catch (error) {
      const code = error instanceof Error && 'code' in error ? String(error.code) : String(error);
      throw new Error(`cannot read ${path}: ${code}`);
    }
  }
  /** A path that begins with neither `/` nor `.` lies beside the cfg. */
  private pathOf(path: string): string {
    return path.startsWith('/') || path.startsWith('.') ? path : this.folder + path;
  }
  private readConfig(path: string): DomainText[] {
    const text = this.file(path) ?? '';
    try {
      return readTlsConfig(text, canonicalIp);
    } catch (error) {
      throw new Error(`${path}, ${error instanceof Error ? error.message : String(error)}`);
    }
  }
}

const nameOf = ({ type, address }: DomainText): string =>
  `[${type}:${typeof address === 'string' ? address : `${address.ip}:${address.port}`}]`;

/** What a section did not write comes from the default one; names that tell domains apart do not. */
function merged(own: DomainText, base: DomainText): DomainText {
  const written = Object.fromEntries(Object.entries(own).filter(([, value]) => value !== undefined));
  return {
    ...base,
    serverName: undefined,
    serverId: undefined,
    serverNameMode: undefined,
    ...written,
    ...identity(own),
  };
}
const identity = ({ type, address, line }: DomainText) => ({ type, address, line });

function nameFits(name: string, mode: number, asked: string): boolean {
  return (mode !== 2 && asked === name) || (mode !== 0 && asked.endsWith(`.${name}`));
}

/** `TLSv1.2` that one, `TLSv1.2+` that and newer, `SSLv23` any. */
function versions(method: string): { min: TlsVersion; max: TlsVersion } {
  if (method === '' || method === 'SSLv23') return { min: 'TLSv1', max: 'TLSv1.3' };
  const plus = method.endsWith('+');
  const name = (plus ? method.slice(0, -1) : method).replace(/^TLSv1\.0$/, 'TLSv1');
  const version = VERSIONS.find((known) => known === name);
  if (version === undefined)
    throw new Error(`tls_method ${method} is not offered: write TLSv1.2+ or another TLS version`);
  return { min: version, max: plus ? 'TLSv1.3' : version };
}
