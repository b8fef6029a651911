/** registrar and usrloc with every parameter that shows (RFC 3261 §10, RFC 3327, RFC 5626 §6, RFC 5627). */
import type { Party, SendOptions } from '../party.js';
import { group, type Stage, scenario } from '../scenario.js';

/** REGISTER with X-Do and more; any final response will do. */
async function put(phone: Party, what: string, options: SendOptions & { status?: number; user?: string } = {}) {
  const { headers = [], status = 200, user = phone.user, ...more } = options;
  const { serverHost, serverPort } = phone.setting;
  await phone.register({
    aor: `sip:${user}@${serverHost}:${serverPort}`,
    status,
    ...more,
    headers: [`X-Do: ${what}`, 'Expires: 600', ...headers],
  });
}
/** OPTIONS to `user` with X-Do. */
async function ask({ bob, uri }: Stage, what: string, user: string, headers: readonly string[] = []) {
  await bob.request('OPTIONS', uri(user), { headers: [`X-Do: ${what}`, ...headers] });
  await bob.receives(200, 'OPTIONS');
}
const list = ({ rpc }: Stage, user: string) => rpc('ul.lookup', 'location', user);

const instance = (n: number) => `+sip.instance="<urn:uuid:00000000-0000-1000-8000-00000000000${n}>"`;
const at = (phone: Party, params = '') => `${phone.contact}${params}`;
const three = ({ alice, carol, dave }: Stage) => `${at(alice, ';q=0.3')}, ${at(carol, ';q=0.9')}, ${at(dave)}`;

/** Registers three contacts, then asks. */
const over = (slug: string, title: string, what: string, headers?: (stage: Stage) => readonly string[]) =>
  scenario(slug, title, async (stage: Stage) => {
    const { alice } = stage;
    await put(alice, 'xavp', { contact: three(stage) });
    await ask(stage, what, alice.user, headers?.(stage));
    await list(stage, alice.user);
  });
/** One REGISTER, and what the table then has. */
const one = (
  slug: string,
  title: string,
  what: string,
  options: (stage: Stage) => Parameters<typeof put>[2] = () => ({}),
) =>
  scenario(slug, title, async (stage: Stage) => {
    const { alice } = stage;
    await put(alice, what, options(stage));
    await list(stage, alice.user);
  });

