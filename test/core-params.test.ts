/** Core parameters that change what a running server does, each seen from outside. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { RpcCall } from '../runtime/admin/rpc.js';
import { realEnvironment } from '../runtime/env/real.js';
import { simulatedEnvironment } from '../runtime/env/simulated.js';
import { lineLog } from '../runtime/log.js';
import { dropPrivileges, enterFolder } from '../runtime/privileges.js';
import { type SettingName, Settings } from '../runtime/settings.js';
import { buildCfg, startBuilt } from './support/in-process.js';

const head = 'debug=2\nlisten=udp:127.0.0.1:5060\nloadmodule "pv.so"\nloadmodule "xlog.so"\nloadmodule "textops.so"\n';

/** What the routes of a cfg log for one OPTIONS. */
async function logged(cfg: string, environment = simulatedEnvironment()): Promise<string[]> {
  const server = await startBuilt(await buildCfg('core.cfg', `${head}${cfg}`), environment);
  try {
    const peer = await environment.network.bindUdp({ ip: '127.0.0.1', port: 5099 }, () => {});
    const before = environment.log.records.length;
    peer.send(
      'OPTIONS sip:bob@127.0.0.1 SIP/2.0\r\nVia: SIP/2.0/UDP 127.0.0.1:5099;branch=z9hG4bKc\r\nFrom: <sip:a@x>;tag=1\r\n' +
        'To: <sip:b@x>\r\nCall-ID: c\r\nCSeq: 1 OPTIONS\r\nMax-Forwards: 70\r\nContent-Length: 0\r\n\r\n',
      { ip: '127.0.0.1', port: 5060 },
    );
    await environment.clock.advance(1_000);
    return environment.log.records.slice(before).map(({ source, text }) => `${source} ${text.replace(/\n$/, '')}`);
  } finally {
    await server.stop(0);
  }
}

describe('max_recursive_level', () => {
  const routes = `request_route { route(A); xlog("L_ERR", "back $rc $var(n)\\n"); exit; }
    route[A] { $var(n) = $var(n) + 1; if ($var(n) < 1000) { route(A); } }`;
  it.each([
    ['', 'back -1 128'], // as 5.6.3 at its 256 levels: a route and an if each
    ['max_recursive_level=20\n', 'back -1 10'],
    ['max_recursive_level=5000\n', 'back 1 1000'],
  ])('%j: a route that calls itself ends with %s', async (setting, last) => {
    const lines = await logged(setting + routes);
    expect(lines.at(-1)).toBe(`<script> ${last}`);
    expect(lines.some((line) => line.includes('too many recursive'))).toBe(last !== 'back 1 1000');
  });
  it('holds across two routes and where a name is made at run time', async () => {
    const lines = await logged(`max_recursive_level=30
      request_route { $var(to) = "A"; route(A); xlog("L_ERR", "back $rc\\n"); exit; }
      route[A] { route(B); }
      route[B] { route($var(to)); }`);
    expect(lines.at(-1)).toBe('<script> back -1');
  });
  it('gives a route that waits its levels back', async () => {
    const lines = await logged(`loadmodule "cfgutils.so"
      request_route { $var(n) = 0; route(A); $var(n) = 0; route(A); xlog("L_ERR", "back $rc $var(n)\\n"); exit; }
      route[A] { $var(n) = $var(n) + 1; usleep("1"); if ($var(n) < 60) { route(A); } }`);
    expect(lines.at(-1)).toBe('<script> back 1 60');
  });
});

describe('return_mode', () => {
  const routes = `request_route {
      if (route(NEG)) { xlog("L_ERR", "true $rc\\n"); } else { xlog("L_ERR", "false $rc\\n"); }
      if (route(NEG) == -3) { xlog("L_ERR", "equal\\n"); }
      if (!is_method("INVITE")) { xlog("L_ERR", "not\\n"); }
      $var(x) = -1;
      if ($var(x)) { xlog("L_ERR", "nonzero\\n"); }
      exit;
    }
    route[NEG] { return -3; }`;
  it('0, the default: positive is true', async () => {
    expect(await logged(routes)).toEqual(['<script> false -3', '<script> not']);
  });
  it('1: a call has its own value, and any but 0 is true', async () => {
    expect(await logged(`return_mode=1\n${routes}`)).toEqual([
      '<script> true -3',
      '<script> equal',
      '<script> nonzero',
    ]);
  });
});

