import { expect, it } from 'vitest';
import { defaultGrammar } from '../message/grammar.js';
import { fakeReceived } from '../message/testing.js';
import { buildLocalRequest } from './local-requests.js';

it.each([
  ['CSeq: 7 INVITE', 'CSeq: 7 CANCEL'],
  ['CSeq:\t7   INVITE', 'CSeq:\t7   CANCEL'],
  ['CSeq: 7\r\n  INVITE', 'CSeq: 7\r\n  CANCEL'],
])('CSeq of the request it is about: %j becomes %j', (sent, expected) => {
  const invite = `INVITE sip:bob@h SIP/2.0\r\nVia: SIP/2.0/UDP h;branch=z9hG4bK1\r\nFrom: <sip:a@b>;tag=1\r\nTo: <sip:b@b>\r\nCall-ID: 1\r\n${sent}\r\n\r\n`;
  const cancel = buildLocalRequest(
    'CANCEL',
    invite,
    { received: fakeReceived(), grammar: defaultGrammar },
    { to: null, reason: '', extraPrefix: '' },
  );
  expect(cancel).toContain(`\r\n${expected}\r\n`);
});
