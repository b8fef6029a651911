/** rr: all functions, with the parameters in three sets; tokens of outbound (RFC 3261 §16.4, §16.6; RFC 5626 §5). */
import { group, type Stage, scenario } from '../scenario.js';

type Options = Parameters<typeof scenario>[3];

/** A MESSAGE that the cfg does `what` with, on to bob; `headers` besides. */
const message = (what: string, title: string, options?: Options, from?: string) =>
  scenario(
    what,
    title,
    async ({ alice, bob, uri }: Stage) => {
      const headers = [`X-Do: ${what}`];
      await alice.request('MESSAGE', uri(from ?? 'bob'), { headers });
      await bob.reply(await bob.receives('MESSAGE'), 200);
      await alice.receives(200);
    },
    options,
  );

const made = (also: readonly ReturnType<typeof message>[]) => [
  message('record', 'record_route()'),
  message('record-param', 'with parameters'),
  message('record-twice', 'twice'),
  message('param-before', 'add_rr_param() before'),
  message('param-after', 'add_rr_param() after'),
  message('preset', 'record_route_preset()'),
  message('preset-after', 'and a parameter after it'),
  message('preset-two', 'two preset addresses'),
  message('advertised', 'record_route_advertised_address()'),
  message('advertised-after', 'and a parameter after it'),
  message('advertised-second', 'out by another socket of the same transport'),
  message('advertised-tcp', 'out by TCP', { tcp: ['bob'] }),
  message('second', 'out by another socket'),
  message('second-advertised', 'out by a socket that advertises'),
  message('global', 'set_advertised_address() and _port()'),
  message('global-second', 'set_advertised_address() and another socket'),
  message('tcp', 'UDP to TCP', { tcp: ['bob'] }),
  message('user', 'a user from an AVP'),
  message('remove', 'remove_record_route()'),
  message('branch', 'in a branch route'),
  scenario('failure', 'taken back and made again in a failure route', async ({ alice, bob, carol, uri }) => {
    const invite = await alice.invite(uri('bob'), { headers: ['X-Do: failure'] });
    await bob.reply(await bob.receives('INVITE'), 486);
    await carol.reply(await carol.receives('INVITE'), 480);
    await alice.ack(invite, await alice.receives(480));
  }),
  scenario('sips', 'a sips Request-URI', async ({ alice, bob }) => {
    await alice.request('MESSAGE', 'sips:bob@example.com', { headers: ['X-Do: record'] });
    await bob.reply(await bob.receives('MESSAGE'), 200);
    await alice.receives(200);
  }),
  scenario('no-user', 'a Request-URI without user', async ({ alice, bob }) => {
    await alice.request('MESSAGE', 'sip:example.com', { headers: ['X-Do: record'] });
    await bob.reply(await bob.receives('MESSAGE'), 200);
    await alice.receives(200);
  }),
  ...also,
];

interface Row {
  readonly routes: readonly string[];
  readonly uri?: string;
  /** Tags of From and To; no To tag: preloaded. */
  readonly from?: string;
  readonly to?: string;
  readonly how?: string;
  /** It would loop: only the log is looked at. */
  readonly stay?: boolean;
}
const own = (params: string, port = 21700) => `<sip:127.0.0.1:${port};lr${params}>`;
const carolRoute = '<sip:127.0.0.1:22020;lr>';

