/** jsonrpcs besides HTTP: a fifo, a datagram socket and a TCP port, each with the name, the rights and the owner the cfg gives it. */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, statSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openUnixDatagram } from '../../runtime/admin/unix-datagram.js';
import { simulatedEnvironment } from '../../runtime/env/simulated.js';
import type { Server } from '../../runtime/index.js';
import { temporaryFolder } from '../support/databases.js';
import { buildCfg, startBuilt } from '../support/in-process.js';
import { jsonrpcPort } from '../support/ports.js';

const folder = temporaryFolder();
const at = (name: string) => join(folder.path, name);
const replies = at('replies');
mkdirSync(replies);
const id = (...flags: string[]) => execFileSync('id', flags, { encoding: 'latin1' }).trim();
/** Who is not root may give files to nobody but himself. */
const someone = process.getuid?.() === 0 ? 'daemon' : id('-un');
const others = process.getuid?.() === 0 ? 'daemon' : id('-gn');
const cfgWith = (params: Readonly<Record<string, string | number>>) => `
  listen=udp:127.0.0.1:5060
  loadmodule "jsonrpcs.so"
  ${Object.entries(params)
    .map(([name, value]) => `modparam("jsonrpcs", "${name}", ${typeof value === 'number' ? value : `"${value}"`})`)
    .join('\n')}
  request_route { exit; }`;

const start = async (params: Readonly<Record<string, string | number>>): Promise<Server> =>
  startBuilt(await buildCfg('jsonrpc-ways.cfg', cfgWith(params)), simulatedEnvironment());
const question = (more: object = {}) =>
  `${JSON.stringify({ jsonrpc: '2.0', method: 'core.echo', params: ['a'], id: 7, ...more })}\n`;
const answer = { jsonrpc: '2.0', result: ['a'], id: 7 };

describe('all of them', () => {
  let server: Server;
  beforeAll(async () => {
    server = await start({
      transport: 0,
      fifo_name: at('own.fifo'),
      fifo_mode: 0o620,
      fifo_user: someone,
      fifo_group: others,
      fifo_reply_dir: `${replies}/`,
      dgram_socket: at('own.sock'),
      dgram_mode: 0o640,
      dgram_user: someone,
      dgram_group: others,
      tcp_socket: `tcp:127.0.0.1:${jsonrpcPort}`,
    });
  });
  afterAll(async () => {
    await server?.stop(0);
    folder.remove();
  });

  it.each([
    ['own.fifo', 0o620],
    ['own.sock', 0o640],
  ])('%s has the mode and the owner of the cfg', (name, wanted) => {
    const { mode, uid, gid } = statSync(at(name));
    const wantedGid = Number(execFileSync('getent', ['group', others], { encoding: 'latin1' }).split(':')[2]);
    expect([mode & 0o777, uid, gid]).toEqual([wanted, Number(id('-u', someone)), wantedGid]);
  });
  it('the fifo answers into the folder of the cfg', async () => {
    execFileSync('mkfifo', [join(replies, 'mine')]);
    const answered = readFile(join(replies, 'mine'), 'latin1');
    await writeFile(at('own.fifo'), question({ reply_name: 'mine' }));
    expect(JSON.parse(await answered)).toEqual(answer);
  });
  it('the datagram socket answers its peer', async () => {
    const answered = await new Promise<string>((resolve) => {
      const socket = openUnixDatagram(at('client.sock'), (bytes) => {
        socket.close();
        resolve(bytes);
      });
      socket.send(question(), at('own.sock'));
    });
    expect(JSON.parse(answered)).toEqual(answer);
  });
  it('the port answers, and ends the connection', async () => {
    const answered = await new Promise<string>((resolve, reject) => {
      let got = '';
      const client = connect({ host: '127.0.0.1', port: jsonrpcPort }, () => client.write(question()));
      client.setEncoding('latin1');
      client.on('data', (bytes) => {
        got += String(bytes);
      });
      client.once('end', () => resolve(got));
      client.once('error', reject);
    });
    expect(JSON.parse(answered)).toEqual(answer);
  });
});

describe('some of them', () => {
  const other = temporaryFolder();
  afterAll(() => other.remove());
  const there = (name: string) => join(other.path, name);

  it.each([
    [2, [true, false]],
    [4, [false, true]],
    [6, [true, true]],
    [8, [false, false]],
  ])('transport=%d', async (transport, found) => {
    const [fifo_name, dgram_socket] = [there(`${transport}.fifo`), there(`${transport}.sock`)];
    const server = await start({ transport, fifo_name, dgram_socket });
    const open = [existsSync(fifo_name), existsSync(dgram_socket)];
    await server.stop(0);
    expect([open, existsSync(fifo_name), existsSync(dgram_socket)]).toEqual([found, false, false]);
  });
  it.each(['fifo_user', 'fifo_group', 'dgram_user', 'dgram_group'])('%s that nobody is', async (name) => {
    const started = start({ fifo_name: there('x.fifo'), dgram_socket: there('x.sock'), [name]: 'no_such_name' });
    await expect(started).rejects.toThrow('no_such_name');
  });
});
