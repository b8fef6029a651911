import { describe, expect, it } from 'vitest';
import { realEnvironment } from '../../runtime/env/real.js';
import { RecordingLog, simulatedEnvironment } from '../../runtime/env/simulated.js';
import type { SecureStream, StreamConnection, TlsProfile } from '../../runtime/env.js';
import { canonicalIp } from '../../runtime/sdk/index.js';
import { tlsFile, tlsFolder } from '../../test/support/tls-files.js';
import { describeCipher } from './cipher.js';
import { readTlsConfig } from './config.js';
import { TlsDomains, type TlsParams } from './domains.js';

const params: TlsParams = {
  config: 'tls.cfg',
  tls_method: 'TLSv1+',
  server_name: '',
  verify_certificate: 0,
  require_certificate: 0,
  verify_client: 'off',
  private_key: '',
  certificate: 'cert.pem',
  ca_list: '',
  ca_path: '',
  verify_depth: 9,
  crl: '',
  cipher_list: '',
};
const pem = (name: string) => `-----BEGIN CERTIFICATE-----\n${name}\n`;
function domains(config: string, files: readonly string[] = ['d', 'a', 'b', 'c']) {
  const env = simulatedEnvironment();
  env.files.contents.set('/etc/tls.cfg', config);
  for (const name of files) env.files.contents.set(`/etc/${name}.pem`, pem(name));
  return new TlsDomains(env, params, '/etc/');
}
const nameOf = (context: { profile: TlsProfile }) => context.profile.certificate?.split('\n')[1];

describe('tls.cfg', () => {
  it.each([
    ['[server:default]\nfoo = 1', 'line 2: there is no setting foo'],
    ['method = x', 'line 1: a setting before the first section'],
    ['[server]', 'line 1: [server] is no section: write [server:default]'],
    ['[server:999.1.1.1:5061]', 'line 1: [server:999.1.1.1:5061] is no section: write [server:default]'],
    ['[client:default]\nverify_cert = maybe', 'line 2: verify_cert is yes or no'],
    ['[server:default]\n[server:default]', 'line 2: [server:default] stands there twice'],
    ['[server:default]\nmethod', 'line 2: method is neither a section nor name = value'],
  ])('%j is refused: %s', (text, problem) => {
    expect(() => readTlsConfig(text, canonicalIp)).toThrow(problem);
  });

  it('finds the domain by address and server name', () => {
    const found = domains(`
[server:default]          # comment
certificate = "d.pem"
[server:10.0.0.1:5061]
server_name = A.example.com
certificate = a.pem
[server:any]
server_name = b.example.com
server_name_mode = 1
certificate = b.pem
[server:any]
server_name = c.example.com
server_name_mode = 2
certificate = c.pem
[client:default]
[client:10.0.0.9:5061]
certificate = a.pem
[client:any]
server_id = two
certificate = b.pem
`);
    const rows: [string, number, string, string][] = [
      ['10.0.0.1', 5061, 'a.EXAMPLE.com', 'a'],
      ['10.0.0.1', 5061, '', 'a'],
      ['10.0.0.1', 5061, 'x.example.com', 'd'],
      ['10.0.0.2', 5061, 'b.example.com', 'b'],
      ['10.0.0.2', 5061, 'deep.b.example.com', 'b'],
      ['10.0.0.2', 5061, 'notb.example.com', 'd'],
      ['10.0.0.2', 5061, 'c.example.com', 'd'],
      ['10.0.0.2', 5061, 'x.c.example.com', 'c'],
      ['10.0.0.2', 5061, '', 'd'],
    ];
    for (const [ip, port, name, expected] of rows)
      expect([ip, name, nameOf(found.forServer(ip, port, name))]).toEqual([ip, name, expected]);
    expect(nameOf(found.forClient('10.0.0.9', 5061, '', ''))).toBe('a');
    expect(nameOf(found.forClient('10.0.0.8', 5061, '', 'TWO'))).toBe('b');
    expect(found.forClient('10.0.0.8', 5061, '', '').profile.certificate).toBeNull();
    expect(found.serverAddresses()).toEqual([{ ip: '10.0.0.1', port: 5061 }]);
  });

  it.each([
    ['[server:default]\ncertificate = gone.pem', '[server:default]: cannot read gone.pem: ENOENT'],
    ['[server:default]\ncertificate = d.pem\nmethod = SSLv3', 'tls_method SSLv3 is not offered'],
    ['[server:default]\nverify = 1', 'tls.cfg, line 2: there is no setting verify'],
  ])('%j does not load: %s', (text, problem) => {
    expect(() => domains(text)).toThrow(problem);
  });
});