describe('log_prefix_mode', () => {
  const cfg = 'log_prefix="[$var(n)] "\nrequest_route { $var(n) = 7; xlog("L_ERR", "x\\n"); exit; }';
  it.each([
    ['0', '[0] <script> x'],
    ['1', '[7] <script> x'],
  ])('%s: %s', async (mode, line) => {
    expect(await logged(`log_prefix_mode=${mode}\n${cfg}`)).toEqual([line]);
  });
});

it('log_color: a line on the terminal has the colour of its level', () => {
  const lines: string[] = [];
  lineLog(3, { write: (text) => lines.push(text) }, true).write({ level: -1, source: '<script>', text: 'x\n' });
  expect(lines).toEqual([` 0(${process.pid}) ERROR: <script>: x`].map((line) => `\x1b[31m${line}\n\x1b[0m`));
});

describe('values out of range', () => {
  it('are brought into it, or refused where Kamailio does', () => {
    const settings = new Settings();
    expect(settings.assign('dns_try_ipv6', 3)).toBeNull();
    expect(settings.values.dns_try_ipv6).toBe(1);
    expect(settings.assign('max_branches', 32)).toBe('max_branches has to be at most 31');
    expect(settings.assign('rundir', '')).toBe('rundir must not be empty');
    expect(settings.assign('log_facility', 'LOG_LOCAL9')).toContain('one of');
    expect(settings.change('dns_try_ipv6', 3)).toContain('at most 1');
    expect(settings.assign('enable_sctp', 1)).toContain('at most 0');
  });
  it('is the same parameter under each of its names', () => {
    const settings = new Settings({ ser_kill_timeout: 7, shm_mem_size: 9, uid: 'nobody' });
    expect([settings.values.exit_timeout, settings.values.shm, settings.values.user]).toEqual([7, 9, 'nobody']);
  });
});

describe('other names of a parameter', () => {
  const rows: [old: string, meant: SettingName, value: number | string][] = [
    ['add_rport', 'force_rport', 1],
    ['auto_domains', 'auto_aliases', 0],
    ['dns_cache_delete_nonexpired', 'dns_cache_del_nonexp', 1],
    ['dns_sctp_preference', 'dns_sctp_pref', 7],
    ['dns_tcp_preference', 'dns_tcp_pref', 7],
    ['dns_tls_preference', 'dns_tls_pref', 7],
    ['dns_udp_preference', 'dns_udp_pref', 7],
    ['dns_srv_loadbalancing', 'dns_srv_lb', 1],
    ['dns_use_cache', 'use_dns_cache', 0],
    ['dns_use_failover', 'use_dns_failover', 1],
    ['dst_blocklist_ttl', 'dst_blocklist_expire', 7],
    ['gid', 'group', 'g'],
    ['http_reply_hack', 'http_reply_parse', 1],
    ['ip_nonlocal_bind', 'ip_free_bind', 1],
    ['ipfreebind', 'ip_free_bind', 1],
    ['run_dir', 'rundir', '/r'],
    ['ser_kill_timeout', 'exit_timeout', 7],
    ['tls_disable', 'disable_tls', 1],
    ['tls_enable', 'enable_tls', 1],
    ['uid', 'user', 'u'],
    ['wdir', 'workdir', '/w'],
  ];
  it.each(rows)('%s is %s', (old, meant, value) => {
    const settings = new Settings();
    expect(settings.values[meant]).not.toBe(value);
    expect(settings.assign(old, value)).toBeNull();
    expect(settings.values[meant]).toBe(value);
  });
});

