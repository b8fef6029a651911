/**
 * The switches of the stock cfg (`#!define WITH_…`), each with what it needs beside it and a scenario that uses it. A scenario
 * plays with the switch off too, and with all of them on: it only waits for what comes in every case.
 */
import type { DbRow } from '../../runtime/db/types.js';
import { peerPorts } from '../support/ports.js';
import { accepts } from '../support/server-process.js';
import { splicedStock } from '../support/stock-config.js';
import { answerTo } from './digest.js';
import { ngRelay } from './ng.js';
import type { Packet } from './packet.js';
import type { Party, SendOptions, Sent } from './party.js';
import type { Rows } from './prepared.js';
import { rtppRelay } from './rtpp.js';
import type { Scenario, Stage } from './scenario.js';

export interface Switch {
  /** Without `WITH_`. */
  readonly name: string;
  readonly needs: readonly string[];
  readonly title: string;
  /** False: of what the stock cfg does before, presence in Kamailio shows the same without it. */
  readonly shows?: false;
  /** Without it the server says nothing at all. */
  readonly silentWhenOff?: true;
  readonly play: Scenario['play'];
  readonly tls?: Scenario['tls'];
  readonly ws?: Scenario['ws'];
}

/** The group in which a switch is off: only what it needs is on. */
export const offGroup = ({ needs }: Switch): string => ['switches-off', ...needs].join('-').toLowerCase();

/** The stock cfg, but for a file of certificates and the addresses of media relays. Empty where it is not installed. */
export const stockText = splicedStock
  .replaceAll('/etc/kamailio/tls.cfg', '@TLS@tls.cfg')
  .replaceAll('udp:127.0.0.1:2223', `udp:127.0.0.1:${peerPorts.edge}`)
  .replaceAll('udp:127.0.0.1:7722', `udp:127.0.0.1:${peerPorts.dave}`);
export const mediaRelays = { edge: ngRelay('edge'), dave: rtppRelay(1) };

/** Phones give up on what does not come. */
const WAIT_MS = 1500;
const maybe = (party: Party, what: string | number, method?: string): Promise<Packet | null> =>
  party.receives(what, method, WAIT_MS).catch(() => null);

const digestUri = 'sip:proxy.test';
const password = 'secret';
const slugOf = (name: string) => name.toLowerCase();

interface Asked {
  readonly sent: Sent;
  readonly final: Packet | null;
}
/** Sends a request and answers the challenge, if one comes. */
async function ask(party: Party, method: string, to: Party | string, options: SendOptions = {}): Promise<Asked> {
  const common = {
    callId: party.setting.nextCallId(),
    from: `<${party.aor}>;tag=${party.newTag()}`,
    ...(method === 'INVITE' ? { body: party.sdp } : {}),
    ...options,
  };
  const first = await party.request(method, to, common);
  const answer = await maybe(party, 'final', method);
  if (answer === null || (answer.status !== 401 && answer.status !== 407)) return { sent: first, final: answer };
  if (!/^(WWW|Proxy)-Authenticate: Digest/m.test(answer.text)) return { sent: first, final: answer };
  if (method === 'INVITE') await party.ack(first, answer);
  const credentials = answerTo(answer, { user: party.user, password, method, uri: digestUri, qop: 'auth' });
  const headers = [...(options.headers ?? []), credentials];
  const again = await party.request(method, to, { ...common, headers, cseq: 2 });
  return { sent: again, final: null };
}
async function register(party: Party, options: SendOptions = {}): Promise<void> {
  const uri = `sip:${party.setting.serverHost}:${party.setting.serverPort}`;
  const { final } = await ask(party, 'REGISTER', party.aor, { uri, ...options });
  if (final === null) await maybe(party, 'final', 'REGISTER');
}
/**
 * A request that everyone who gets it answers with this status; what was sent at last, and the final response. With that it is
 * over: who has not got the request by then does not get it.
 */
