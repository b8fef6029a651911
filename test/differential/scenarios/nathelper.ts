/** nathelper: tests bit by bit, Contacts, aliases, SDP, pings. */
import type { SendOptions } from '../party.js';
import { group, probe, type Stage, scenario } from '../scenario.js';

const relayed = (name: string, title: string, options: SendOptions = {}, slug = name) =>
  scenario(slug.replaceAll('.', '-'), title, async ({ alice, bob, uri }: Stage) => {
    await alice.request('INVITE', uri(name), options);
    await bob.reply(await bob.receives('INVITE'), 486);
    await alice.receives(486);
  });
const sdp = (ip: string, more: readonly string[] = []) =>
  ['v=0', `o=a 1 1 IN IP4 ${ip}`, 's=-', `c=IN IP4 ${ip}`, 't=0 0', 'm=audio 30000 RTP/AVP 8', ...more, ''].join(
    '\r\n',
  );
const twoMedia = sdp('10.0.0.5', [
  'a=rtcp:30001 IN IP4 10.0.0.5',
  'a=rtcp:3',
  'm=video 30002 RTP/AVP 31',
  'c=IN IP4 10.0.0.6',
]);

export default group('nathelper', 'nathelper.cfg', [
  relayed('tests.plain', 'the tests on a plain INVITE', { body: sdp('127.0.0.1') }),
  relayed('tests.contact', 'a private Contact', { contact: '<sip:alice@10.0.0.1:5070>', body: sdp('127.0.0.1') }),
  relayed('tests.sdp', 'a private address in the SDP', { body: sdp('192.168.1.1') }),
  relayed('tests.media', 'a private address of a second media', {
    body: sdp('127.0.0.1', ['m=video 2 RTP/AVP 1', 'c=IN IP4 10.0.0.1']),
  }),
  relayed('tests.hold', 'an SDP on hold', { body: sdp('0.0.0.0') }),
  relayed('tests.via', 'a private Via', {
    edit: (text) => text.replace('UDP 127.0.0.1:22000', 'UDP 192.168.1.5:5062;rport'),
  }),
  relayed('tests.none', 'no Contact, no body', { omit: ['Contact'] }),
  relayed('tests.routes', 'Record-Routes', {
    headers: ['Record-Route: <sip:1.1.1.1;lr;r2=on>, <sip:2.2.2.2;lr;r2=on>', 'Record-Route: <sip:3.3.3.3;lr>'],
  }),
  probe('private', 'is_rfc1918()'),
  relayed('contact.plain', 'fix_nated_contact()', { contact: '<sip:alice@10.0.0.1:5070>;expires=60' }),
  relayed('contact.params', 'fix_nated_contact() with parameters', {
    contact: '"A" <sip:alice:pw@10.0.0.1;transport=tcp;ob>',
  }),
  relayed('contact.maddr', 'fix_nated_contact() with maddr', { contact: '<sip:alice@10.0.0.1;x=1;maddr=1.2.3.4;y=2>' }),
  relayed('contact.bare', 'fix_nated_contact() without brackets', { contact: 'sip:alice@10.0.0.1' }),
  relayed('contact.none', 'fix_nated_contact() without a Contact', { omit: ['Contact'] }),
  relayed('aliased.same', 'add_contact_alias() where there is nothing to do', {}),
  relayed('aliased.udp', 'add_contact_alias() with the same address and transport', {
    contact: '<sip:alice@127.0.0.1:22000;transport=udp>',
  }),
  relayed('aliased.other', 'add_contact_alias()', { contact: '<sip:alice@10.0.0.1:5070;ob>;q=0.5' }),
  relayed('aliased.name', 'add_contact_alias() with a name', { contact: '<sip:alice@phone.example.org>' }),
  relayed('aliased.bare', 'add_contact_alias() without brackets', { contact: 'sip:alice@10.0.0.1;q=0.5' }),
  relayed('aliased.none', 'add_contact_alias() without a Contact', { omit: ['Contact'] }),
  relayed('given.plain', 'add_contact_alias() with an address', { contact: '<sip:alice@10.0.0.9>' }),
  relayed('setalias.plain', 'set_contact_alias()', { contact: '<sip:alice@10.0.0.1:5070;ob>' }),
  relayed('setalias.bare', 'set_contact_alias() without brackets', { contact: 'sip:alice@10.0.0.1' }),
  relayed('setalias.again', 'set_contact_alias() on an alias', { contact: '<sip:a@10.0.0.1;alias=1.1.1.1~5060~1>' }),
  relayed('trimalias.again', 'set_contact_alias("1") on an alias', {
    contact: '<sip:a@10.0.0.1;alias=1.1.1.1~5060~1;ob>',
  }),
  probe('handle', 'handle_ruri_alias()'),
  probe('seen', 'who asks for the Contact after fix_nated_contact()', { contact: '<sip:alice@10.0.0.1:5070;ob>' }),
  probe('seenalias', 'who asks for the Contact after set_contact_alias()', { contact: '<sip:alice@10.0.0.1:5070;ob>' }),
  scenario('changed', 'save() takes the Contact that fix_nated_contact() made', async ({ alice, quietly }) => {
    await alice.register({ contact: '<sip:alice@10.0.0.1:5070;ob>;expires=60, <sip:two@10.0.0.2>;expires=50' });
    // Or they are pinged in what follows.
    await quietly('ul.rm', 'location', alice.user);
  }),
  probe('stored', 'set_alias_to_pv()', { contact: '<sip:a@10.0.0.1;alias=1.1.1.1~5060~2>' }),
  relayed('received.plain', 'add_rcv_param()', { contact: '<sip:a@10.0.0.1>;q=1, "B" <sip:b@10.0.0.2;x>' }),
  relayed('receivedu.plain', 'add_rcv_param("1")', { contact: '<sip:a@10.0.0.1>;q=1' }),
  relayed('sdpmedia.one', 'fix_nated_sdp(2)', { body: sdp('10.0.0.5') }),
  relayed('sdpmedia.two', 'fix_nated_sdp(2) with two media', { body: twoMedia }),
  relayed('sdpmedia.same', 'fix_nated_sdp(2) where nothing is to do', { body: sdp('127.0.0.1') }),
  relayed('sdpmedia.none', 'fix_nated_sdp(2) without a body', {}),
  relayed('sdpall.two', 'fix_nated_sdp(15)', { body: twoMedia }),
  relayed('sdpip.two', 'fix_nated_sdp(10) with an address', { body: twoMedia }),
  relayed('sdpadd.two', 'fix_nated_sdp(5)', { body: twoMedia }),
  scenario(
    'registered',
    'fix_nated_register(), and pings by SIP',
    async ({ alice, bob, uri, rpc }) => {
      await alice.register({
        aor: uri('sip'),
        contact: '<sip:alice@127.0.0.1:22000>;expires=60',
        edit: (t) => t.replace(/^REGISTER sip:\S+/, `REGISTER ${uri('sip')}`),
      });
      await bob.register({ contact: '<sip:bob@10.9.9.9:22010>;expires=60' });
      await rpc('nathelper.enable_ping');
      await alice.receives('OPTIONS', undefined, 4_000);
      await rpc('nathelper.enable_ping', '0');
    },
    { outlineOnly: true },
  ),
]);
