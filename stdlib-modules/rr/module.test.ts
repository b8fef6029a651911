import { describe, expect, test } from 'vitest';
import { fakeReceived, fakeSocket, message } from '../../runtime/message/testing.js';
import { buildRequest, type RouteContext } from '../../runtime/sdk/index.js';
import { fakeRun } from '../../test/support/fake-run.js';
import { isUpstream, looseRoute, routedParams } from './loose.js';
import { dropRecordRoutes, extendRecordRoutes, insertRecordRoute, type RecordRoute } from './record.js';

const udp = fakeSocket('udp', '127.0.0.1', 5060);
const tcp = fakeSocket('tcp', '127.0.0.1', 5060);
const second = fakeSocket('udp', '127.0.0.1', 5080);

const text = (o: { uri?: string; routes?: readonly string[]; to?: string; from?: string }) =>
  [
    `BYE ${o.uri ?? 'sip:bob@10.0.0.3'} SIP/2.0`,
    'Via: SIP/2.0/UDP 127.0.0.1;branch=z9',
    ...(o.routes ?? []).map((r) => `Route: ${r}`),
    `From: <sip:a@b>;tag=${o.from ?? 'f'}`,
    `To: <sip:b@c>${o.to === '' ? '' : `;tag=${o.to ?? 't'}`}`,
    'Call-ID: i',
    'CSeq: 1 BYE',
    '',
    '',
  ].join('\n');
function run(o: Parameters<typeof text>[0]) {
  const { ctx } = fakeRun(message(text(o), fakeReceived({ socket: udp })));
  const sockets = [udp, tcp, second];
  Object.assign(ctx.server.transports, {
    sockets,
    findSocket: (host: string, port: number, proto: string) =>
      sockets.find((s) => s.local.ip === host && (port === 0 || s.local.port === port) && s.proto === proto) ?? null,
  });
  return ctx;
}
const sent = (ctx: RouteContext, socket = udp) =>
  buildRequest(ctx.msg, ctx.draft, {
    socket,
    proto: socket.proto,
    hop: { proto: socket.proto, ip: '10.0.0.3', port: 5060, socket },
    branchParam: 'z9hG4bKx',
  }).split('\r\n');
const fields = (ctx: RouteContext, name: string, socket = udp) =>
  sent(ctx, socket)
    .filter((l) => l.startsWith(`${name}: `))
    .map((l) => l.slice(name.length + 2));

const settings = {
  doubleRr: true, forceSendSocket: false, warnMismatch: false, socketNames: false, flows: null, routed: [],
}; // biome-ignore format: one record
const OWN = '<sip:127.0.0.1;lr>';