const followed: readonly (readonly [string, string, Row])[] = [
  ['ours', 'ours alone', { routes: [own('')] }],
  ['ours-on', 'ours and on', { routes: [own(''), carolRoute] }],
  ['one-field', 'ours and on in one field', { routes: [`${own(';color=blue')}, ${carolRoute}`] }],
  ['blue', 'parameters', { routes: [own(';ftag=f1;color=blue'), carolRoute] }],
  ['upstream', 'from the callee', { routes: [own(';ftag=other')], from: 'f1' }],
  ['quoted', 'a quoted tag', { routes: [own(';ftag="f1"')] }],
  ['spaced', 'blanks around', { routes: ['<sip:127.0.0.1:21700;lr ;ftag = f1>'] }],
  ['preloaded', 'preloaded, ours alone', { routes: [own('')], to: '' }],
  ['preloaded-on', 'preloaded and on', { routes: [own(''), carolRoute], to: '' }],
  ['preloaded-fn', 'loose_route_preloaded()', { routes: [own('')], to: '', how: 'loose-2' }],
  ['preloaded-fn-on', 'loose_route_preloaded() and on', { routes: [own(''), carolRoute], to: '', how: 'loose-2' }],
  ['foreign', 'not ours', { routes: [carolRoute] }],
  ['two', 'ours twice', { routes: [own(';r2=on'), own(';r2=on', 21710), carolRoute] }],
  ['two-field', 'ours twice in one field', { routes: [`${own(';r2=on')},${own(';r2=on', 21710)}`, carolRoute] }],
  ['two-alone', 'ours twice, alone', { routes: [own(';r2=on'), own(';r2=on', 21710)] }],
  ['two-advertised', 'the second is advertised', { routes: [own(';r2=on'), '<sip:198.51.100.7;r2=on;lr>'], stay: true }],
  ['two-unknown', 'the second is no socket', { routes: [own(';r2=on'), '<sip:198.51.100.9:21799;lr;r2=on>'], stay: true }],
  ['two-alias', 'the second is an alias', { routes: [own(';r2=on'), '<sip:other.example.com;lr;r2=on>'], stay: true }],
  ['named', 'a socket by name', { routes: [own(';sn=second')] }],
  ['named-two', 'the second by name', { routes: [own(';r2=on'), own(';r2=on;sn=second')] }],
  ['force', 'the socket of ours', { routes: [own('', 21710), carolRoute] }],
  ['strict-next', 'a strict router behind us', { routes: [own(''), '<sip:127.0.0.1:22020>', carolRoute] }],
  ['strict-field', 'in one field', { routes: [`${own('')}, <sip:127.0.0.1:22020>, ${carolRoute}`] }],
  ['strict-last', 'strict and last', { routes: [own(''), '<sip:127.0.0.1:22020>'] }],
  ['strict-before', 'a strict router before us', { routes: [carolRoute, '<sip:bob@127.0.0.1:22010>'], uri: '127.0.0.1:21700;lr;x=1' }],
  ['strict-before-one', 'in one field', { routes: [`${carolRoute}, <sip:bob@127.0.0.1:22010>`], uri: '127.0.0.1:21700;lr' }],
  ['strict-end', 'strict, target left', { routes: ['<sip:bob@127.0.0.1:22010>'], uri: '127.0.0.1:21700;lr;color=blue' }],
  ['strict-two', 'strict before, ours twice', { routes: [own(';r2=on', 21710), '<sip:bob@127.0.0.1:22010>'], uri: '127.0.0.1:21700;lr;r2=on' }],
  ['mode-1', 'the Request-URI is ours, mode 1', { routes: [carolRoute], uri: '127.0.0.1:21700;lr', how: 'loose-1' }],
  ['maddr', 'maddr', { routes: [own(''), '<sip:x.example;maddr=127.0.0.1;lr>'], stay: true }],
  ['maddr-port', 'maddr and port', { routes: [own(''), '<sip:x.example:22020;maddr=127.0.0.1;lr>'] }],
  ['gruu', 'ours with gr', { routes: [own(';gr=x')], stay: true }],
  ['route-user', 'ours with a user', { routes: ['<sip:someone@127.0.0.1:21700;lr>'] }],
  ['lr-value', 'lr=on, case', { routes: ['<sip:127.0.0.1:21700;LR=on>', carolRoute] }],
  ['tcp-route', 'on by TCP', { routes: [own(''), '<sip:127.0.0.1:22020;transport=tcp;lr>'] }],
  ['transport', 'ours over TCP, then UDP', { routes: ['<sip:127.0.0.1:21700;transport=tcp;r2=on;lr>', own(';r2=on')] }],
  ['bad', 'no URI', { routes: ['<garbage>'] }],
  ['bad-second', 'the second is no URI', { routes: [own(''), '<garbage>'], stay: true }],
  ['twice', 'loose_route() twice', { routes: [own(''), carolRoute], how: 'loose-twice' }],
  ['direction-first', 'the direction before loose_route()', { routes: [own(';ftag=other')], how: 'direction-first' }],
  ['params-only', 'parameters without lr', { routes: ['<sip:127.0.0.1:21700;ftag=f1;color=blue>', carolRoute] }],
  ['empty-ftag', 'an empty tag', { routes: [own(';ftag=')] }],
]; // biome-ignore format: rows

