/** reply_to_via and mhomed: where responses go, which socket a request leaves from. */
import { group, type Stage, scenario } from '../scenario.js';

/** A request of alice whose Via names bob. */
const misled = (slug: string, title: string, method: string, viaParams = '') =>
  scenario(slug, title, async ({ alice, pause, uri }: Stage) => {
    await alice.request(method, uri('x'), {
      viaParams,
      edit: (text) => text.replace('127.0.0.1:22000;branch', '127.0.0.1:22010;branch'),
    });
    await pause(150);
  });

export default group('replies', 'replies.cfg', [
  misled('stateless', 'a stateless response goes to the Via', 'OPTIONS'),
  misled('stateful', 'so does one of a transaction', 'MESSAGE'),
  misled('received', 'received counts more than the host', 'OPTIONS', ';received=127.0.0.1'),
  scenario('mhomed', 'a request leaves from the socket on the way', async ({ alice, bob, uri }) => {
    await alice.request('MESSAGE', uri('on'));
    await bob.reply(await bob.receives('MESSAGE'), 200);
    await alice.receives(200);
  }),
]);
