/**
 * presence with enable_dmq: what another node is told of a PUBLISH, and states of another node. Carol is that node.
 */
import { silentNode, takeIn, tell, withNode } from '../cluster.js';
import { type Group, group, type Stage } from '../scenario.js';

/** Over the channel of presence. */
const state = (stage: Stage, fields: object | string, status = 200) => tell(stage, 'presence', fields, status);
const waiting = (answer: 'yes' | 'no') => `Messages-Waiting: ${answer}\r\n`;
async function publish({ alice, uri }: Stage, user: string, body: string, more: readonly string[] = [], expires = 600) {
  await alice.request('PUBLISH', uri(user), {
    headers: ['Event: message-summary', `Expires: ${expires}`, ...more],
    body,
    ...(body === '' ? {} : { type: 'application/simple-message-summary' }),
  });
  return (await alice.receives(200, 'PUBLISH')).header('SIP-ETag');
}
async function watch({ bob, uri }: Stage, user: string): Promise<void> {
  await bob.request('SUBSCRIBE', uri(user), { headers: ['Event: message-summary', 'Expires: 600'] });
  await bob.receives(200, 'SUBSCRIBE');
  await bob.reply(await bob.receives('NOTIFY'), 200);
}
const told = (user: string, more: object, of: object = {}) => ({
  action: 1,
  presentity: {
    domain: '127.0.0.1',
    user,
    etag: `a.1.2.3.0-${user}`,
    expires: 600,
    recv: 1700000000,
    event: 'message-summary',
    ...of,
  },
  t_new: 1,
  cur_etag: '',
  ruid: `pres-${user}`,
  body: waiting('yes'),
  ...more,
});

const states = group('dmq-presence', 'dmq-presence.cfg', [
  withNode('published', 'a state that is new, refreshed, changed and withdrawn', async (stage) => {
    const first = await publish(stage, 'published', waiting('yes'));
    await takeIn(stage);
    const second = await publish(stage, 'published', '', [`SIP-If-Match: ${first}`]);
    await takeIn(stage);
    const third = await publish(stage, 'published', waiting('no'), [`SIP-If-Match: ${second}`, 'X-Sender: 1']);
    await takeIn(stage);
    await publish(stage, 'published', '', [`SIP-If-Match: ${third}`], 0);
    await takeIn(stage);
  }),
  withNode('told', 'a state of another node is shown, changed and withdrawn', async (stage) => {
    const { bob } = stage;
    await watch(stage, 'told');
    await state(stage, told('told', {}));
    await bob.reply(await bob.receives('NOTIFY'), 200);
    await state(stage, told('told', { t_new: 0, cur_etag: 'b.1.2.3.1-told', body: waiting('no') }));
    await bob.reply(await bob.receives('NOTIFY'), 200);
    await state(stage, told('told', { t_new: 0, cur_etag: '', body: '' }, { expires: 0, etag: 'b.1.2.3.1-told' }));
    await bob.reply(await bob.receives('NOTIFY'), 200);
  }),
  withNode('wrong', 'what is none', async (stage) => {
    await state(stage, '{', 400);
    await state(stage, told('wrong', { other: 1 }), 400);
    await state(stage, told('wrong', {}, { other: 1 }), 400);
    await state(stage, told('wrong', {}, { event: 'nothing' }), 400);
    await state(stage, { action: 1, body: '' }, 500);
    await state(stage, { action: 2 });
  }),
]);
const withGateway: Group = { ...states, speaks: { gateway: silentNode } };
export default withGateway;
