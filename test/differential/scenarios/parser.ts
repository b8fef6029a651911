/** Core parameters of the parser: numbers in sip URIs, characters in names, HTTP responses, header fields that come again. */
import { group, scenario } from '../scenario.js';

const uris = [
  'sip:+49-123;ext=5;x@127.0.0.1:21700;user=phone;y=2',
  'sip:+49@h;user=phone',
  'sip:h;user=phone',
  'sip:11;a=b@h;x;USER=phone',
  'sip:1;a=b@h;user=phonex',
  'sip:;x=1@h;user=phone',
  'tel:+1-2;ext=3',
  'sip:bob@my_h!st',
  'sip:bob@_host',
];

const spoilt: readonly (readonly [wanted: RegExp, by: string])[] = [
  [/^From:.*\r\n/m, ''],
  [/^To:.*\r\n/m, ''],
  [/^Call-ID:.*\r\n/m, ''],
  [/^CSeq:.*\r\n/m, ''],
  [/^From:.*$/m, 'From: "x'],
  [/^To:.*$/m, 'To: "x'],
  [/^CSeq:.*$/m, 'CSeq: 1'],
  [/^CSeq:.*$/m, 'CSeq: x MESSAGE'],
];
const scenarios = [
  scenario('uris', 'user=phone, and characters of hosts', async ({ alice }) => {
    for (const uri of uris) {
      await alice.request('OPTIONS', uri, { from: `<${uri}>;tag=a`, to: `<${uri}>` });
      await alice.receives(200);
    }
  }),
  scenario('responses', 'HTTP responses', async ({ alice, bob, uri }) => {
    for (const how of ['forward', 'relay']) {
      for (const version of ['HTTP/1.2', 'HTTP/1.1', 'http/1.0', 'HTTP/2']) {
        await alice.request('MESSAGE', uri(version), { headers: [`X-Do: ${how}`] });
        const edit = (text: string) => text.replace('SIP/2.0', version);
        await bob.reply(await bob.receives('MESSAGE'), 200, { headers: ['X-A: 1'], edit });
      }
    }
  }),
  scenario('incomplete', 'responses without a field they need are dropped', async ({ alice, bob, uri }) => {
    for (const how of ['forward', 'relay']) {
      await alice.request('MESSAGE', uri(how), { headers: [`X-Do: ${how}`] });
      const request = await bob.receives('MESSAGE');
      for (const [wanted, by] of spoilt) {
        const edit = (text: string) => text.replace(wanted, by);
        await bob.reply(request, 183, { headers: [`X-A: ${by || wanted.source}`], edit });
      }
      await bob.reply(request, 200);
      await alice.receives(200);
    }
  }),
];

// Only where they are taken: else such a message cannot be answered.
const names = scenario('names', 'characters of names, a Call-ID that comes again', async ({ alice, uri }) => {
  for (const header of ['X/A: one', 'X Y: one', 'Call-ID: second']) {
    await alice.request('OPTIONS', uri('x'), { headers: ['X-Do: names', header, 'X-B: two'] });
    await alice.receives(200);
  }
});

export default [
  group('parser', 'parser.cfg', scenarios),
  group('parser-wide', 'parser.cfg', [...scenarios, names], ['-A', 'WIDE']),
];
