/** `latency_limit_action`: actions that took long. */
import { group, probe, scenario } from '../scenario.js';

export default group('latency', 'latency.cfg', [
  probe('conditions', 'an action, conditions, what is within them'),
  probe('returns', 'routes that return'),
  probe('loops', 'loops and switches that are left'),
  scenario('ends', 'a script that ends within routes and conditions', async ({ alice, uri }) => {
    await alice.request('OPTIONS', uri('ends'));
    await alice.receives(202);
  }),
]);
