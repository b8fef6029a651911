import { afterEach, describe, expect, test } from 'vitest';
import { SimulatedWorld } from '../../runtime/env/simulated.js';
import { type Server, start } from '../../runtime/index.js';
import { defineModule, RpcCall } from '../../runtime/sdk/index.js';
import sl from '../sl/module.js';
import tm from '../tm/module.js';
import type { PresenceApi } from './api.js';
import { parseEvent } from './events.js';
import presence from './module.js';

const SERVER = { ip: '10.0.0.1', port: 5060 } as const;
const PEER = { ip: '10.0.0.2', port: 5070 } as const;

/** A package with rules and a document, as presence_xml has them. */
const documents = { rules: 'bob', hard: 'hard state' as string | null };
const testing = defineModule({
  name: 'presence_testing',
  doc: 'A package for tests.',
  uses: ['presence'],
  params: {},
  stats: {},
  start(me) {
    const api = me.uses.get<PresenceApi>('presence');
    api.add({ name: 'plain', contentType: 'text/plain', defaultExpires: 60 });
    api.add({
      name: 'held',
      contentType: 'text/plain',
      defaultExpires: 60,
      hardState: async (_user, _domain, file) => (file === 'here' ? documents.hard : null),
      aggregate: (_user, _domain, bodies, off) =>
        bodies?.map((body, i) => (i === off ? 'off' : body)).join('+') ?? null,
    });
  },
  functions: {},
  pvs: {},
  rpc: {},
  eventRoutes: {},
  missing: [],
});

let server: Server | null = null;
afterEach(async () => {
  await server?.stop(0);
  server = null;
});

/** A server with states and subscriptions in memory, and one peer that answers each NOTIFY. */
async function open(params: Readonly<Record<string, number | string>> = {}) {
  const world = new SimulatedWorld();
  const written = { subs_db_mode: 0, publ_cache: 2, clean_period: 5, db_update_period: 5, ...params };
  const modparams = Object.entries(written).map(([name, value]) => ({ module: 'presence', name, value, at: '' }));
  server = await start({
    argv: [],
    modules: [tm, sl, presence, testing],
    programText: `(function (link) { const { presence, sl, tm } = link.modules;
return {
  source: 'test.cfg', version: 'test', settings: {}, custom: [], aliases: [], flags: {}, modparams: ${JSON.stringify(modparams)},
  modules: ['tm', 'sl', 'presence', 'presence_testing'],
  listen: [{ proto: 'udp', host: '${SERVER.ip}', port: ${SERVER.port}, advertise: null, name: null, virtual: false, agname: null }],
  vars: () => ({}), reply_route: null, onsend_route: null, routes: {}, failure_route: {}, branch_route: {}, onreply_route: {},
  event_route: {}, branch_failure_route: {},
  async request_route(ctx) {
    if (ctx.msg.method === 'OPTIONS') return sl.sl_send_reply(ctx, 200, 'OK');
    if (ctx.msg.method === 'PUBLISH') return presence.handle_publish(ctx);
    return presence.handle_subscribe(ctx);
  },
}; })`,
    programMap: '',
    programPath: '/test/program.js',
    version: 'test',
    environment: world.host([SERVER.ip]),
    print: () => {},
    signals: false,
  });
  const arrived: string[] = [];
  const answers = { notify: '200 OK' as string | null };
  const socket = await world.host([PEER.ip]).network.bindUdp(PEER, (text) => {
    arrived.push(text);
    if (!text.startsWith('NOTIFY') || answers.notify === null) return;
    const copied = text.split('\r\n').filter((line) => /^(Via|From|To|Call-ID|CSeq):/.test(line));
    socket.send(`${[`SIP/2.0 ${answers.notify}`, ...copied].join('\r\n')}\r\nContent-Length: 0\r\n\r\n`, SERVER);
  });
  let sent = 0;
  const send = (method: string, callId: string, lines: readonly string[] = [], body = '', to = '', cseq = 1) => {
    const at = `${PEER.ip}:${PEER.port}`;
    const text = [
      `${method} sip:alice@${SERVER.ip} SIP/2.0`,
      `Via: SIP/2.0/UDP ${at};branch=z9hG4bK${++sent}`,
      `From: <sip:bob@${PEER.ip}>;tag=${callId}`,
      `To: <sip:alice@${SERVER.ip}>${to}`,
      `Call-ID: ${callId}`,
      `CSeq: ${cseq} ${method}`,
      `Contact: <sip:bob@${at}>`,
      ...lines,
      `Content-Length: ${body.length}`,
      '',
      body,
    ];
    socket.send(text.join('\r\n'), SERVER);
  };
  return {
    answers,
    send,
    pass: (ms: number) => world.clock.advance(ms),
    take: () => arrived.splice(0),
    async rpc(method: string, ...given: (string | number)[]) {
      const call = new RpcCall(method, given);
      await server?.rpc.execute(call, () => undefined)?.done;
      return call.faulted?.text ?? call.results;
    },
  };
}
const field = (text: string, name: string) => new RegExp(`^${name}: (.*)$`, 'm').exec(text)?.[1]?.trim() ?? '';
const notifies = (texts: readonly string[]) => texts.filter((text) => text.startsWith('NOTIFY'));
const bodyOf = (text: string) => text.slice(text.indexOf('\r\n\r\n') + 4);

