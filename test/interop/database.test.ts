/**
 * The same registrations and transactions on Kamailio and on sipc, each on a database of its own: the rows have to be the same,
 * and sipc has to go on with the database that Kamailio leaves.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createStatements } from '../../runtime/db/schema/ddl.js';
import {
  adminSql,
  createDatabase,
  databasesWith,
  describeWithServer,
  makeSqlite,
  type Server,
  type TestFolder,
  temporaryFolder,
} from '../support/databases.js';
import { startKamailio } from '../support/kamailio.js';
import { databasePorts } from '../support/ports.js';
import { startSipc } from '../support/sipc.js';
import { missingTools } from '../support/tools.js';

type Kind = 'sqlite' | Server;
const missingFor = (kind: Kind) =>
  missingTools(['kamailio'], [`/usr/lib/x86_64-linux-gnu/kamailio/modules/db_${kind}.so`]);

let folder: TestFolder;
beforeAll(() => {
  folder = temporaryFolder();
});
afterAll(() => folder.remove());

const phoneAt = `127.0.0.1:${databasePorts.phone}`;
/** What phones do, in order: user, Call-ID's CSeq, Contact, further header fields. */
const registrations: readonly (readonly [string, number, string, readonly string[]])[] = [
  ['bob', 1, `<sip:bob@${phoneAt}>;q=0.25;methods="INVITE,BYE"`, ['User-Agent: Tester', 'Supported: path', 'Path: <sip:127.0.0.1:9;lr>']],
  ['bob', 2, `<sip:bob@${phoneAt}>;q=0.75;methods="INVITE,BYE"`, ['User-Agent: Tester', 'Supported: path', 'Path: <sip:127.0.0.1:9;lr>']],
  ['eve', 1, `<sip:eve@${phoneAt}>;+sip.instance="<urn:uuid:1>";reg-id=3`, []],
  ['eve', 2, `<sip:eve@127.0.0.1:9>;+sip.instance="<urn:uuid:1>";reg-id=3`, []],
  ['gone', 1, `<sip:gone@${phoneAt}>`, []],
  ['gone', 2, `<sip:gone@${phoneAt}>;expires=0`, []],
  ['nat', 1, `<sip:nat@192.168.0.1>;received="sip:127.0.0.1:9"`, []],
  ['two', 1, `<sip:one@${phoneAt}>, <sip:two@${phoneAt}>;q=0.1`, []],
]; // biome-ignore format: rows

interface Sent {
  readonly method: string;
  readonly user: string;
  readonly cseq?: number;
  readonly more?: readonly string[];
}
/** Sends one request and resolves with the final status line. */
async function exchange({ method, user, cseq = 1, more = [] }: Sent): Promise<string> {
  const { createSocket } = await import('node:dgram');
  const socket = createSocket('udp4');
  await new Promise<void>((resolve) => socket.bind(databasePorts.phone, '127.0.0.1', resolve));
  const server = `127.0.0.1:${databasePorts.server}`;
  const lines = [
    `${method} sip:${method === 'REGISTER' ? '' : `${user}@`}${server} SIP/2.0`,
    `Via: SIP/2.0/UDP ${phoneAt};branch=z9hG4bK${method}${user}${cseq}`,
    `From: <sip:${user}@${server}>;tag=f`,
    `To: <sip:${user}@${server}>${method === 'MESSAGE' ? ';tag=t' : ''}`,
    `Call-ID: call-${user}`,
    `CSeq: ${cseq} ${method}`,
    'Max-Forwards: 70',
    ...more,
    'Content-Length: 0',
  ];
  try {
    return await new Promise((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error(`no answer to ${method} of ${user}`)), 15_000);
      socket.on('message', (bytes) => {
        clearTimeout(timer);
        resolve(bytes.toString('latin1').split('\r\n', 1)[0] ?? '');
      });
      socket.send(`${lines.join('\r\n')}\r\n\r\n`, databasePorts.server, '127.0.0.1');
    });
  } finally {
    socket.close();
  }
}
async function traffic(): Promise<string[]> {
  const answers: string[] = [];
  for (const [user, cseq, contact, more] of registrations)
    answers.push(
      await exchange({ method: 'REGISTER', user, cseq, more: [`Contact: ${contact}`, 'Expires: 600', ...more] }),
    );
  answers.push(await exchange({ method: 'MESSAGE', user: 'mia' }));
  // Kamailio accounts after it has sent the response.
  await new Promise((resolve) => setTimeout(resolve, 500));
  return answers;
}

