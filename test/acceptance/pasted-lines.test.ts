/** The two lines that the office example gives to paste, pasted: baresip's phones register, call and hear each other. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { type Child, freePort, startChild, startSipcCommand } from '../support/child.js';
import { projectRoot } from '../support/in-process.js';
import { missingTools } from '../support/tools.js';

const missing = missingTools(['baresip', 'bash']);
const started: Child[] = [];
const folder = mkdtempSync(join(tmpdir(), 'sipc-phones-'));
afterAll(async () => {
  for (const child of started) child.kill('SIGKILL');
  await Promise.all(started.map(({ ended }) => ended));
  rmSync(folder, { recursive: true, force: true });
});

it('two phones talk', async ({ skip }) => {
  if (missing !== null) skip(missing);
  const port = await freePort();
  const cfg = join(projectRoot, 'examples/office/kamailio.cfg');
  const server = startSipcCommand(['run', cfg, '-A', `LISTEN_PORT=${port}`]);
  started.push(server);
  await server.until(/-e '\/dial bob'\n/);
  const paste = (name: string): Child => {
    const line = server
      .err()
      .split('\n')
      .find((each) => each.startsWith(`baresip -f /tmp/office-${name} `));
    // The phones' own settings go where they are cleaned up; all else stays as it was printed.
    const phone = startChild('bash', ['-c', `exec ${line?.replace('/tmp/office-', `${folder}/`)}`]);
    started.push(phone);
    return phone;
  };
  const bob = paste('bob');
  await server.until(/bob registered/);
  const alice = paste('alice');
  for (const phone of [alice, bob]) {
    await phone.until(/Call established/);
    await phone.until(/incoming rtp for 'audio' established/);
  }
  alice.kill('SIGTERM');
  await server.until(/method=BYE;/);
  bob.kill('SIGTERM');
  server.kill('SIGINT');
  expect(await server.ended).toEqual({ code: 0, signal: null });
  expect(server.err()).toMatch(/INVITE alice -> bob: to the phone at sip:bob\S+ \[line \d+\]/);
});
