/** What tls and nathelper add, read in every kind of route: with and without a certificate, and over UDP. */
import { modulesCfg } from '../probes/cfg.js';
import { bare, full, hostile, typical } from '../probes/messages.js';
import { generated, type Stage, scenario } from '../scenario.js';
import { refused } from './pv-probes.js';

/** The message from alice's own connection, with this server name and certificate. */
const over = (servername: string, text: string, method: string, certificate?: string) => async (stage: Stage) => {
  stage.alice.tls = { servername, certificate };
  await refused(stage, text.replace(/SIP *\/ *2.0 *\/ *UDP/, 'SIP/2.0/TLS'), method);
};

const made = generated(
  'pv-modules',
  modulesCfg(),
  [
    scenario('certificate', 'over TLS with a certificate', over('strict.example.com', typical, 'INVITE', 'alice'), {
      tls: ['alice', 'bob'],
    }),
    scenario('complete', 'both sides with all parts', over('complete.example.com', hostile, 'INVITE', 'complete'), {
      tls: ['alice', 'bob'],
    }),
    scenario('no-certificate', 'over TLS without one', over('', bare, 'MESSAGE'), { tls: ['alice', 'bob'] }),
    scenario('once', 'what needs a statement first', async ({ alice, rpc }) => {
      await rpc('cfg.add_group_inst', 'mine[3]');
      await rpc('cfg.set_now_int', 'mine[3]', 'amount', '7');
      await alice.register();
      const text = typical.replace('sip:typical@', `sip:${alice.user}@`).replaceAll('-typical', '-once');
      await alice.raw(text.replace('Content-Type', 'X-Answer: yes\r\nContent-Type'));
      await alice.receives(200, 'INVITE');
    }),
    scenario('located', 'a call to a binding, to a socket with a name; a response made here', async ({ alice }) => {
      await alice.register();
      await alice.request('MESSAGE', alice);
      await alice.reply(await alice.receives('MESSAGE'), 200);
      await alice.receives(200, 'MESSAGE');
      await alice.request('OPTIONS', alice);
      await alice.receives(200, 'OPTIONS');
      await alice.request('NOTIFY', alice);
      await alice.receives(200, 'NOTIFY');
    }),
    scenario('udp', 'over UDP', async ({ alice }) => {
      await alice.raw(full);
      await alice.receives(200);
    }),
  ],
  ['-M', '64'],
);
export default { ...made, env: { PROBE_COUNT: '37' } };
