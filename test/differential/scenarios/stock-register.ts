/** Registrations at the stock config (RFC 3261 §10.3). */
import { group, scenario } from '../scenario.js';

export default group('stock-register', '/etc/kamailio/kamailio.cfg', [
  scenario('new', 'a first REGISTER', async ({ alice }) => {
    await alice.register({ headers: ['Expires: 600', 'User-Agent: Phone 1.0'] });
  }),
  scenario('no-expires', 'without Expires the default is given', async ({ alice }) => {
    await alice.register();
  }),
  scenario('refresh', 'the same contact again replaces its binding', async ({ alice }) => {
    await alice.register({ headers: ['Expires: 600'] });
    await alice.register({ headers: ['Expires: 900'] });
  }),
  scenario('two-contacts', 'two contacts from two devices', async ({ alice, bob }) => {
    await alice.register({ headers: ['Expires: 600'] });
    await bob.register({ aor: alice.aor, headers: ['Expires: 700'] });
  }),
  scenario(
    'two-in-one',
    'two contacts in one header field, each with its own expires and q',
    async ({ alice, bob }) => {
      const contact = `<${alice.contactUri}>;q=0.5;expires=300, "Desk" <${bob.contactUri}>;q=0.9;expires=400`;
      await alice.register({ contact });
      await alice.register({ omit: ['Contact'] });
    },
  ),
  scenario('fetch', 'no Contact asks for the bindings', async ({ alice }) => {
    await alice.register({ headers: ['Expires: 600'] });
    await alice.register({ omit: ['Contact'] });
  }),
  scenario('fetch-none', 'asking where there is none', async ({ alice }) => {
    await alice.register({ omit: ['Contact'] });
  }),
  scenario('remove', 'Expires 0 removes the contact', async ({ alice }) => {
    await alice.register({ headers: ['Expires: 600'] });
    await alice.register({ headers: ['Expires: 0'] });
    await alice.register({ omit: ['Contact'] });
  }),
  scenario('remove-param', 'expires=0 removes one of two', async ({ alice, bob }) => {
    await alice.register({ contact: `${alice.contact}, ${bob.contact}`, headers: ['Expires: 600'] });
    await alice.register({ contact: `${alice.contact};expires=0` });
  }),
  scenario('star', 'Contact * removes all', async ({ alice, bob }) => {
    await alice.register({ contact: `${alice.contact}, ${bob.contact}`, headers: ['Expires: 600'] });
    await alice.register({ contact: '*', headers: ['Expires: 0'] });
    await alice.register({ omit: ['Contact'] });
  }),
  scenario('star-no-zero', 'Contact * with another Expires is refused', async ({ alice }) => {
    await alice.register({ contact: '*', headers: ['Expires: 60'], status: 400 });
  }),
  scenario('star-and-more', 'Contact * beside another contact', async ({ alice }) => {
    await alice.register({ contact: `*, ${alice.contact}`, headers: ['Expires: 0'] });
  }),
  scenario('max-expires', 'longer than max_expires is cut', async ({ alice }) => {
    await alice.register({ headers: ['Expires: 86400'] });
  }),
  scenario('bad-expires', 'an Expires that is no number', async ({ alice }) => {
    await alice.register({ headers: ['Expires: soon'], status: 400 });
  }),
  scenario('bad-q', 'a q above 1 is refused', async ({ alice }) => {
    await alice.register({ contact: `${alice.contact};q=1.5`, status: 400 });
  }),
  scenario('bad-contact', 'a Contact that is no URI is refused', async ({ alice }) => {
    await alice.register({ contact: '<garbage here', status: 400 });
  }),
  scenario('bad-aor', 'no user in To', async ({ alice, uri }) => {
    await alice.request('REGISTER', uri(), { from: `<${uri()}>;tag=x1` });
    await alice.receives(200);
  }),
  scenario('path', 'Path with Supported: path is stored and echoed', async ({ alice, edge }) => {
    const headers = [`Path: <sip:${edge.hostPort};lr>`, 'Supported: path', 'Expires: 600'];
    await alice.register({ headers });
    await alice.register({ omit: ['Contact'] });
  }),
  scenario('path-routes', 'a call to a contact with Path goes there first', async ({ alice, bob, edge }) => {
    await bob.register({ headers: [`Path: <sip:${edge.hostPort};lr;ob=1>`, 'Supported: path'] });
    await alice.invite(bob);
    const invite = await edge.receives('INVITE');
    await edge.reply(invite, 486);
    await alice.receives(486);
  }),
  scenario('path-unsupported', 'Path without Supported: path', async ({ alice, edge }) => {
    await alice.request('REGISTER', alice.aor, {
      headers: [`Path: <sip:${edge.hostPort};lr>`],
      from: `<${alice.aor}>;tag=p1`,
    });
    await alice.receives(200);
  }),
  scenario('methods', 'a contact that cannot take the method is not used', async ({ alice, bob }) => {
    await bob.register({ contact: `${bob.contact};methods="INVITE, ACK, BYE, CANCEL"` });
    await alice.request('MESSAGE', bob, { body: 'hi', type: 'text/plain' });
    await alice.receives(405);
  }),
  scenario('allow', 'Allow says the methods when the contact does not', async ({ alice, bob }) => {
    await bob.register({ headers: ['Allow: INVITE, ACK, BYE, CANCEL'] });
    await alice.request('MESSAGE', bob, { body: 'hi', type: 'text/plain' });
    await alice.receives(405);
  }),
  scenario('instance', 'the instance id replaces, the address does not', async ({ alice, bob }) => {
    const instance = '+sip.instance="<urn:uuid:00000000-0000-1000-8000-000A95A0E128>"';
    await alice.register({ contact: `${alice.contact};${instance};reg-id=1`, headers: ['Supported: outbound'] });
    await alice.register({ contact: `${bob.contact};${instance};reg-id=1`, headers: ['Supported: outbound'] });
  }),
  scenario('old-cseq', 'the same Call-ID with a lower CSeq', async ({ alice }) => {
    await alice.register({ cseq: 10, headers: ['Expires: 600'] });
    await alice.request('REGISTER', alice.aor, {
      cseq: 9,
      callId: `register-alice-${alice.setting.slug}`,
      from: `<${alice.aor}>;tag=o1`,
    });
    await alice.receives(500, 'REGISTER');
  }),
  scenario('same-cseq', 'the same Call-ID and CSeq again in a new transaction', async ({ alice }) => {
    await alice.register({ cseq: 10, headers: ['Expires: 600'] });
    await alice.register({ cseq: 10, headers: ['Expires: 700'] });
  }),
  scenario('foreign', 'a REGISTER for a foreign domain', async ({ alice }) => {
    await alice.request('REGISTER', 'sip:alice@example.com', { uri: 'sip:example.com' });
    await alice.receives(403);
  }),
  scenario(
    'tcp',
    'over TCP',
    async ({ alice }) => {
      await alice.register({ headers: ['Expires: 600'] });
      await alice.register({ omit: ['Contact'] });
    },
    { tcp: ['alice'] },
  ),
  scenario(
    'ipv6',
    'over IPv6',
    async ({ alice }) => {
      await alice.register({ headers: ['Expires: 600'] });
    },
    { ipv6: true },
  ),
  scenario('extra-params', 'Contact parameters we know nothing of; display name', async ({ alice }) => {
    await alice.register({ contact: `"Al \\"X\\" Ice" ${alice.contact};foo=bar;flag`, headers: ['Expires: 600'] });
  }),
  scenario('case', 'users differ by case', async ({ alice, server }) => {
    const aor = (user: string) => `sip:${user}@${server.host}:${server.port}`;
    await alice.register({ aor: aor('Zoe.case'), headers: ['Expires: 600'] });
    await alice.register({ aor: aor('zoe.case'), omit: ['Contact'] });
  }),
]);
