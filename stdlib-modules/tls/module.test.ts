import { createPrivateKey, X509Certificate } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { realEnvironment } from '../../runtime/env/real.js';
import { RecordingLog, simulatedEnvironment } from '../../runtime/env/simulated.js';
import type { SecureStream, StreamConnection, TlsProfile } from '../../runtime/env.js';
import { message } from '../../runtime/message/testing.js';
import { canonicalIp, RpcCall, type ServerApi } from '../../runtime/sdk/index.js';
import { fakeRun } from '../../test/support/fake-run.js';
import { buildCfg, startBuilt } from '../../test/support/in-process.js';
import { tlsFile, tlsFolder, tlsProfile } from '../../test/support/tls-files.js';
import { Certificate } from './certificate.js';
import { describeCipher } from './cipher.js';
import { readTlsConfig } from './config.js';
import { TlsDomains, type TlsParams } from './domains.js';
import { KeyLog } from './keylog.js';
import { pvs, selects } from './pvs.js';
import { rpc } from './rpc.js';
import type { Sessions } from './session.js';
import { TlsState } from './state.js';

const params: TlsParams = {
  config: 'tls.cfg',
  tls_method: 'TLSv1+',
  server_name: '',
  verify_certificate: 0,
  require_certificate: 0,
  verify_client: 'off',
  private_key: '',
  private_key_password: '',
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
  env.files.contents.set('/etc/locked.pem', '-----BEGIN ENCRYPTED PRIVATE KEY-----\n');
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
server_name = unused
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
    // tls_connection_match_domain compares these.
    const clientName = (ip: string, id: string) => found.clientName(ip, 5061, '', id);
    expect(clientName('10.0.0.8', '')).toBe(clientName('10.0.0.7', ''));
    expect(new Set([clientName('10.0.0.8', ''), clientName('10.0.0.9', ''), clientName('10.0.0.8', 'two')]).size).toBe(
      3,
    );
    expect(found.serverAddresses()).toEqual([{ ip: '10.0.0.1', port: 5061 }]);
  });

  it.each([
    ['[server:default]\ncertificate = a.pem', undefined],
    ['[server:default]\ncertificate = a.pem\nprivate_key_password = "a b"', 'a b'],
    ['[server:default]\ncertificate = a.pem\npkey_password = secret', 'secret'],
  ])('%j has the key’s password %j', (text, password) => {
    expect(domains(text).forServer('10.0.0.1', 5061, '').profile.privateKeyPassword).toBe(password);
  });

  it.each([
    [
      '[server:default]\ncertificate = d.pem\n[client:any]\nserver_id = two',
      '[client:any], line 3: a domain for any address needs a server_name',
    ],
    ['[server:default]\ncertificate = gone.pem', '[server:default]: cannot read gone.pem: ENOENT'],
    ['[server:default]\ncertificate = d.pem\nmethod = SSLv3', 'tls_method SSLv3 is not offered'],
    [
      '[server:default]\ncertificate = d.pem\nprivate_key = locked.pem',
      '[server:default]: the private key is encrypted, and private_key_password is not set',
    ],
    ['[server:default]\nverify = 1', 'tls.cfg, line 2: there is no setting verify'],
  ])('%j does not load: %s', (text, problem) => {
    expect(() => domains(text)).toThrow(problem);
  });
});

describe('handshakes on real sockets', () => {
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
      tlsProfile('server', { verify: true, require: true }),
      tlsProfile('alice', { verify: true }),
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
    ['no certificate where one is wanted', tlsProfile('server', { require: true }), tlsProfile(null), 'no certificate'],
    ['one of nobody', tlsProfile('server', { verify: true }), tlsProfile('nobody'), 'not accepted'],
    [
      'a revoked one',
      tlsProfile('server', { verify: true, crl: tlsFile('crl.pem') }),
      tlsProfile('revoked'),
      'not accepted: CERT_REVOKED',
    ],
    ['plain SIP on a TLS port', tlsProfile('server'), 'OPTIONS sip:a SIP/2.0\r\n\r\n', 'no TLS hello'],
    ['half a hello and silence', tlsProfile('server'), '\x16\x03\x01\x02\x00\x01', 'no handshake in time'],
    ['nothing at all', tlsProfile('server'), null, 'no handshake in time'],
    [
      'an endless hello',
      tlsProfile('server'),
      `\x16\x03\x01\x40\x00\x01\x00\xff\xff${'x'.repeat(40_000)}`,
      'no TLS hello',
    ],
  ])('refuses %s', async (_, server, client, problem) => {
    const { serverSide, close } = await pair(server, client);
    await expect(serverSide).rejects.toThrow(problem);
    close();
  });
  it('a client refuses a server that nobody it trusts signed', async () => {
    const { clientSide, close } = await pair(tlsProfile('nobody'), tlsProfile(null, { verify: true }));
    await expect(clientSide).rejects.toThrow('not accepted');
    close();
  });
  it('an encrypted private key is read with its password only', () => {
    const { tls } = realEnvironment(new RecordingLog());
    const privateKey = createPrivateKey(tlsFile('server.key'))
      .export({ type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase: 'secret' })
      .toString();
    const context = (more: Partial<TlsProfile>) => () => tls.context({ ...tlsProfile('server'), privateKey, ...more });
    expect(context({ privateKeyPassword: 'secret' })).not.toThrow();
    expect(context({ privateKeyPassword: 'other' })).toThrow(/decrypt/i);
    expect(context({})).toThrow();
  });
  it('says what is wrong with a certificate, or a key that is not its own', () => {
    const { tls } = realEnvironment(new RecordingLog());
    expect(() => tls.context({ ...tlsProfile('server'), certificate: 'nonsense' })).toThrow();
    expect(() => tls.context({ ...tlsProfile('server'), privateKey: tlsFile('alice.key') })).toThrow(/mismatch/i);
    expect(tlsFolder).toContain('tls');
  });
});

