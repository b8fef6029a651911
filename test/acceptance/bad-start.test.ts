/** What somebody gets whose cfg, address, port or flag is wrong: all of it at once, one plain line for the rest, exit 1. */
import { createSocket } from 'node:dgram';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { listenError } from '../../runtime/errors.js';
import { freePort, portIsFree, runSipc, startSipcCommand } from '../support/child.js';

let folder = '';
const file = (name: string, ...lines: string[]) => writeFileSync(join(folder, name), `${lines.join('\n')}\n`);
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'sipc-bad-'));
  file('good.cfg', 'request_route {', '  exit;', '}');
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const cleanUp: (() => void)[] = [];
afterEach(() => {
  for (const each of cleanUp.splice(0)) each();
});

const sipc = (...args: string[]) => runSipc(args, { cwd: folder, env: { NO_COLOR: '1' } });

describe('a cfg with mistakes', () => {
  it.each(['run', 'check', 'build'])('sipc %s says all of them: code, place, line, caret and fix', async (command) => {
    file(
      'many.cfg',
      'debug=2',
      'listn=udp:127.0.0.1:5060',
      'loadmodule "tm.so"',
      'loadmodule "sl.so"',
      'loadmodule "pvv.so"',
      'request_route {',
      '  if (!t_rely()) {',
      '    sl_reply_error()',
      '  }',
      '  route(MISSING);',
      '  $var(x) = $rUX;',
      '  sl_send_reply("404");',
      '}',
    );
    const { code, out, err } = await sipc(command, 'many.cfg');
    expect({ code, out }).toEqual({ code: 1, out: '' });
    const reports = err.trimEnd().split('\n\n');
    expect(reports.pop()).toBe('6 errors, 1 warning');
    const shape =
      /^(?:error|warning) (SIPC\d{4}) [a-z-]+: .+\n +--> many\.cfg:(\d+:\d+)\n *(\d+) \| (.+)\n *\| ( *)(\^+)\n +fix: .+$/;
    const lines = readFileSync(join(folder, 'many.cfg'), 'utf8').split('\n');
    const found = reports.map((report) => {
      expect(report).toMatch(shape);
      const [, number, place, line, source, indent] = shape.exec(report)!;
      expect(source).toBe(lines[Number(line) - 1]);
      expect(place).toBe(`${line}:${indent!.length + 1}`);
      return `${number} ${place}`;
    });
    expect(found).toEqual([
      'SIPC2029 2:1',
      'SIPC3001 5:12',
      'SIPC3003 7:8',
      'SIPC2002 8:21',
      'SIPC3004 10:9',
      'SIPC3022 11:13',
      'SIPC4001 12:3',
    ]);
  });

  it.each([
    { what: 'a file that is not there', last: 'include_file "absent.cfg"', reason: 'no such file' },
    { what: 'a folder', last: 'include_file "folder"', reason: 'it is a folder' },
    { what: 'a loop', last: 'include_file "first.cfg"', reason: 'nested more than 10 deep' },
  ])('an include that cannot be read names the chain: $what', async ({ last, reason }) => {
    mkdirSync(join(folder, 'folder'), { recursive: true });
    file('first.cfg', 'include_file "second.cfg"', 'request_route { exit; }');
    file('second.cfg', '# comment', 'include_file "third.cfg"');
    file('third.cfg', last);
    const { code, err } = await sipc('run', 'first.cfg');
    expect(code).toBe(1);
    expect(err).toContain(reason);
    expect([...err.matchAll(/--> (\S+)/g)].slice(0, 3).map(([, place]) => place)).toEqual(
      reason.startsWith('nested')
        ? ['second.cfg:2:14', 'first.cfg:1:14', 'third.cfg:1:14']
        : ['third.cfg:1:14', 'second.cfg:2:14', 'first.cfg:1:14'],
    );
    expect(err).toMatch(/fix: .+/);
  });

  it.each([
    [['run', 'absent.cfg'], 1, 'sipc run: there is no file absent.cfg\n'],
    [['run'], 2, 'sipc run: which cfg? sipc run FILE\n'],
    [['run', 'good.cfg', '-q'], 1, 'sipc: unknown option -q; see --help\n'],
    [['run', 'good.cfg', '-l'], 2, 'sipc run: -l needs a value\n'],
    [
      ['run', 'good.cfg', '-w', '/nowhere/at/all'],
      1,
      'sipc: cannot work in /nowhere/at/all: name a folder that is there (-w): ENOENT\n',
    ],
  ])('sipc %j', async (args, code, err) => {
    expect(await sipc(...args)).toEqual({ code, out: '', err });
  });
});

