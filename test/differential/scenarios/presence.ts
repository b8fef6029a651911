/**
 * presence and its packages: PUBLISH, SUBSCRIBE, NOTIFY, and the rows they leave. One file, since all scenarios share the
 * bodies that are published and the steps of a subscription.
 */
import type { Packet } from '../packet.js';
import type { Dialog, Party, SendOptions } from '../party.js';
import { preparedFile, type Rows, withRows } from '../prepared.js';
import { type Group, group, type Scenario, type Stage, scenario } from '../scenario.js';
import { bombs } from '../xml-bombs.js';

// ---------------------------------------------------------------------------------------------------------------
// What is published

export const pidf = (entity: string, id: string, basic = 'open', more = ''): string =>
  `<?xml version="1.0" encoding="UTF-8"?>\n<presence xmlns="urn:ietf:params:xml:ns:pidf" entity="${entity}"><tuple id="${id}"><status><basic>${basic}</basic></status></tuple>${more}</presence>\n`;
const PIDF = 'application/pidf+xml';
export const dialogInfo = (id: string, state: string): string =>
  `<?xml version="1.0"?>\n<dialog-info xmlns="urn:ietf:params:xml:ns:dialog-info" version="0" state="partial" entity="sip:x@here.test">\n  <dialog id="${id}" direction="initiator">\n    <state>${state}</state>\n  </dialog>\n</dialog-info>\n`;
const DIALOG = 'application/dialog-info+xml';
const summary = (waiting: string, more = '') => `Messages-Waiting: ${waiting}\r\n${more}`;
const SUMMARY = 'application/simple-message-summary';

// ---------------------------------------------------------------------------------------------------------------
// Steps

/** On a busy machine the first write to a database takes its time. */
const PATIENCE_MS = 8000;

interface Asked {
  readonly event?: string;
  readonly expires?: number | null;
  readonly headers?: readonly string[];
  readonly more?: SendOptions;
}
const eventHeaders = ({ event = 'presence', expires = 600, headers = [] }: Asked): string[] => [
  `Event: ${event}`,
  ...(expires === null ? [] : [`Expires: ${expires}`]),
  ...headers,
];
async function publish(
  party: Party,
  uri: string,
  body: string,
  status: number,
  asked: Asked & { readonly type?: string; readonly etag?: string } = {},
): Promise<string> {
  const match = asked.etag === undefined ? [] : [`SIP-If-Match: ${asked.etag}`];
  await party.request('PUBLISH', uri, {
    headers: [...eventHeaders(asked), ...match],
    body,
    type: asked.type ?? PIDF,
    ...asked.more,
  });
  const answer = await party.receives(status, 'PUBLISH', PATIENCE_MS);
  await routeEnds();
  return answer.header('SIP-ETag');
}
/** The route goes on after its answer is sent: what it logs comes before the next request does. */
const routeEnds = () => new Promise<void>((resume) => void setTimeout(resume, 120));
/** The dialog, after its first NOTIFY was answered; null when the SUBSCRIBE is refused. */
async function subscribe(
  party: Party,
  uri: string,
  asked: Asked & { readonly status?: number; readonly notified?: boolean } = {},
): Promise<{ readonly dialog: Dialog; readonly ok: Packet }> {
  const sent = await party.request('SUBSCRIBE', uri, { headers: eventHeaders(asked), ...asked.more });
  const ok = await party.receives(asked.status ?? 200, 'SUBSCRIBE', PATIENCE_MS);
  if (asked.notified !== false && ok.status < 300) await notified(party);
  await routeEnds();
  return { dialog: party.dialog(sent, ok), ok };
}
async function notified(party: Party, status = 200, headers: readonly string[] = []): Promise<Packet> {
  const notify = await party.receives('NOTIFY', undefined, PATIENCE_MS);
  await party.reply(notify, status, { headers });
  return notify;
}
async function refresh(
  party: Party,
  dialog: Dialog,
  asked: Asked & { readonly status?: number } = {},
): Promise<Packet> {
  await dialog.send('SUBSCRIBE', { headers: eventHeaders(asked), ...asked.more });
  const answer = await party.receives(asked.status ?? 200, 'SUBSCRIBE', PATIENCE_MS);
  await routeEnds();
  return answer;
}
async function rows({ carol, uri }: Stage): Promise<void> {
  await carol.request('OPTIONS', uri('rows'), { headers: [`X-Slug: ${carol.setting.slug}`] });
  await carol.receives(200, 'OPTIONS', PATIENCE_MS);
}
async function ask({ carol, uri }: Stage, what: string, headers: readonly string[]): Promise<void> {
  await carol.request('INFO', uri('ask'), { headers: [`X-Ask: ${what}`, ...headers] });
  await carol.receives(200, 'INFO', PATIENCE_MS);
}

// ---------------------------------------------------------------------------------------------------------------
// Scenarios of every mode

