/** permissions on the same tables and rule files. */
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { withRows } from '../prepared.js';
import { type Group, group, type Stage, scenario } from '../scenario.js';

const rows = {
  address: [
    { grp: 1, ip_addr: '127.0.0.1', mask: 32, port: 0, tag: 'local' },
    { grp: 2, ip_addr: '127.0.0.0', mask: 8, port: 0, tag: 'loop' },
    { grp: 1, ip_addr: '10.0.0.0', mask: 8, port: 5060, tag: null },
    { grp: 4, ip_addr: '10.1.0.0', mask: 16, port: 0, tag: 'ten' },
    { grp: 2, ip_addr: '10.1.2.3', mask: 32, port: 5070, tag: '' },
    { grp: 5, ip_addr: '10.1.2.3', mask: 32, port: 0, tag: 'host' },
    { grp: 3, ip_addr: 'gw.test', mask: 32, port: 0, tag: 'name' },
    { grp: 3, ip_addr: '2001:db8::', mask: 32, port: 0, tag: 'six' },
    { grp: 4, ip_addr: '2001:db8::1', mask: 128, port: 0, tag: 'one' },
  ],
  trusted: [
    { src_ip: '127.0.0.1', proto: 'any', from_pattern: '^sip:alice', ruri_pattern: null, tag: 'a', priority: 1 },
    { src_ip: '127.0.0.1', proto: 'UDP', from_pattern: null, ruri_pattern: 'peer.test$', tag: 'b', priority: 5 },
    { src_ip: '127.0.0.1', proto: 'tcp', from_pattern: null, ruri_pattern: null, tag: 'c', priority: 9 },
    {
      src_ip: '10.1.2.3',
      proto: 'any',
      from_pattern: 'x+y\\(bob\\|carol\\)*',
      ruri_pattern: null,
      tag: null,
      priority: 0,
    },
    { src_ip: '10.1.2.3', proto: 'tcp', from_pattern: 'sip:', ruri_pattern: '10', tag: 'd', priority: 0 },
    { src_ip: 'gw.test', proto: 'udp', from_pattern: '.*', ruri_pattern: 'gw.test', tag: 'e', priority: 3 },
    { src_ip: 'gw.test', proto: 'any', from_pattern: null, ruri_pattern: '^sip:', tag: 'f', priority: 4 },
  ],
};
const allow = [
  '# who may',
  'ALL : "^sip:.*@free.test$"',
  '"^sip:alice@", ^sip:bob@ : ALL EXCEPT "^sip:.*@blocked.test", "^sip:0.*@"   # but',
  'broken line',
  ', : x',
  '',
].join('\n');
const deny = ['ALL EXCEPT ^sip:boss@ : "@blocked.test$"', '^sip:carol@ : ALL', ': x', 'x :'].join('\n');

/** The group with the rule files beside its rows. */
function withRules(plain: Group): Group {
  const folder = join(tmpdir(), `sipc-rules-${plain.name}-p${process.pid}`);
  const base = join(folder, 'rules');
  const defines = { RULES: base, RULES_ALLOW: `${base}.allow`, RULES_DENY: `${base}.deny` };
  const filled = withRows(plain, rows);
  return {
    ...filled,
    args: [...filled.args, ...Object.entries(defines).flatMap(([name, path]) => ['-A', `${name}="${path}"`])],
    async prepare(shift) {
      mkdirSync(folder, { recursive: true });
      writeFileSync(defines.RULES_ALLOW, allow);
      writeFileSync(defines.RULES_DENY, deny);
      await filled.prepare?.(shift);
    },
    finish() {
      rmSync(folder, { recursive: true, force: true });
      filled.finish?.();
    },
  };
}

const calls = ['alice', 'bob', 'carol', 'boss', 'dave', 'x+y(bob)', 'xxy'].flatMap((from) =>
  [
    'sip:1@10.1.2.3',
    'sip:1@10.1.2.3:5070',
    'sip:0815@10.9.9.9:5060',
    'sip:x@gw.test',
    'sip:x@[2001:db8::1]',
    'sip:x@blocked.test',
    'sip:x@free.test',
    'sip:y@peer.test',
  ].map((uri) => [from, uri] as const),
);
const every = scenario('every', 'every function, over callers and targets', async ({ alice }: Stage) => {
  for (const [from, uri] of calls) {
    const who = `<sip:${from}@here.test>;tag=${alice.newTag()}`;
    await alice.request('MESSAGE', uri, { uri, from: who, to: `<${uri}>` });
    await alice.receives(200);
  }
});
const tcp = scenario(
  'tcp',
  'the protocol counts',
  async ({ alice, uri }: Stage) => {
    await alice.request('OPTIONS', uri('y'), { uri: 'sip:y@peer.test' });
    await alice.receives(200);
  },
  { tcp: ['alice'] },
);
const register = scenario('register', 'contacts of a REGISTER', async ({ alice }: Stage) => {
  const contacts = ['<sip:x@blocked.test>', '<sip:x@free.test>, <sip:x@blocked.test>', '*', '<sip:0@y.test>', 'tel:+1'];
  for (const from of ['alice', 'carol', 'boss'])
    for (const contact of contacts) {
      const who = `<sip:${from}@here.test>`;
      await alice.request('REGISTER', 'sip:here.test', {
        uri: 'sip:here.test',
        from: `${who};tag=${alice.newTag()}`,
        to: who,
        contact,
      });
      await alice.receives(200);
    }
});
const commands = scenario('commands', 'reload and tests by command', async ({ rpc }: Stage) => {
  await rpc('permissions.addressReload');
  await rpc('permissions.trustedReload');
  await rpc('permissions.subnetDump');
  for (const command of ['permissions.testUri', 'permissions.allowUri'])
    await rpc(command, 'nothing', 'sip:a@b', 'sip:c@d');
});
export default [
  withRules(group('permissions', 'permissions.cfg', [every, tcp, register, commands])),
  withRules(group('permissions-cached', 'permissions.cfg', [every, tcp, register, commands], ['-A', 'CACHED'])),
];