const plain = [
  one('max-1', 'max_contacts from xavp_cfg', 'max-1', (s) => ({ contact: three(s), status: 503 })),
  one('max-0', 'no limit from xavp_cfg', 'max-0', (s) => ({ contact: three(s) })),
  one('cfg-expires', 'expires from xavp_cfg', 'expires'),
  one('cfg-expires-0', 'expires 0 from xavp_cfg', 'expires-0'),
  one('cfg-expires-text', 'a text is no number', 'expires-text'),
  one('cfg-q', 'q from xavp_cfg', 'q', ({ alice }) => ({ contact: at(alice, ';q=0.7') })),
  one('cfg-q-bad', 'q out of range from xavp_cfg', 'q-bad', () => ({ status: 400 })),
  one('socket', 'socket from xavp_cfg', 'socket'),
  one('socket-foreign', 'a socket that is not ours', 'socket-foreign'),
  one('socket-flag', 'the flag alone', 'socket-flag', () => ({ headers: ['X-Sock: udp:127.0.0.1:21710'] })),
  one('socket-bad', 'a header field that is no socket', 'socket-flag', () => ({ headers: ['X-Sock: a:b:c:d'] })),
  one('xavp', 'an XAVP with the contact', 'xavp'),
  one('received', 'received from an AVP', 'received'),
  one('received-long', 'and too long', 'received-long', () => ({ headers: [`X-Long: ${'x'.repeat(300)}`], status: 400 })),
  one('memory', 'save() flag 1', 'memory'),
  one('steady', 'save() flag 8', 'steady'),
  one('unsent', 'save() flag 2, then reg_send_reply()', 'unsent'),
  one('unsent-bad', 'a refusal sent later', 'unsent', ({ alice }) => ({ contact: at(alice, ';q=9'), status: 400 })),
  one('prepared', 'save() flag 16', 'prepared', () => ({ status: 299 })),
  one('no-uri', 'save() with an empty address', 'no-uri', () => ({ status: 500 })),
  scenario('uri', 'save() for another address', async (stage) => {
    await put(stage.alice, 'uri', { headers: [`X-User: other.${stage.alice.user}`] });
    await list(stage, `other.${stage.alice.user}`);
    await list(stage, stage.alice.user);
  }),
  scenario('spare', 'another table', async (stage) => {
    await put(stage.alice, 'spare');
    await stage.rpc('ul.lookup', 'spare', stage.alice.user);
    await list(stage, stage.alice.user);
    await stage.rpc('ul.rm', 'spare', stage.alice.user);
  }),
  scenario('replace', 'save() flag 4 keeps the new contact only', async (stage) => {
    const { alice, carol } = stage;
    await put(alice, 'xavp', { contact: three(stage) });
    await put(alice, 'replace', { contact: at(carol, ';expires=300') });
    await list(stage, alice.user);
    await put(alice, 'replace', { contact: '<sip:new@127.0.0.1:22099>' });
    await list(stage, alice.user);
  }),
  scenario('sock-hdr', 'add_sock_hdr()', async ({ alice, carol }) => {
    await alice.request('REGISTER', alice.aor, { headers: ['X-Do: sock-hdr'] });
    await carol.reply(await carol.receives('REGISTER'), 200);
    await alice.receives(200);
  }),
  over('lookup', 'lookup() with xavp_rcd and the contacts’ XAVP', 'lookup'),
  over('lookup-none', 'lookup() of nothing', 'lookup-none'),
  over('dset', 'lookup_to_dset()', 'dset'),
  over('branches', 'lookup_branches()', 'branches', ({ alice }) => [`X-User: ${alice.user}`]),
  over('branches-none', 'lookup_branches() and a branch that is nobody', 'branches', () => ['X-User: nobody']),
  over('lookup-flags', 'lookup() of contacts with a flag', 'lookup-flags'),
  scenario('lookup-flagged', 'one has the flag', async (stage) => {
    await put(stage.alice, 'xavp', { contact: three(stage) });
    await put(stage.alice, 'received', { contact: '<sip:nat@127.0.0.1:22099>' });
    await ask(stage, 'lookup-flags', stage.alice.user);
    await ask(stage, 'lookup', stage.alice.user);
  }),
  over('registered', 'registered()', 'registered'),
  over('registered-uri', 'registered() of an address', 'registered-uri'),
  over('registered-quiet', 'registered() with action 3', 'registered-quiet'),
  over('registered-call', 'by Call-ID', 'registered-call', ({ alice }) => [`X-Match: register-alice-${alice.setting.slug}`]),
  over('registered-call-not', 'by another Call-ID', 'registered-call', () => ['X-Match: none']),
  over('registered-received', 'by received', 'registered-received', () => ['X-Match: sip:127.0.0.1:22020']),
  over('registered-contact', 'by contact', 'registered-contact', ({ dave }) => [`X-Match: ${dave.contactUri}`]),
  over('unregister', 'unregister()', 'unregister'),
  over('unregister-bad', 'unregister() of no address', 'unregister-bad'),
  over('unregister-ruid', 'unregister() of one contact', 'unregister-ruid'),
  over('fetch', 'reg_fetch_contacts()', 'fetch'),
  scenario(
    'fetch-tcp',
    'contacts of TCP phones, with everything',
    async (stage) => {
      const { alice, edge } = stage;
      await put(alice, 'received', {
        contact: at(alice, `;q=0.5;methods="INVITE,BYE";reg-id=3;${instance(4)}`),
        headers: [`Path: <sip:${edge.hostPort};lr>`, 'Supported: path', 'User-Agent: Tester 1'],
      });
      await ask(stage, 'fetch', alice.user);
    },
    { tcp: ['alice'] },
  ),
  scenario('fetch-none', 'reg_fetch_contacts() of nobody', async (stage) => ask(stage, 'fetch', stage.dave.user)),
  scenario('path-local', 'a Path that begins with us', async (stage) => {
    const { alice, edge } = stage;
    const supported = 'Supported: path';
    await put(alice, '', { headers: [`Path: <sip:127.0.0.1:21700;lr>, <sip:${edge.hostPort};lr>`, supported] });
    await ask(stage, 'lookup', alice.user);
    await put(alice, '', { user: `${alice.user}.2`, headers: ['Path: <sip:127.0.0.1:21700;lr>', supported] });
    await ask(stage, 'lookup', `${alice.user}.2`);
    await put(alice, '', { user: `${alice.user}.3`, headers: [`Path: <sip:${edge.hostPort};lr>`, supported], contact: `${at(alice)}, ${at(edge)}` });
    await ask(stage, 'lookup', `${alice.user}.3`);
  }),
  scenario('path-received', 'received of the first Path', async (stage) => {
    const { alice, edge } = stage;
    const path = `Path: <sip:${edge.hostPort};lr;received=sip:127.0.0.1:22030%3Btransport%3Dudp>`;
    await put(alice, '', { headers: [path, 'Supported: path'] });
    await list(stage, alice.user);
  }),
  scenario('path-bad', 'Paths that are refused', async ({ alice }) => {
    const bad = ['<sip:x.example>', 'garbage', `<sip:${'x'.repeat(1100)};lr>`];
    for (const path of bad) await put(alice, '', { headers: [`Path: ${path}`, 'Supported: path'], status: 400 });
    await put(alice, '', { headers: ['Path: <sip:127.0.0.1:22060;lr>'], status: 420 });
  }),
  scenario('gruu', 'GRUUs, found again', async (stage) => {
    const { alice, carol, bob } = stage;
    const headers = ['Supported: gruu'];
    await put(alice, '', { contact: at(alice, `;${instance(1)}`), headers });
    await put(alice, '', { contact: at(carol, `;${instance(2)}`), headers, callId: 'other-gruu' });
    const all = await alice.register({ omit: ['Contact'], headers });
    const temporary = [...all.header('Contact').matchAll(/temp-gruu="([^"]*)"/g)].map((m) => m[1] ?? '');
    for (const uri of [`${alice.aor};gr=urn:uuid:00000000-0000-1000-8000-000000000002`, `${alice.aor};gr=unknown`, temporary[1] ?? '', 'sip:nobody-1@127.0.0.1;gr', 'sip:nobody@127.0.0.1;gr', 'sip:nobody-x@127.0.0.1;gr']) {
      await bob.request('OPTIONS', uri, { headers: ['X-Do: lookup'], to: '<sip:x@y>' });
      await bob.receives(200, 'OPTIONS');
    }
  }),
  scenario('methods', 'who cannot take the method is left out', async (stage) => {
    const { alice, carol } = stage;
    await put(alice, '', { contact: `${at(alice, ';methods="INVITE"')}, ${at(carol, ';methods="OPTIONS,INVITE"')}` });
    await ask(stage, 'lookup', alice.user);
    await put(alice, '', { user: `${alice.user}.2`, contact: at(alice, ';methods="INVITE"') });
    await ask(stage, 'lookup', `${alice.user}.2`);
  }),
  scenario('hostile', 'what no phone sends', async (stage) => {
    const { alice } = stage;
    const contacts = ['*, <sip:a@b>', '<sip:a@b>, *', '<sip:a@b>;q=1.1', '<sip:a@b>;q=-1', '<sip:a@b>;q=x', `<sip:${'a'.repeat(600)}@b>`, `<sip:a@b>;received="${'r'.repeat(300)}"`, '<sip:a@b>;methods="IN VITE"', '<sip:a@b', 'sip:', '"', '<sip:a@b>;reg-id=0;+sip.instance="<x>"', '<sip:a@b>;reg-id=99999999999;+sip.instance="<x>"'];
    for (const [i, contact] of contacts.entries()) {
      await alice.request('REGISTER', alice.aor, { contact, headers: ['Expires: 600'], callId: `hostile-${i}` });
      await stage.pause(30);
    }
    await list(stage, alice.user);
  }),
  scenario('hostile-expires', 'expires of every kind', async (stage) => {
    const { alice } = stage;
    const values = ['abc', '-5', '99999999999', '4294967295', '1e3', '', ' 90', '0x20', '61.5'];
    for (const [i, value] of values.entries()) {
      await put(alice, '', { user: `${alice.user}.${i}`, contact: at(alice, `;expires=${value}`) });
    }
    for (const [i, value] of ['abc', '-5', '99999999999', '0'].entries()) {
      await alice.register({ aor: `sip:${alice.user}.h${i}@127.0.0.1:21700`, headers: [`Expires: ${value}`] });
    }
    await alice.register({ headers: ['Expires: '], status: 400 });
  }),
  scenario('many', 'forty contacts in one REGISTER', async (stage) => {
    const { alice } = stage;
    const contact = Array.from({ length: 40 }, (_, i) => `<sip:c${i}@127.0.0.1:22000>;q=0.${i % 10}`).join(',');
    await put(alice, '', { contact });
    await ask(stage, 'lookup', alice.user);
  }),
  scenario('star', 'a wildcard', async (stage) => {
    const { alice } = stage;
    await put(alice, '', { contact: three(stage) });
    await alice.register({ contact: '*', headers: ['Expires: 10'], status: 400 });
    await alice.register({ contact: '*', status: 400 });
    await alice.register({ contact: '*', headers: ['Expires: 0'] });
    await list(stage, alice.user);
  }),
  scenario('rpc', 'the commands', async (stage) => {
    const { alice, rpc } = stage;
    const { user } = alice;
    const add = (...words: string[]) => rpc('ul.add', 'location', user, ...words);
    await add('sip:a@127.0.0.1:22000', '600', '0.5', '0', '0', '0', '15');
    await add('sip:a@127.0.0.1:22000', '700', '0.25', '.', '1', '2', '15');
    await add('sip:b@127.0.0.1:22000', '0', '1.0', '<sip:p@127.0.0.1:22060;lr>', '0', '0', '4294967295', 'sip:127.0.0.1:22030', 'udp:127.0.0.1:21710');
    await add('sip:c@127.0.0.1:22000', '600', '-1', '0', '0', '0', '15', '.', 'udp:192.0.2.1:5060');
    await add('sip:c@127.0.0.1:22000', 'x', '-1', '0', '0', '0', '15');
    await add('sip:c@127.0.0.1:22000');
    await list(stage, user);
    await list(stage, `${user}@any.example`);
    await list(stage, user.toUpperCase());
    await rpc('ul.rm_contact', 'location', user, 'sip:a@127.0.0.1:22000');
    await rpc('ul.rm_contact', 'location', user, 'sip:none@127.0.0.1:22000');
    await rpc('ul.rm_contact', 'location', 'nobody', 'sip:none@127.0.0.1:22000');
    await rpc('ul.rm_contact', 'location', user);
    await rpc('ul.rm_contact', 'none', user, 'sip:a@127.0.0.1:22000');
    await list(stage, user);
    await rpc('ul.rm', 'location', user);
    await rpc('ul.rm', 'location', user);
    await rpc('ul.rm', 'location');
    await rpc('ul.rm', 'none', user);
    await list(stage, user);
    await rpc('ul.lookup', 'none', user);
    await rpc('ul.lookup', 'location');
    await rpc('ul.lookup');
    await rpc('ul.flush');
    for (const command of ['ul.db_users', 'ul.db_contacts', 'ul.db_expired_contacts']) await rpc(command, 'location');
    await ask(stage, 'lookup', user);
  }),
]; // biome-ignore format: rows