describe('many subscriptions', () => {
  const MANY = 10_000;
  test('10,000 of one peer: all are notified, each in order, and others are answered meanwhile', async () => {
    const { send, pass, take } = await open();
    for (let n = 0; n < MANY; n++) {
      send('SUBSCRIBE', `s${n}`, ['Event: plain', 'Expires: 600']);
      if (n % 100 === 99) await pass(20);
    }
    await pass(1000);
    const first = notifies(take());
    expect(new Set(first.map((text) => field(text, 'Call-ID'))).size).toBe(MANY);
    send('PUBLISH', 'p', ['Event: plain', 'Expires: 600'], 'here');
    await pass(3);
    send('OPTIONS', 'o');
    await pass(20);
    const early = take();
    expect(early.some((text) => field(text, 'CSeq') === '1 OPTIONS')).toBe(true);
    expect(notifies(early).length).toBeLessThan(MANY / 4);
    await pass(2000);
    const told = notifies([...early, ...take()]);
    expect(told.length).toBe(MANY);
    expect(new Set(told.map(bodyOf))).toEqual(new Set(['here']));
    expect(new Set(told.map((text) => field(text, 'CSeq')))).toEqual(new Set(['3 NOTIFY']));
    expect(server?.stats.get('presence', 'subscriptions')?.read()).toBe(MANY);
  }, 60_000);
});

describe('order', () => {
  test('NOTIFYs of states that come at once leave by CSeq, the newest state last', async () => {
    const { send, pass, take } = await open();
    send('SUBSCRIBE', 's', ['Event: plain', 'Expires: 600']);
    await pass(100);
    take();
    for (let n = 0; n < 20; n++) send('PUBLISH', `p${n}`, ['Event: plain', 'Expires: 600'], `state ${n}`);
    await pass(500);
    const told = notifies(take());
    expect(told.map((text) => field(text, 'CSeq'))).toEqual(Array.from({ length: 20 }, (_, n) => `${n + 3} NOTIFY`));
    expect(told.map(bodyOf)).toEqual(Array.from({ length: 20 }, (_, n) => `state ${n}`));
  });
});

