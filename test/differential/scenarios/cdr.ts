/** acc: call detail records of dialogs, in the log and in a table. */
import { preparedFile, withRows } from '../prepared.js';
import { type Group, group, hangUp, type Stage, scenario } from '../scenario.js';

/** Columns of cdr_extra. */
const columns = ['who', 'f', 'status', 'none'].map((name) => `ALTER TABLE acc_cdrs ADD COLUMN ${name} TEXT`);

async function call({ alice, bob, uri }: Stage, what: string) {
  const invite = await alice.invite(uri('bob'), { headers: [`X-Do: ${what}`, `X-Who: ${what}`] });
  const incoming = await bob.receives('INVITE');
  await bob.reply(incoming, 180);
  await alice.receives(180);
  await bob.reply(incoming, 200, { body: bob.sdp });
  const ok = await alice.receives(200, 'INVITE');
  await alice.ack(invite, ok);
  await bob.receives('ACK');
  return { caller: alice.dialog(invite, ok), callee: bob.dialog(incoming) };
}
/** What the table holds; it is emptied. */
async function rows({ carol, uri, pause }: Stage) {
  await pause(200);
  await carol.request('OPTIONS', uri('rows'));
  await carol.receives(200);
}
const scenarios = [
  ...(['plain', 'skip'] as const).map((what) =>
    scenario(what, `${what}: a call that alice ends`, async (stage) => {
      const { caller } = await call(stage, what);
      await hangUp(caller, stage.alice, stage.bob);
      await rows(stage);
    }),
  ),
  scenario('callee', 'a call that bob ends, with a 481', async (stage) => {
    const { alice, bob } = stage;
    const { callee } = await call(stage, 'callee');
    await callee.send('BYE');
    await alice.reply(await alice.receives('BYE'), 481);
    await bob.receives(481, 'BYE');
    await rows(stage);
  }),
  scenario('long', 'a call of a second', async (stage) => {
    const { caller } = await call(stage, 'long');
    await stage.pause(1100);
    await hangUp(caller, stage.alice, stage.bob);
    await rows(stage);
  }),
  scenario('refused', 'refused', async (stage) => {
    const { alice, bob, uri } = stage;
    const invite = await alice.invite(uri('bob'), { headers: ['X-Who: refused'] });
    await bob.reply(await bob.receives('INVITE'), 486);
    await alice.ack(invite, await alice.receives(486));
    await rows(stage);
  }),
  scenario('cancelled', 'cancelled', async (stage) => {
    const { alice, bob, uri } = stage;
    const invite = await alice.invite(uri('bob'), { headers: ['X-Who: cancelled'] });
    const incoming = await bob.receives('INVITE');
    await bob.reply(incoming, 180);
    await alice.receives(180);
    await alice.cancel(invite);
    await bob.reply(await bob.receives('CANCEL'), 200);
    await bob.reply(incoming, 487);
    await alice.ack(invite, await alice.receives(487));
    await rows(stage);
  }),
  scenario('local', 'answered by the script', async (stage) => {
    const { alice, uri } = stage;
    const invite = await alice.invite(uri('bob'), { headers: ['X-Do: local', 'X-Who: local'] });
    await alice.ack(invite, await alice.receives(486));
    await rows(stage);
  }),
];
const expiring = [
  scenario('expired', 'its time runs out', async (stage) => {
    await call(stage, 'life');
    await stage.pause(2300);
    await rows(stage);
  }),
  scenario('ended', 'its time runs out, the server says BYE', async (stage) => {
    const { alice, bob } = stage;
    await call(stage, 'life-bye');
    const toAlice = await alice.receives('BYE', undefined, 6000);
    const toBob = await bob.receives('BYE', undefined, 6000);
    await stage.pause(100);
    await alice.reply(toAlice, 200);
    await stage.pause(50);
    await bob.reply(toBob, 200);
    await rows(stage);
  }),
];

const made = (name: string, more: readonly string[], all: Group['scenarios']): Group =>
  withRows(
    group(name, 'cdr.cfg', all, [...more, '-A', `DB_CONNECTION="ca=>sqlite://${preparedFile(name)}"`]),
    {},
    columns,
  );
export default [made('cdr', [], scenarios), made('cdr-other', ['-A', 'OTHER'], [...scenarios, ...expiring])];