it('key_password_mode 0 starts; 1, a prompt, is refused', async () => {
  const starting = async (mode: number) => {
    const cfg = `listen=udp:127.0.0.1:5060\nloadmodule "tls.so"\nmodparam("tls", "key_password_mode", ${mode})\nrequest_route { exit; }\n`;
    return startBuilt(await buildCfg('password.cfg', cfg), simulatedEnvironment());
  };
  await (await starting(0)).stop(0);
  await expect(starting(1)).rejects.toThrow('key_password_mode');
});

describe('keylog_mode', () => {
  const RANDOM = 'CLIENT_RANDOM 00 ff';
  const EARLY = 'CLIENT_EARLY_TRAFFIC_SECRET 00 ff';
  function open(mode: number, file = '', peer = '') {
    const env = simulatedEnvironment();
    const logged: string[] = [];
    const server = { env, log: (_level: number, _source: string, text: string) => logged.push(text) };
    const keyLog = KeyLog.open(server as unknown as ServerApi, {
      keylog_mode: mode,
      keylog_file: file,
      keylog_peer: peer,
    });
    return { env, keyLog, logged };
  }

  it('is off, says nothing until it is active, and can be filtered', () => {
    expect([0, 2, 14].map((mode) => open(mode).keyLog)).toEqual([null, null, null]);
    const rows: [mode: number, lines: string[]][] = [
      [1 + 4, []],
      [1 + 2 + 4, [RANDOM, EARLY]],
      [1 + 2 + 4 + 1024, [RANDOM]],
    ];
    for (const [mode, lines] of rows) {
      const { keyLog, logged } = open(mode);
      for (const line of [RANDOM, EARLY]) keyLog?.write(line);
      expect([mode, logged]).toEqual([mode, lines.map((line) => `tlskeylog: ${line}`)]);
    }
  });
  it('adds to a file', () => {
    const { env, keyLog } = open(1 + 2 + 8, '/keys');
    for (const line of [RANDOM, EARLY]) keyLog?.write(line);
    keyLog?.close();
    keyLog?.write('CLIENT_RANDOM late');
    expect(env.files.contents.get('/keys')).toBe(`${RANDOM}\n${EARLY}\n`);
  });
  it('sends to a peer', async () => {
    const { env, keyLog } = open(1 + 2 + 16, '', 'udp:127.0.0.1:8020');
    const came: string[] = [];
    await env.network.bindUdp({ ip: '127.0.0.1', port: 8020 }, (bytes) => came.push(bytes));
    keyLog?.write(RANDOM);
    await env.clock.advance(50);
    keyLog?.write(EARLY);
    await env.clock.advance(50);
    keyLog?.close();
    expect(came).toEqual([RANDOM, EARLY]);
  });
  it.each([
    [1 + 8, '', '', 'keylog_file names none'],
    [1 + 16, '', '', 'keylog_peer is ""'],
    [1 + 16, '', 'tcp:127.0.0.1:8020', 'write udp:ADDRESS:PORT'],
    [1 + 16, '', 'udp:127.0.0.1:80200', 'write udp:ADDRESS:PORT'],
  ])('%i, %j and %j are refused: %s', (mode, file, peer, problem) => {
    expect(() => open(mode, file, peer)).toThrow(problem);
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

describe('alternative names are counted', () => {
  const certificate = (name: string) => new Certificate(new X509Certificate(tlsFile(name)).raw);
  it.each([
    ['complete.pem', 'DNS', 2],
    ['complete.pem', 'EMAIL', 2],
    ['complete.pem', 'URI', 2],
    ['complete.pem', 'IP', 2],
    ['ca.pem', 'DNS', null],
  ] as const)('%s: %s', (name, kind, expected) => {
    const sessions = { certificate: () => certificate(name) } as unknown as Sessions;
    const me = { state: { sessions } } as unknown as Parameters<(typeof pvs)[string]['get']>[0];
    const { ctx } = fakeRun(
      message(
        'OPTIONS sip:a@b SIP/2.0\nVia: SIP/2.0/TLS h;branch=z9\nFrom: <sip:a@b>;tag=1\nTo: <sip:a@b>\nCall-ID: i\nCSeq: 1 OPTIONS\n\n',
      ),
    );
    for (const name of ['$tls_peer_san_count', '$tls_my_san_count'])
      expect(pvs[name.slice(1)]!.get(me, ctx, kind, undefined)).toBe(expected);
    for (const path of ['@tls.peer.count.KIND', '@tls.my.count.KIND', '@tls.me.count.KIND', '@tls.myself.count.KIND']) {
      const words = path.slice(1).replace('KIND', kind).split('.');
      expect(selects[[...words.slice(0, 3), '*'].join('.')]!.get(me, ctx, words)).toBe(String(expected ?? 0));
    }
  });
});

it('tls.kill ends a connection over TLS, and no other', () => {
  const ended: number[] = [];
  const all = new Map([true, false].map((isSecure, id) => [id, { id, isSecure }]));
  const connections = { get: (id: number) => all.get(id), close: ({ id }: { id: number }) => void ended.push(id) };
  const server = { transports: { connections } } as unknown as ServerApi;
  const ask = (id: number) => {
    const call = new RpcCall('tls.kill', [id]);
    rpc['tls.kill']?.run({ params: {}, state: new TlsState(params) }, call, server);
    return call.results;
  };
  expect([0, 1, 2].map(ask)).toEqual([['OK'], ['TLS connection id not found'], ['TLS connection id not found']]);
  expect(ended).toEqual([0]);
});
