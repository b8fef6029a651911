/** htable: pseudo-variables, functions, commands, expiry and its event. */
import { group, probe, scenario } from '../scenario.js';

export default group('htable', 'htable.cfg', [
  probe('values', 'items are set, read and removed'),
  probe('counters', '$shtinc and $shtdec'),
  probe('expiry', '$shtex, updateexpire, sht_setxs()'),
  probe('counts', 'counting, matching and removing by expression'),
  probe('iterators', 'iterators'),
  probe('locks', 'sht_lock()'),
  scenario('gone', 'an item that is over runs its event route', async ({ alice, uri, pause }) => {
    await alice.request('OPTIONS', uri('gone'));
    await alice.receives(200);
    await pause(4_000);
  }),
  scenario('rpc', 'the commands', async ({ alice, uri, rpc }) => {
    await alice.request('OPTIONS', uri('dumped'));
    await alice.receives(200);
    await rpc('htable.dump', 'a');
    await rpc('htable.dump', 'nowhere');
    await rpc('htable.dump');
    await rpc('htable.get', 'a', 'bob');
    await rpc('htable.get', 'a', 'carol');
    await rpc('htable.get', 'a', 'none');
    await rpc('htable.get', 'nowhere', 'none');
    await rpc('htable.get', 'a');
    await rpc('htable.sets', 'a', 'bob', 'new');
    await rpc('htable.sets', 'a', 'bob', '5');
    await rpc('htable.get', 'a', 'bob');
    await rpc('htable.seti', 'a', 'bob', '6');
    await rpc('htable.get', 'a', 'bob');
    await rpc('htable.setxs', 'a', 'bob', 'x', '50');
    await rpc('htable.setex', 'a', 'bob', '50');
    await rpc('htable.setex', 'nowhere', 'bob', '50');
    await rpc('htable.delete', 'a', 'bob');
    await rpc('htable.delete', 'a', 'bob');
    await rpc('htable.delete', 'a');
    await rpc('htable.listTables');
    await rpc('htable.stats');
    await rpc('htable.reload', 'a');
    await rpc('htable.store', 'a');
    await rpc('htable.flush', 'a');
    await rpc('htable.flush');
    await rpc('htable.stats');
  }),
]);
