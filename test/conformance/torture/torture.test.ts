/** Each torture message gets what its RFC asks for, or the page says why not; and what Kamailio does, or the page says why not. */
import { describe, expect, it } from 'vitest';
import { folderOf, kamailioOutcomes, suites, tortureMessages } from './messages.js';
import { playTorture } from './play.js';
import { differing, required, unmet } from './required.js';

describe.for(suites)('%s', (suite) => {
  const messages = tortureMessages(suite);
  if (messages === null) console.warn(`skipped: ${folderOf(suite)} is not there`);
  const kamailio = kamailioOutcomes();

  it.skipIf(messages === null)('has a row for each message', () => {
    expect(Object.keys(required[suite]).sort()).toEqual([...messages!.keys()].sort());
    for (const name of messages!.keys()) expect(kamailio[name], name).toBeDefined();
  });

  it.skipIf(messages === null).for(Object.keys(required[suite]))('%s', async (name) => {
    const ours = await playTorture(messages!.get(name)!);
    expect(ours).toEqual(differing[name]?.outcome ?? kamailio[name]);
    if (name in differing) expect(ours, 'no longer differs: remove its row').not.toEqual(kamailio[name]);
    const requirement = required[suite][name]!;
    expect(requirement.met(ours), `${requirement.asks}: ${JSON.stringify(ours)}`).toBe(!(name in unmet));
    if (name in unmet) expect(requirement.met(kamailio[name]!), 'Kamailio meets it').toBe(false);
  });
});