const basics: readonly Scenario[] = [
  scenario('life', 'a state is published, seen, changed, refreshed and withdrawn', async (stage) => {
    const { alice, bob } = stage;
    const uri = alice.aor;
    const etag = await publish(alice, uri, pidf(uri, 't1'), 200);
    const { dialog } = await subscribe(bob, uri);
    const second = await publish(alice, uri, pidf(uri, 't1', 'closed'), 200, { etag });
    await notified(bob);
    const third = await publish(alice, uri, '', 200, { etag: second });
    await notified(bob);
    await rows(stage);
    await refresh(bob, dialog, { expires: 300 });
    await notified(bob);
    await publish(alice, uri, '', 200, { etag: third, expires: 0 });
    await notified(bob);
    await refresh(bob, dialog, { expires: 0 });
    await notified(bob);
    await rows(stage);
  }),
  scenario('before', 'subscribed before anything is published; two watchers', async (stage) => {
    const { alice, bob, carol } = stage;
    await subscribe(bob, alice.aor);
    await subscribe(carol, alice.aor);
    await publish(alice, alice.aor, pidf(alice.aor, 'a'), 200);
    await notified(bob);
    await notified(carol);
    await rows(stage);
  }),
  scenario('several', 'two publishers of one presentity', async (stage) => {
    const { alice, bob, carol } = stage;
    const uri = alice.aor;
    const first = await publish(alice, uri, pidf(uri, 'desk', 'open', '<note>desk</note>'), 200);
    await subscribe(bob, uri);
    await stage.pause(1100);
    const second = await publish(carol, uri, pidf(uri, 'mobile', 'closed', '<note>mobile</note>'), 200);
    await notified(bob);
    await publish(carol, uri, pidf(uri, 'desk', 'closed'), 200, { etag: second });
    await notified(bob);
    await publish(alice, uri, '', 200, { etag: first, expires: 0 });
    await notified(bob);
  }),
  scenario('gone', 'a NOTIFY answered 481 ends the subscription', async (stage) => {
    const { alice, bob } = stage;
    await subscribe(bob, alice.aor);
    await publish(alice, alice.aor, pidf(alice.aor, 'a'), 200);
    await notified(bob, 481);
    await stage.pause(100);
    await publish(alice, alice.aor, pidf(alice.aor, 'b'), 200);
    await rows(stage);
  }),
  scenario('fetch', 'Expires: 0 outside a dialog fetches the state once', async ({ alice, bob }) => {
    await publish(alice, alice.aor, pidf(alice.aor, 'a'), 200);
    await subscribe(bob, alice.aor, { expires: 0 });
    await publish(alice, alice.aor, pidf(alice.aor, 'b'), 200);
  }),
  scenario('in-dialog', 'unknown dialog 481, old CSeq 400', async ({ alice, bob }) => {
    const { dialog } = await subscribe(bob, alice.aor);
    await refresh(bob, dialog, { status: 400, more: { cseq: 1 } });
    await refresh(bob, dialog, { status: 481, more: { to: `<${alice.aor}>;tag=other` } });
    await refresh(bob, dialog, { more: { contact: `<sip:bob@${bob.hostPort};new>` } });
    await notified(bob);
  }),
  scenario('winfo', 'who watches: full at first, then what changes', async (stage) => {
    const { alice, bob, carol } = stage;
    const { dialog: own } = await subscribe(alice, alice.aor, { event: 'presence.winfo' });
    const { dialog } = await subscribe(bob, alice.aor);
    await notified(alice);
    await subscribe(carol, alice.aor);
    await notified(alice);
    await refresh(bob, dialog, { expires: 0 });
    await notified(bob);
    await notified(alice);
    await refresh(alice, own, { event: 'presence.winfo' });
    await notified(alice);
    await rows(stage);
  }),
  scenario('mwi', 'message-summary: the last body counts, a bad one is refused', async (stage) => {
    const { alice, bob } = stage;
    const asked = { event: 'message-summary', type: SUMMARY };
    await subscribe(bob, alice.aor, { event: 'message-summary' });
    const etag = await publish(alice, alice.aor, summary('yes', 'Voice-Message: 2/8 (0/2)\r\n'), 200, asked);
    await notified(bob);
    await publish(alice, alice.aor, summary('no'), 200, { ...asked, etag });
    await notified(bob);
    await publish(alice, alice.aor, summary('maybe'), 500, asked);
    await publish(alice, alice.aor, summary('yes', 'Bad \x01 line\r\n'), 500, asked);
    await publish(alice, alice.aor, 'Messages-Waiting', 500, asked);
    await subscribe(bob, alice.aor, { event: 'message-summary' });
    await rows(stage);
  }),
  scenario('dialog', 'dialogs of a user, with each watcher’s own version', async (stage) => {
    const { alice, bob, carol } = stage;
    const asked = { event: 'dialog', type: DIALOG };
    await subscribe(bob, alice.aor, { event: 'dialog' });
    const etag = await publish(alice, alice.aor, dialogInfo('d1', 'early'), 200, asked);
    await notified(bob);
    await subscribe(carol, alice.aor, { event: 'dialog' });
    const next = await publish(alice, alice.aor, dialogInfo('d1', 'confirmed'), 200, { ...asked, etag });
    await notified(bob);
    await notified(carol);
    await stage.pause(1100);
    await publish(alice, alice.aor, dialogInfo('d2', 'early'), 200, asked);
    await notified(bob);
    await notified(carol);
    await stage.pause(1100);
    const last = await publish(alice, alice.aor, dialogInfo('d1', 'terminated'), 200, { ...asked, etag: next });
    await notified(bob);
    await notified(carol);
    await publish(alice, alice.aor, dialogInfo('d1', 'confirmed'), 200, { ...asked, etag: last });
    await stage.pause(1100);
    await publish(alice, alice.aor, dialogInfo('d2', 'confirmed'), 200, asked);
    await notified(bob);
    await notified(carol);
    await rows(stage);
  }),
  scenario('other-packages', 'reg, ua-profile and xcap-diff pass bodies as they are', async ({ alice, bob }) => {
    for (const [event, type] of [
      ['reg', 'application/reginfo+xml'],
      ['ua-profile', 'text/xml'],
      ['xcap-diff', 'application/xcap-diff+xml'],
    ] as const) {
      await subscribe(bob, alice.aor, { event });
      await publish(alice, alice.aor, `<${event}/>`, 200, { event, type });
      await notified(bob);
      await subscribe(bob, alice.aor, { event });
    }
  }),
];