/** With `alias=127.0.0.1` the target of every request in a dialog is taken for us, and what sent it for a strict router. */
const everyPort: typeof followed = [
  ...[
    'ours',
    'one-field',
    'blue',
    'upstream',
    'foreign',
    'two',
    'strict-before',
    'strict-end',
    'mode-1',
    'empty-ftag',
  ].map((wanted) => followed.find(([slug]) => slug === wanted)!),
  ['uri-params', 'parameters in the Request-URI', { routes: [own(';color=blue')], uri: 'bob@127.0.0.1:22010;x=1' }],
  ['uri-set', 'a Request-URI set before', { routes: [own(';color=red')], how: 'loose-set' }],
  ['uri-set-foreign', 'and a Route not ours', { routes: ['<sip:192.0.2.1;lr;color=blue>'], how: 'loose-set' }],
];

/** An in-dialog MESSAGE with these Routes. */
const follow = ([slug, title, row]: (typeof followed)[number]) =>
  scenario(
    slug,
    title,
    async ({ alice, bob, carol, uri }: Stage) => {
      const { from = 'f1', to = 't1' } = row;
      await alice.request('MESSAGE', 'sip:bob@127.0.0.1:22010', {
        ...(row.uri === undefined ? {} : { uri: `sip:${row.uri}` }),
        from: `<${uri('a')}>;tag=${from}`,
        to: `<${uri('b')}>${to === '' ? '' : `;tag=${to}`}`,
        headers: [
          ...row.routes.map((route) => `Route: ${route}`),
          `X-Do: ${row.how ?? 'loose'}${row.stay ? '/stay' : ''}`,
        ],
      });
      if (!row.stay) {
        const arrives = [bob, carol].map(async (peer) => ({ peer, packet: await peer.receives('MESSAGE') }));
        const next = await Promise.any(arrives).catch(async () => ({
          peer: bob,
          packet: await bob.receives('MESSAGE'),
        }));
        await next.peer.reply(next.packet, 200);
      }
      await alice.receives(200);
    },
    { tcp: slug === 'tcp-route' ? ['carol'] : [] },
  );

