/**
 * What Kamailio's core has since after 5.6.3, so that no golden can tell: `coreparam`, `$iuid`, Via parameters of responses,
 * changes applied when a transaction begins, and what is told with `$atkv`.
 */
import { describe, expect, it } from 'vitest';
import { createNodeHost } from '../../bin/node-host.js';
import { check } from '../../compiler/index.js';
import { simulatedEnvironment } from '../../runtime/env/simulated.js';
import type { SimulatedConnection } from '../../runtime/env/simulated-network.js';
import { buildCfg, startBuilt } from '../support/in-process.js';

const modules = ['tm', 'tmx', 'sl', 'rr', 'pv', 'kex', 'corex', 'textops', 'textopsx', 'siputils', 'xlog'];
const head = `debug=2\nlisten=udp:127.0.0.1:5060\nlisten=tcp:127.0.0.1:5060\nauto_aliases=no\n${modules
  .map((name) => `loadmodule "${name}.so"\n`)
  .join('')}`;
const request = (method: string, more = '') =>
  `${method} sip:bob@127.0.0.1 SIP/2.0\r\nVia: SIP/2.0/UDP 127.0.0.1:5099;branch=z9hG4bKc;rport\r\nFrom: <sip:a@x>;tag=1\r\n` +
  `To: <sip:b@x>\r\nCall-ID: c\r\nCSeq: 1 ${method}\r\nMax-Forwards: 70\r\n${more}Content-Length: 0\r\n\r\n`;

/** Alice's MESSAGE goes where the cfg sends it; Bob, on port 5098, answers 200. Who got what, and the log. */
async function played(cfg: string, argv: readonly string[] = []) {
  const environment = simulatedEnvironment();
  const server = await startBuilt(await buildCfg('core.cfg', head + cfg), environment, argv);
  const alice: string[] = [];
  const bob: string[] = [];
  const caller = await environment.network.bindUdp({ ip: '127.0.0.1', port: 5099 }, (bytes) => alice.push(bytes));
  const callee = await environment.network.bindUdp({ ip: '127.0.0.1', port: 5098 }, (bytes, from) => {
    bob.push(bytes);
    const kept = bytes.split('\r\n').filter((line) => /^(Via|From|To|Call-ID|CSeq):/.test(line));
    callee.send(
      `SIP/2.0 200 OK\r\n${kept.join('\r\n').replace(/^To: .*/m, '$&;tag=2')}\r\nContent-Length: 0\r\n\r\n`,
      from,
    );
  });
  const before = environment.log.records.length;
  caller.send(request('MESSAGE', 'X-First: 1\r\n'), { ip: '127.0.0.1', port: 5060 });
  await environment.clock.advance(100);
  await server.stop(0);
  const log = environment.log.records.slice(before).map(({ text }) => text.replace(/\n$/, ''));
  return { alice, bob, log };
}
const topVia = (message: string | undefined) => /^Via: (.*)$/m.exec(message ?? '')?.[1]?.trimEnd();

describe('coreparam', () => {
  const show = 'request_route { xlog("L_ERR", "[$iuid]\\n"); exit; }';
  it.each<[string, string[], string]>([
    ['', [], '<null>'],
    ['coreparam[iuid]="first"\ncoreparam["iuid"] = "second"\n', [], 'first'],
    ['coreparam[iuid]="first"\n', ['--iuid=mine'], 'mine'],
    ['', ['--iuid', 'mine'], 'mine'],
    ['coreparam[random_engine]="krand"\ncoreparam[timer_sanity_check]=1\n', [], '<null>'],
  ])('%j %j: $iuid is %s', async (cfg, argv, id) => {
    expect((await played(cfg + show, argv)).log).toEqual([`[${id}]`]);
  });
  it.each([
    ['coreparam[iuid]=1', 'SIPC2'],
    ['coreparam[timer_sanity_check]="x"', 'SIPC2'],
    ['coreparam[iuidd]="x"', 'Did you mean iuid?'],
    ['coreparam="x"', 'in brackets'],
    ['coreparams[iuid]="x"', 'SIPC2'],
  ])('%s is refused', async (line, said) => {
    const real = await createNodeHost();
    const text = `${line}\nrequest_route { exit; }\n`;
    const host = { ...real, readFile: () => ({ text }), resolve: (_from: string, path: string) => path };
    const { diagnostics } = check(host, 'case.cfg', { lint: false });
    expect(diagnostics.map((d) => `${d.code} ${d.message} ${d.fix ?? ''}`)).toEqual([expect.stringContaining(said)]);
  });
});

