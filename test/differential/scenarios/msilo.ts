/** msilo: what is kept, when it is sent and to whom, what remains in the table. */
import type { SendOptions } from '../party.js';
import { withRows, withServerRows } from '../prepared.js';
import { type Group, group, type Stage, scenario } from '../scenario.js';

const columns = ['username', 'domain', 'src_addr', 'dst_addr', 'ctype', 'body', 'extra_hdrs'] as const;
const quiet = 'X-Quiet: 1';

async function store({ alice, uri, carol }: Stage, user: string, options: SendOptions = {}) {
  await alice.request('MESSAGE', uri(user), {
    to: `<sip:${user}@${carol.host}:${carol.port}>`,
    body: 'hello',
    type: 'text/plain',
    ...options,
    headers: [...(options.headers ?? []), quiet],
  });
  await alice.receives('final');
}
async function register({ carol, uri }: Stage, user: string, headers: readonly string[] = []) {
  await carol.request('REGISTER', uri(user), { to: `<sip:${user}@127.0.0.1>`, headers });
  await carol.receives(200, 'REGISTER');
}
const rows = ({ rows: read }: Stage) => read('silo', ...columns);

const stored = [
  scenario('kept', 'a message is kept, sent on a REGISTER, and gone once it arrived', async (stage) => {
    await store(stage, 'kept', { headers: ['X-Own: 1', 'Privacy: id', 'Subject: s'] });
    await rows(stage);
    await register(stage, 'kept');
    await stage.carol.reply(await stage.carol.receives('MESSAGE'), 200);
    await stage.pause(2100);
    await rows(stage);
  }),
  scenario('not-now', 'no MESSAGE to who does not take it', async (stage) => {
    const { carol } = stage;
    await store(stage, 'notnow', {
      type: 'message/cpim',
      headers: ['X-More: instead', 'X-For: sip:other@example.org'],
    });
    await rows(stage);
    await register(stage, 'other', ['Allow: INVITE']);
    await carol.request('REGISTER', 'sip:x@127.0.0.1', { headers: ['Expires: 0'] });
    await carol.receives(200, 'REGISTER');
    await carol.request('REGISTER', 'sip:x@127.0.0.1', { contact: '*', headers: ['Expires: 0'] });
    await carol.receives(200, 'REGISTER');
    const own = `<sip:carol@${carol.host}:${carol.port}>;methods="INVITE,BYE"`;
    await carol.request('REGISTER', 'sip:x@127.0.0.1', { contact: own, headers: ['Allow: MESSAGE'] });
    await carol.receives(200, 'REGISTER');
    await carol.request('OPTIONS', 'sip:x@127.0.0.1', { headers: ['X-For: sip:other@example.org'] });
    await carol.reply(await carol.receives('MESSAGE'), 200);
  }),
  scenario('refused', 'who refuses it gets it again', async (stage) => {
    await store(stage, 'refused', { body: '<p>hi</p>', type: 'text/html;charset=utf-8' });
    await register(stage, 'refused', ['Expires: 60', 'Allow: INVITE, MESSAGE']);
    await stage.carol.reply(await stage.carol.receives('MESSAGE'), 486);
    await stage.pause(2100);
    await register(stage, 'refused');
    await stage.carol.reply(await stage.carol.receives('MESSAGE'), 200);
  }),
  scenario('too-many', 'more than are kept, and what cannot be', async (stage) => {
    const { alice, uri } = stage;
    for (const body of ['one', 'two', 'three', 'four']) await store(stage, 'many', { body });
    await alice.request('MESSAGE', uri('none'), { headers: [quiet] });
    await alice.receives('final');
    await store(stage, 'none', { type: 'nothing' });
    await store(stage, 'none', { headers: ['X-For: sip:example.org'] });
    await store(stage, 'none', { headers: ['X-For: no uri'] });
    await register(stage, 'many');
    for (let i = 0; i < 3; i++) await stage.carol.reply(await stage.carol.receives('MESSAGE'), 200);
  }),
  scenario(
    'large',
    'a body of 30 kB',
    async (stage) => {
      await store(stage, 'large', { body: 'x'.repeat(30_000) });
      await register(stage, 'large');
      await stage.carol.reply(await stage.carol.receives('MESSAGE'), 200);
    },
    { outlineOnly: true },
  ),
  scenario('larger', 'a body of 60 kB', (stage) => store(stage, 'larger', { body: 'x'.repeat(60_000) })),
  scenario('note', 'the sender is told', async (stage) => {
    const { alice, uri, pause } = stage;
    const contact = `<sip:alice@${alice.host}:${alice.port}>`;
    const own = `<sip:alice@${alice.host}:${alice.port}>;tag=note`;
    await alice.request('MESSAGE', uri('note'), { contact, from: own, body: 'x', type: 'text/plain' });
    await alice.receives(202);
    await alice.reply(await alice.receives('MESSAGE'), 200);
    await pause(100);
  }),
  scenario('note-contacts', 'of two Contacts in one field the last is told', async ({ alice, uri, pause }) => {
    const contact = `<sip:nobody@${alice.host}:22019>, <sip:alice@${alice.host}:${alice.port}>`;
    const own = `<sip:alice@${alice.host}:${alice.port}>;tag=note`;
    await alice.request('MESSAGE', uri('note'), { contact, from: own, body: 'x', type: 'text/plain' });
    await alice.receives(202);
    await alice.reply(await alice.receives('MESSAGE'), 200);
    await pause(100);
  }),
  scenario('reminder', 'a message with a time of its own, and a time that is none', async (stage) => {
    const { uri, carol } = stage;
    const owner = `X-For: sip:late@${carol.host}:${carol.port}`;
    await store(stage, 'late', { headers: ['X-When: 20370101000000'] });
    await store(stage, 'late', { headers: ['X-When: 20370203'], body: 'a day' });
    await store(stage, 'late', { headers: ['X-When: 20371301000000', owner], body: 'no month' });
    await carol.request('OPTIONS', uri('late'), { headers: ['X-For: sip:late@127.0.0.1'] });
    await carol.reply(await carol.receives('MESSAGE'), 200);
  }),
  scenario('due', 'a message whose time has come', async (stage) => {
    const { carol } = stage;
    const owner = `X-For: sip:due@${carol.host}:${carol.port}`;
    await store(stage, 'due', { headers: ['X-When: 20200101000000', owner] });
    await stage.pause(2100);
  }),
];
const through = [
  scenario('proxy', 'through a proxy, with a Contact and lines of our own', async (stage) => {
    const { alice, carol, uri } = stage;
    await alice.request('MESSAGE', uri('via'), { body: 'hello', type: 'text/plain', headers: ['X-Own: 1'] });
    await alice.receives(202);
    await carol.reply(await carol.receives('MESSAGE'), 200);
    await carol.request('OPTIONS', uri('via'));
    await carol.reply(await carol.receives('MESSAGE'), 200);
  }),
];

const groups: readonly Group[] = [
  withServerRows('mysql', group('msilo', 'msilo.cfg', stored), {}),
  withRows(group('msilo-contact', 'msilo.cfg', through, ['-A', 'CONTACT']), {}),
];
export default groups;