const requests: readonly Scenario[] = [
  scenario('other-event', 'a SUBSCRIBE of another package within the dialog', async ({ alice, bob }) => {
    const { dialog } = await subscribe(bob, alice.aor, { event: 'message-summary' });
    await refresh(bob, dialog, { status: 500 });
  }),
  scenario('bad-publish', 'what a PUBLISH is refused for', async ({ alice }) => {
    const { aor } = alice;
    const body = pidf(aor, 'a');
    await publish(alice, aor, body, 489, { event: 'conference' });
    await alice.request('PUBLISH', aor, { body, type: PIDF });
    await alice.receives(489, 'PUBLISH');
    await publish(alice, aor, '', 400);
    await publish(alice, aor, body, 412, { etag: 'a.1.2.3.4' });
    await publish(alice, aor, '', 412, { etag: 'a.1.2.3.4', expires: 0 });
    await publish(alice, aor, body, 500, { etag: 'nonsense' });
    await publish(alice, aor, body, 500, { etag: 'a.b' });
    await publish(alice, aor, '<presence', 415);
    await publish(alice, aor, 'no xml at all', 415);
    await publish(alice, aor, body, 200, { expires: null, headers: ['Expires: soon'] });
    await publish(alice, aor, body, 400, { headers: ['X-Sender: nobody'] });
    await publish(alice, aor, body, 500, { headers: [`X-Sender: sip:${'x'.repeat(300)}@here.test`] });
    await publish(alice, aor, body, 400, { more: { omit: ['Content-Length'] } });
  }),
  scenario('bombs', 'bodies that are made to hurt, and what is served after them', async (stage) => {
    const { alice, bob } = stage;
    for (const { slug, document, refused } of bombs)
      if (slug !== 'outside') await publish(alice, `sip:${slug}@here.test`, document('presence'), refused ? 415 : 200);
    await publish(alice, alice.aor, pidf(alice.aor, 'a'), 200);
    await subscribe(bob, alice.aor);
  }),
  scenario('outside', 'a body that names a file', async ({ alice }) => {
    const body = bombs.find(({ slug }) => slug === 'outside')?.document('presence') ?? '';
    await alice.request('PUBLISH', alice.aor, { headers: eventHeaders({}), body, type: PIDF });
    await alice.receives('final', undefined, PATIENCE_MS);
  }),
  scenario('two-contacts', 'of two Contacts in one field the last is notified', async ({ alice, bob }) => {
    await subscribe(bob, alice.aor, { more: { contact: `<sip:nobody@127.0.0.1:22019>, <sip:bob@${bob.hostPort}>` } });
  }),
  scenario(
    'large',
    'bodies of 60 kB',
    async (stage) => {
      const { alice, bob } = stage;
      const uri = alice.aor;
      await publish(alice, uri, pidf(uri, 'a', 'open', `<note>${'x'.repeat(60_000)}</note>`), 200);
      await publish(alice, uri, 'x'.repeat(60_000), 415);
      await publish(alice, uri, `<a>${'<b/>'.repeat(15_000)}`, 415);
      await rows(stage);
      await subscribe(bob, `sip:other@${bob.host}`, { more: { body: 'x'.repeat(60_000), type: 'text/plain' } });
    },
    { outlineOnly: true },
  ),
  scenario('bad-subscribe', 'what a SUBSCRIBE is refused for', async ({ alice, bob }) => {
    const { aor } = alice;
    await subscribe(bob, aor, { event: 'conference', status: 489 });
    await bob.request('SUBSCRIBE', aor, {});
    await bob.receives(489, 'SUBSCRIBE');
    await subscribe(bob, aor, { expires: null, headers: ['Expires: 70x'] });
    await subscribe(bob, aor, { status: 500, more: { omit: ['Contact'] } });
    await subscribe(bob, aor, { status: 500, more: { contact: '*' } });
    await subscribe(bob, aor, { event: 'presence;id=5;x', status: 489 });
    await subscribe(bob, aor, { event: 'PRESENCE' });
  }),
  scenario('event-id', 'an id in Event', async ({ alice, bob }) => {
    await bob.request('SUBSCRIBE', alice.aor, { headers: eventHeaders({ event: 'presence;id=7' }) });
    await bob.receives('final');
  }),
  scenario('expires', 'defaults and limits', async ({ alice, bob }) => {
    await publish(alice, alice.aor, pidf(alice.aor, 'a'), 200, { expires: null });
    await publish(alice, alice.aor, pidf(alice.aor, 'b'), 200, { expires: 100_000 });
    await subscribe(bob, alice.aor, { expires: null });
    await subscribe(bob, alice.aor, { expires: 100_000 });
    await subscribe(bob, alice.aor, { expires: 5 });
  }),
  scenario('sender', 'the publisher’s own Contact is not told', async (stage) => {
    const { alice, bob, carol } = stage;
    await subscribe(bob, alice.aor);
    await subscribe(carol, alice.aor);
    const etag = await publish(bob, alice.aor, pidf(alice.aor, 'a'), 200, { headers: [`X-Sender: ${bob.contactUri}`] });
    await notified(carol);
    await publish(bob, alice.aor, pidf(alice.aor, 'b'), 200, { etag });
    await notified(bob);
    await notified(carol);
    await rows(stage);
  }),
  scenario('watcher', 'the watcher is another than From says', async (stage) => {
    const { alice, bob } = stage;
    await subscribe(bob, alice.aor, { headers: ['X-Watcher: sip:boss@there.test'] });
    await rows(stage);
  }),
  scenario('routes', 'Record-Routes, strict and loose, and an alias', async ({ alice, bob }) => {
    await subscribe(bob, alice.aor, {
      headers: [`Record-Route: <sip:${bob.hostPort};lr;a=1>, <sip:next.test;lr>`, 'Record-Route: <sip:last.test;lr>'],
    });
    await subscribe(bob, alice.aor, { headers: [`Record-Route: <sip:${bob.hostPort}>`] });
    await subscribe(bob, alice.aor, { more: { contact: `<sip:bob@nowhere.test;alias=127.0.0.1~${bob.port}~1>` } });
  }),
  scenario('agent', 'User-Agent and a display name are kept or left out', async (stage) => {
    const { alice, bob } = stage;
    await subscribe(bob, alice.aor, { headers: ['User-Agent: Phone 1.0'] });
    await rows(stage);
  }),
  scenario(
    'tcp',
    'a watcher on TCP',
    async ({ alice, bob }) => {
      await subscribe(bob, alice.aor);
      await publish(alice, alice.aor, pidf(alice.aor, 'a'), 200);
      await notified(bob);
    },
    { tcp: ['bob'] },
  ),
  scenario('has', 'pres_has_subscribers()', async (stage) => {
    const { alice, bob } = stage;
    await ask(stage, 'has', [`X-Uri: ${alice.aor}`, 'X-Event: presence']);
    await subscribe(bob, alice.aor);
    const presUri = `sip:${alice.user}@127.0.0.1`;
    await ask(stage, 'has', [`X-Uri: ${presUri}`, 'X-Event: presence']);
    await ask(stage, 'has', [`X-Uri: ${presUri}`, 'X-Event: dialog']);
    await ask(stage, 'has', [`X-Uri: ${presUri}`, 'X-Event: nonsense']);
  }),
  scenario('check', 'pres_check_basic() and pres_check_activities()', async (stage) => {
    const { alice } = stage;
    const person = (inside: string) =>
      `<dm:person xmlns:dm="urn:ietf:params:xml:ns:pidf:data-model" xmlns:rpid="urn:ietf:params:xml:ns:pidf:rpid" id="p">${inside}</dm:person>`;
    const look = async () => {
      for (const value of ['open', 'closed', 'OPEN'])
        await ask(stage, 'basic', [`X-Uri: ${alice.aor}`, `X-Value: ${value}`]);
      for (const value of ['away', 'busy']) await ask(stage, 'activity', [`X-Uri: ${alice.aor}`, `X-Value: ${value}`]);
    };
    await look();
    const etag = await publish(alice, alice.aor, pidf(alice.aor, 'a'), 200);
    await look();
    const next = await publish(
      alice,
      alice.aor,
      pidf(alice.aor, 'a', 'closed', person('<rpid:activities><rpid:away/></rpid:activities>')),
      200,
      { etag },
    );
    await look();
    await publish(alice, alice.aor, pidf(alice.aor, 'a', 'closed', person('<rpid:activities/>')), 200, { etag: next });
    await look();
    await ask(stage, 'basic', ['X-Uri: nobody', 'X-Value: open']);
  }),
  scenario('refresh', 'pres_refresh_watchers() of every type', async (stage) => {
    const { alice, bob } = stage;
    const presUri = `sip:${alice.user}@127.0.0.1`;
    await subscribe(bob, alice.aor);
    await ask(stage, 'refresh1', [`X-Uri: ${presUri}`, 'X-Event: presence']);
    await notified(bob);
    await ask(stage, 'refresh0', [`X-Uri: ${presUri}`, 'X-Event: presence']);
    await ask(stage, 'refresh0', [`X-Uri: ${presUri}`, 'X-Event: dialog']);
    await ask(stage, 'refresh1', [`X-Uri: ${presUri}`, 'X-Event: nonsense']);
    await ask(stage, 'refresh2', [`X-Uri: ${presUri}`, 'X-Event: presence', 'X-File: none', 'X-Name: index']);
    await ask(stage, 'refresh2', [`X-Uri: ${presUri}`, 'X-Event: dialog', 'X-File: none', 'X-Name: index']);
  }),
  scenario('bodies', 'what bodies look like when they are put together', async ({ alice, bob, carol, pause }) => {
    const uri = alice.aor;
    await subscribe(bob, uri);
    const spaced = `<?xml version='1.0' encoding='utf-8' standalone="yes"?>\n<!-- first -->\n<p:presence xmlns:p="urn:ietf:params:xml:ns:pidf" xmlns:r='urn:ietf:params:xml:ns:pidf:rpid' entity='${uri}'>\n  <p:tuple id="x">\n <p:status><p:basic>open</p:basic></p:status>\n <r:mood  a="1 &lt; 2 &amp; 3" b='"q"'>gr\xc3\xbc\xc3\x9f &#xe9; &gt;</r:mood>\n </p:tuple>\n <![CDATA[a < b]]>\n</p:presence>`;
    const etag = await publish(alice, uri, spaced, 200);
    await notified(bob);
    await pause(1100);
    await publish(
      carol,
      uri,
      `<presence xmlns="urn:ietf:params:xml:ns:pidf"><tuple id="y"><status><basic>open</basic></status></tuple><note>\xc3\xa9</note><empty></empty></presence>`,
      200,
    );
    await notified(bob);
    await publish(alice, uri, '', 200, { etag, expires: 0 });
    await notified(bob);
  }),
  scenario('no-id', 'a tuple without id cannot be put together', async ({ alice, bob, carol, pause }) => {
    const uri = alice.aor;
    await subscribe(bob, uri);
    await publish(alice, uri, '<presence xmlns="urn:ietf:params:xml:ns:pidf"><tuple/></presence>', 200);
    await notified(bob);
    await pause(1100);
    await publish(carol, uri, pidf(uri, 'y'), 200);
    await notified(bob);
  }),
  scenario('commands', 'RPC commands and what they refuse', async (stage) => {
    const { alice, bob, rpc } = stage;
    const presUri = `sip:${alice.user}@127.0.0.1`;
    await subscribe(bob, alice.aor);
    await rpc('presence.refreshWatchers', presUri, 'presence', '1');
    await notified(bob);
    await rpc('presence.refreshWatchers', presUri, 'presence');
    await rpc('presence.refreshWatchers', presUri, 'nonsense', '1');
    await rpc('presence.refreshWatchers', presUri, 'presence', '2');
    await rpc('presence.refreshWatchers', presUri, 'presence', '0');
    await rpc('presence.updateWatchers', presUri, 'presence');
    await rpc('presence.updateWatchers', presUri);
    await rpc('presence.updateWatchers', presUri, 'dialog');
    await rpc('presence.presentity_list');
    await rpc('presence.cleanup');
    await rows(stage);
  }),
];