describe('via_reply_add_xavp_params()', () => {
  const set = '$xavp(r=>srvid) = 7; $xavp(r[0]=>where) = "here"; $xavp(r[0]=>flag) = "";';
  const relay = '$du = "sip:127.0.0.1:5098"; t_on_reply("BACK"); t_relay(); exit;';
  const own = 'SIP/2.0/UDP 127.0.0.1:5099;branch=z9hG4bKc;rport=5099;received=127.0.0.1';
  it.each<[string, string, string]>([
    [
      'made by sl',
      `${set} via_reply_add_xavp_params("1"); sl_send_reply("403", "No"); exit;`,
      ';flag;where=here;srvid=7',
    ],
    [
      'made by tm',
      `${set} via_reply_add_xavp_params("1"); t_newtran(); t_reply("403", "No"); exit;`,
      ';flag;where=here;srvid=7',
    ],
    [
      'taken back',
      `${set} via_reply_add_xavp_params("1"); via_reply_add_xavp_params("0"); sl_send_reply("403", "No"); exit;`,
      '',
    ],
    ['no such xavp', 'via_reply_add_xavp_params("1"); sl_send_reply("403", "No"); exit;', ''],
  ])('of a response %s', async (_, route, params) => {
    const { alice } = await played(`xavp_via_reply_params="r"\nrequest_route { ${route} }`);
    expect(topVia(alice[0])).toBe(own + params);
  });
  it.each<[string, string, string]>([
    [
      'in the reply route',
      `onreply_route[BACK] { ${set} via_reply_add_xavp_params("1"); }`,
      ';flag;where=here;srvid=7',
    ],
    ['of the request alone', 'onreply_route[BACK] { exit; }', ''],
  ])('of a response passed on: %s', async (_, back, params) => {
    const { alice } = await played(
      `xavp_via_reply_params="r"\nrequest_route { ${set} via_reply_add_xavp_params("1"); ${relay} } ${back}`,
    );
    expect(alice).toHaveLength(1);
    // Our own edits to the Via of the request put `received` first.
    expect(topVia(alice[0])).toBe(`SIP/2.0/UDP 127.0.0.1:5099;received=127.0.0.1;branch=z9hG4bKc;rport=5099${params}`);
  });
  it('without xavp_via_reply_params: nothing', async () => {
    const { alice } = await played(
      `request_route { ${set} via_reply_add_xavp_params("1"); sl_send_reply("403", "No"); }`,
    );
    expect(topVia(alice[0])).toBe(own);
  });
});

