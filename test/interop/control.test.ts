/** The control channels of the stock config: the real kamcmd over binrpc, JSON-RPC over its fifo and its datagram socket. */
import { execFileSync } from 'node:child_process';
import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openUnixDatagram } from '../../runtime/admin/unix-datagram.js';
import { sipc } from '../support/command.js';
import { controlPort } from '../support/ports.js';
import type { ServerProcess } from '../support/server-process.js';
import { startSipc } from '../support/sipc.js';
import { missingTools, stockConfig } from '../support/tools.js';

const missing = missingTools(['kamcmd'], [stockConfig]);
const contact = 'sip:bob@127.0.0.1:5099';

let server: ServerProcess;
beforeAll(async () => {
  if (missing === null) server = await startSipc({ cfg: stockConfig, port: controlPort });
});
afterAll(() => server?.stop());

interface Reply {
  readonly jsonrpc: string;
  readonly id: number;
  readonly result?: unknown;
  readonly error?: { readonly code: number; readonly message: string };
}
const request = (method: string, params: readonly (string | number)[], more: object = {}) =>
  `${JSON.stringify({ jsonrpc: '2.0', method, params, id: 7, ...more })}\n`;

/** One request over the datagram socket. */
async function overDatagram(method: string, params: readonly (string | number)[] = []): Promise<Reply> {
  const own = join(server.folder, 'client.sock');
  await rm(own, { force: true });
  return new Promise((resolve, reject) => {
    const late = setTimeout(() => reject(new Error(`no answer to ${method}`)), 5_000);
    const socket = openUnixDatagram(own, (bytes) => {
      clearTimeout(late);
      socket.close();
      resolve(JSON.parse(bytes) as Reply);
    });
    socket.send(request(method, params), join(server.folder, 'kamailio_rpc.sock'));
  });
}

/** One request over the fifo; the answer comes over a fifo of our own. */
async function overFifo(method: string, params: readonly (string | number)[] = []): Promise<Reply> {
  const name = `sipc_test_${process.pid}`;
  const path = join('/tmp', name);
  await rm(path, { force: true });
  execFileSync('mkfifo', [path]);
  try {
    const answer = readFile(path, 'latin1');
    await writeFile(join(server.folder, 'kamailio_rpc.fifo'), request(method, params, { reply_name: name }));
    return JSON.parse(await answer) as Reply;
  } finally {
    await rm(path, { force: true });
  }
}

describe('kamcmd', () => {
  it.for([
    ['core.version', /^kamailio 5\.6\.3 /],
    ['core.info', /version: kamailio 5\.6\.3/],
    ['core.uptime', /up_since: .+\n\s*uptime: \d+/],
    ['core.psx', /PID: \d+/],
    ['pv.shvGet', /items/],
    ['system.listMethods', /ul\.dump/],
  ] as const)('%s', async ([command, expected], { skip }) => {
    if (missing !== null) skip(missing);
    expect(await server.rpc(command)).toMatch(expected);
  });

  it('stats.get_statistics counts', async ({ skip }) => {
    if (missing !== null) skip(missing);
    expect(await server.rpc('stats.get_statistics', 'all')).toMatch(/^core:rcv_requests = \d+$/m);
    expect(await server.rpc('stats.get_statistics', 'usrloc:')).toMatch(/^usrloc:registered_users = 0$/m);
  });

  it('adds, finds, lists and removes a binding', async ({ skip }) => {
    if (missing !== null) skip(missing);
    await server.rpc('ul.add', 'location', 'bob', contact, '3600', '0.5', 's:0', '0', '0', '0');
    expect(await server.rpc('ul.lookup', 'location', 'bob')).toContain(`Address: ${contact}`);
    expect(await server.rpc('ul.dump')).toContain('AoR: bob');
    expect(await server.rpc('stats.get_statistics', 'usrloc:')).toMatch(/^usrloc:location_contacts = 1$/m);
    await server.rpc('ul.rm', 'location', 'bob');
    expect(await server.rpc('ul.lookup', 'location', 'bob')).toContain('AOR not found in location table');
  });
});

describe('sipc ctl', () => {
  const ctl = (...words: string[]) => sipc('ctl', '--server', `unixs:${join(server.folder, 'kamailio_ctl')}`, ...words);

  it('shows, adds and removes contacts', async ({ skip }) => {
    if (missing !== null) skip(missing);
    expect(await ctl('ul', 'add', 'erin', contact, '3600')).toMatchObject({ code: 0, err: '' });
    await ctl('ul', 'add', 'frank', contact, '3600');
    expect((await ctl('online')).out).toBe('aor\nerin\nfrank\n');
    expect((await ctl('ul', 'show', 'erin@example.org')).out).toContain(`Address: ${contact}\n`);
    expect(JSON.parse((await ctl('--json', 'ul', 'show', 'erin')).out)).toMatchObject({ AoR: 'erin' });
    expect((await ctl('ul', 'rm', 'erin')).code).toBe(0);
    await ctl('ul', 'rm', 'frank');
    expect(await ctl('ul', 'show', 'erin')).toMatchObject({ code: 1, err: expect.stringContaining('not found') });
  });
  it('asks the server', async ({ skip }) => {
    if (missing !== null) skip(missing);
    expect((await ctl('version')).out).toMatch(/^kamailio 5\.6\.3 /);
    expect((await ctl('monitor', '--once')).out).toMatch(/up \d+ s\ncore:/);
    expect((await ctl('stats', 'usrloc')).out).toContain('usrloc:registered_users = 0\n');
    expect((await ctl('rpc', 'pv.shvGet')).code).toBe(0);
    const unknown = await ctl('rpc', 'no.such');
    expect([unknown.code, unknown.err]).toEqual([1, expect.stringContaining('no.such not found')]);
  });
});

describe.each([
  ['datagram socket', overDatagram],
  ['fifo', overFifo],
] as const)('JSON-RPC over the %s', (_, call) => {
  it('answers with the id asked with', async ({ skip }) => {
    if (missing !== null) skip(missing);
    expect(await call('core.version')).toMatchObject({
      jsonrpc: '2.0',
      id: 7,
      result: expect.stringContaining('5.6.3'),
    });
  });

  it('adds, finds, lists and removes a binding', async ({ skip }) => {
    if (missing !== null) skip(missing);
    await call('ul.add', ['location', 'carol', contact, 3600, 0.5, '0', 0, 0, 0]);
    expect(await call('ul.lookup', ['location', 'carol'])).toMatchObject({
      result: { AoR: 'carol', Contacts: [{ Contact: { Address: contact } }] },
    });
    expect(JSON.stringify(await call('ul.dump'))).toContain('carol');
    await call('ul.rm', ['location', 'carol']);
    expect(await call('ul.lookup', ['location', 'carol'])).toMatchObject({
      error: { code: 500, message: 'AOR not found in location table' },
    });
  });

  it('refuses what it does not know', async ({ skip }) => {
    if (missing !== null) skip(missing);
    expect(await call('no.such')).toMatchObject({ id: 7, error: { code: 500 } });
  });

  it.for(['core.info', 'core.uptime', 'core.psx', 'stats.get_statistics', 'pv.shvGet'])(
    '%s',
    async (method, { skip }) => {
      if (missing !== null) skip(missing);
      expect(await call(method, method === 'stats.get_statistics' ? ['all'] : [])).toMatchObject({
        id: 7,
        result: expect.anything(),
      });
    },
  );
});
