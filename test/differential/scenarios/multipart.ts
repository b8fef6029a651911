/** textops: making a body multipart, adding and removing parts, and what the boundaries are when it is sent. */
import { group, type Stage, scenario } from '../scenario.js';

const mixed = [
  '--edge',
  'Content-Type: text/x-one',
  '',
  'first',
  '--edge',
  'Content-Type: text/x-two',
  '',
  'second',
  '--edge--',
  '',
].join('\r\n');

const sent = (name: string, title: string, body = 'Hello\r\nworld\r\n', type = 'text/plain') =>
  scenario(name, title, async ({ alice, bob, uri }: Stage) => {
    await alice.request('MESSAGE', uri(`${name}.x`), { body, type });
    await bob.reply(await bob.receives('MESSAGE'), 200);
    await alice.receives(200);
  });

export default group('multipart', 'multipart.cfg', [
  sent('wrap', 'a body becomes the first part'),
  sent('wrap_boundary', 'with a boundary of its own'),
  sent('wrap_body', 'another body'),
  sent('wrap_all', 'body, type and boundary, and parts after it'),
  sent('parts', 'parts are added to a multipart body', mixed, 'multipart/mixed;boundary=edge'),
  sent('remove', 'a part is removed', mixed, 'multipart/mixed;boundary=edge'),
  sent('remove_last', 'the last part is removed', mixed, 'multipart/mixed; boundary="edge"'),
  sent('plain', 'a body that is not multipart'),
  scenario('wrap_bad', 'a boundary that begins with -', async ({ alice, uri }) => {
    await alice.request('MESSAGE', uri('wrap_bad.x'), { body: 'Hello', type: 'text/plain' });
    await alice.receives(200);
  }),
]);
