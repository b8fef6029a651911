/** pike: at which packet an address is blocked, and what pike.top shows. */
import { group, probe, scenario } from '../scenario.js';

export default group('pike', 'pike.cfg', [
  probe('one', 'one address'),
  probe('spread', 'many addresses of a network, then one of them'),
  scenario('flood', 'the source of requests', async ({ alice, uri, rpc }) => {
    for (let i = 0; i < 40; i++) await alice.request('OPTIONS', uri('flood'));
    await alice.request('OPTIONS', uri('one'));
    await alice.receives(200);
    await rpc('stats.get_statistics', 'pike:');
    await rpc('pike.top', 'WARM');
    await rpc('pike.top', 'NONE');
  }),
]);
