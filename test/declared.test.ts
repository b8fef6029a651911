/**
 * Declarations against behaviour: every function's `example` compiles and runs, and answers with a verdict that its
 * declaration lists; every pseudo-variable reads, and gives what its type says.
 */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { presenceGroups, standardGroups } from '../runtime/db/schema/ddl.js';
import { type SimulatedEnvironment, simulatedEnvironment } from '../runtime/env/simulated.js';
import type { AnyModule, RouteContext } from '../runtime/sdk/context.js';
import type { FunctionSpec, PvSpec, RouteKind, RouteMask, Value } from '../runtime/sdk/define.js';
import { makeSqlite, type TestFolder, temporaryFolder } from './support/databases.js';
import { buildCfg, loadModule, passWithDatabases, projectRoot, startBuilt } from './support/in-process.js';

const names = readdirSync(join(projectRoot, 'stdlib-modules')).sort();
/** Modules that open files or sockets of the machine. */
const local = ['ctl', 'jsonrpcs', 'cfgt'];

const allows = (routes: readonly RouteMask[], kind: RouteKind) =>
  routes.includes('any') || routes.includes(kind) || (kind === 'tm_reply' && routes.includes('reply'));

/** Blocks that examples can be put into, and the cfg around them. In failure routes the call is answered 486 first. */
const places = [
  { kind: 'request', keyword: (n: number) => `route[EX${n}]` },
  { kind: 'failure', keyword: (n: number) => `failure_route[EX${n}]` },
  { kind: 'tm_reply', keyword: (n: number) => `onreply_route[EX${n}]` },
  { kind: 'branch', keyword: (n: number) => `branch_route[EX${n}]` },
] as const;
type Place = (typeof places)[number];

/** A module with all of its declaration in view; `AnyModule` shows what the binder needs. */
type Declared = AnyModule & {
  readonly functions: Readonly<Record<string, FunctionSpec<never, RouteContext, []>>>;
  readonly pvs: Readonly<Record<string, PvSpec<never, RouteContext>>>;
};

interface Example {
  readonly module: string;
  readonly name: string;
  readonly text: string;
  readonly place: Place;
}