const own = ['id', 'ruid', 'expires', 'last_modified', 'time'];
/** All rows without what a server makes up; sorted. */
async function rowsOf(url: string): Promise<unknown> {
  const databases = await databasesWith(['db_sqlite', 'db_mysql', 'db_postgres']);
  const db = await databases.open(url, 'test');
  const tables: Record<string, string[]> = {};
  for (const table of ['location', 'location_attrs', 'acc', 'missed_calls']) {
    const rows = (await db.query(table)).records();
    tables[table] = rows
      .map((row) =>
        JSON.stringify(
          Object.entries(row)
            .filter(([name]) => !own.includes(name))
            .sort(),
        ),
      )
      .sort();
  }
  await databases.close();
  return tables;
}

async function serve(start: typeof startSipc, url: string, work: () => Promise<string[]>): Promise<string[]> {
  const cfg = join(folder.path, 'server.cfg');
  writeFileSync(
    cfg,
    readFileSync(new URL('database.cfg', import.meta.url), 'utf8')
      .replace('db_sqlite.so', `db_${url.replace(/:.*/s, '')}.so`)
      .replaceAll('DBURL', url),
  );
  const server = await start({ cfg, port: databasePorts.server });
  try {
    return await work();
  } finally {
    await server.stop();
  }
}

/** Two databases with Kamailio's tables, and what removes them. */
async function twoDatabases(kind: Kind): Promise<{ readonly urls: readonly [string, string]; drop(): void }> {
  const groups = ['standard', 'usrloc', 'acc'];
  if (kind === 'sqlite') {
    const made = (name: string) => makeSqlite(join(folder.path, name), groups);
    return { urls: [await made('kamailio.db'), await made('sipc.db')], drop: () => {} };
  }
  const made = ['rowsk', 'rowss'].map((purpose) => {
    const database = createDatabase(kind, purpose);
    adminSql(kind, `${createStatements(kind, groups).join(';\n')};`, database.name);
    return database;
  });
  const [first, second] = made.map(({ url }) => url);
  return {
    urls: [first ?? '', second ?? ''],
    drop: () => {
      for (const database of made) database.drop();
    },
  };
}

const compared = (kind: Kind) => () => {
  it('has the same rows, and what Kamailio wrote is served on', async () => {
    const { urls, drop } = await twoDatabases(kind);
    try {
      const theirs = await serve(startKamailio, urls[0], traffic);
      const ours = await serve(startSipc, urls[1], traffic);
      expect(ours).toEqual(theirs);
      expect(await rowsOf(urls[1])).toEqual(await rowsOf(urls[0]));

      const taken = await serve(startSipc, urls[0], async () => [
        await exchange({ method: 'OPTIONS', user: 'bob' }),
        await exchange({ method: 'OPTIONS', user: 'eve' }),
        await exchange({ method: 'OPTIONS', user: 'gone' }),
      ]);
      expect(taken).toEqual([
        `SIP/2.0 200 At sip:bob@${phoneAt}`,
        'SIP/2.0 200 At sip:eve@127.0.0.1:9',
        'SIP/2.0 404 Not Found',
      ]);
      expect(await rowsOf(urls[0])).toEqual(await rowsOf(urls[1]));
    } finally {
      drop();
    }
  }, 180_000);
};

for (const kind of ['sqlite', 'mysql', 'postgres'] as const) {
  const missing = missingFor(kind);
  const name = `a database of db_${kind} beside Kamailio's`;
  if (missing !== null) describe.skip(`${name} (${missing})`, compared(kind));
  else if (kind === 'sqlite') describe(name, compared(kind));
  else await describeWithServer(kind, name, compared(kind));
}
