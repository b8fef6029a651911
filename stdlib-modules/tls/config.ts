/** Reads tls.cfg: `[server:default]`, `[client:1.2.3.4:5061]` … and `name = value` lines under them. */

/** One section; fields that were not written are undefined and come from the default section. */
export interface DomainText {
  readonly type: 'server' | 'client';
  /** `any`: whatever the address, told apart by server name. */
  readonly address: 'default' | 'any' | { readonly ip: string; readonly port: number };
  readonly line: number;
  method?: string;
  verify?: boolean;
  require?: boolean;
  verifyClient?: string;
  privateKey?: string;
  privateKeyPassword?: string;
  certificate?: string;
  caList?: string;
  caPath?: string;
  verifyDepth?: number;
  crl?: string;
  ciphers?: string;
  serverName?: string;
  /** 0 the name, 1 and names below it, 2 only those. */
  serverNameMode?: number;
  serverId?: string;
}

const BOOLEANS: Readonly<Record<string, boolean>> = {
  yes: true,
  true: true,
  on: true,
  enable: true,
  '1': true,
  no: false,
  false: false,
  off: false,
  disable: false,
  '0': false,
};
type TextField = 'method' | 'verifyClient' | 'privateKey' | 'privateKeyPassword' | 'certificate' | 'caList' | 'caPath' | 'crl' | 'ciphers' | 'serverName' | 'serverId'; // biome-ignore format: one list
const TEXTS: Readonly<Record<string, TextField>> = {
  method: 'method',
  tls_method: 'method',
  verify_client: 'verifyClient',
  private_key: 'privateKey',
  pkey_file: 'privateKey',
  private_key_password: 'privateKeyPassword',
  pkey_password: 'privateKeyPassword',
  certificate: 'certificate',
  cert_file: 'certificate',
  ca_list: 'caList',
  calist_file: 'caList',
  ca_path: 'caPath',
  crl: 'crl',
  cipher_list: 'ciphers',
  server_name: 'serverName',
  server_id: 'serverId',
};

/** Throws an Error with the line when something cannot be read. */
export function readTlsConfig(text: string, canonicalIp: (text: string) => string | null): DomainText[] {
  const domains: DomainText[] = [];
  const seen = new Set<string>();
  for (const [index, raw] of text.split('\n').entries()) {
    const line = index + 1;
    const content = withoutComment(raw).trim();
    if (content === '') continue;
    const fail = (what: string): never => {
      throw new Error(`line ${line}: ${what}`);
    };
    if (content.startsWith('[')) {
      const domain = section(content, line, canonicalIp) ?? fail(`${content} is no section: write [server:default]`);
      const key = `${domain.type} ${JSON.stringify(domain.address)}`;
      if (domain.address === 'default' && seen.has(key)) fail(`${content} stands there twice`);
      seen.add(key);
      domains.push(domain);
      continue;
    }
    const equals = content.indexOf('=');
    const name = content.slice(0, Math.max(0, equals)).trim().toLowerCase();
    const value = unquote(content.slice(equals + 1).trim());
    const domain = domains.at(-1) ?? fail('a setting before the first section');
    if (equals < 0) fail(`${content} is neither a section nor name = value`);
    const field = TEXTS[name];
    if (field !== undefined) domain[field] = value;
    else if (name === 'verify_certificate' || name === 'verify_cert')
      domain.verify = BOOLEANS[value.toLowerCase()] ?? fail(`${name} is yes or no`);
    else if (name === 'require_certificate' || name === 'require_cert')
      domain.require = BOOLEANS[value.toLowerCase()] ?? fail(`${name} is yes or no`);
    else if (name === 'server_name_mode') domain.serverNameMode = Number(value);
    else if (name === 'verify_depth')
      domain.verifyDepth = /^\d+$/.test(value) ? Number(value) : fail(`${name} is a number`);
    else fail(`there is no setting ${name}`);
  }
  return domains;
}

function section(text: string, line: number, canonicalIp: (text: string) => string | null): DomainText | null {
  const match = /^\[\s*(server|client)\s*:\s*(.+?)\s*\]$/i.exec(text);
  if (!match) return null;
  const type = match[1]!.toLowerCase() as 'server' | 'client';
  const word = match[2]!.toLowerCase();
  if (word === 'default' || word === 'any') return { type, address: word, line };
  const at = /^(\[[^\]]+\]|[^:]+)(?::(\d{1,5}))?$/.exec(word);
  const ip = at ? canonicalIp(at[1]!) : null;
  return ip === null ? null : { type, address: { ip, port: Number(at?.[2] ?? 0) }, line };
}

function withoutComment(line: string): string {
  let quoted = false;
  for (let i = 0; i < line.length; i++) {
    if (line[i] === '"') quoted = !quoted;
    else if (line[i] === '#' && !quoted) return line.slice(0, i);
  }
  return line;
}
const unquote = (text: string): string =>
  text.length >= 2 && text.startsWith('"') && text.endsWith('"') ? text.slice(1, -1) : text;