describe('a socket that cannot be opened', () => {
  const occupy = {
    udp: (port: number) =>
      new Promise<void>((resolve) => {
        const socket = createSocket('udp4');
        cleanUp.push(() => socket.close());
        socket.bind(port, '127.0.0.1', resolve);
      }),
    tcp: (port: number) =>
      new Promise<void>((resolve) => {
        const server = createServer();
        cleanUp.push(() => server.close());
        server.listen(port, '127.0.0.1', resolve);
      }),
  };

  it.each(['udp', 'tcp'] as const)('%s port in use: a line, and what was open is closed again', async (proto) => {
    const [free, taken] = [await freePort(), await freePort()];
    await occupy[proto](taken);
    const result = await sipc(
      'run',
      'good.cfg',
      '-l',
      `${proto}:127.0.0.1:${free}`,
      '-l',
      `${proto}:127.0.0.1:${taken}`,
    );
    expect(result).toEqual({
      code: 1,
      out: '',
      err: `sipc: cannot listen on ${proto}:127.0.0.1:${taken}: the port is in use; stop the other server or pick another port with -l\n`,
    });
    expect(await portIsFree(free)).toBe(true);
  });

  it.each(['udp', 'tcp'])('%s at an address of another machine', async (proto) => {
    const [free, port] = [await freePort(), await freePort()];
    const result = await sipc('run', 'good.cfg', '-l', `udp:127.0.0.1:${free}`, '-l', `${proto}:192.0.2.1:${port}`);
    expect(result).toEqual({
      code: 1,
      out: '',
      err: `sipc: cannot listen on ${proto}:192.0.2.1:${port}: this machine does not have that address; list its addresses with \`ip addr\` and use one of them\n`,
    });
    expect(await portIsFree(free)).toBe(true);
  });

  it.each(['udp:nowhere.invalid:5060', 'tcp:[::1:5060', 'tls:127.0.0.1:5061', 'udp:127.0.0.1:99999'])(
    '-l %s',
    async (address) => {
      const { code, out, err } = await sipc('run', 'good.cfg', '-l', address);
      expect({ code, out }).toEqual({ code: 1, out: '' });
      expect(err).toMatch(
        /^sipc: cannot listen on \S+: [^\n]+; [^\n]+\n$|^sipc: cannot listen on \S+: write [^\n]+\n$/,
      );
    },
  );

  // Tests may run as root, who may open any port.
  it.each(['EACCES', 'EPERM'])('a privileged port (%s)', (code) => {
    const error = listenError('udp:127.0.0.1:80', Object.assign(new Error('bind'), { code }));
    expect(error).toMatchObject({
      exitCode: 1,
      code: 'SIPC8003',
      message:
        'cannot listen on udp:127.0.0.1:80: ports below 1024 need privileges; use a higher port, or run: setcap cap_net_bind_service=+ep on the node binary',
    });
  });

  it('a process id file that cannot be written closes what was open', async () => {
    const port = await freePort();
    const { code, err } = await sipc('run', 'good.cfg', '-l', `udp:127.0.0.1:${port}`, '-P', '/nowhere/at/all.pid');
    expect(code).toBe(1);
    expect(err).toBe(
      'sipc: cannot write the process id to /nowhere/at/all.pid: name a file that can be written (-P): ENOENT\n',
    );
    expect(await portIsFree(port)).toBe(true);
  });
});

describe("kamailio's flags", () => {
  it.each([[['run', 'good.cfg', '-c']], [['run', '-c', '-f', 'good.cfg']], [['run', '-fgood.cfg', '-cE']]])(
    'sipc %j checks and ends',
    async (args) => {
      expect(await sipc(...args)).toEqual({ code: 0, out: '', err: 'config file ok, exiting...\n' });
    },
  );
  it('-c ends with 1 for a cfg with mistakes', async () => {
    file('bad.cfg', 'request_route { exit }');
    const { code, err } = await sipc('run', 'bad.cfg', '-c');
    expect(code).toBe(1);
    expect(err).toContain('SIPC2002');
  });

  it.each([
    [['-D', '-E', '-m', '64', '-M', '8']],
    [['-DD', '-E', '-m64', '-M8', '-m', '32', '-n', '4', '-N', '2']],
    [['-DDE', '-u', 'root', '-g', 'root', '-m', '64']],
  ])('%j: accepted, and said once where it has no meaning', async (flags) => {
    const port = await freePort();
    const pidFile = join(folder, `${port}.pid`);
    const args = [
      'run',
      'good.cfg',
      ...flags,
      '-Y',
      folder,
      '-P',
      pidFile,
      '-w',
      folder,
      '-l',
      `udp:127.0.0.1:${port}`,
    ];
    const server = startSipcCommand(args, { cwd: folder });
    cleanUp.push(() => server.kill('SIGKILL'));
    await server.until(/no meaning here/);
    expect(readFileSync(pidFile, 'utf8')).toBe(`${server.pid}\n`);
    server.kill('SIGTERM');
    expect(await server.ended).toEqual({ code: 0, signal: null });
    const said = /no meaning here, ignored: (.*)\n/.exec(server.out())![1]!.split(' ');
    const meaningless = flags.map((word) => word.slice(0, 2)).filter((flag) => /^-[mMnN]$/.test(flag));
    expect(said).toEqual([...new Set(meaningless)]);
    expect(server.out().match(/no meaning/g)).toHaveLength(1);
    expect(existsSync(pidFile)).toBe(false);
  });
});