describe('time', () => {
  test('a subscription that runs out gets its last NOTIFY, without a body', async () => {
    const { send, pass, take } = await open();
    send('SUBSCRIBE', 's', ['Event: plain', 'Expires: 12']);
    await pass(100);
    take();
    await pass(20_000);
    const [last, ...more] = notifies(take());
    expect(more).toEqual([]);
    expect(field(last ?? '', 'Subscription-State')).toBe('terminated;reason=timeout');
    expect(bodyOf(last ?? '')).toBe('');
  });
  test('a NOTIFY nobody answers ends the subscription, unless timeout_rm_subs is 0', async () => {
    for (const [timeout_rm_subs, told] of [
      [1, 0],
      [0, 1],
    ] as const) {
      const { answers, send, pass, take } = await open({ timeout_rm_subs });
      answers.notify = null;
      send('SUBSCRIBE', 's', ['Event: plain', 'Expires: 600']);
      await pass(60_000);
      answers.notify = '200 OK';
      take();
      send('PUBLISH', 'p', ['Event: plain', 'Expires: 600'], 'x');
      await pass(100);
      expect(notifies(take()).length).toBe(told);
      await server?.stop(0);
    }
  });
  test('a state that runs out: watchers are told, and it is gone from the list', async () => {
    const { send, pass, take, rpc } = await open();
    send('SUBSCRIBE', 's', ['Event: held', 'Expires: 600']);
    send('PUBLISH', 'p', ['Event: held', 'Expires: 10'], 'here');
    await pass(1000);
    expect(await rpc('presence.presentity_list')).toHaveLength(1);
    take();
    await pass(20_000);
    expect(notifies(take()).length).toBe(1);
    expect(await rpc('presence.presentity_list')).toHaveLength(0);
  });
});

describe('hard state', () => {
  const uri = `sip:alice@${SERVER.ip}`;
  test('a document becomes a state that does not end, is replaced, and goes with the document', async () => {
    const { send, pass, take, rpc } = await open();
    send('SUBSCRIBE', 's', ['Event: held', 'Expires: 3600']);
    await pass(100);
    take();
    expect(await rpc('presence.refreshWatchers', uri, 'held', 2, 'here', 'index')).toBe('Execution failed');
    documents.hard = '<hard/>';
    expect(await rpc('presence.refreshWatchers', uri, 'held', 2, 'here', 'index')).toEqual([]);
    await pass(100);
    expect(notifies(take()).length).toBeGreaterThan(0);
    expect(await rpc('presence.presentity_list')).toHaveLength(1);
    expect(await rpc('presence.refreshWatchers', uri, 'held', 2, 'here', 'index')).toEqual([]);
    expect(await rpc('presence.presentity_list')).toHaveLength(1);
    await pass(3_000_000);
    expect(await rpc('presence.presentity_list')).toHaveLength(1);
    documents.hard = null;
    expect(await rpc('presence.refreshWatchers', uri, 'held', 2, 'here', 'index')).toEqual([]);
    expect(await rpc('presence.presentity_list')).toHaveLength(0);
    expect(await rpc('presence.refreshWatchers', uri, 'plain', 2, 'here', 'index')).toBe('Execution failed');
  });
});

describe('hostile', () => {
  test('Expires above 31 bits is max_expires', async () => {
    const { send, pass, take } = await open();
    send('PUBLISH', 'p', ['Event: plain', 'Expires: 4294967295'], 'x');
    await pass(100);
    expect(field(take()[0] ?? '', 'Expires')).toBe('3600');
  });
  test('what does not fit the table is refused and counted', async () => {
    const { send, pass, take } = await open();
    send('SUBSCRIBE', 'c'.repeat(300), ['Event: plain']);
    send('SUBSCRIBE', 'r', ['Event: plain', `Record-Route: <sip:${'a'.repeat(5000)}.test;lr>`]);
    await pass(100);
    expect(take().map((text) => text.split('\r\n', 1)[0])).toEqual(Array(2).fill('SIP/2.0 500 Server Internal Error'));
    send('PUBLISH', 'p', ['Event: unknown'], 'x');
    await pass(100);
    expect(take()[0]).toMatch(/^SIP\/2.0 489 Bad Event/);
    const count = (name: string) => server?.stats.get('presence', name)?.read();
    expect([count('refused_publishes'), count('refused_subscribes')]).toEqual([1, 2]);
  });
  test.each([
    ['', null],
    [';x', null],
    ['presence', { name: 'presence', params: new Map() }],
    [' Dialog ; sla;ma=1 ', { name: 'Dialog', params: new Map([['sla', null], ['ma', '1']]) }],
    ['presence rubbish', { name: 'presence', params: new Map() }],
    [`presence${';a'.repeat(200)}`, null],
  ])('Event: %s', (value, expected) => expect(parseEvent(value)).toEqual(expected)); // biome-ignore format: rows
});
