/** cfgutils and mqueue. */
import { rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Group, group, probe, scenario } from '../scenario.js';

const hashed = join(tmpdir(), `sipc-differential-hashed-p${process.pid}`);
const withFile: Group = {
  ...group(
    'cfgutils-hash',
    'cfgutils.cfg',
    [
      scenario('hash', 'a file that changes, and goes', async ({ rpc }) => {
        await rpc('cfgutils.get_config_hash');
        await rpc('cfgutils.check_config_hash');
        writeFileSync(hashed, 'listen=udp:127.0.0.2\n');
        await rpc('cfgutils.check_config_hash');
        await rpc('cfgutils.get_config_hash');
        rmSync(hashed);
        await rpc('cfgutils.check_config_hash');
      }),
    ],
    ['-A', `HASHED="${hashed}"`],
  ),
  prepare: async () => writeFileSync(hashed, 'listen=udp:127.0.0.1\n'),
  finish: () => rmSync(hashed, { force: true }),
};

const commands = group('cfgutils', 'cfgutils.cfg', [
  probe('chance', 'rand_event() at both ends, $RANDOM'),
  probe('gflags', 'global flags'),
  probe('hashes', 'core_hash()'),
  probe('locks', 'lock(), trylock(), unlock(), waiting'),
  probe('exists', 'routes that may be missing'),
  probe('queues', 'queues'),
  probe('memory', 'verdicts of what writes about memory'),
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

export default [commands, withFile];
