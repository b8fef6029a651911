import { execFile, execFileSync } from 'node:child_process';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  double,
  listenUnixStream,
  RpcArray,
  type RpcParam,
  RpcRegistry,
  RpcStruct,
  type RpcValue,
} from '../../runtime/sdk/index.js';
import { parseControlAddress } from './addresses.js';
import { readPacket, readRecords, writeFault, writeReply, writeRequest } from './binrpc.js';
import { FifoReader, readFifoRequest, runFifoRequest, writeFifoReply } from './fifo.js';
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
    ['tcp:3012', { kind: 'tcp', host: '0.0.0.0', port: 3012 }],
    ['udp:*:3012', { kind: 'udp', host: '0.0.0.0', port: 3012 }],
    ['localhost:3000', { kind: 'udp', host: 'localhost', port: 3000 }],
  ])('%s', (text, address) => expect(parseControlAddress(text)).toEqual(address));
  it.each([
    ['/tmp/kamailio_fifo2', { kind: 'fifo', path: '/tmp/kamailio_fifo2' }],
    ['fifo:/tmp/x', { kind: 'fifo', path: '/tmp/x' }],
    ['name', { kind: 'fifo', path: 'name' }],
    ['host:2050', { kind: 'udp', host: 'host', port: 2050 }],
    ['tcp:*:2050', { kind: 'tcp', host: '0.0.0.0', port: 2050 }],
    ['unixs:/x', { kind: 'unix_stream', path: '/x' }],
    ['', null],
    ['fifo:', null],
  ])('fifo %s', (text, address) => expect(parseControlAddress(text, 'fifo')).toEqual(address));
});

/**
 * The form of answers is that of Kamailio 5.6.3, order and escapes included; itself it sends them from memory it has given back, so
 * that only faults, long texts and lengths can be compared.
 */
describe('the protocol of lines', () => {
  it('cuts a stream at any place, whatever ends the lines', () => {
    const all = ':a:\nx\n\n\n\n:b:reply\r\n:c:\n\n';
    for (let cut = 0; cut <= all.length; cut++) {
      const reader = new FifoReader();
      const got = [all.slice(0, cut), all.slice(cut)].flatMap((part) => reader.push(part));
      expect(got.map((text) => readFifoRequest(String(text)))).toEqual([
        { method: 'a', reply: '', params: ['x'] },
        { method: 'b', reply: 'reply', params: [] },
        { method: 'c', reply: '', params: [] },
      ]);
    }
  });
  it('a request without an end is dropped at 64 kB, the next one is read', () => {
    const reader = new FifoReader();
    expect(reader.push('x'.repeat(60_000))).toEqual([]);
    expect(reader.push('x'.repeat(60_000))).toBe('bad');
    expect(reader.push(':a:\n\n')).toEqual([':a:\n\n']);
  });
  it.each<[string, string[] | null]>([
    [':m:\na\\nb\\t\\\\\n\n', ['a\nb\t\\']],
    [':m:\na\\cb\\o\n\n', ['a:b,']],
    [':m:\n\nafter\n', ['', 'after']],
    [':m:\nwrong\\q \t\r\n', ['wrong\\q']],
    ['m:\n\n', null],
    [':m\n\n', null],
    ['::\n\n', null],
  ])('%j', (text, params) => expect(readFifoRequest(text)?.params ?? null).toEqual(params));

  const nested = new RpcStruct({ a: 1, b: 'x,y:z' });
  nested.struct('in').add('k', 'v').add('l', true);
  nested.add('c', double(0.5));
  nested.array('list').push(7).push('t');
  it.each<[string, RpcValue[], string]>([
    ['nothing', [], '200 OK\n'],
    ['values, one a line', ['a\nb', 5, double(1.5), true, null], '200 OK\na\\nb\n5\n1.500000\n1\n<null string>\n'],
    ['colons and commas stay', ['a:b,c'], '200 OK\na:b,c\n'],
    ['a struct: last member first', [nested], '200 OK\nc:0.500000,b:x\\cy\\oz,a:1,in:l:1,k:v,list:7,t\n'],
    [
      'structs follow each other',
      [new RpcStruct({ a: 1 }), new RpcStruct({}), new RpcStruct({ b: 2 })],
      '200 OK\na:1\nb:2\n',
    ],
    ['a list of structs', [new RpcArray([new RpcStruct({ a: 1 }), new RpcStruct({ b: 2 })])], '200 OK\na:1,b:2\n'],
  ])('answers: %s', (_name, values, text) => expect(writeFifoReply(200, 'OK', values)).toBe(text));

  it('runs commands', async () => {
    const registry = new RpcRegistry();
    registry.register('sum', '', (call) => {
      const [a, b] = [call.int(), call.int()];
      if (a !== undefined && b !== undefined) call.add(a + b);
    });
    registry.register('bad', '', (call) => call.fault(404, 'Not there'));
    registry.register('bug', '', () => Promise.reject(new Error('planted')));
    const logged: string[] = [];
    const server = { rpc: registry, log: (_level: number, _source: string, text: string) => void logged.push(text) };
    const ask = async (method: string, ...params: string[]) =>
      (await runFifoRequest(server, { method, reply: '', params }, '')).text;
    expect(await ask('sum', '0x10', '2')).toBe('200 OK\n18\n');
    expect(await ask('sum', '1')).toBe('400 Invalid parameter value\n');
    expect(await ask('bad')).toBe('404 Not there\n');
    expect(await ask('nosuch')).toBe("500 Command 'nosuch' not found\n");
    expect(await ask('bug')).toBe('500 internal server error\n');
    expect(logged).toEqual([expect.stringContaining('planted')]);
  });
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