async function exchange(
  from: Party,
  method: string,
  to: Party | string,
  answers: readonly (readonly [Party, number])[],
  options: SendOptions = {},
): Promise<Asked> {
  const over = new AbortController();
  const answering = answers.map(async ([party, status]) => {
    const incoming = await party.receives(method, undefined, 3 * WAIT_MS, over.signal).catch(() => null);
    if (incoming === null) return;
    const headers = status === 302 ? ['Contact: <sip:elsewhere@127.0.0.1:22099>'] : [];
    await party.reply(incoming, status, method === 'INVITE' && status < 300 ? { body: party.sdp } : { headers });
  });
  const { sent, final } = await ask(from, method, to, options);
  const end = final ?? (await maybe(from, 'final'));
  over.abort();
  await Promise.all(answering);
  return { sent, final: end };
}
const message = (from: Party, to: Party | string, listeners: readonly Party[]): Promise<Asked> =>
  exchange(
    from,
    'MESSAGE',
    to,
    listeners.map((party) => [party, 200]),
    { body: 'hello', type: 'text/plain' },
  );
/** An INVITE; the caller acknowledges and, after a 200, hangs up. */
async function call(from: Party, to: Party | string, answers: readonly (readonly [Party, number])[]): Promise<void> {
  const { sent, final } = await exchange(from, 'INVITE', to, answers);
  if (final === null) return;
  await from.ack(sent, final);
  if (final.status >= 300) return;
  await from.dialog(sent, final).send('BYE');
  const callee = answers.find(([, status]) => status < 300)?.[0];
  const bye = callee ? await maybe(callee, 'BYE') : null;
  if (callee && bye) await callee.reply(bye, 200);
  await maybe(from, 200, 'BYE');
}

/** It writes another port than the one it sends from, where nobody listens. */
const behindNat = (party: Party): SendOptions => ({
  edit: (text) => text.replaceAll(`${party.host}:${party.port}`, `${party.host}:${NOBODY}`),
});
const NOBODY = 22_019;

async function watch({ alice, bob, rows }: Stage): Promise<void> {
  const headers = ['Event: presence', 'Expires: 600'];
  /** Who is refused is told nothing. */
  const notifiedAfter = async (party: Party, { final }: Asked): Promise<void> => {
    const end = final ?? (await maybe(party, 'final'));
    const notify = end !== null && end.status < 300 ? await maybe(alice, 'NOTIFY') : null;
    if (notify) await alice.reply(notify, 200);
  };
  const accept = [...headers, 'Accept: application/pidf+xml'];
  await notifiedAfter(alice, await ask(alice, 'SUBSCRIBE', bob, { headers: accept }));
  const body = `<?xml version="1.0"?>\n<presence xmlns="urn:ietf:params:xml:ns:pidf" entity="sip:b@h"><tuple id="t"><status><basic>open</basic></status></tuple></presence>\n`;
  await notifiedAfter(bob, await ask(bob, 'PUBLISH', bob.aor, { headers, body, type: 'application/pidf+xml' }));
  await rows('presentity', 'username', 'domain', 'event', 'body', 'sender');
}

const httpPost = (path: string, type: string, body: string): string =>
  `POST ${path} HTTP/1.1\r\nHost: h\r\nContent-Type: ${type}\r\nContent-Length: ${body.length}\r\n\r\n${body}`;

/** Until anything came, or it is time to give up. */
async function answered(party: Party, pause: Stage['pause']): Promise<void> {
  for (let waited = 0; party.received.length === 0 && waited < WAIT_MS; waited += 50) await pause(50);
}

