import { expect, test } from 'vitest';
import { earlyOutcome } from '../early.js';
import { folderOf, tortureMessages } from '../torture.js';
import { expected } from './expected.js';
import { expectedFailures } from './expected-failures.js';

const messages = tortureMessages('rfc4475');
if (messages === null) console.warn(`skipped: ${folderOf('rfc4475')} is not there`);

test.skipIf(messages === null)('the table has a row for each message', () => {
  expect(Object.keys(expected).sort()).toEqual([...messages!.keys()].sort());
});

test.skipIf(messages === null).each(Object.entries(expected))('%s', (name, kamailio) => {
  const ours = earlyOutcome(messages!.get(name)!);
  // Answers of later routes are not this test's business: the fate is.
  const theirs = kamailio.fate === 'stopped' ? kamailio : { fate: kamailio.fate };
  if (name in expectedFailures) expect(ours, `${name} no longer differs: remove its row`).not.toEqual(theirs);
  else expect(ours).toEqual(theirs);
});
