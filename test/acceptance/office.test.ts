/** The main job, as `npm start` runs it: the office example, from its first line to Ctrl-C. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { simulatedEnvironment } from '../../runtime/env/simulated.js';
import { type Child, freePort, startSipcCommand } from '../support/child.js';
import { buildCfg, projectRoot, startBuilt } from '../support/in-process.js';
import { UdpPhone } from '../support/udp-phone.js';

const cfg = join(projectRoot, 'examples/office/kamailio.cfg');
const lines = readFileSync(cfg, 'utf8').split('\n');

const open: { close(): void }[] = [];
afterEach(() => {
  for (const each of open.splice(0)) each.close();
});

async function office(): Promise<{ server: Child; port: number; phone(user: string): Promise<UdpPhone> }> {
  const port = await freePort();
  const server = startSipcCommand(['run', cfg, '-A', `LISTEN_PORT=${port}`]);
  open.push({ close: () => server.kill('SIGKILL') });
  await server.until(/to try it/);
  return {
    server,
    port,
    async phone(user) {
      const phone = await UdpPhone.open(user, await freePort(), port);
      open.push(phone);
      return phone;
    },
  };
}

describe('npm start', () => {
  it('runs the office example', () => {
    const { scripts } = JSON.parse(readFileSync(join(projectRoot, 'package.json'), 'utf8')) as {
      scripts: Record<string, string>;
    };
    expect(scripts.start).toBe('bin/sipc run examples/office/kamailio.cfg');
  });

  it('prints its sockets and two lines to paste, logs a call with the cfg line that routed it, stops at Ctrl-C', async () => {
    const { server, port, phone } = await office();
    expect(server.out()).toBe(`listening on udp:127.0.0.1:${port}\nlistening on tcp:127.0.0.1:${port}\n`);
    const pasted = server
      .err()
      .split('\n')
      .filter((line) => line.startsWith('baresip '));
    expect(pasted).toHaveLength(2);
    expect(pasted[0]).toContain(`'/uanew <sip:bob@127.0.0.1:${port}>;`);
    expect(pasted[1]).toContain(`'/uanew <sip:alice@127.0.0.1:${port}>;`);
    expect(pasted[1]).toMatch(/-e '\/dial bob'$/);
    // Nothing that a shell would read otherwise than as an argument.
    for (const line of pasted) expect(line.replace(/'[^']*'/g, '')).toMatch(/^[\w/ -]+$/);

    const bob = await phone('bob');
    const alice = await phone('alice');
    bob.request('REGISTER', 'bob', [['Expires', '60']]);
    await bob.expect('SIP/2.0 200');
    alice.request('INVITE', 'bob');
    const invite = await bob.expect('INVITE');
    bob.respond(invite, 200, 'OK');
    alice.acknowledge(await alice.expect('SIP/2.0 200'));
    await bob.expect('ACK');
    await server.until(/INVITE alice -> bob/);
    const routed = /INVITE alice -> bob: to the phone at \S+ \[line (\d+)\]/.exec(server.err());
    expect(lines[Number(routed?.[1]) - 1]).toContain('to the phone at $ru');

    server.kill('SIGINT');
    expect(await server.ended).toEqual({ code: 0, signal: null });
    expect(server.out().split('\n').slice(2)).toEqual([expect.stringMatching(/^stopping: /), '']);
  });

  it('Ctrl-C lets a call in setup finish, its ACK included', async () => {
    const { server, phone } = await office();
    const bob = await phone('bob');
    const alice = await phone('alice');
    bob.request('REGISTER', 'bob', [['Expires', '60']]);
    await bob.expect('SIP/2.0 200');
    alice.request('INVITE', 'bob');
    const invite = await bob.expect('INVITE');
    bob.respond(invite, 180, 'Ringing');
    await alice.expect('SIP/2.0 180');
    server.kill('SIGINT');
    await server.until(/stopping: calls in setup get 5 s to finish/);
    bob.respond(invite, 200, 'OK');
    alice.acknowledge(await alice.expect('SIP/2.0 200'));
    await bob.expect('ACK');
    const answeredAt = performance.now();
    expect(await server.ended).toEqual({ code: 0, signal: null });
    expect(performance.now() - answeredAt).toBeLessThan(3000);
  });

  it('a second Ctrl-C does not wait', async () => {
    const { server, phone } = await office();
    const bob = await phone('bob');
    const alice = await phone('alice');
    bob.request('REGISTER', 'bob', [['Expires', '60']]);
    await bob.expect('SIP/2.0 200');
    alice.request('INVITE', 'bob');
    bob.respond(await bob.expect('INVITE'), 180, 'Ringing');
    await alice.expect('SIP/2.0 180');
    const startedAt = performance.now();
    server.kill('SIGINT');
    await server.until(/stopping: calls in setup/);
    server.kill('SIGINT');
    expect(await server.ended).toEqual({ code: 0, signal: null });
    expect(performance.now() - startedAt).toBeLessThan(4500);
  });

  it('a call that stays in setup does not hold it beyond the 5 s it says', async () => {
    const env = simulatedEnvironment();
    const server = await startBuilt(await buildCfg(cfg, readFileSync(cfg, 'latin1')), env);
    const silent = await env.network.bindUdp({ ip: '127.0.0.1', port: 5070 }, () => {});
    const invite = [
      'INVITE sip:bob@127.0.0.1 SIP/2.0',
      'Via: SIP/2.0/UDP 127.0.0.1:5070;branch=z9hG4bK-1',
      'From: <sip:alice@127.0.0.1>;tag=a',
      'To: <sip:bob@127.0.0.1>',
      'Call-ID: 1',
      'CSeq: 1 INVITE',
      'Max-Forwards: 70',
      'Contact: <sip:alice@127.0.0.1:5070>',
      'Content-Length: 0',
    ];
    silent.send(`${invite.join('\r\n')}\r\n\r\n`, { ip: '127.0.0.1', port: 5060 });
    await env.clock.advance(100);
    expect(server.busy).toBe(true);
    let stopped = false;
    void server.stop().then(() => {
      stopped = true;
    });
    await env.clock.advance(4800);
    expect(stopped).toBe(false);
    await env.clock.advance(300);
    expect(stopped).toBe(true);
  });
});
