import { execFile, execFileSync } from 'node:child_process';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { double, listenUnixStream, type RpcParam, RpcRegistry, RpcStruct } from '../../runtime/sdk/index.js';
import { parseControlAddress } from './addresses.js';
import { readPacket, readRecords, writeFault, writeReply, writeRequest } from './binrpc.js';
import { PacketReader, runPacket } from './server.js';

const hex = (bytes: string) => Buffer.from(bytes, 'latin1').toString('hex');
const unhex = (text: string) => Buffer.from(text, 'hex').toString('latin1');
const cookie = 0x01020304;

/** Recorded from Kamailio 5.6.3. */
describe('binrpc', () => {
  it.each<[string, string, RpcParam[], string]>([
    ['no parameters', 'core.version', [], 'a1030f01020304910d636f72652e76657273696f6e00'],
    ['texts', 'cfg.get', ['pstn', 'gw_port'], 'a1031a0102030491086366672e67657400517073746e00910867775f706f727400'],
    [
      'text, integer, double',
      'core.echo',
      ['a', 5, double(1.5)],
      'a1031401020304910a636f72652e6563686f0021610010052205dc',
    ],
  ])('request: %s', (_name, method, params, bytes) => {
    expect(hex(writeRequest(method, params, cookie))).toBe(bytes);
    const packet = readPacket(unhex(bytes));
    if (typeof packet === 'string') throw new Error(packet);
    expect(packet).toMatchObject({ type: 0, cookie });
    expect(readRecords(unhex(bytes), packet)).toEqual([method, ...params]);
  });
  it.each([
    [
      'text',
      ['kamailio 5.6.3 (x86_64/linux) '],
      'a1132101020304911f6b616d61696c696f20352e362e3320287838365f36342f6c696e7578292000',
    ],
    ['integer', [5080], 'a11303010203042013d8'],
    ['nothing', [], 'a1130001020304'],
    [
      'struct',
      [new RpcStruct({ name: 'test', type: 'int', value: 7 })],
      'a113220102030403556e616d650051746573740055747970650041696e74006576616c756500100783',
    ],
  ])('reply: %s', (_name, values, bytes) => expect(hex(writeReply(values, cookie))).toBe(bytes));
  it('minus one fills four bytes, as a double eight', () => {
    expect(hex(writeReply([-1, double(-1)], 1))).toBe('a1100e0140ffffffff82fffffffffffffc18');
  });
  it('fault', () => {
    expect(hex(writeFault(500, 'command nosuch not found', cookie))).toBe(
      'a1331e010203042001f49119636f6d6d616e64206e6f73756368206e6f7420666f756e6400',
    );
  });
  it('cuts a stream at any place', () => {
    const all = writeRequest('a', [], 1) + writeRequest('b', [7], 2);
    for (let cut = 0; cut <= all.length; cut++) {
      const reader = new PacketReader();
      let count = 0;
      for (const part of [all.slice(0, cut), all.slice(cut)]) {
        const got = reader.push(part);
        if (got === 'bad') throw new Error(`refused at ${cut}`);
        count += got.length;
      }
      expect(count).toBe(2);
    }
  });
  it('no bytes make it throw', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 40 }), (body) => {
        const bytes = `\xa1\x00${String.fromCharCode(body.length)}\x01${Buffer.from(body).toString('latin1')}`;
        const packet = readPacket(bytes);
        if (typeof packet !== 'string') readRecords(bytes, packet);
        readPacket(Buffer.from(body).toString('latin1'));
      }),
    );
  });
});

describe('addresses', () => {
  it.each([
    ['unixs:/run/k/ctl', { kind: 'unix_stream', path: '/run/k/ctl' }],
    ['unixd:/x', { kind: 'unix_dgram', path: '/x' }],
    ['tcp:localhost:2046', { kind: 'tcp', host: 'localhost', port: 2046 }],
    ['udp:[::1]', { kind: 'udp', host: '::1', port: 2049 }],
    ['/run/x', { kind: 'unix_stream', path: '/run/x' }],
    ['tcp:x:y', null],
    ['unix:', null],
  ])('%s', (text, address) => expect(parseControlAddress(text)).toEqual(address));
});

const hasKamcmd = (() => {
  try {
    execFileSync('sh', ['-c', 'command -v kamcmd'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
})();
if (!hasKamcmd) console.log('skipped: the tests with kamcmd (it is not installed: apt-get install kamailio)');

describe.skipIf(!hasKamcmd && process.env.CI !== 'true')('the real kamcmd', () => {
  const registry = new RpcRegistry();
  registry.register('t.struct', '', (call) => call.add(new RpcStruct({ a: 1, b: 'x', c: double(0.5) })));
  registry.register('t.echo', '', (call) => {
    for (let p = call.any(); p !== undefined; p = call.any()) call.add(p);
  });
  registry.register('t.later', '', async (call) => {
    await Promise.resolve();
    call.add('late');
  });
  registry.register('t.fault', '', (call) => call.fault(404, 'Not there'));
  registry.register('t.bug', '', () => {
    throw new Error('planted');
  });
  registry.register('t.big', '', (call) => {
    for (let i = 0; i < 3000; i++) call.add(`line ${i}`);
  });
  const server = { rpc: registry, log: () => undefined };
  const ask = async (...words: string[]): Promise<string> => {
    const path = join(mkdtempSync(join(tmpdir(), 'ctl-')), 'sock');
    const listener = await listenUnixStream(path, { mode: 0o600, user: '', group: '' }, (client) => {
      const reader = new PacketReader();
      client.onData = (bytes) => {
        const packets = reader.push(bytes);
        if (packets === 'bad') return client.end();
        for (const p of packets) void runPacket(server, p.bytes, p.packet, true, '', (reply) => client.write(reply));
      };
    });
    try {
      const { stdout, stderr } = await promisify(execFile)('kamcmd', ['-s', `unix:${path}`, ...words]).catch(
        (e: { stdout: string; stderr: string }) => e,
      );
      return stdout + stderr;
    } finally {
      listener.close();
    }
  };
  it.each([
    [['t.struct'], '{\n\ta: 1\n\tb: x\n\tc: 0.500000\n}\n'],
    [['t.echo', 'abc', '7', 's:7'], 'abc\n7\n7\n'],
    [['t.later'], 'late\n'],
    [['t.fault'], 'error: 404 - Not there\n'],
    [['t.bug'], 'error: 500 - internal server error\n'],
    [['t.none'], 'error: 500 - command t.none not found\n'],
  ])('%j', async (words, text) => expect(await ask(...words)).toBe(text));
  it('an answer larger than a packet of the network', async () => {
    expect((await ask('t.big')).split('\n')).toHaveLength(3001);
  });
});