describe('what goes out', () => {
  /** The peer's datagrams: what a cfg sends for one OPTIONS whose Via names another host. */
  async function sent(cfg: string): Promise<string[]> {
    const environment = simulatedEnvironment();
    const text = `listen=udp:127.0.0.1:5060\nauto_aliases=no\nloadmodule "sl.so"\n${cfg}`;
    const server = await startBuilt(await buildCfg('core.cfg', text), environment);
    try {
      const came: string[] = [];
      const peer = await environment.network.bindUdp({ ip: '127.0.0.1', port: 5099 }, (bytes) => came.push(bytes));
      peer.send(
        'OPTIONS sip:bob@127.0.0.1 SIP/2.0\r\nVia: SIP/2.0/UDP 127.0.0.1:5099;branch=z9hG4bKc\r\nFrom: <sip:a@x>;tag=1\r\n' +
          'To: <sip:b@x>\r\nCall-ID: c\r\nCSeq: 1 OPTIONS\r\nMax-Forwards: 70\r\nContent-Length: 0\r\n\r\n',
        { ip: '127.0.0.1', port: 5060 },
      );
      await environment.clock.advance(100);
      return came;
    } finally {
      await server.stop(0);
    }
  }
  const reply = 'request_route { sl_send_reply("200", "OK"); exit; }';
  const forward = 'request_route { forward("127.0.0.1", 5099); exit; }';
  const relayed = (via: string) => `Via: SIP/2.0/UDP ${via};branch=z9hG4bK`;
  const rows: [setting: string, routes: string, has: string, without: string | null][] = [
    ['server_signature=yes', reply, '\r\nServer: sipc (', null],
    ['server_signature=no', reply, 'SIP/2.0 200 OK\r\n', '\r\nServer:'],
    ['sip_warning=no', reply, 'SIP/2.0 200 OK\r\n', '\r\nWarning:'],
    ['sip_warning=yes', reply, `\r\nWarning: 392 127.0.0.1:5060 "Noisy feedback tells:  pid=${process.pid} `, null],
    ['local_rport=no', forward, relayed('127.0.0.1'), ';rport\r\n'],
    ['local_rport=yes', forward, ';rport\r\n', null],
    [
      'xavp_via_fields="via"',
      `loadmodule "pv.so"\nloadmodule "corex.so"\nrequest_route { $xavp(via=>address) = "192.0.2.7"; $xavp(via[0]=>port) = "5077"; via_use_xavp_fields("1"); forward("127.0.0.1", 5099); exit; }`,
      relayed('192.0.2.7:5077'),
      null,
    ],
    ['advertised_port=5070', forward, relayed('127.0.0.1:5070'), null],
  ];
  it.each(rows)('%s', async (setting, routes, has, without) => {
    const came = await sent(`${setting}\n${routes}`);
    expect(came).toHaveLength(1);
    expect(came[0]).toContain(has);
    if (without !== null) expect(came[0]).not.toContain(without);
  });
});

describe('user, group, workdir, chroot', () => {
  const none = { user: '', group: '', workdir: '', chroot: '' };
  it('refuse what cannot be', () => {
    expect(() => dropPrivileges({ ...none, user: 'no-such-user' })).toThrow(/cannot run as no-such-user/);
    expect(() => enterFolder({ ...none, workdir: '/no/such/folder' }, false)).toThrow(/cannot work in/);
    expect(() => enterFolder({ ...none, chroot: '/srv' }, false)).toThrow(/no chroot/);
  });
  it('chroot=… in the cfg: the server does not start', async () => {
    const built = await buildCfg('core.cfg', `${head}chroot="/srv"\nrequest_route { exit; }`);
    await expect(startBuilt(built, simulatedEnvironment())).rejects.toThrow(/no chroot/);
  });
  it('-w goes before workdir', () => {
    expect(() => enterFolder({ ...none, workdir: '/no/such/folder' }, true)).not.toThrow();
  });
  it('no user means the one it was started as', () => {
    const before = process.geteuid?.();
    dropPrivileges(none);
    expect(process.geteuid?.()).toBe(before);
  });
});

it('domain of later versions is an alias', async () => {
  const lines = await logged(`domain=udp:127.0.0.1
    domain=x.example.org
    request_route {
      $ru = "sip:a@x.example.org"; if (uri == myself) xlog("L_ERR", "ours\\n");
      $ru = "sip:a@y.example.org"; if (uri != myself) xlog("L_ERR", "not\\n");
      exit;
    }`);
  expect(lines).toEqual(['<script> ours', '<script> not']);
});

it('$defs is the text of a define in quotes', async () => {
  const lines = await logged(`#!define PLAIN xyz
#!define TEXT "abc"
    request_route { xlog("L_ERR", "$defs(PLAIN) $defs(TEXT) $defs(NONE)\\n"); error("a", "b"); exit; }`);
  expect(lines).toEqual(['<script> "xyz" "abc" <null>', '<core> error("a", "b") not implemented yet']);
});