const outbound = [
  one('plain', 'who says nothing', ''),
  one('supported', 'Supported: outbound', '', ({ alice }) => ({ headers: ['Supported: outbound'], contact: at(alice, `;reg-id=1;${instance(1)}`) })),
  one('required', 'Require: outbound', '', ({ alice }) => ({ headers: ['Require: outbound'], contact: at(alice, `;reg-id=1;${instance(1)}`) })),
  one('edge', 'through an edge with ;ob', '', ({ alice }) => ({ headers: ['Via: SIP/2.0/UDP 127.0.0.1:22099;branch=z9hG4bKx', 'Path: <sip:127.0.0.1:22060;lr;ob>', 'Supported: path, outbound'], contact: at(alice, `;reg-id=1;${instance(1)}`) })),
  one('edge-without', 'through an edge without', '', ({ alice }) => ({ headers: ['Via: SIP/2.0/UDP 127.0.0.1:22099;branch=z9hG4bKx', 'Path: <sip:127.0.0.1:22060;lr>', 'Supported: path, outbound'], contact: at(alice, `;reg-id=1;${instance(1)}`), status: 439 })),
  one('edge-unsupported', 'through an edge, a phone without', '', ({ alice }) => ({ headers: ['Via: SIP/2.0/UDP 127.0.0.1:22099;branch=z9hG4bKx', 'Supported: path'], contact: at(alice, `;reg-id=1;${instance(1)}`) })),
  one('sock-header', 'the socket of a header field', 'socket-flag', () => ({ headers: ['X-Sock: udp:127.0.0.1:21710'] })),
  scenario('instances', 'two flows of one phone', async (stage) => {
    const { alice, carol } = stage;
    const headers = ['Supported: outbound, gruu, path'];
    await put(alice, '', { contact: at(alice, `;reg-id=1;${instance(1)}`), headers });
    await put(alice, '', { contact: at(carol, `;reg-id=2;${instance(1)}`), headers });
    await put(alice, '', { contact: at(alice, `;reg-id=2;${instance(1)}`), headers });
    await list(stage, alice.user);
    await put(alice, '', { contact: at(alice, `;reg-id=2;${instance(1)}`), headers, callId: 'new-one' });
    await list(stage, alice.user);
    await ask(stage, 'lookup', alice.user);
  }),
  scenario('by-call', 'contacts of different Call-IDs, newest first', async (stage) => {
    const { alice } = stage;
    await put(alice, '');
    await put(alice, '', { callId: 'second-call' });
    await put(alice, '', { contact: '<sip:x@127.0.0.1:22099>' });
    await put(alice, '');
    await list(stage, alice.user);
    await ask(stage, 'lookup', alice.user);
  }),
  scenario('lazy-path', 'path_mode 1', async ({ alice }) => {
    await put(alice, '', { headers: ['Path: <sip:127.0.0.1:22060;lr>'] });
    await put(alice, '', { headers: ['Path: <sip:127.0.0.1:22060;lr>', 'Supported: path'] });
  }),
]; // biome-ignore format: rows