const TABLES = ['standard', 'presence'];
const defines = (...pairs: readonly string[]) => pairs.flatMap((pair) => ['-A', pair]);
function presence(
  name: string,
  scenarios: readonly Scenario[],
  pairs: readonly string[] = [],
  given: Rows = {},
): Group {
  const args = [...defines(...pairs), '-A', `DB_CONNECTION="ca=>sqlite://${preparedFile(name)}"`];
  return withRows(group(name, 'presence.cfg', scenarios, args), given, [], TABLES);
}

/** What the parameters of the group `presence-strict` change. */
const strict: readonly Scenario[] = [
  scenario('limits', 'min_expires, max_expires, expires_offset, server_address, 202', async (stage) => {
    const { alice, bob } = stage;
    await publish(alice, alice.aor, pidf(alice.aor, 'a'), 200, { expires: 5000 });
    await publish(alice, alice.aor, pidf(alice.aor, 'b'), 200, { expires: 30 });
    await subscribe(bob, alice.aor, { expires: 30, status: 423 });
    await subscribe(bob, alice.aor, { expires: 5000, status: 202 });
    await subscribe(bob, alice.aor, { expires: 0, status: 202, notified: false });
    await rows(stage);
  }),
  scenario('slow', 'no NOTIFY right after a SUBSCRIBE, but for presence', async ({ alice, bob }) => {
    const asked = { event: 'message-summary', type: SUMMARY };
    await subscribe(bob, alice.aor, { event: 'message-summary', status: 202, notified: false });
    await publish(alice, alice.aor, summary('yes', 'Voice-Message: 1/0\r\n'), 200, asked);
    await notified(bob);
    await subscribe(bob, alice.aor, { event: 'presence.winfo', notified: false });
  }),
  scenario('dummies', 'who has published nothing', async ({ alice, bob }) => {
    await subscribe(bob, alice.aor, { status: 202 });
    const { dialog } = await subscribe(bob, alice.aor, { event: 'dialog', status: 202, notified: false });
    await publish(alice, alice.aor, dialogInfo('d', 'early'), 200, { event: 'dialog', type: DIALOG });
    await notified(bob);
    await refresh(bob, dialog, { event: 'dialog', status: 202 });
  }),
  scenario('single-dialog', 'of several dialogs the one that matters', async ({ alice, bob, pause }) => {
    const asked = { event: 'dialog', type: DIALOG };
    await subscribe(bob, alice.aor, { event: 'dialog', status: 202, notified: false });
    for (const [id, state] of [
      ['d1', 'terminated'],
      ['d2', 'trying'],
      ['d3', 'proceeding'],
      ['d4', 'confirmed'],
      ['d5', 'early'],
    ] as const) {
      await publish(alice, alice.aor, dialogInfo(id, state), 200, asked);
      await notified(bob);
      await pause(1050);
    }
  }),
  scenario('single-state', 'of several states one, whole, by its note', async ({ alice, bob, carol, dave, pause }) => {
    const uri = alice.aor;
    await subscribe(bob, uri, { status: 202 });
    for (const [who, note] of [
      [alice, 'On the Phone'],
      [carol, 'Available'],
      [dave, 'Ringing'],
      [dave, 'elsewhere'],
    ] as const) {
      await publish(who, uri, pidf(uri, who.name, 'open', `<note>${note}</note>`), 200);
      await notified(bob);
      await pause(1050);
    }
  }),
  scenario('case', 'URIs without case, a CSeq that is late', async (stage) => {
    const { alice, bob } = stage;
    const { dialog } = await subscribe(bob, alice.aor, { status: 202 });
    const upper = `sip:${alice.user.toUpperCase()}@127.0.0.1:21700`;
    await publish(alice, upper, pidf(upper, 'a'), 200);
    await refresh(bob, dialog, { status: 400, more: { cseq: 0 } });
    await refresh(bob, dialog, { status: 202, more: { cseq: 1 } });
    await notified(bob);
  }),
  scenario('sla', 'a shared line: the dialog of another is not overwritten', async ({ alice, bob, carol, pause }) => {
    const asked = { event: 'dialog;sla', type: DIALOG };
    const uri = `sip:alice@127.0.0.1:21700`;
    await subscribe(bob, uri, {
      event: 'dialog;sla',
      status: 202,
      notified: false,
      more: { contact: `<sip:alice@${bob.hostPort}>`, from: `<sip:x@127.0.0.1>;tag=b1` },
    });
    const sender = [`X-Sender: ${alice.contactUri}`];
    const etag = await publish(alice, uri, dialogInfo('s1', 'confirmed'), 200, { ...asked, headers: sender });
    await notified(bob);
    await publish(carol, uri, '<dialog-info/>', 200, { ...asked, etag, headers: [`X-Sender: ${carol.contactUri}`] });
    await publish(alice, uri, '<dialog-info/>', 200, { ...asked, etag, headers: sender });
    await notified(bob);
    await publish(carol, uri, dialogInfo('s2', 'early'), 200, {
      ...asked,
      etag,
      headers: [`X-Sender: ${carol.contactUri}`],
    });
    await notified(bob);
    await pause(100);
    await publish(alice, uri, '', 500, { ...asked, etag });
    await publish(alice, uri, '', 412, { ...asked, etag: 'a.b.1' });
  }),
];