it('rpc_exec_delta keeps two reloads apart', async () => {
  const environment = simulatedEnvironment();
  const cfg = await buildCfg(
    'core.cfg',
    `${head}rpc_exec_delta=5\nloadmodule "permissions.so"\nmodparam("permissions", "reload_delta", 0)\nrequest_route { exit; }`,
  );
  const server = await startBuilt(cfg, environment);
  const asked = async (command: string) => {
    const call = new RpcCall(command, []);
    await server.rpc.execute(call, () => undefined)?.done;
    return call.faulted?.text;
  };
  const reload = () => asked('permissions.addressReload');
  expect([await reload(), await reload(), await asked('core.echo')]).toEqual([
    'Reload failed.',
    'Command Executed Too Fast',
    undefined,
  ]);
  await environment.clock.advance(4_999);
  expect(await reload()).toBe('Command Executed Too Fast');
  await environment.clock.advance(1);
  expect(await reload()).toBe('Reload failed.');
  await server.stop(0);
});

describe('exec', () => {
  it('waits for the command and says what it ended with', async () => {
    const environment = simulatedEnvironment();
    environment.shell.statuses.set('exit 3', 3 << 8);
    const lines = await logged(
      'request_route { if (exec("exit 3")) { exec("true"); xlog("L_ERR", "after\\n"); } exit; }',
      environment,
    );
    expect(environment.shell.lines).toEqual(['exit 3', 'true']);
    expect(lines).toEqual([
      '<core> exec("exit 3") not fully implemented, using dumb version...',
      '<core> exec() returned 768',
      '<core> exec("true") not fully implemented, using dumb version...',
      '<script> after',
    ]);
  });
  it.each([
    ['exit 3', 768],
    ['true', 0],
    ['kill -9 $$', 9],
    ['no-such-command-here 2>&-', 127 << 8],
  ])('%s gives the status of wait(2), %i', async (line, status) => {
    const { shell } = realEnvironment(lineLog(3, { write: () => undefined }));
    expect(await shell.run(line)).toBe(status);
  });
});

describe('SCTP', () => {
  it('forward_sctp() says that it is not there', async () => {
    const lines = await logged(
      'request_route { $var(r) = forward_sctp("127.0.0.1", 5099); xlog("L_ERR", "$var(r)\\n"); exit; }',
    );
    expect(lines).toContain('core forward_sctp: SCTP is not there: Node has no sockets for it');
    expect(lines.at(-1)).toBe('<script> -7');
  });
});

describe('latency_cfg_log and latency_limit_cfg', () => {
  const routes = 'loadmodule "cfgutils.so"\nrequest_route { usleep("20000"); xlog("L_ERR", "slept\\n"); exit; }';
  it.each([
    ['', 0],
    ['latency_cfg_log=2\n', 1],
    ['latency_cfg_log=2\nlatency_limit_cfg=10000\n', 1],
    ['latency_cfg_log=2\nlatency_limit_cfg=50000\n', 0],
  ])('%j: %i lines', async (settings, count) => {
    const lines = await logged(settings + routes);
    expect(lines).toContain('<script> slept');
    const told = lines.filter((line) => /^<core> request-route executed in: 2\d{4} usec$/.test(line));
    expect(told).toHaveLength(count);
  });
});

describe('latency_limit_action', () => {
  const routes = `loadmodule "cfgutils.so"
    request_route {
      if (is_method("OPTIONS")) { usleep("20000"); }
      while (usleep("30000")) { $var(n) = $var(n) + 1; if ($var(n) == 2) break; }
      $var(x) = 0;
    }`;
  it.each<[string, string[]]>([
    ['', []],
    ['latency_limit_action=0\n', []],
    ['latency_limit_action=1000000\n', []],
    ['latency_limit_action=1\nlatency_log=3\n', []],
    ['latency_limit_action=20000\n', ['usleep', 'if', 'usleep', 'usleep', 'while']],
    ['latency_limit_action=25000\n', ['usleep', 'usleep', 'while']],
  ])('%j: %j', async (setting, told) => {
    const lines = await logged(setting + routes);
    const names: Readonly<Record<string, string>> = {
      'usleep (25)': 'usleep',
      'corefunc (16)': 'if',
      'corefunc (23)': 'while',
    };
    const alert = /^<core> alert - action \[(.*?)\] cfg \[core.cfg:\d+\] took too long \[\d{5} us\]$/;
    expect(lines.map((line) => names[alert.exec(line)?.[1] ?? ''] ?? line)).toEqual(told);
  });
  it('is said to be of no use where the cfg does not write it', async () => {
    const environment = simulatedEnvironment();
    for (const setting of ['', 'latency_limit_action=0\n']) {
      const server = await startBuilt(await buildCfg('core.cfg', head + setting + routes), environment);
      expect(server.settings.change('latency_limit_action', 5)).toBeNull();
      await server.stop(0);
    }
    const said = environment.log.records.filter(({ text }) => text.includes('measures no actions'));
    expect(said).toHaveLength(1);
  });
});