const supported = ['Supported: outbound'];
const strict = [
  one('unsupported', 'a phone without outbound', '', () => ({ headers: ['Supported: path'], status: 421 })),
  one('silent', 'no Supported at all', ''),
  one('supported', 'a phone with outbound', '', ({ alice }) => ({ headers: supported, contact: at(alice, `;reg-id=1;${instance(1)}`) })),
  one('edge-without', 'regid_mode 1: reg-id counts all the same', '', ({ alice }) => ({ headers: ['Via: SIP/2.0/UDP 127.0.0.1:22099;branch=z9hG4bKx', ...supported], contact: at(alice, `;reg-id=1;${instance(1)}`) })),
  one('low', 'min_expires_mode 1', '', ({ alice }) => ({ contact: at(alice, ';expires=60'), status: 423 })),
  one('high', 'max_expires', '', ({ alice }) => ({ contact: at(alice, ';expires=9999') })),
  one('none', 'default_expires', '', ({ alice }) => ({ contact: at(alice, ';expires=x') })),
  one('too-many', 'max_contacts and retry_after', '', (s) => ({ contact: three(s), status: 503 })),
  one('too-long', 'contact_max_size', '', () => ({ contact: `<sip:${'a'.repeat(60)}@b>`, status: 400 })),
  one('received', 'no received parameter', 'received'),
  scenario('one-more', 'a contact over the limit', async (stage) => {
    const { alice, carol, dave } = stage;
    await put(alice, '', { contact: `${at(alice)},${at(carol)}` });
    await put(alice, '', { contact: at(dave), status: 503 });
    await put(alice, '', { contact: `${at(alice, ';expires=0')},${at(dave)}` });
    await stage.rpc('ul.lookup', 'location', `${alice.user}@127.0.0.1`);
    await list(stage, alice.user);
    await ask(stage, 'lookup', alice.user);
    await ask(stage, 'registered', alice.user);
  }),
  scenario('realm', 'realm_prefix and case', async (stage) => {
    const { alice } = stage;
    await alice.register({ aor: `sip:Big.${alice.user}@sip.example.com` });
    await stage.rpc('ul.lookup', 'location', `Big.${alice.user}@example.com`);
    await stage.rpc('ul.lookup', 'location', `big.${alice.user}@example.com`);
    await alice.register({ aor: 'sip:Example.com' });
    await stage.rpc('ul.rm', 'location', `Big.${alice.user}@example.com`);
  }),
  scenario('by-path', 'the same contact over two paths', async (stage) => {
    const { alice } = stage;
    for (const port of [22060, 22061, 22060]) await put(alice, '', { headers: [`Path: <sip:127.0.0.1:${port};lr>`] });
    await put(alice, '');
    await stage.rpc('ul.lookup', 'location', `${alice.user}@127.0.0.1`);
  }),
]; // biome-ignore format: rows