describe('loose_route', () => {
  interface Expected {
    readonly verdict: number;
    readonly du?: string | null;
    readonly uri?: string;
    readonly routes?: readonly string[];
    readonly socket?: unknown;
  }
  const rows: readonly [string, Parameters<typeof text>[0], Expected][] = [
    ['no Route', {}, { verdict: -1 }],
    ['ours alone', { routes: [OWN] }, { verdict: 1, du: null, routes: [] }],
    ['ours alone, outside a dialog: preloaded', { routes: [OWN], to: '' }, { verdict: -3, routes: [] }],
    [
      'ours, then a loose router',
      { routes: [OWN, '<sip:10.0.0.9;lr>'] },
      { verdict: 1, du: 'sip:10.0.0.9;lr', routes: ['<sip:10.0.0.9;lr>'] },
    ],
    [
      'both in one field',
      { routes: [`${OWN}, <sip:10.0.0.9;lr>`] },
      { verdict: 1, du: 'sip:10.0.0.9;lr', routes: ['<sip:10.0.0.9;lr>'] },
    ],
    [
      'somebody else first',
      { routes: ['<sip:10.0.0.9;lr>'] },
      { verdict: 1, du: 'sip:10.0.0.9;lr', routes: ['<sip:10.0.0.9;lr>'] },
    ],
    [
      'ours twice (r2): both go, the second names the socket',
      { routes: ['<sip:127.0.0.1;r2=on;lr>', '<sip:127.0.0.1:5080;r2=on;lr>', '<sip:10.0.0.9;lr>'] },
      { verdict: 1, du: 'sip:10.0.0.9;lr', routes: ['<sip:10.0.0.9;lr>'], socket: second },
    ],
    [
      'ours twice, over TCP',
      { routes: ['<sip:127.0.0.1;r2=on;lr>,<sip:127.0.0.1;transport=tcp;r2=on;lr>'] },
      { verdict: 1, routes: [], socket: tcp },
    ],
    [
      'ours, then a strict router: the Request-URI goes to the end',
      { routes: [OWN, '<sip:10.0.0.9>', '<sip:10.0.0.8;lr>'] },
      { verdict: 1, uri: 'sip:10.0.0.9', routes: ['<sip:10.0.0.8;lr>', '<sip:bob@10.0.0.3>'] },
    ],
    [
      'a strict router before us: the last Route is the target',
      { uri: 'sip:127.0.0.1;lr', routes: ['<sip:10.0.0.9;lr>', '<sip:bob@10.0.0.3>'] },
      { verdict: 1, du: 'sip:10.0.0.9;lr', uri: 'sip:bob@10.0.0.3', routes: ['<sip:10.0.0.9;lr>'] },
    ],
    [
      'a strict router before us and the target left only',
      { uri: 'sip:127.0.0.1;lr', routes: ['<sip:bob@10.0.0.3>'] },
      { verdict: 1, du: null, uri: 'sip:bob@10.0.0.3', routes: [] },
    ],
    ['maddr', { routes: [OWN, '<sip:x.example;lr;maddr=10.0.0.9>'] }, { verdict: 1, du: 'sip:10.0.0.9' }],
    ['garbage', { routes: ['<sip:'] }, { verdict: -1 }],
  ];
  test.each(rows)('%s', (_, given, expected) => {
    const ctx = run(given);
    expect(looseRoute(ctx, settings, 0)).toBe(expected.verdict);
    if (expected.du !== undefined) expect(ctx.draft.dstUri).toBe(expected.du);
    if (expected.uri !== undefined) expect(ctx.draft.uri).toBe(expected.uri);
    if (expected.routes !== undefined) expect(fields(ctx, 'Route')).toEqual(expected.routes);
    if (expected.socket !== undefined) expect(ctx.draft.sendSocket).toBe(expected.socket);
  });

  test('parameters of the Route, and the direction', () => {
    const ctx = run({ routes: ['<sip:127.0.0.1;lr;ftag=f;nat=yes>'] });
    looseRoute(ctx, settings, 0);
    expect(routedParams(ctx)).toBe('lr;ftag=f;nat=yes');
    expect(isUpstream(ctx)).toBe(false);
    expect(isUpstream(run({ routes: ['<sip:127.0.0.1;lr;ftag=f>'], from: 'other' }))).toBe(true);
    expect(routedParams(run({ routes: ['<sip:10.0.0.9;lr;x>'] }))).toBeNull();
  });
});

describe('record_route', () => {
  const rr: RecordRoute = {
    prefix: 'sip:',
    suffix: ';lr;ftag=f',
    address: null,
    advertisedAddress: null,
    advertisedPort: null,
    double: 1,
    socketNames: false,
  };
  test('one where it leaves as it came, two where not', () => {
    const ctx = run({});
    insertRecordRoute(ctx, rr);
    expect(fields(ctx, 'Record-Route')).toEqual(['<sip:127.0.0.1;lr;ftag=f>']);
    expect(sent(ctx)[1]).toMatch(/^Record-Route/);
    expect(fields(ctx, 'Record-Route', tcp)).toEqual([
      '<sip:127.0.0.1;transport=tcp;r2=on;lr;ftag=f>',
      '<sip:127.0.0.1;r2=on;lr;ftag=f>',
    ]);
    expect(fields(ctx, 'Record-Route', second)).toEqual([
      '<sip:127.0.0.1:5080;r2=on;lr;ftag=f>',
      '<sip:127.0.0.1;r2=on;lr;ftag=f>',
    ]);
  });
  test('parameters added later, in one branch only', () => {
    const ctx = run({});
    insertRecordRoute(ctx, rr);
    const whole = ctx.draft;
    ctx.draft = whole.clone();
    expect(extendRecordRoutes(ctx, ';nat=yes')).toBe(2);
    expect(fields(ctx, 'Record-Route')).toEqual(['<sip:127.0.0.1;lr;ftag=f;nat=yes>']);
    ctx.draft = whole;
    expect(fields(ctx, 'Record-Route')).toEqual(['<sip:127.0.0.1;lr;ftag=f>']);
    dropRecordRoutes(ctx);
    expect(fields(ctx, 'Record-Route')).toEqual([]);
    expect(extendRecordRoutes(ctx, ';x')).toBe(0);
  });
  test('a preset address', () => {
    const ctx = run({});
    insertRecordRoute(ctx, { ...rr, suffix: ';ftag=f;lr', address: '1.2.3.4:5090' }, true);
    expect(fields(ctx, 'Record-Route', tcp)).toEqual(['<sip:1.2.3.4:5090;ftag=f;lr>']);
  });
});