const FLOOD_PORT = 21_791;
/** An address that is not the server's own: what comes from there is counted by pike. */
async function flood(stage: Stage): Promise<void> {
  const { createSocket } = await import('node:dgram');
  const socket = createSocket('udp4');
  await new Promise<void>((resolve) => socket.bind(FLOOD_PORT + stage.alice.setting.shift, '127.0.0.2', resolve));
  try {
    const { setting } = stage.alice;
    for (let i = 0; i < 60; i++) {
      const text = [
        `OPTIONS sip:127.0.0.1:${setting.serverPort + setting.shift} SIP/2.0`,
        `Via: SIP/2.0/UDP 127.0.0.2:9;branch=z9hG4bK-flood-${i}`,
        'From: <sip:flood@127.0.0.2>;tag=f',
        `To: <sip:127.0.0.1:${setting.serverPort + setting.shift}>`,
        'Call-ID: flood',
        'CSeq: 1 OPTIONS',
        'Max-Forwards: 70',
        'Content-Length: 0',
        '\r\n',
      ].join('\r\n');
      socket.send(text, setting.serverPort + setting.shift, '127.0.0.1');
      if (i % 10 === 9) await stage.pause(20);
    }
    await stage.pause(200);
  } finally {
    socket.close();
  }
}

export const switches: readonly Switch[] = [
  {
    name: 'DEBUG',
    needs: [],
    title: 'what the routes do is traced, until it is switched off',
    play: async ({ alice, bob, rpc, quietly }) => {
      // Where all switches are on, the server may still be starting.
      await quietly('core.version');
      await register(bob);
      await rpc('dbg.trace', 'off');
      await message(alice, bob, [bob]);
      await rpc('dbg.get_mod_level', 'core');
      await rpc('dbg.trace', 'on');
    },
  },
  {
    name: 'MYSQL',
    needs: [],
    title: 'the database driver is there',
    play: async ({ rpc }) => {
      await rpc('core.modules');
    },
  },
  {
    name: 'AUTH',
    needs: ['MYSQL'],
    title: 'who registers and calls has to know the password',
    play: async ({ alice, bob }) => {
      await register(bob);
      await message(alice, bob, [bob]);
      await alice.request('REGISTER', alice.aor, {
        uri: digestUri,
        headers: ['Authorization: Digest username="x", realm="127.0.0.1", nonce="x", uri="x", response="x"'],
      });
      await maybe(alice, 'final');
    },
  },
  {
    name: 'IPAUTH',
    needs: ['MYSQL', 'AUTH'],
    title: 'no password from a known address',
    play: async ({ alice, bob }) => {
      await register(bob);
      await message(alice, bob, [bob]);
    },
  },
  {
    name: 'USRLOCDB',
    needs: ['MYSQL'],
    title: 'registrations are rows, and survive a restart',
    play: async ({ alice, bob, restart, rows }) => {
      await register(alice);
      await register(bob);
      await restart();
      await message(alice, bob, [bob]);
      await rows('location', 'username', 'domain', 'contact', 'q', 'cseq', 'flags', 'cflags', 'methods', 'socket');
    },
  },
  {
    name: 'PSTN',
    needs: [],
    title: 'international numbers go to the gateway',
    play: async ({ alice, gateway, rpc, server }) => {
      await rpc('cfg.sets', 'pstn', 'gw_ip', '127.0.0.1');
      await rpc('cfg.sets', 'pstn', 'gw_port', `s:${gateway.port}`);
      await call(alice, `sip:004930123456@${server.host}:${server.port}`, [[gateway, 200]]);
      await call(alice, `sip:+4930123456@${server.host}:${server.port}`, [[gateway, 486]]);
      await call(alice, `sip:110@${server.host}:${server.port}`, [[gateway, 200]]);
      await rpc('cfg.sets', 'pstn', 'gw_ip', 's:');
    },
  },
  {
    name: 'ALIASDB',
    needs: ['MYSQL'],
    title: 'a user has a second name',
    play: async ({ alice, bob, server }) => {
      await register(bob);
      await message(alice, `sip:sales@${server.host}:${server.port}`, [bob]);
      await message(alice, `sip:nobody@${server.host}:${server.port}`, []);
    },
  },
  {
    name: 'SPEEDDIAL',
    needs: ['MYSQL'],
    title: 'two digits stand for a number',
    play: async ({ alice, bob, server }) => {
      await register(bob);
      await message(alice, `sip:11@${server.host}:${server.port}`, [bob]);
      await message(alice, `sip:12@${server.host}:${server.port}`, []);
    },
  },
  {
    name: 'MULTIDOMAIN',
    needs: ['MYSQL'],
    title: 'a second domain is served',
    play: async ({ alice, bob, rpc }) => {
      const aor = (domain: string) => `sip:${bob.user}@${domain}`;
      for (const domain of ['multi.test', 'other.test']) {
        const own = { uri: `sip:${domain}`, from: `<${aor(domain)}>;tag=${bob.newTag()}` };
        await ask(bob, 'REGISTER', aor(domain), own);
        await maybe(bob, 'final');
      }
      await message(alice, aor('multi.test'), [bob]);
      await rpc('ul.lookup', 'location', `${bob.user}@multi.test`);
    },
  },
  {
    name: 'NAT',
    needs: [],
    title: 'a phone is reached where it sent from, its media through rtpproxy',
    play: async ({ alice, bob }) => {
      await register(bob, behindNat(bob));
      await message(alice, bob, [bob]);
      await call(alice, bob, [[bob, 200]]);
    },
  },
  {
    name: 'NATSIPPING',
    needs: ['NAT'],
    title: 'contacts behind a NAT are marked for pings',
    play: async ({ bob, rpc, server }) => {
      await register(bob, behindNat(bob));
      await rpc('ul.lookup', 'location', bob.user);
      await rpc('ul.lookup', 'location', `${bob.user}@${server.host}`);
    },
  },
  {
    name: 'RTPENGINE',
    needs: ['NAT'],
    title: 'media goes through rtpengine',
    play: async ({ alice, bob }) => {
      await register(bob, behindNat(bob));
      await call(alice, bob, [[bob, 200]]);
      await call(alice, bob, [[bob, 486]]);
    },
  },
  {
    name: 'PRESENCE',
    needs: ['MYSQL'],
    title: 'who watches is told what was published',
    play: watch,
  },
  {
    name: 'MSGREBUILD',
    needs: ['MYSQL', 'PRESENCE'],
    title: 'presence reads the message as the cfg changed it',
    shows: false,
    play: watch,
  },
  {
    name: 'JSONRPC',
    needs: [],
    title: 'commands over HTTP',
    silentWhenOff: true,
    play: async ({ alice, carol, pause }) => {
      const body = '{"jsonrpc": "2.0", "method": "core.echo", "params": ["x"], "id": 1}';
      for (const [party, path] of [
        [alice, '/RPC'],
        [carol, '/other'],
      ] as const) {
        await party.raw(httpPost(path, 'application/json', body), 'tcp');
        await answered(party, pause);
      }
    },
  },
  {
    name: 'XMLRPC',
    needs: [],
    title: 'commands over HTTP, in XML',
    silentWhenOff: true,
    play: async ({ alice, pause }) => {
      const param = '<param><value><string>x</string></value></param>';
      const body = `<?xml version="1.0"?><methodCall><methodName>core.echo</methodName><params>${param}</params></methodCall>`;
      await alice.raw(httpPost('/XMLRPC', 'text/xml', body), 'tcp');
      await answered(alice, pause);
    },
  },
  {
    name: 'WEBSOCKETS',
    needs: ['NAT'],
    title: 'a browser registers, is called, calls and hangs up',
    silentWhenOff: true,
    ws: ['bob'],
    play: async ({ alice, bob }) => {
      // Without the switch nobody takes the handshake: there is no phone then.
      if (
        !(await register(bob)
          .then(() => true)
          .catch(() => false))
      )
        return;
      await message(alice, bob, [bob]);
      await call(alice, bob, [[bob, 200]]);
      await register(alice);
      await call(bob, alice, [[alice, 200]]);
    },
  },
  {
    name: 'TLS',
    needs: [],
    title: 'a phone over TLS',
    tls: ['bob'],
    play: async ({ alice, bob, pause }) => {
      const { serverPort, shift } = bob.setting;
      // Its listener may open after the one that shows the server is up.
      for (let i = 0; i < 20 && !(await accepts(serverPort + shift + 1)); i++) await pause(100);
      await register(bob).catch(() => null);
      await message(alice, bob, [bob]);
    },
  },
  {
    name: 'ANTIFLOOD',
    needs: [],
    title: 'who sends too much is not heard',
    silentWhenOff: true,
    play: flood,
  },
  {
    name: 'VOICEMAIL',
    needs: [],
    title: 'the mailbox answers for who is away or busy',
    play: async ({ alice, bob, carol, voicemail, rpc }) => {
      await rpc('cfg.sets', 'voicemail', 'srv_ip', '127.0.0.1');
      await rpc('cfg.sets', 'voicemail', 'srv_port', `s:${voicemail.port}`);
      await call(alice, carol, [[voicemail, 200]]);
      await register(bob);
      await call(alice, bob, [
        [bob, 486],
        [voicemail, 200],
      ]);
      await rpc('cfg.sets', 'voicemail', 'srv_ip', 's:');
    },
  },
  {
    name: 'ACCDB',
    needs: ['MYSQL'],
    title: 'calls are rows',
    play: async ({ alice, bob, carol, rows }) => {
      await register(bob);
      await register(carol);
      await call(alice, bob, [[bob, 200]]);
      await call(alice, carol, [[carol, 486]]);
      const columns = ['method', 'sip_code', 'sip_reason', 'src_user', 'src_domain', 'src_ip'];
      await rows('acc', ...columns, 'dst_ouser', 'dst_user', 'dst_domain');
      await rows('missed_calls', ...columns, 'dst_ouser', 'dst_user', 'dst_domain');
    },
  },
  {
    name: 'BLOCK3XX',
    needs: [],
    title: 'a redirection does not reach the caller',
    play: async ({ alice, bob }) => {
      await register(bob);
      await call(alice, bob, [[bob, 302]]);
    },
  },
  {
    name: 'BLOCK401407',
    needs: [],
    title: 'a challenge of the callee does not reach the caller',
    play: async ({ alice, bob }) => {
      await register(bob);
      await call(alice, bob, [[bob, 407]]);
    },
  },
];