describe('msg_apply_changes_mode', () => {
  const cfg = (branch: string, first = '') => `
    request_route {
      ${first}
      append_hf("X-Mine: 1\\r\\n"); remove_hf("X-First");
      $du = "sip:127.0.0.1:5098"; t_on_branch("OUT"); t_on_failure("NO");
      $var(r) = t_relay();
      xlog("L_ERR", "relay $var(r): $hdr(X-Mine) $hdr(X-First)\\n");
      if ($var(r) < 0) sl_reply_error();
      exit;
    }
    branch_route[OUT] { ${branch} }
    failure_route[NO] { exit; }`;
  const show = 'xlog("L_ERR", "branch $rc: $hdr(X-Mine) $hdr(X-First) $hdr(X-Branch) $ru\\n");';
  it('0: reads see the request as it came, and t_msg_apply_changes() does nothing', async () => {
    const { bob, log } = await played(cfg(`append_hf("X-Branch: 2\\r\\n"); t_msg_apply_changes(); ${show}`));
    expect(log).toEqual(['branch -1: <null> 1 <null> sip:bob@127.0.0.1', 'relay 1: <null> 1']);
    expect(bob[0]).toMatch(/\r\nX-Mine: 1\r\nX-Branch: 2\r\n/);
    expect(bob[0]).not.toContain('X-First');
  });
  it('1: the transaction begins with the changed request; a branch changes its own', async () => {
    const { bob, log } = await played(
      `msg_apply_changes_mode=1\n${cfg(`$ru = "sip:bob@branch"; append_hf("X-Branch: 2\\r\\n"); setflag(5); t_msg_apply_changes(); ${show} append_hf("X-Late: 3\\r\\n");`)}`,
    );
    expect(log).toEqual(['branch 1: 1 <null> 2 sip:bob@branch', 'relay 1: 1 <null>']);
    expect(bob[0]).toMatch(/^MESSAGE sip:bob@branch SIP\/2.0\r\nVia: .*\r\nVia: /);
    for (const name of ['X-Mine: 1', 'X-Branch: 2', 'X-Late: 3'])
      expect(bob[0]!.split(`\r\n${name}\r\n`)).toHaveLength(2);
    expect(bob[0]).not.toContain('X-First');
  });
  it('the mark MSG_APPLY_CHANGES does it for one message', async () => {
    const { log } = await played(cfg(`t_msg_apply_changes(); ${show}`, 'msg_iflag_set("MSG_APPLY_CHANGES");'));
    expect(log).toEqual(['branch 1: 1 <null> <null> sip:bob@127.0.0.1', 'relay 1: 1 <null>']);
  });
  it('what a branch sets stays with it', async () => {
    const routes = (mode: number) => `msg_apply_changes_mode=${mode}
      request_route { $du = "sip:127.0.0.1:5098"; t_on_branch("OUT"); t_relay();
        if (isflagset(5)) xlog("L_ERR", "flag\\n"); else xlog("L_ERR", "no flag\\n"); exit; }
      branch_route[OUT] { setflag(5); }`;
    expect((await played(routes(0))).log).toEqual(['flag']);
    expect((await played(routes(1))).log).toEqual(['no flag']);
  });
  it('after a Record-Route there is no transaction: 400', async () => {
    const { alice, bob, log } = await played(`msg_apply_changes_mode=1\n${cfg('exit;', 'record_route();')}`);
    expect(bob).toEqual([]);
    expect(log).toContain('relay -400: <null> 1');
    expect(alice[0]).toMatch(/^SIP\/2.0 400 Bad Request/);
  });
});

describe('event_route[core:tkv]', () => {
  const block = 'event_route[core:tkv] { xlog("L_ERR", "$atkv(type) $atkv(key) $atkv(val) $atkv(gname)\\n"); }';
  const group = 'async_workers_group="name=tkv;workers=1;nonblock=0;usleep=0"\n';
  /** What is logged when a connection breaks, or ends. */
  async function logged(cfg: string, end: (peer: SimulatedConnection) => void): Promise<string[]> {
    const environment = simulatedEnvironment();
    const routes = 'request_route { xlog("L_ERR", "[$atkv(key)]\\n"); exit; }';
    const server = await startBuilt(await buildCfg('core.cfg', `${head}${cfg}${routes}\n${block}`), environment);
    const connecting = environment.network.connectTcp({ ip: '127.0.0.1', port: 5060 }, { timeoutMs: 1000 });
    await environment.clock.advance(10);
    const peer = (await connecting) as SimulatedConnection;
    const before = environment.log.records.length;
    peer.write(request('OPTIONS'));
    await environment.clock.advance(10);
    end(peer);
    await environment.clock.advance(100);
    await server.stop(0);
    return environment.log.records.slice(before).map(({ text }) => text.replace(/\n$/, ''));
  }
  const told = '1200 tcp-read-error erno=104;srcip=127.0.0.1;dstip=127.0.0.1 tkv';
  it.each<[string, 'destroy' | 'end', string[]]>([
    [`${group}async_tkv_gname="tkv"\nasync_tkv_evcb="core:tkv"\n`, 'destroy', ['[<null>]', told]],
    [`${group}async_tkv_gname="tkv"\nasync_tkv_evcb="core:tkv"\n`, 'end', ['[<null>]']],
    [`${group}async_tkv_evcb="core:tkv"\n`, 'destroy', ['[<null>]']],
    [`${group}async_tkv_gname="tkv"\nasync_tkv_evcb="core:other"\n`, 'destroy', ['[<null>]']],
  ])('%j, %s: %j', async (cfg, end, lines) => {
    expect(await logged(cfg, (peer) => peer[end]())).toEqual(lines);
  });
});
