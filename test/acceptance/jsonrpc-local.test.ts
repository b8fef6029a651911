/** jsonrpcs' own doors, with the parameters that say where they are, what mode they have and who owns them. */
import { execFileSync } from 'node:child_process';
import { statSync } from 'node:fs';
import { readFile, rm, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { simulatedEnvironment } from '../../runtime/env/simulated.js';
import type { Server } from '../../runtime/index.js';
import { freePort } from '../support/child.js';
import { temporaryFolder } from '../support/databases.js';
import { buildCfg, startBuilt } from '../support/in-process.js';

const folder = temporaryFolder();
const fifo = join(folder.path, 'k.fifo');
const socket = join(folder.path, 'k.sock');
const { username, gid } = userInfo();
const group = execFileSync('id', ['-gn'], { encoding: 'utf8' }).trim();
let port = 0;
let server: Server;

const cfgWith = (more: string) => `
listen=udp:127.0.0.1:5060
loadmodule "jsonrpcs.so"
modparam("jsonrpcs", "transport", 0)
modparam("jsonrpcs", "pretty_format", 0)
modparam("jsonrpcs", "fifo_name", "${fifo}")
modparam("jsonrpcs", "fifo_mode", 0640)
modparam("jsonrpcs", "fifo_user", "${username}")
modparam("jsonrpcs", "fifo_group", "${group}")
modparam("jsonrpcs", "fifo_reply_dir", "${folder.path}/")
modparam("jsonrpcs", "dgram_socket", "${socket}")
modparam("jsonrpcs", "dgram_mode", 0620)
modparam("jsonrpcs", "dgram_user", "${username}")
modparam("jsonrpcs", "dgram_group", "${group}")
${more}
request_route { exit; }`;

beforeAll(async () => {
  port = await freePort();
  const cfg = cfgWith(`modparam("jsonrpcs", "tcp_socket", "tcp:127.0.0.1:${port}")`);
  server = await startBuilt(await buildCfg('jsonrpc-local.cfg', cfg), simulatedEnvironment());
});
afterAll(async () => {
  await server?.stop(0);
  folder.remove();
});

const echo = (more = '') => `{"jsonrpc":"2.0","method":"core.echo","params":["hello"]${more},"id":7}`;
const answer = '{"jsonrpc":"2.0","result":["hello"],"id":7}';

it('have the mode and the owner of the cfg', () => {
  expect([fifo, socket].map((path) => (statSync(path).mode & 0o777).toString(8))).toEqual(['640', '620']);
  expect([fifo, socket].map((path) => [statSync(path).uid, statSync(path).gid])).toEqual(
    [0, 1].map(() => [userInfo().uid, gid]),
  );
});
it('the fifo answers into one in the folder of the replies', async () => {
  const reply = join(folder.path, 'reply');
  execFileSync('mkfifo', [reply]);
  const got = readFile(reply, 'latin1');
  await writeFile(fifo, `${echo(',"reply_name":"reply"')}\n`);
  expect((await got).trim()).toBe(answer);
  await rm(reply);
});
it('the port of its own answers one document', async () => {
  const got = await new Promise<string>((resolve, reject) => {
    let text = '';
    const client = connect(port, '127.0.0.1');
    client.setEncoding('latin1');
    client.on('data', (bytes) => {
      text += String(bytes);
    });
    client.once('end', () => resolve(text));
    client.once('error', reject);
    client.write(echo());
  });
  expect(got.trim()).toBe(answer);
});
it.each([
  ['modparam("jsonrpcs", "fifo_user", "nobody-has-this-name")', 'fifo'],
  ['modparam("jsonrpcs", "dgram_group", "nobody-has-this-name")', 'datagram'],
  ['modparam("jsonrpcs", "tcp_socket", "udp:127.0.0.1:1")', 'tcp_socket'],
])('%s does not start', async (line, problem) => {
  const built = await buildCfg('jsonrpc-refused.cfg', cfgWith(line).replaceAll('/k.', '/other.'));
  await expect(startBuilt(built, simulatedEnvironment())).rejects.toThrow(problem);
});