const flows = [
  message('record', 'no outbound'),
  message('force', 'forced by a flag: the flow goes into Record-Route'),
  message('force-no', 'forbidden by a flag'),
  message('force-preset', 'with a preset address'),
  scenario('contact', 'Supported: outbound and ;ob in Contact', async ({ alice, bob, uri }) => {
    await alice.request('MESSAGE', uri('bob'), {
      headers: ['X-Do: record', 'Supported: path, outbound'],
      contact: '<sip:alice@127.0.0.1:22000;ob>',
    });
    await bob.reply(await bob.receives('MESSAGE'), 200);
    await alice.receives(200);
  }),
  scenario('contacts', 'of two Contacts in one field the last has ;ob', async ({ alice, bob, uri }) => {
    for (const contact of ['<sip:x@h;ob>, <sip:alice@127.0.0.1:22000>', '<sip:x@h>, <sip:alice@127.0.0.1:22000;ob>']) {
      await alice.request('MESSAGE', uri('bob'), { headers: ['X-Do: record', 'Supported: path, outbound'], contact });
      await bob.reply(await bob.receives('MESSAGE'), 200);
      await alice.receives(200);
    }
  }),
  scenario('contact-unsupported', ';ob in Contact and another Supported', async ({ alice, bob, uri }) => {
    await alice.request('MESSAGE', uri('bob'), {
      headers: ['X-Do: record', 'Supported: path'],
      contact: '<sip:alice@127.0.0.1:22000;ob>',
    });
    await bob.reply(await bob.receives('MESSAGE'), 200);
    await alice.receives(200);
  }),
  scenario('token', 'the token of a Record-Route brings a request back to its phone', async ({ alice, bob, uri }) => {
    await alice.request('MESSAGE', uri('bob'), { headers: ['X-Do: force'] });
    const first = await bob.receives('MESSAGE');
    await bob.reply(first, 200);
    await alice.receives(200);
    const route = first.header('Record-Route');
    for (const value of [
      route,
      route.replace(';lr', ';ob;lr'),
      route.replace(/sip:[^@]*/, 'sip:AAAAS7w+sWp5hwF/AAABVMR/AAABVfA='),
    ]) {
      await bob.request('INFO', 'sip:a@127.0.0.1:22000', {
        to: `<${uri('a')}>;tag=t9`,
        headers: [`Route: ${value}`, `X-Do: ${value.includes('AAAA') ? 'loose/stay' : 'loose-record'}`],
      });
      if (!value.includes('AAAA')) await alice.reply(await alice.receives('INFO'), 200);
      await bob.receives(200, 'INFO');
    }
  }),
  scenario('own-flow', 'a token of the flow it came over', async ({ alice, bob, uri }) => {
    await alice.request('MESSAGE', uri('bob'), { headers: ['X-Do: force'] });
    const first = await bob.receives('MESSAGE');
    await bob.reply(first, 200);
    await alice.receives(200);
    const headers = [`Route: ${first.header('Record-Route').replace(';lr', ';ob;lr')}`, 'X-Do: loose-record'];
    await alice.request('INFO', 'sip:b@127.0.0.1:22010', { to: `<${uri('a')}>;tag=t9`, headers });
    await bob.reply(await bob.receives('INFO'), 200);
    await alice.receives(200, 'INFO');
  }),
  ...followed.filter(([slug]) => ['route-user', 'ours-on', 'two'].includes(slug)).map(follow),
  scenario('path', 'add_path() for a REGISTER with reg-id', async ({ alice, bob, uri }) => {
    const contact = '<sip:alice@127.0.0.1:22000>;reg-id=1;+sip.instance="<urn:uuid:1>"';
    await alice.request('REGISTER', uri(), { headers: ['X-Do: path'], contact });
    await bob.reply(await bob.receives('REGISTER'), 200);
    await alice.receives(200);
    await alice.request('REGISTER', uri(), { headers: ['X-Do: path'] });
    await bob.reply(await bob.receives('REGISTER'), 200);
    await alice.receives(200);
    await alice.request('REGISTER', uri(), {
      headers: ['Via: SIP/2.0/UDP 198.51.100.1;branch=z9hG4bKx', 'X-Do: path-forced'],
    });
    await bob.reply(await bob.receives('REGISTER'), 200);
    await alice.receives(200);
  }),
];

export default [
  group('rr', 'rr.cfg', made(followed.map(follow))),
  group('rr-full', 'rr.cfg', made(followed.map(follow)), ['-A', 'FULL']),
  group('rr-bare', 'rr.cfg', made(followed.map(follow)), ['-A', 'BARE']),
  group(
    'rr-alias',
    'rr.cfg',
    everyPort.map(([slug, title, row]) => follow([slug, title, { ...row, stay: true }])),
    ['-A', 'ALIAS'],
  ),
  group('rr-outbound', 'rr.cfg', flows, ['-A', 'OUTBOUND', '-A', 'PATHS']),
];