/** What the parameters of the group `presence-lenient` change. */
const lenient: readonly Scenario[] = [
  scenario('short', 'min_expires_action 2', async ({ alice, bob }) => {
    await subscribe(bob, alice.aor, { expires: 30 });
  }),
  scenario('priority', 'states in the order of their priority', async (stage) => {
    const { alice, bob, carol } = stage;
    const uri = alice.aor;
    await subscribe(bob, uri);
    await publish(alice, uri, pidf(uri, 'desk'), 200, { headers: ['X-Priority: 9'] });
    await notified(bob);
    await publish(carol, uri, pidf(uri, 'mobile'), 200, { headers: ['X-Priority: 3'] });
    await notified(bob);
    await publish(carol, uri, pidf(uri, 'car'), 200, { headers: ['X-Priority: 11'] });
    await notified(bob);
    await rows(stage);
  }),
  scenario('same', 'a new subscription with the same Call-ID ends the old one', async (stage) => {
    const { alice, bob } = stage;
    await subscribe(bob, alice.aor, { more: { callId: 'same-same' } });
    await subscribe(bob, alice.aor, { more: { callId: 'same-same' } });
    await publish(alice, alice.aor, pidf(alice.aor, 'a'), 200);
    await notified(bob);
  }),
];

const rules = (...list: readonly string[]): string =>
  `<?xml version="1.0" encoding="UTF-8"?>\n<cr:ruleset xmlns="urn:ietf:params:xml:ns:pres-rules" xmlns:pr="urn:ietf:params:xml:ns:pres-rules" xmlns:cr="urn:ietf:params:xml:ns:common-policy">\n${list.join('\n')}\n</cr:ruleset>`;