it.each([
  [300, 0],
  [100, 1],
])('msg_recv_max_size=%i: %i longer messages are left out', async (limit, count) => {
  const lines = await logged(`msg_recv_max_size=${limit}\nrequest_route { xlog("L_ERR", "seen\\n"); exit; }`);
  expect(lines.filter((line) => line.startsWith('<core> received message too big'))).toHaveLength(count);
  expect(lines.includes('<script> seen')).toBe(count === 0);
});

it.each([
  ['dns_cache_init', 'use_dns_cache', 'dns.view', 'dns cache support disabled (see use_dns_cache)'],
  ['dst_blocklist_init', 'use_dst_blocklist', 'dst_blocklist.view', 'dst blocklist support disabled'],
])('%s=0: %s=1 turns nothing on', async (init, use, command, refusal) => {
  for (const on of [1, 0]) {
    const cfg = await buildCfg('core.cfg', `${head}${init}=${on}\n${use}=1\nrequest_route { exit; }`);
    const server = await startBuilt(cfg, simulatedEnvironment());
    const call = new RpcCall(command, []);
    await server.rpc.execute(call, () => undefined)?.done;
    expect(call.faulted?.text).toBe(on === 1 ? undefined : refusal);
    await server.stop(0);
  }
});

it.each([
  ['', 101],
  ['tcp_accept_protocols="http,stun"\n', 503],
  ['tcp_accept_protos="http, WSS"\n', 101],
  ['tcp_accept_protocols=84\n', 503],
])('%j: a WebSocket handshake gets %i', async (setting, status) => {
  const environment = simulatedEnvironment();
  const cfg = `listen=tcp:127.0.0.1:5060\nauto_aliases=no\ntcp_accept_no_cl=yes\n${setting}
    loadmodule "sl.so"\nloadmodule "xhttp.so"\nloadmodule "websocket.so"
    request_route { exit; }
    event_route[xhttp:request] { ws_handle_handshake(); }`;
  const server = await startBuilt(await buildCfg('core.cfg', cfg), environment);
  const connecting = environment.network.connectTcp({ ip: '127.0.0.1', port: 5060 }, { timeoutMs: 1000 });
  await environment.clock.advance(10);
  const peer = await connecting;
  let came = '';
  peer.onData = (bytes) => {
    came += bytes;
  };
  peer.write(
    'GET / HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n' +
      'Sec-WebSocket-Version: 13\r\nSec-WebSocket-Protocol: sip\r\n\r\n',
  );
  await environment.clock.advance(50);
  expect(came.split('\r\n')[0]).toMatch(new RegExp(`^HTTP/1.1 ${status} `));
  await server.stop(0);
});

describe('version_table', () => {
  const folder = mkdtempSync(join(tmpdir(), 'sipc-versions-'));
  afterAll(() => rmSync(folder, { recursive: true }));
  const columns = 'id(int,auto) table_name(string) table_version(int)';
  writeFileSync(join(folder, 'version'), `${columns}\n0:subscriber:3\n`);
  writeFileSync(join(folder, 'revision'), `${columns}\n0:subscriber:7\n`);
  writeFileSync(join(folder, 'subscriber'), 'username(string) domain(string) password(string)\n');
  it.each([
    ['', /version 3/],
    ['version_table="revision"\n', null],
  ])('%j: the versions of tables are read there', async (setting, refusal) => {
    const cfg = `${head}${setting}loadmodule "sl.so"\nloadmodule "db_text.so"\nloadmodule "auth.so"\nloadmodule "auth_db.so"
      modparam("auth_db", "db_url", "text://${folder}")
      request_route { if (!www_authenticate("x", "subscriber")) exit; }`;
    const starting = startBuilt(await buildCfg('core.cfg', cfg), simulatedEnvironment());
    if (refusal !== null) await expect(starting).rejects.toThrow(refusal);
    else await (await starting).stop(0);
  });
});