const expired = [
  scenario('expired', 'a contact runs out', async (stage) => {
    const { alice } = stage;
    await put(alice, '', { contact: at(alice, ';expires=1') });
    await stage.pause(1500);
    await ask(stage, 'registered', alice.user);
    await stage.pause(3000);
    await list(stage, alice.user);
    await stage.rpc('stats.get_statistics', 'usrloc:');
  }),
  scenario('flush', 'ul.flush', async (stage) => {
    const { alice } = stage;
    await put(alice, '', { contact: at(alice, ';expires=1') });
    await stage.pause(2100);
    await stage.rpc('ul.flush');
    await list(stage, alice.user);
  }),
  scenario('one-call', 'one contact a Call-ID', async (stage) => {
    const { alice } = stage;
    await put(alice, '');
    await put(alice, '', { contact: '<sip:x@127.0.0.1:22099>' });
    await list(stage, alice.user);
    await stage.rpc('ul.rm', 'location', alice.user);
  }),
  scenario(
    'lost',
    'the connection of a contact is lost',
    async (stage) => {
      const { alice } = stage;
      await put(alice, '');
      alice.sockets.dropConnections();
      await stage.pause(4500);
      await list(stage, alice.user);
    },
    { tcp: ['alice'] },
  ),
];

const alive = [
  scenario('keepalive', 'a phone that answers', async (stage) => {
    const { alice } = stage;
    await put(alice, '', { headers: ['Path: <sip:127.0.0.1:22000;lr;x>', 'Supported: path'] });
    await alice.reply(await alice.receives('OPTIONS'), 200);
    await stage.rpc('ul.rm', 'location', alice.user);
  }),
  scenario('silent', 'one that does not', async (stage) => {
    const { alice } = stage;
    await put(alice, 'received');
    await stage.carol.receives('OPTIONS');
    await stage.rpc('ul.rm', 'location', alice.user);
  }),
];

export default [
  group('reg', 'reg.cfg', plain, ['-A', 'PLAIN']),
  group('reg-outbound', 'reg.cfg', outbound, ['-A', 'OUTBOUND']),
  group('reg-strict', 'reg.cfg', strict, ['-A', 'STRICT']),
  group('reg-expired', 'reg.cfg', expired, ['-A', 'EXPIRED']),
  group('reg-alive', 'reg.cfg', alive, ['-A', 'ALIVE']),
];