const rule = (conditions: string, action: string, provide = ''): string =>
  `<cr:rule id="r"><cr:conditions>${conditions}</cr:conditions><cr:actions><pr:sub-handling>${action}</pr:sub-handling></cr:actions><cr:transformations>${provide}</cr:transformations></cr:rule>`;
const one = (uri: string) => `<cr:identity><cr:one id="${uri}"/></cr:identity>`;
const many = (inside = '', domain = '') =>
  `<cr:identity><cr:many${domain === '' ? '' : ` domain="${domain}"`}>${inside}</cr:many></cr:identity>`;
const at = (user: string, slug: string) => `sip:${user}.${slug}@127.0.0.1`;
const docs: Readonly<Record<string, string>> = {
  allow: rules(rule(one(at('bob', 'allow')), 'allow')),
  block: rules(rule(one(at('bob', 'block')), 'block')),
  polite: rules(rule(one(at('bob', 'polite')), 'polite-block')),
  confirm: rules(rule(one(at('bob', 'confirm')), 'confirm')),
  broken: '<ruleset',
  odd: rules(rule(one(at('bob', 'odd')), 'maybe')),
  many: rules(rule(one(at('bob', 'many')), 'block'), rule(many(), 'allow')),
  domains: rules(rule(many('', 'elsewhere.test'), 'block'), rule(many('', '127.0.0.1'), 'allow')),
  excepted: rules(rule(many('<cr:except domain="127.0.0.1"/>'), 'allow')),
  times: rules(
    rule(
      `<cr:validity><cr:from>2001-01-01T00:00:00Z</cr:from><cr:until>2002-01-01T00:00:00Z</cr:until></cr:validity>${many()}`,
      'block',
    ),
    rule(
      `<cr:validity><cr:from>2001-01-01T00:00:00.5+01:00</cr:from><cr:until>2099-01-01T00:00:00</cr:until></cr:validity>${many()}`,
      'allow',
    ),
  ),
  provide: rules(
    rule(
      one(at('bob', 'provide')),
      'allow',
      '<pr:provide-services><pr:service-uri-scheme>sip</pr:service-uri-scheme></pr:provide-services><pr:provide-persons><pr:all-persons/></pr:provide-persons><pr:provide-mood>false</pr:provide-mood><pr:provide-activities>true</pr:provide-activities>',
    ),
    rule(
      one(at('carol', 'provide')),
      'allow',
      '<pr:provide-services><pr:occurence-id>t2</pr:occurence-id><pr:class>home</pr:class></pr:provide-services><pr:provide-persons>FALSE</pr:provide-persons>',
    ),
  ),
  update: rules(rule(one(at('bob', 'update')), 'allow'), rule(one(at('carol', 'update')), 'confirm')),
};
const xcap = (username: string, doc: string, docUri: string) => ({
  username,
  domain: '127.0.0.1',
  doc,
  doc_type: 2,
  etag: 'e',
  source: 0,
  doc_uri: docUri,
  port: 0,
});
const withRules: readonly Scenario[] = [
  ...['allow', 'block', 'polite', 'confirm', 'many', 'domains', 'excepted', 'times', 'nothing'].map((slug) =>
    scenario(slug, `rules: ${slug}`, async (stage) => {
      const { alice, bob, carol } = stage;
      await publish(alice, alice.aor, pidf(alice.aor, 'a'), 200);
      const winfo = await subscribe(alice, alice.aor, { event: 'presence.winfo' });
      await subscribe(bob, alice.aor);
      await alice.receives('NOTIFY');
      await subscribe(carol, alice.aor);
      await refresh(alice, winfo.dialog, { event: 'presence.winfo' });
      await rows(stage);
      // Of whom no rule names, Kamailio tells what its stack happens to hold.
      if (!['domains', 'excepted'].includes(slug))
        await ask(stage, 'auth', [`X-Uri: sip:${alice.user}@127.0.0.1`, `X-Watcher: sip:${bob.user}@127.0.0.1`]);
    }),
  ),
  ...['broken', 'odd'].map((slug) =>
    scenario(slug, `rules that make no sense: ${slug}`, async (stage) => {
      const { alice, bob } = stage;
      await subscribe(bob, alice.aor, { status: 500 });
      await rows(stage);
    }),
  ),
  scenario('provide', 'transformations: what each watcher sees', async ({ alice, bob, carol }) => {
    const uri = alice.aor;
    const body = `<?xml version="1.0" encoding="UTF-8"?>\n<presence xmlns="urn:ietf:params:xml:ns:pidf" xmlns:dm="urn:ietf:params:xml:ns:pidf:data-model" xmlns:rpid="urn:ietf:params:xml:ns:pidf:rpid" entity="${uri}"><tuple id="t1"><status><basic>open</basic></status><contact>sip:a@b</contact></tuple><tuple id="t2"><status><basic>open</basic></status><rpid:class>work</rpid:class><contact>tel:1</contact></tuple><dm:person id="p"><rpid:activities><rpid:away/></rpid:activities><rpid:mood>happy</rpid:mood></dm:person></presence>`;
    const etag = await publish(alice, uri, body, 200);
    await subscribe(bob, uri);
    await subscribe(carol, uri);
    await publish(alice, uri, body, 200, { etag });
    await notified(bob);
    await notified(carol);
  }),
  scenario('update', 'rules change while they watch', async (stage) => {
    const { alice, bob, carol, dave } = stage;
    const uri = `sip:${alice.user}@127.0.0.1`;
    const change = (doc: string) =>
      ask(stage, 'sql', [`X-Sql: update xcap set doc='${doc.replaceAll('\n', '')}' where username='${alice.user}'`]);
    await publish(alice, alice.aor, pidf(alice.aor, 'a'), 200);
    await subscribe(bob, alice.aor);
    await subscribe(carol, alice.aor);
    await subscribe(dave, alice.aor);
    await change(rules(rule(one(at('carol', 'update')), 'allow')));
    await ask(stage, 'update', [`X-Uri: ${uri}`, 'X-Event: presence']);
    await notified(bob);
    await notified(carol);
    await rows(stage);
    await change(rules(rule(one(at('carol', 'update')), 'polite-block')));
    await ask(stage, 'refresh0', [`X-Uri: ${uri}`, 'X-Event: presence']);
    await notified(carol);
    await stage.rpc('presence.updateWatchers', uri, 'presence');
    await rows(stage);
  }),
];
const ruleRows: Rows = {
  xcap: [...Object.entries(docs).map(([slug, doc]) => xcap(`alice.${slug}`, doc, slug))],
};

