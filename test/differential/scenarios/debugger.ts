/** debugger: traces of the actions, of assignments; the message and the variables in the log; levels by module. */
import { group, probe, scenario } from '../scenario.js';

export default group('debugger', 'debugger.cfg', [
  probe('assign', 'assignments and what they stored'),
  probe('ifs', 'conditions and the calls in them'),
  probe('loops', 'loops and switches'),
  scenario('calls', 'calls, macros, edits', async ({ alice, uri }) => {
    await alice.request('OPTIONS', uri('calls'), { headers: ['X-Gone: 1'] });
    await alice.receives(200);
  }),
  scenario('relay', 'each kind of route', async ({ alice, bob, uri, pause }) => {
    const invite = await alice.request('INVITE', uri('relay'));
    await bob.reply(await bob.receives('INVITE'), 486);
    await bob.receives('ACK');
    await alice.ack(invite, await alice.receives(500));
    await pause(100);
  }),
  scenario('levels', 'levels by module, and traces off and on', async ({ alice, uri, rpc }) => {
    const ask = async () => {
      await alice.request('OPTIONS', uri('assign'));
      await alice.receives(200);
    };
    await rpc('dbg.trace', 'off');
    await ask();
    await rpc('dbg.get_mod_level', 'debugger');
    await rpc('dbg.get_mod_level', 'tm');
    await rpc('dbg.set_mod_level', 'xlog', '-1');
    await rpc('dbg.get_mod_level', 'xlog');
    await rpc('dbg.set_mod_level', 'debugger', '1');
    await ask();
    await rpc('cfg.seti', 'dbg', 'mod_level_mode', '0');
    await rpc('dbg.get_mod_level', 'debugger');
    await rpc('cfg.seti', 'dbg', 'mod_level_mode', '1');
    await rpc('dbg.get_mod_level', 'debugger');
    await rpc('dbg.set_mod_level', 'debugger', '3');
    await rpc('dbg.trace', 'on', '1');
    await rpc('dbg.trace', 'maybe');
    await rpc('dbg.trace');
    await rpc('dbg.bp');
    await rpc('dbg.bp', 'next');
    await rpc('dbg.bp', 'what');
    await rpc('dbg.bp', 'on', '1');
    await rpc('dbg.get_mod_facility', 'tm');
    await rpc('dbg.set_mod_facility', 'tm', 'LOG_LOCAL3');
    await rpc('dbg.set_mod_facility', 'tm', 'LOG_NONE');
    await rpc('dbg.get_mod_facility', 'tm');
    await rpc('dbg.reset_msgid');
    await rpc('dbg.trace', 'on');
  }),
]);
