/** siputils: Contact encoding, Remote-Party-ID, P-Charging-Vector. */

import type { SendOptions } from '../party.js';
import { group, probe, type Stage, scenario } from '../scenario.js';

const relayed = (name: string, title: string, options: SendOptions) =>
  scenario(name.replaceAll('.', '-'), title, async ({ alice, bob, uri }: Stage) => {
    await alice.request('INVITE', uri(name), options);
    await bob.reply(await bob.receives('INVITE'), 486);
    await alice.receives(486);
  });
const encoded = 'sip:pre*alice**10.0.0.1*5070*tcp@95.96.97.98';
const inParam = 'sip:k;oct=c2lwOmFsaWNlQDEwLjAuMC4xOjUwNzA;ob';

export default group('siputils', 'siputils.cfg', [
  relayed('encode.plain', 'encode_contact()', { contact: '<sip:alice@10.0.0.1>' }),
  relayed('encode.full', 'encode_contact() with password, port and transport', {
    contact: '"Alice" <sip:alice:secret@10.0.0.1:5070;transport=tcp;ob>;expires=60',
  }),
  relayed('encode.bare', 'encode_contact() without brackets', { contact: 'sip:10.0.0.1' }),
  relayed('encode.two', 'encode_contact() on two values', { contact: '<sip:a@10.0.0.1>, <sip:b@10.0.0.2>;q=0.5' }),
  relayed('encode.sips', 'encode_contact() on sips', { contact: '<sips:a@10.0.0.1>' }),
  relayed('encode.none', 'encode_contact() without a Contact', { omit: ['Contact'] }),
  relayed('decode.header', 'decode_contact_header()', { contact: `<${encoded};x=1>, <${encoded}>` }),
  relayed('decode.not', 'decode_contact_header() on another Contact', { contact: '<sip:alice@10.0.0.1>' }),
  probe('decodes', 'decode_contact() on good and bad URIs'),
  relayed('param_encode.plain', 'contact_param_encode()', { contact: '<sip:alice@10.0.0.1:5070>;expires=60' }),
  relayed('param_encode.bare', 'contact_param_encode() without brackets', { contact: 'sip:alice@10.0.0.1;q=1' }),
  relayed('param_encode.none', 'contact_param_encode() without a Contact', { omit: ['Contact'] }),
  relayed('param_decode.some', 'contact_param_decode()', { contact: `<${inParam}>;expires=5, <sip:other@h;oct>` }),
  relayed('param_rm.some', 'contact_param_rm()', { contact: '<sip:a@h;ob;x=1>, <sip:b@h;x=1;OB>, <sip:c@h>' }),
  relayed('rpid', 'Remote-Party-ID from the AVP', {}),
  relayed('pcv', 'P-Charging-Vector received', {
    headers: [
      'P-Charging-Vector: icid-value=12345;icid-generated-at=10.1.1.1;orig-ioi=a.example, x;term-ioi=b.example',
    ],
  }),
  probe('pcv_none', 'P-Charging-Vector made here'),
]);
