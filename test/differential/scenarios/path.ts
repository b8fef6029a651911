/** path: an edge proxy in REGISTER, and what comes back through it (RFC 3327). */
import { group, type Stage, scenario } from '../scenario.js';

type Options = Parameters<typeof scenario>[3];

const register = (what: string, title: string, headers: readonly string[] = [], options?: Options) =>
  scenario(
    headers.length === 0 ? what : `${what}-above`,
    title,
    async ({ alice, bob, uri }: Stage) => {
      await alice.request('REGISTER', uri(), { headers: [`X-Do: ${what}`, ...headers] });
      await bob.reply(await bob.receives('REGISTER'), 200);
      await alice.receives(200);
    },
    options,
  );
const followed: readonly (readonly [string, string, string])[] = [
  ['none', 'no received', 'lr'],
  ['uri', 'a URI', 'lr;received=sip:127.0.0.1:22020'],
  ['escaped', 'an escaped URI', 'lr;received=sip:127.0.0.1:22020%3Btransport%3Dudp'],
  ['tilde', 'address~port~transport', 'lr;received=127.0.0.1~22020~1'],
  ['tilde-tcp', 'over TCP', 'lr;received=127.0.0.1~22020~2'],
  ['tilde-bad', 'an unknown transport', 'lr;received=127.0.0.1~22020~9'],
  ['tilde-none', 'no transport', 'lr;received=127.0.0.1~22020'],
  ['tilde-four', 'four parts', 'lr;received=127.0.0.1~22020~1~2'],
  ['empty', 'nothing', 'lr;received='],
  ['bad-escape', 'a broken escape', 'lr;received=sip:127.0.0.1%3'],
  ['bad-escape-2', 'another', 'lr;received=sip:127.0.0.1%zz'],
  ['upper', 'the name in capitals', 'lr;RECEIVED=sip:127.0.0.1:22020'],
  ['long', 'too long', `lr;received=sip:${'a'.repeat(1100)}`],
]; // biome-ignore format: rows

/** What is in Route is logged, not followed. */
const follow = (slug: string, title: string, params: string, name: string) =>
  scenario(slug, title, async ({ alice, uri }: Stage) => {
    const renamed = params.replace('received', name).replace('RECEIVED', name.toUpperCase());
    await alice.request('MESSAGE', 'sip:bob@127.0.0.1:22010', {
      to: `<${uri('b')}>;tag=t1`,
      headers: [`Route: <sip:127.0.0.1:21700;${renamed}>`, 'X-Stay: 1'],
    });
    await alice.receives(200);
  });

const scenarios = (name: string) => [
  register('plain', 'add_path()'),
  register('plain', 'above another Path', ['Path: <sip:127.0.0.1:22099;lr>', 'X-After: 1']),
  register('twice', 'add_path() twice'),
  register('user', 'with a user'),
  register('user-params', 'with a user and parameters'),
  register('no-user-params', 'with parameters only'),
  register('received', 'add_path_received()'),
  register('received', 'over TCP', ['X-After: 1'], { tcp: ['alice'] }),
  register('received-user', 'with a user'),
  register('received-user-params', 'with a user and parameters'),
  register('second', 'out by another socket'),
  register('tcp', 'out by TCP', [], { tcp: ['bob'] }),
  register('global', 'set_advertised_address() and _port()'),
  ...followed.map(([slug, title, params]) => follow(slug, title, params, name)),
];

/** Not of the form address~port~transport: Kamailio then takes what was in its buffer before. */
const uris = ['uri', 'escaped', 'tilde-none', 'bad-escape', 'bad-escape-2', 'upper'];

export default [
  group('path', 'path.cfg', scenarios('received')),
  group(
    'path-other',
    'path.cfg',
    scenarios('rcv').filter(({ slug }) => !uris.includes(slug)),
    ['-A', 'OTHER'],
  ),
];
