/** What `sipc build` writes runs on its own: moved, from another folder, with no packages to be found. */
import { mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, it } from 'vitest';
import { freePort, runSipc, startChild } from '../support/child.js';
import { projectRoot } from '../support/in-process.js';
import { missingTools, stockConfig } from '../support/tools.js';
import { UdpPhone } from '../support/udp-phone.js';

const office = join(projectRoot, 'examples/office/kamailio.cfg');
const cleanUp: (() => void)[] = [];
afterEach(() => {
  for (const each of cleanUp.splice(0)) each();
});

it.for([
  { name: 'the office example', cfg: office },
  { name: 'the stock config', cfg: stockConfig },
])('$name, built, moved and started elsewhere, registers a phone', async ({ cfg }, { skip }) => {
  const missing = missingTools([], [cfg]);
  if (missing !== null) skip(missing);
  const root = mkdtempSync(join(tmpdir(), 'sipc-build-'));
  cleanUp.push(() => rmSync(root, { recursive: true, force: true }));
  const [port, phonePort] = [await freePort(), await freePort()];
  const defines = cfg === office ? ['-A', `LISTEN_PORT=${port}`] : [];
  const built = await runSipc(['build', cfg, '-o', 'first/out', ...defines], { cwd: root });
  expect(built).toEqual({
    code: 0,
    out: 'first/out/server.mjs is ready: node first/out/server.mjs\n',
    err: expect.not.stringContaining('error'),
  });
  mkdirSync(join(root, 'second'));
  mkdirSync(join(root, 'empty'));
  renameSync(join(root, 'first', 'out'), join(root, 'second', 'moved'));
  expect(readdirSync(join(root, 'second', 'moved'))).toEqual(
    expect.arrayContaining(['program.js', 'program.js.map', 'program.ts', 'server.mjs', 'server.mjs.map']),
  );
  const listen = cfg === office ? [] : ['-l', `udp:127.0.0.1:${port}`, '-Y', join(root, 'empty')];
  const server = startChild(process.execPath, [join(root, 'second/moved/server.mjs'), ...listen], {
    cwd: join(root, 'empty'),
    env: { NODE_PATH: undefined, NODE_OPTIONS: undefined },
  });
  cleanUp.unshift(() => server.kill('SIGKILL'));
  await server.until(new RegExp(`listening on udp:127.0.0.1:${port}\n`));
  const phone = await UdpPhone.open('bob', phonePort, port);
  cleanUp.unshift(() => phone.close());
  phone.request('REGISTER', 'bob', [['Expires', '60']]);
  const { headers } = await phone.expect('SIP/2.0 200');
  expect(headers).toContainEqual(['Contact', expect.stringMatching(`<sip:bob@127.0.0.1:${phonePort}>;expires=60`)]);
  server.kill('SIGTERM');
  expect(await server.ended).toEqual({ code: 0, signal: null });
});