const timed: readonly Scenario[] = [
  scenario('expired-state', 'a state nobody refreshes: watchers are told', async ({ alice, bob }) => {
    await subscribe(bob, alice.aor);
    await publish(alice, alice.aor, pidf(alice.aor, 'a'), 200, { expires: 2 });
    await notified(bob);
    await bob.reply(await bob.receives('NOTIFY', undefined, PATIENCE_MS), 200);
  }),
  scenario('expired-subscription', 'a subscription nobody refreshes ends', async (stage) => {
    const { alice, bob } = stage;
    await subscribe(bob, alice.aor, { expires: 2 });
    await stage.pause(1500);
    await rows(stage);
    await bob.reply(await bob.receives('NOTIFY', undefined, PATIENCE_MS), 200);
    await stage.pause(300);
    await rows(stage);
  }),
  scenario('written-back', 'rows follow the subscription', async (stage) => {
    const { alice, bob } = stage;
    const { dialog } = await subscribe(bob, alice.aor);
    await stage.pause(1600);
    await rows(stage);
    await refresh(bob, dialog, { expires: 500 });
    await notified(bob);
    await stage.pause(1600);
    await rows(stage);
    await refresh(bob, dialog, { expires: 0 });
    await notified(bob);
    await rows(stage);
  }),
];

/** States and subscriptions in memory: no database at all. */
const inMemory: readonly Scenario[] = [
  ...basics.filter(({ slug }) => !['winfo', 'several'].includes(slug)),
  scenario('list', 'presence.presentity_list', async (stage) => {
    const { alice, rpc } = stage;
    await publish(alice, alice.aor, summary('yes', 'Voice-Message: 1/0\r\n'), 200, {
      event: 'message-summary',
      type: SUMMARY,
      headers: ['X-Sender: sip:me@here.test'],
    });
    await rpc('presence.presentity_list');
    await rpc('presence.presentity_list', 'full');
  }),
];

