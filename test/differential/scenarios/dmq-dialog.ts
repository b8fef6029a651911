/**
 * dialog with enable_dmq: what another node is told of a call, and a call of another node. Carol is that node.
 */
import { silentNode, takeIn, tell, withNode } from '../cluster.js';
import { establish, type Group, group, hangUp, type Stage } from '../scenario.js';

/** A call that carol's server has, with the number 7000 in the one slot. */
const told = (slug: string, more: object = {}) => ({
  action: 1,
  h_entry: 0,
  h_id: 7000,
  init_ts: 1700000000,
  callid: `told-${slug}`,
  from_uri: 'sip:alice@a.example',
  to_uri: 'sip:bob@b.example',
  req_uri: 'sip:bob@b.example',
  tag1: 'a1',
  cseq1: '1',
  route_set1: '',
  contact1: 'sip:alice@127.0.0.1:22000',
  vars: { a: 'va', b: 'vb' },
  profiles: JSON.stringify({
    profiles: [
      { name: 'all', puid: 'p1' },
      { name: 'user', value: 'told', puid: 'p2' },
      { name: 'none', puid: 'p3' },
    ],
  }),
  state: 1,
  ...more,
});
/** Answered now. */
const legs = () => ({
  start_ts: Math.floor(Date.now() / 1000),
  lifetime: 600,
  tag1: 'a1',
  tag2: 'b1',
  cseq1: '1',
  cseq2: '0',
  route_set1: '',
  route_set2: '',
  contact1: 'sip:alice@127.0.0.1:22000',
  contact2: 'sip:bob@127.0.0.1:22010',
});
/** Over the channel of dialog. */
const dialog = (stage: Stage, fields: object | string, status = 200) => tell(stage, 'dialog', fields, status);
const sizes = async ({ alice, uri }: Stage) => {
  await alice.request('OPTIONS', uri('sizes'));
  await alice.receives(200, 'OPTIONS');
};

const calls = group('dmq-dialog', 'dmq-dialog.cfg', [
  withNode('call', 'a call from its INVITE to its end', async (stage) => {
    const { alice, bob } = stage;
    const call = await establish(alice, bob);
    await hangUp(call.caller, alice, bob);
    for (let i = 0; i < 5; i++) await takeIn(stage);
  }),
  withNode('marked', 'with variables and profiles; the callee hangs up', async (stage) => {
    const { alice, bob } = stage;
    const invite = await alice.invite(bob, { headers: ['X-Marks: 1'] });
    await takeIn(stage);
    const incoming = await bob.receives('INVITE');
    await bob.reply(incoming, 200, { body: bob.sdp });
    const ok = await alice.receives(200, 'INVITE');
    await alice.ack(invite, ok);
    await bob.receives('ACK');
    await hangUp(bob.dialog(incoming), bob, alice);
    for (let i = 0; i < 3; i++) await takeIn(stage);
  }),
  withNode('refused', 'a call that is refused', async (stage) => {
    const { alice, bob } = stage;
    const invite = await alice.invite(bob);
    await bob.reply(await bob.receives('INVITE'), 486);
    await alice.ack(invite, await alice.receives(486));
    for (let i = 0; i < 3; i++) await takeIn(stage);
  }),
  withNode('told', 'a call of another node: known here, and ended here', async (stage) => {
    const { alice, bob, uri, rpc } = stage;
    await dialog(stage, told('told'));
    await sizes(stage);
    await rpc('dlg.list');
    await dialog(stage, { action: 2, h_entry: 0, h_id: 7000, state: 2, ...legs() });
    await dialog(stage, { action: 2, h_entry: 0, h_id: 7000, state: 4, ...legs() });
    await dialog(stage, { action: 2, h_entry: 0, h_id: 7000, state: 2, ...legs() });
    await rpc('dlg.list');
    await alice.request('BYE', bob, {
      uri: 'sip:bob@127.0.0.1:22010',
      callId: 'told-told',
      from: '<sip:alice@a.example>;tag=a1',
      to: '<sip:bob@b.example>;tag=b1',
      cseq: 2,
      headers: [`Route: <${uri()};lr;did=0.85b1>`],
    });
    await bob.reply(await bob.receives('BYE'), 200);
    await alice.receives(200, 'BYE');
    for (let i = 0; i < 2; i++) await takeIn(stage);
    await sizes(stage);
  }),
  withNode('gone', 'a call of another node that it ends itself', async (stage) => {
    const { rpc } = stage;
    await dialog(stage, { action: 2, h_entry: 0, h_id: 7000, state: 4, ...legs() }, 500);
    await dialog(stage, { action: 3, h_entry: 0, h_id: 7000, state: 5 }, 500);
    await dialog(stage, told('gone', { h_entry: 5 }), 500);
    await dialog(stage, told('gone', { state: 4, ...legs() }));
    await dialog(stage, told('gone', { state: 4, profiles: JSON.stringify({ profiles: [{ name: 'all' }] }) }));
    await rpc('dlg.list');
    await sizes(stage);
    await dialog(stage, { action: 2, h_entry: 0, h_id: 7000, state: 5 });
    await sizes(stage);
    await dialog(stage, { action: 3, h_entry: 0, h_id: 7000, state: 5 });
    await rpc('dlg.list');
    await dialog(stage, told('gone', { state: 3 }), 500);
    await dialog(stage, { action: 3, h_entry: 0, h_id: 7000, state: 5 });
    await dialog(stage, '{', 400);
  }),
]);
const withGateway: Group = { ...calls, speaks: { gateway: silentNode } };
export default withGateway;