/** WEBSOCKETS without what it needs: nobody puts the Contact of a browser right, so it is not reached, but calls. */
export const bareWebsockets: Switch = {
  name: 'WEBSOCKETS',
  needs: [],
  title: 'a browser without WITH_NAT registers, is not reached, and calls',
  ws: ['bob'],
  play: async ({ alice, bob }) => {
    await register(bob);
    await message(alice, bob, []);
    await register(alice);
    await call(bob, alice, [[alice, 200]]);
  },
};

/** What the tables have, for every scenario; ports move with the run. */
export function rowsFor(host: string, port: number): Rows {
  const subscriber = (username: string, domain = host): DbRow => ({ username, domain, password, ha1: '', ha1b: '' });
  const each = (make: (slug: string) => DbRow[]): DbRow[] => switches.flatMap(({ name }) => make(slugOf(name)));
  return {
    subscriber: [
      ...each((slug) => ['alice', 'bob', 'carol'].map((name) => subscriber(`${name}.${slug}`))),
      subscriber('bob.multidomain', 'multi.test'),
    ],
    address: [{ grp: 1, ip_addr: '127.0.0.1', mask: 32, port: 0, tag: 'phones' }],
    dbaliases: [{ alias_username: 'sales', alias_domain: host, username: 'bob.aliasdb', domain: host }],
    speed_dial: [
      {
        username: 'alice.speeddial',
        domain: host,
        sd_username: '11',
        sd_domain: host,
        new_uri: `sip:bob.speeddial@${host}:${port}`,
      },
    ],
    domain: [{ domain: 'multi.test', did: 'multi.test' }],
  };
}

/** What the comments of the stock cfg tell people to add for WITH_ACCDB. */
export const accColumns: readonly string[] = ['acc', 'missed_calls'].flatMap((table) =>
  ['src_user', 'src_domain', 'src_ip', 'dst_ouser', 'dst_user', 'dst_domain'].map(
    (column) => `ALTER TABLE ${table} ADD COLUMN ${column} VARCHAR(128) NOT NULL DEFAULT ''`,
  ),
);