/** Examples that are whole blocks of their own are compiled only, with the documentation. */
const isBlock = (example: string) => /route\s*(\[[^\]]*\]\s*)?\{/.test(example);

function examplesOf(module: Declared): Example[] {
  return Object.entries(module.functions)
    .filter(([, spec]) => !isBlock(spec.example))
    .map(([name, spec]) => {
      const place = places.find(({ kind }) => allows(spec.routes, kind));
      if (!place) throw new Error(`${module.name}.${name}: no place for routes ${spec.routes.join(', ')}`);
      return { module: module.name, name, text: spec.example, place };
    });
}

const load = (modules: readonly string[]) =>
  modules
    .filter((name) => name !== 'core')
    .map((name) => `loadmodule "${name}.so"\n`)
    .join('');
/** Blocks that examples name. */
const named = [
  'failure_route[MANAGE] { exit; }',
  'onreply_route[MANAGE_REPLY] { exit; }',
  'branch_route[MANAGE_BRANCH] { exit; }',
  'route[X] { return 1; }',
].join('\n');

function cfgOf(modules: readonly string[], examples: readonly Example[]): string {
  const arm: Record<Place['kind'], (n: number) => string> = {
    request: (n) => `route(EX${n});`,
    failure: (n) => `t_on_failure("EX${n}"); $du = "sip:127.0.0.1:5099"; t_relay();`,
    tm_reply: (n) => `t_on_reply("EX${n}"); $du = "sip:127.0.0.1:5099"; t_relay();`,
    branch: (n) => `t_on_branch("EX${n}"); $du = "sip:127.0.0.1:5099"; t_relay();`,
  };
  const cases = examples.map(({ place }, n) => `case "ex${n}": ${arm[place.kind](n)} exit;`).join('\n');
  const blocks = examples.map(({ text, place }, n) => `${place.keyword(n)} { ${text} }`).join('\n');
  return `listen=udp:127.0.0.1:5060\n${load(modules)}${databaseParams(modules)}request_route { switch ($fU) { ${cases} } }\n${blocks}\n${named}\n`;
}

interface Variant {
  readonly method?: string;
  readonly uri?: string;
  readonly contentType?: string;
  readonly body?: string;
  readonly cseqMethod?: string;
  /** Status the callee answers: the start of the Call-ID. */
  readonly callee?: '486' | '603';
}
/** What most examples run on; those that ask for something special get a message that has it. */
const plain: Variant = {};
const special: readonly Variant[] = [
  { method: 'OPTIONS', uri: 'sip:127.0.0.1' },
  { contentType: 'multipart/mixed;boundary=b', body: '--b\r\nContent-Type: application/sdp\r\n\r\nv=0\r\n--b--\r\n' },
  { callee: '603' },
  { cseqMethod: 'BYE' },
];

function request(user: string, n: string, variant: Variant): string {
  const {
    method = 'INVITE',
    uri = 'sip:bob@127.0.0.1:5099',
    contentType = 'application/sdp',
    body = 'v=0\r\n',
  } = variant;
  return [
    `${method} ${uri} SIP/2.0`,
    `Via: SIP/2.0/UDP 127.0.0.1:5098;branch=z9hG4bKd${n};rport`,
    'Via: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bKfirst',
    `From: "Alice" <sip:${user}@example.com>;tag=f`,
    'To: <sip:bob@example.com>',
    `Call-ID: ${variant.callee ?? '486'}-${n}@127.0.0.1`,
    `CSeq: 1 ${variant.cseqMethod ?? method}`,
    'Contact: <sip:alice@127.0.0.1:5098>;expires=60',
    'Max-Forwards: 70',
    'User-Agent: declared',
    'Expires: 120',
    'Refer-To: <sip:carol@example.com>',
    'Remote-Party-ID: <sip:a@example.com>',
    'Diversion: <sip:d@example.com>',
    'P-Asserted-Identity: <sip:pai@example.com>',
    'P-Preferred-Identity: <sip:ppi@example.com>',
    `Content-Type: ${contentType}`,
    `Content-Length: ${body.length}`,
    '',
    body,
  ].join('\r\n');
}

let modules: Declared[] = [];
let folder: TestFolder;
let databaseUrl = '';
beforeAll(async () => {
  modules = (await Promise.all(names.map(loadModule))) as Declared[];
  folder = temporaryFolder();
  databaseUrl = await makeSqlite(`${folder.path}/declared.db`, [...standardGroups, ...presenceGroups]);
});
afterAll(() => folder.remove());

/** Modules that cannot start without a database get one with Kamailio's tables. */
const databaseParams = (loaded: readonly string[]) =>
  modules
    .filter(({ name, params }) => loaded.includes(name) && String(params.db_url?.default ?? '').includes('://'))
    .map(({ name }) => `modparam("${name}", "db_url", "${databaseUrl}")\n`)
    .join('')
    .concat(loaded.includes('sqlops') ? `modparam("sqlops", "sqlcon", "ca=>${databaseUrl}")\n` : '')
    .concat(loaded.includes('dmq') ? 'modparam("dmq", "server_address", "sip:127.0.0.1:5060")\n' : '')
    .concat(loaded.includes('dispatcher') ? `modparam("dispatcher", "db_url", "${databaseUrl}")\n` : '');
/** The same module, with each call of its functions reported. */
function watched(module: AnyModule, seen: (call: string, verdict: number) => void): AnyModule {
  const functions = Object.fromEntries(
    Object.entries(module.functions).map(([name, spec]) => [
      name,
      {
        ...spec,
        run(...args: Parameters<typeof spec.run>) {
          const result = spec.run(...args);
          const key = `${module.name}.${name}`;
          if (typeof result === 'number') seen(key, result);
          else void result.then((verdict) => seen(key, verdict));
          return result;
        },
      },
    ]),
  );
  return { ...module, functions } as AnyModule;
}

const proxy = { ip: '127.0.0.1', port: 5060 };
/** A caller, and a callee that declines. */
async function peers(env: SimulatedEnvironment): Promise<(bytes: string) => void> {
  const caller = await env.network.bindUdp({ ip: '127.0.0.1', port: 5098 }, () => {});
  const callee = await env.network.bindUdp({ ip: '127.0.0.1', port: 5099 }, (bytes, from) => {
    if (!bytes.startsWith('INVITE')) return;
    const copied = bytes
      .split('\r\n')
      .filter((line) => /^(Via|From|To|Call-ID|CSeq|Record-Route):/.test(line))
      .map((line) => (line.startsWith('To:') ? `${line};tag=b` : line));
    const status = /^Call-ID: (\d{3})/m.exec(bytes)?.[1] ?? '486';
    callee.send([`SIP/2.0 ${status} Declined`, ...copied, 'Content-Length: 0', '', ''].join('\r\n'), from);
  });
  return (bytes) => caller.send(bytes, proxy);
}

/** How a pseudo-variable is written to read it: with its first allowed key, or one that means something for most. */
function reads(name: string, spec: PvSpec<never, RouteContext>): string[] {
  const { key = { use: 'none' } } = spec;
  if (key.use === 'none') return [`$${name}`];
  const keys = key.values ?? [sampleKeys[name] ?? 'x'];
  const keyed = keys.map((k) => `$${name}(${k})`);
  return key.use === 'opt' ? [`$${name}`, ...keyed] : keyed;
}
const sampleKeys: Readonly<Record<string, string>> = {
  sel: 'ruri.user',
  msgbuf: '0',
  ccp: 'core.debug',
  hdr: 'Via',
  hdrc: 'Via',
  hfl: 'Contact',
  hflc: 'Contact',
  timef: '%Y',
  utimef: '%Y',
  Mf: '1',
  Bf: '1',
  Sf: '1',
  stat: 'rcv_requests',
  cnt: '$avp(x)',
  lsock: 'l',
  xavp: 'a=>b',
};

describe('declarations', () => {
  it('every example runs and answers with a verdict its declaration lists', async () => {
    const loaded = names.filter((name) => !local.includes(name));
    const all = modules.filter(({ name }) => loaded.includes(name)).flatMap(examplesOf);
    // Rivals (rtpengine, rtpproxy) share names: the last one loaded is called. A scenario has the other alone.
    const examples = all.filter(({ name }, i) => all.findLastIndex((other) => other.name === name) === i);
    const cfg = cfgOf(loaded, examples);
    const built = await buildCfg('declared.cfg', cfg);
    const env = simulatedEnvironment();
    const verdicts = new Map<string, Set<number>>();
    const note = (call: string, verdict: number) =>
      verdicts.set(call, (verdicts.get(call) ?? new Set<number>()).add(verdict));
    const server = await startBuilt({ ...built, modules: built.modules.map((module) => watched(module, note)) }, env);
    const send = await peers(env);
    const seenOf = ({ module, name }: Example) => verdicts.get(`${module}.${name}`);
    for (const [round, variant] of [plain, ...special].entries()) {
      for (const [n, example] of examples.entries()) {
        if (seenOf(example)) continue;
        send(request(`ex${n}`, `${n}r${round}`, variant));
        await passWithDatabases(server, env, 50);
      }
    }
    await passWithDatabases(server, env, 200);
    await server.stop(0);
    const specOf = ({ module, name }: Example) => modules.find((m) => m.name === module)!.functions[name]!;
    const listed = (e: Example, verdict: number) =>
      verdict in specOf(e).returns || (verdict > 0 && specOf(e).positive !== undefined);
    expect({
      unseen: examples.filter((e) => !seenOf(e)).map((e) => `${e.module}.${e.name}`),
      unlisted: examples.flatMap((e) =>
        [...(seenOf(e) ?? [])].filter((v) => !listed(e, v)).map((v) => `${e.module}.${e.name} answered ${v}`),
      ),
    }).toEqual({ unseen: [], unlisted: [] });
  });

  it('every pseudo-variable reads, and gives what its type says', async () => {
    const loaded = names.filter((name) => !local.includes(name));
    const all = modules
      .filter(({ name }) => loaded.includes(name))
      .flatMap(({ pvs }) => Object.entries(pvs).map(([name, spec]) => ({ name, spec })));
    const texts = all.flatMap(({ name, spec }) => reads(name, spec));
    const lines = texts.map((text) => `xlog("L_ERR", "${text}\\n");`).join('\n');
    const text = `listen=udp:127.0.0.1:5060\n${load(loaded)}${databaseParams(loaded)}request_route { ${lines} }\n`;
    const built = await buildCfg('pvs.cfg', text);
    const values = new Map<string, Value[]>();
    const watchedModules = built.modules.map((module) => ({
      ...module,
      pvs: Object.fromEntries(
        Object.entries(module.pvs).map(([name, spec]) => [
          name,
          {
            ...spec,
            get(...args: Parameters<typeof spec.get>) {
              const value = spec.get(...args);
              values.set(name, [...(values.get(name) ?? []), value]);
              return value;
            },
          },
        ]),
      ),
    })) as AnyModule[];
    const env = simulatedEnvironment();
    const server = await startBuilt({ ...built, modules: watchedModules }, env);
    const send = await peers(env);
    send(request('alice', '1', plain));
    await passWithDatabases(server, env, 50);
    await server.stop(0);
    const wrong = all.flatMap(({ name, spec }) => {
      const seen = values.get(name);
      // `$var` and `$cfg` are compiled to what they stand for.
      if (!seen) return ['var', 'cfg'].includes(name) ? [] : [`$${name} was not read`];
      return seen.flatMap((value) => {
        if (value === null) return spec.nullable === false ? [`$${name} gave null`] : [];
        const type = typeof value === 'number' ? 'int' : 'str';
        return spec.type === 'any' || spec.type === type
          ? []
          : [`$${name} is declared ${spec.type} and gave ${JSON.stringify(value)}`];
      });
    });
    expect(wrong).toEqual([]);
    expect(texts.length).toBeGreaterThan(100);
  });
});
