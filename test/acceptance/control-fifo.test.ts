/** `modparam("ctl", "fifo", …)`: requests of lines through a named pipe and over a socket, to a server that runs. */
import { execFileSync } from 'node:child_process';
import { statSync } from 'node:fs';
import { readFile, rm, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { simulatedEnvironment } from '../../runtime/env/simulated.js';
import type { Server } from '../../runtime/index.js';
import { temporaryFolder } from '../support/databases.js';
import { buildCfg, startBuilt } from '../support/in-process.js';

const folder = temporaryFolder();
const pipe = join(folder.path, 'k.fifo');
const socket = join(folder.path, 'k.sock');
const cfg = `
  listen=udp:127.0.0.1:5060
  loadmodule "ctl.so"
  loadmodule "htable.so"
  modparam("htable", "htable", "t=>size=4;")
  modparam("ctl", "fifo", "${pipe}")
  modparam("ctl", "fifo", "unixs:${socket}")
  modparam("ctl", "mode", 0620)
  request_route { exit; }`;

const env = simulatedEnvironment();
let server: Server;
beforeAll(async () => {
  server = await startBuilt(await buildCfg('control-fifo.cfg', cfg), env);
});
afterAll(async () => {
  await server?.stop(0);
  folder.remove();
});

/** The answer comes over a pipe of our own in /tmp. */
async function throughPipe(command: string, ...params: string[]): Promise<string> {
  const name = `sipc_fifo_test_${process.pid}`;
  const path = join('/tmp', name);
  await rm(path, { force: true });
  execFileSync('mkfifo', [path]);
  try {
    const answer = readFile(path, 'latin1');
    await writeFile(pipe, `${[`:${command}:${name}`, ...params].join('\n')}\n\n`);
    return await answer;
  } finally {
    await rm(path, { force: true });
  }
}
/** What comes back until `lines` lines are there. */
function overSocket(text: string, lines: number): Promise<string> {
  return new Promise((resolve, reject) => {
    const client = connect({ path: socket });
    let got = '';
    client.setEncoding('latin1');
    client.setTimeout(5000, () => reject(new Error(`only got ${JSON.stringify(got)}`)));
    client.on('data', (bytes) => {
      got += String(bytes);
      if (got.split('\n').length <= lines) return;
      client.destroy();
      resolve(got);
    });
    client.once('error', reject);
    client.write(text);
  });
}

it('the pipe has the mode of the cfg', () => {
  const { mode } = statSync(pipe);
  expect(mode & 0o777).toBe(0o620);
});
it('answers into the pipe that the request names', async () => {
  expect(await throughPipe('htable.seti', 't', 'a', '5')).toBe('200 OK\nOk. Key set to new value.\n');
  expect(await throughPipe('htable.get', 't', 'a')).toBe('200 OK\nitem:expire:NEVER,flags:0,value:5,name:a\n');
  expect(await throughPipe('no.such')).toBe("500 Command 'no.such' not found\n");
});
it('several requests on one connection, one of them in pieces of lines ended by CRLF', async () => {
  expect(await overSocket(':core.echo:\na b\nc\\nd\n\n:core.version:\r\n', 5)).toMatch(
    /^200 OK\na b\nc\\nd\n200 OK\nkamailio /,
  );
});
it('what is no request is refused, over a socket', async () => {
  expect(await overSocket('hello\n\n', 1)).toBe('400 Command expected\n');
});
it('no answer leaves the folder of the pipes', async () => {
  await writeFile(pipe, ':core.version:../etc/x\n\n');
  expect(await throughPipe('core.printi', '1')).toBe('200 OK\n1\n');
  expect(env.log.texts().filter((text) => text.includes('forbidden filename: ../etc/x'))).toHaveLength(1);
});
it('the sockets are listed with what is spoken there', async () => {
  const listed = `fifo\nfifo\n${pipe}\n\nfifo\nunix_stream\n${socket}\n\n`;
  expect(await throughPipe('ctl.listen')).toBe(`200 OK\n${listed}`);
  expect(await throughPipe('ctl.who')).toBe('400 no open stream connection\n');
  expect(await overSocket(':ctl.who:\n\n', 7)).toBe(
    `200 OK\nfifo\nunix_stream\n<anonymous unix socket>\n\n${socket}\n\n`,
  );
});