/** DB_ONLY with a notifier: NOTIFYs come in rounds. */
const rounds: readonly Scenario[] = [
  scenario('mwi-turn', 'a package that is not put together', async ({ alice, bob, pause }) => {
    const asked = { event: 'message-summary', type: SUMMARY };
    await subscribe(bob, alice.aor, { event: 'message-summary' });
    await publish(alice, alice.aor, summary('yes', 'Voice-Message: 1/0\r\n'), 200, asked);
    await notified(bob);
    await pause(300);
  }),
  scenario('turn', 'a PUBLISH marks, the notifier sends', async (stage) => {
    const { alice, bob } = stage;
    const { dialog } = await subscribe(bob, alice.aor);
    const etag = await publish(alice, alice.aor, pidf(alice.aor, 'a'), 200);
    await notified(bob);
    await publish(alice, alice.aor, '', 200, { etag, expires: 0 });
    await notified(bob);
    await stage.pause(500);
    await rows(stage);
    await refresh(bob, dialog, { expires: 0 });
    await notified(bob);
    await stage.pause(500);
    await rows(stage);
  }),
];
const slowRounds: readonly Scenario[] = [
  scenario('marked', 'a SUBSCRIBE only marks; winfo follows', async (stage) => {
    const { alice, bob } = stage;
    await subscribe(alice, alice.aor, { event: 'presence.winfo' });
    const { dialog } = await subscribe(bob, alice.aor);
    await notified(alice);
    await stage.pause(1500);
    await rows(stage);
    await refresh(bob, dialog, { expires: 0 });
    await notified(bob);
    await notified(alice);
    await stage.pause(1500);
    await rows(stage);
  }),
];

const events: readonly Scenario[] = [
  scenario('answers', 'event_route[presence:notify-reply] and what it decides', async (stage) => {
    const { alice, bob } = stage;
    await subscribe(bob, alice.aor, { notified: false });
    await notified(bob, 200, ['X-Why: fine']);
    await routeEnds();
    await publish(alice, alice.aor, pidf(alice.aor, 'a'), 200);
    await notified(bob, 488);
    await stage.pause(150);
    await publish(alice, alice.aor, pidf(alice.aor, 'b'), 200);
    await ask(stage, 'has', [`X-Uri: sip:${alice.user}@127.0.0.1`, 'X-Event: presence']);
  }),
];

/** route[PRESENCE] of the stock config. */
const stock: readonly Scenario[] = [
  scenario('stock', 'buddies see each other; what is no event is refused', async ({ alice, bob }) => {
    await alice.register();
    const { dialog } = await subscribe(bob, alice.aor);
    const etag = await publish(alice, alice.aor, pidf(alice.aor, 'a'), 200);
    await notified(bob);
    await publish(alice, alice.aor, '', 200, { etag, expires: 0 });
    await notified(bob);
    await refresh(bob, dialog, { expires: 0 });
    await notified(bob);
    await subscribe(bob, alice.aor, { event: 'message-summary', status: 404 });
    await subscribe(bob, alice.aor, { event: 'dialog', status: 489 });
  }),
  scenario('stock-winfo', 'winfo, and a subscription in the dialog', async ({ alice, bob }) => {
    await subscribe(alice, alice.aor, { event: 'presence.winfo' });
    const { dialog } = await subscribe(bob, alice.aor);
    await notified(alice);
    await refresh(bob, dialog);
    await notified(bob);
    await notified(alice);
  }),
];

/** WITH_NAT: the Contact names an address nobody can reach, so the NOTIFY goes where the SUBSCRIBE came from. */
const stockNat: readonly Scenario[] = [
  scenario('stock-nat', 'a watcher behind a NAT is notified', async (stage) => {
    const { alice, bob } = stage;
    const nat = {
      contact: `<sip:bob@10.0.0.9:5070>`,
      edit: (text: string) => text.replaceAll(bob.hostPort, '10.0.0.9:5070'),
    };
    const { dialog } = await subscribe(bob, alice.aor, { more: nat });
    await publish(alice, alice.aor, pidf(alice.aor, 'a'), 200);
    await notified(bob);
    await refresh(bob, dialog, { expires: 0, more: nat });
    await notified(bob);
  }),
];

export default [
  presence('presence', [...basics, ...requests]),
  presence('presence-through', basics, ['SUBS_MODE=1']),
  presence('presence-database', basics, ['SUBS_MODE=3', 'NOTIFIERS=0', 'CACHE=0']),
  presence('presence-strict', strict, ['STRICT', 'SUBS_MODE=1']),
  presence('presence-lenient', lenient, ['LENIENT']),
  presence('presence-rules', withRules, ['RULES', 'SUBS_MODE=1'], ruleRows),
  presence('presence-timers', timed, ['PERIOD']),
  presence('presence-memory', inMemory, ['SUBS_MODE=0', 'CACHE=2']),
  presence('presence-rounds', rounds, ['SUBS_MODE=3', 'CACHE=0', 'NOTIFIERS=1']),
  presence('presence-slow', slowRounds, ['SUBS_MODE=3', 'CACHE=0', 'NOTIFIERS=1', 'SLOW']),
  withRows(group('stock-presence', 'stock-presence.cfg', stock), {}, [], TABLES),
  withRows(group('stock-presence-nat', 'stock-presence.cfg', stockNat, ['-A', 'WITH_NAT']), {}, [], TABLES),
  presence('presence-events', events, ['EVENTS', 'LENIENT']),
];
