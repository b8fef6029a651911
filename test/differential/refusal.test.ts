/** What the recorder takes for a transcript of Kamailio, and that every golden is one. */
import { describe, expect, it } from 'vitest';
import { readGolden } from './goldens.js';
import { loadGroups } from './groups.js';
import type { Transcript } from './play.js';
import { refusal } from './refusal.js';
import { scenario, silent } from './scenario.js';

const nothing: Transcript = { peers: {}, log: [], rpc: [] };
const answered: Transcript = { ...nothing, peers: { alice: [['SIP/2.0 200 OK']] } };
const rpc = (output: string): Transcript => ({ ...nothing, rpc: [{ command: 'core.version', output: [output] }] });
const one = scenario('one', 'one', async () => {});

describe('the recorder', () => {
  it.each([
    ['an answer', one, answered, null, null],
    ['a line of the log', one, { ...nothing, log: ['NOTICE: <script>: x'] }, null, null],
    ['a command that refuses', one, rpc('error: 500 - command core.version not found'), null, null],
    ['silence that is declared', silent(one), nothing, null, null],
    ['silence', one, nothing, null, /sent and logged nothing/],
    ['words where silence is declared', silent(one), answered, null, /declared silent/],
    ['a peer that waited in vain', one, { ...answered, stopped: 'bob waited for INVITE in vain' }, null, /bob waited/],
    ['a server that ended', one, answered, 'segfault', /ended while it was played: segfault/],
    ['a command nobody took', one, rpc('ERROR: connect_unix_sock: connect(/x): No such file'), null, /core\.version/],
    ['a command nobody answered', one, rpc('no answer in 5 s'), null, /did not answer the command core\.version/],
  ] as const)('%s', (_, played, transcript, ended, refused) => {
    if (refused === null) expect(refusal(played, transcript, ended)).toBeNull();
    else expect(refusal(played, transcript, ended)).toMatch(refused);
  });
});

it('takes every golden there is', async () => {
  const refused: string[] = [];
  for (const group of await loadGroups())
    for (const each of group.scenarios) {
      const golden = readGolden(group, each);
      const why = golden === null ? null : refusal(each, golden, null);
      if (why !== null) refused.push(`${group.name}/${each.slug}: ${why}`);
    }
  expect(refused).toEqual([]);
});