describe('handshakes on real sockets', () => {
  const profile = (name: string | null, more: Partial<TlsProfile> = {}): TlsProfile => ({
    certificate: name && tlsFile(`${name}.pem`),
    privateKey: name && tlsFile(`${name}.key`),
    ca: [tlsFile('ca.pem')],
    crl: null,
    ciphers: '',
    minVersion: 'TLSv1.2',
    maxVersion: 'TLSv1.3',
    verify: false,
    require: false,
    acceptAny: false,
    verifyDepth: 9,
    ...more,
  });
  async function pair(server: TlsProfile, client: TlsProfile | string | null, serverName = 'x.example.com') {
    const env = realEnvironment(new RecordingLog());
    const context = env.tls.context(server);
    const accepted: Promise<SecureStream>[] = [];
    const asked: string[] = [];
    const chosen = (name: string) => {
      asked.push(name);
      return context;
    };
    const listener = await env.network.listenTcp({ ip: '127.0.0.1', port: 0 }, (stream) => {
      const shaking = env.tls.accept(stream, chosen, 300);
      shaking.catch(() => {});
      accepted.push(shaking);
    });
    const stream: StreamConnection = await env.network.connectTcp(listener.local, { timeoutMs: 1000 });
    let connecting: Promise<SecureStream> | null = null;
    if (typeof client === 'string') stream.write(client);
    else if (client)
      connecting = env.tls.connect(stream, env.tls.context(client), { serverName, verifyName: null, timeoutMs: 300 });
    connecting?.catch(() => {});
    while (accepted.length === 0) await new Promise((resolve) => setImmediate(resolve));
    const close = () => {
      listener.close();
      stream.destroy();
    };
    return { serverSide: accepted[0]!, clientSide: connecting, asked, close };
  }

  it('carries bytes both ways and tells what was agreed', async () => {
    const { serverSide, clientSide, asked, close } = await pair(
      profile('server', { verify: true, require: true }),
      profile('alice', { verify: true }),
    );
    const [here, there] = await Promise.all([serverSide, clientSide!]);
    let got = '';
    here.onData = (bytes) => {
      got += bytes;
    };
    there.write('caf\xe9\0');
    while (got.length < 5) await new Promise((resolve) => setImmediate(resolve));
    expect(got).toBe('caf\xe9\0');
    expect(asked).toEqual(['x.example.com']);
    expect(here.secure).toMatchObject({ version: 'TLSv1.3', serverName: 'x.example.com', problem: null });
    expect(there.secure.problem).toBeNull();
    here.destroy();
    close();
  });

  it.each([
    ['no certificate where one is wanted', profile('server', { require: true }), profile(null), 'no certificate'],
    ['one of nobody', profile('server', { verify: true }), profile('nobody'), 'not accepted'],
    [
      'a revoked one',
      profile('server', { verify: true, crl: tlsFile('crl.pem') }),
      profile('revoked'),
      'not accepted: CERT_REVOKED',
    ],
    ['plain SIP on a TLS port', profile('server'), 'OPTIONS sip:a SIP/2.0\r\n\r\n', 'no TLS hello'],
    ['half a hello and silence', profile('server'), '\x16\x03\x01\x02\x00\x01', 'no handshake in time'],
    ['nothing at all', profile('server'), null, 'no handshake in time'],
    [
      'an endless hello',
      profile('server'),
      `\x16\x03\x01\x40\x00\x01\x00\xff\xff${'x'.repeat(40_000)}`,
      'no TLS hello',
    ],
  ])('refuses %s', async (_, server, client, problem) => {
    const { serverSide, close } = await pair(server, client);
    await expect(serverSide).rejects.toThrow(problem);
    close();
  });
  it('a client refuses a server that nobody it trusts signed', async () => {
    const { clientSide, close } = await pair(profile('nobody'), profile(null, { verify: true }));
    await expect(clientSide).rejects.toThrow('not accepted');
    close();
  });
  it('says what is wrong with a certificate, or a key that is not its own', () => {
    const { tls } = realEnvironment(new RecordingLog());
    expect(() => tls.context({ ...profile('server'), certificate: 'nonsense' })).toThrow();
    expect(() => tls.context({ ...profile('server'), privateKey: tlsFile('alice.key') })).toThrow(/mismatch/i);
    expect(tlsFolder).toContain('tls');
  });
});

it.each([
  ['TLS_AES_256_GCM_SHA384', 256, 'TLSv1.3 Kx=any      Au=any   Enc=AESGCM(256)            Mac=AEAD\n'],
  ['ECDHE-RSA-AES128-GCM-SHA256', 128, 'TLSv1.2 Kx=ECDH     Au=RSA   Enc=AESGCM(128)            Mac=AEAD\n'],
  ['ECDHE-ECDSA-CHACHA20-POLY1305', 256, 'TLSv1.2 Kx=ECDH     Au=ECDSA Enc=CHACHA20/POLY1305(256) Mac=AEAD\n'],
  ['AES256-SHA', 256, 'SSLv3   Kx=RSA      Au=RSA   Enc=AES(256)               Mac=SHA1\n'],
])('%s in one line, as openssl ciphers -v prints it', (name, bits, rest) => {
  expect(describeCipher(name, bits)).toBe(`${name.padEnd(30)} ${rest}`);
});
