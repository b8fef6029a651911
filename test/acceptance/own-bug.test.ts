/** A module function that throws, in a compiled cfg: a 500 for that message, the cfg line in the log, the next call is routed. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { simulatedEnvironment } from '../../runtime/env/simulated.js';
import type { AnyModule } from '../../runtime/sdk/context.js';
import { type BuiltCfg, buildCfg, projectRoot, startBuilt } from '../support/in-process.js';
import { readSip, writeSip } from '../support/sip-text.js';

const path = 'examples/office/kamailio.cfg';
const text = readFileSync(join(projectRoot, path), 'latin1');
const proxy = { ip: '127.0.0.1', port: 5060 };
const alice = { ip: '127.0.0.1', port: 5071 };
const bob = { ip: '127.0.0.1', port: 5072 };

let built: BuiltCfg;
beforeAll(async () => {
  built = await buildCfg(path, text);
});

/** The module, with one function that fails for the calls whose Call-ID begins with `boom`. */
function faulty(module: AnyModule, name: string, how: 'throws' | 'rejects'): AnyModule {
  const spec = module.functions[name];
  if (!spec) return module;
  const run: typeof spec.run = (me, ctx, ...args) => {
    if (!ctx.msg.callId?.startsWith('boom')) return spec.run(me, ctx, ...args);
    const bug = new TypeError('a planted bug');
    if (how === 'throws') throw bug;
    return Promise.reject(bug);
  };
  return { ...module, functions: { ...module.functions, [name]: { ...spec, run } } };
}

function request(method: string, callId: string, user: string, at: typeof alice): string {
  return writeSip(
    `${method} ${method === 'REGISTER' ? 'sip:127.0.0.1' : 'sip:bob@127.0.0.1'} SIP/2.0`,
    [
      ['Via', `SIP/2.0/UDP ${at.ip}:${at.port};branch=z9hG4bK-${callId}`],
      ['Max-Forwards', '70'],
      ['From', `<sip:${user}@127.0.0.1>;tag=${callId}`],
      ['To', '<sip:bob@127.0.0.1>'],
      ['Call-ID', callId],
      ['CSeq', `1 ${method}`],
      ['Contact', `<sip:${user}@${at.ip}:${at.port}>`],
      ['Expires', '600'],
    ],
    '',
  );
}

/** Line of the only place where this stands. */
function lineOf(wanted: string): number {
  const found = text.split('\n').flatMap((line, i) => (line.includes(wanted) ? [i + 1] : []));
  expect(found).toHaveLength(1);
  return found[0]!;
}

describe('a module function that fails', () => {
  it.each([
    { name: 'mf_process_maxfwd_header', how: 'throws', place: 'mf_process_maxfwd_header(', calleeBusy: false },
    { name: 'lookup', how: 'throws', place: 'lookup("location")', calleeBusy: false },
    { name: 't_relay', how: 'rejects', place: 't_relay()', calleeBusy: false },
    { name: 't_check_status', how: 'throws', place: 't_check_status(', calleeBusy: true },
  ] as const)('$name $how', async ({ name, how, place, calleeBusy }) => {
    const env = simulatedEnvironment();
    const owners = built.modules.filter(
      (module) =>
        name in module.functions || Object.values(module.functions).some((spec) => spec.aliases?.includes(name)),
    );
    expect(owners).toHaveLength(1);
    const declared = Object.entries(owners[0]!.functions).find(
      ([own, spec]) => own === name || spec.aliases?.includes(name),
    )![0];
    const modules = built.modules.map((module) => (module === owners[0] ? faulty(module, declared, how) : module));
    const server = await startBuilt({ ...built, modules }, env);
    const got: string[] = [];
    const a = await env.network.bindUdp(alice, (bytes) => got.push(bytes));
    const b = await env.network.bindUdp(bob, (bytes, from) => {
      if (!bytes.startsWith('INVITE')) return;
      const copied = readSip(bytes)
        .headers.filter(([header]) => /^(Via|From|To|Call-ID|CSeq|Record-Route)$/.test(header))
        .map(([header, value]): [string, string] => [header, header === 'To' ? `${value};tag=b` : value]);
      const busy = calleeBusy && bytes.includes('Call-ID: boom');
      b.send(writeSip(busy ? 'SIP/2.0 486 Busy Here' : 'SIP/2.0 200 OK', copied, ''), from);
    });
    b.send(request('REGISTER', 'reg', 'bob', bob), proxy);
    await env.clock.advance(100);

    a.send(request('INVITE', 'boom', 'alice', alice), proxy);
    await env.clock.advance(100);
    const finals = (callId: string) =>
      got.map(readSip).filter(({ status, bytes }) => status >= 200 && bytes.includes(`Call-ID: ${callId}\r`));
    expect(finals('boom').map(({ firstLine }) => firstLine)).toEqual(['SIP/2.0 500 Server Internal Error']);
    const errors = env.log.records.filter(({ level, source }) => level < 0 && source.includes('<core>'));
    expect(errors).toEqual([
      expect.objectContaining({
        at: `kamailio.cfg:${lineOf(place)}`,
        text: `error at kamailio.cfg:${lineOf(place)} while routing the INVITE request: a planted bug`,
      }),
    ]);
    expect(server.stats.get('core', 'err_requests')?.read()).toBe(1);

    a.send(request('INVITE', 'good', 'alice', alice), proxy);
    await env.clock.advance(100);
    expect(finals('good').map(({ firstLine }) => firstLine)).toEqual(['SIP/2.0 200 OK']);
    await env.clock.advance(300_000);
    expect(server.transactions.size).toBe(0);
    await server.stop(0);
  });
});
