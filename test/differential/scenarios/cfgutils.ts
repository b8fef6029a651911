/** cfgutils and mqueue. */
import { group, probe, scenario } from '../scenario.js';

export default group('cfgutils', 'cfgutils.cfg', [
  probe('chance', 'rand_event() at both ends, $RANDOM'),
  probe('gflags', 'global flags'),
  probe('hashes', 'core_hash()'),
  probe('locks', 'lock(), trylock(), unlock(), waiting'),
  probe('exists', 'routes that may be missing'),
  probe('queues', 'queues'),
  scenario('rpc', 'the commands', async ({ rpc }) => {
    await rpc('cfgutils.get_gflags');
    await rpc('cfgutils.set_gflag', '8');
    await rpc('cfgutils.is_gflag', '9');
    await rpc('cfgutils.is_gflag', '64');
    await rpc('cfgutils.reset_gflag', '8');
    await rpc('cfgutils.get_gflags');
    await rpc('cfgutils.is_gflag');
    await rpc('cfgutils.rand_set_prob', '40');
    await rpc('cfgutils.rand_get_prob');
    await rpc('cfgutils.rand_set_prob', '400');
    await rpc('cfgutils.rand_reset_prob');
    await rpc('cfgutils.rand_get_prob');
    await rpc('cfgutils.check_config_hash');
    await rpc('mqueue.get_size', 'a');
    await rpc('mqueue.get_size', 'nowhere');
    await rpc('mqueue.get_size');
    await rpc('mqueue.get_sizes');
    await rpc('mqueue.fetch', 'a');
    await rpc('mqueue.fetch', 'a');
    await rpc('mqueue.fetch', 'a');
    await rpc('mqueue.fetch', 'nowhere');
    await rpc('mqueue.fetch');
  }),
]);
