/**
 * What the location promises when things break: the process is killed with signal 9 in the midst of registrations, and the
 * way to the database is cut. What was answered 200 is there after a restart, as far as `db_mode` promises it.
 */
import { createSocket, type Socket } from 'node:dgram';
import { connect, createServer, type Server as NetServer, type Socket as NetSocket } from 'node:net';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, type ExpectStatic, it } from 'vitest';
import { createStatements } from '../../runtime/db/schema/ddl.js';
import { freePort } from '../support/child.js';
import { adminSql, createDatabase, describeWithServer, type Server, type TestDatabase } from '../support/databases.js';
import type { ServerProcess } from '../support/server-process.js';
import { startSipc } from '../support/sipc.js';

const cfg = fileURLToPath(new URL('location.cfg', import.meta.url));
const backendPorts: Readonly<Record<Server, number>> = { mysql: 3306, postgres: 5432 };
const pause = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));

/** A way to the database that can be cut. */
class Way {
  readonly #open = new Set<NetSocket>();
  #server: NetServer | null = null;
  port = 0;
  constructor(private readonly to: number) {}
  async restore(): Promise<void> {
    const server = createServer((near) => {
      const far = connect(this.to, '127.0.0.1');
      for (const [a, b] of [
        [near, far],
        [far, near],
      ] as const) {
        this.#open.add(a);
        a.pipe(b);
        a.on('error', () => b.destroy());
        a.on('close', () => {
          this.#open.delete(a);
          b.destroy();
        });
      }
    });
    await new Promise<void>((resolve) => server.listen(this.port, '127.0.0.1', resolve));
    this.port = (server.address() as { port: number }).port;
    this.#server = server;
  }
  async cut(): Promise<void> {
    const server = this.#server;
    this.#server = null;
    for (const socket of this.#open) socket.destroy();
    await new Promise<void>((resolve) => (server ? server.close(() => resolve()) : resolve()));
  }
}

/** Sends requests from one socket; each resolves with the status of its final response, 0 when none came. */
class Phone {
  readonly #waiting = new Map<string, (status: number) => void>();
  #calls = 0;
  private constructor(
    private readonly socket: Socket,
    private readonly serverPort: number,
  ) {
    socket.on('message', (bytes) => {
      const text = bytes.toString('latin1');
      const status = Number(text.slice(8, 11));
      const callId = /^Call-ID: (.*)$/m.exec(text)?.[1]?.trim() ?? '';
      if (status >= 200) this.#waiting.get(callId)?.(status);
    });
  }
  static async open(serverPort: number): Promise<Phone> {
    const socket = createSocket('udp4');
    await new Promise<void>((resolve) => socket.bind(0, '127.0.0.1', resolve));
    return new Phone(socket, serverPort);
  }
  ask(method: string, user: string, more: readonly string[] = [], waitMs = 6000): Promise<number> {
    const callId = `c${++this.#calls}-${user}`;
    const server = `127.0.0.1:${this.serverPort}`;
    const lines = [
      `${method} sip:${method === 'REGISTER' ? '' : `${user}@`}${server} SIP/2.0`,
      `Via: SIP/2.0/UDP 127.0.0.1:${this.socket.address().port};branch=z9hG4bK${callId}`,
      'Max-Forwards: 70',
      `From: <sip:${user}@${server}>;tag=f`,
      `To: <sip:${user}@${server}>`,
      `Call-ID: ${callId}`,
      `CSeq: 1 ${method}`,
      ...more,
      'Content-Length: 0',
    ];
    return new Promise((resolve) => {
      const timer = setTimeout(() => end(0), waitMs);
      const end = (status: number) => {
        clearTimeout(timer);
        this.#waiting.delete(callId);
        resolve(status);
      };
      this.#waiting.set(callId, end);
      this.socket.send(`${lines.join('\r\n')}\r\n\r\n`, this.serverPort, '127.0.0.1');
    });
  }
  register = (user: string) =>
    this.ask('REGISTER', user, [`Contact: <sip:${user}@127.0.0.1:${this.socket.address().port}>`, 'Expires: 600']);
  /** Users, of these, that a lookup finds. */
  async found(users: readonly string[]): Promise<string[]> {
    const statuses = await Promise.all(users.map((user) => this.ask('OPTIONS', user)));
    return users.filter((_, i) => statuses[i] === 200);
  }
  /** Nothing is waited for any more. */
  close(): void {
    this.socket.close();
    for (const end of this.#waiting.values()) end(0);
  }
}
const named = (prefix: string, count: number) => Array.from({ length: count }, (_, i) => `${prefix}${i}`);

/** A database, the way to it, a server that may be killed and started again, and a phone. */
class Site {
  #server: ServerProcess | null = null;
  private constructor(
    private readonly kind: Server,
    private readonly mode: number,
    private readonly database: TestDatabase,
    readonly way: Way,
    private readonly port: number,
    readonly phone: Phone,
  ) {}
  static async open(kind: Server, mode: number, database: TestDatabase | undefined): Promise<Site> {
    if (database === undefined) throw new Error('no database was made');
    const way = new Way(backendPorts[kind]);
    await way.restore();
    const port = await freePort();
    const site = new Site(kind, mode, database, way, port, await Phone.open(port));
    await site.start();
    return site;
  }
  async start(): Promise<void> {
    const url = `${this.kind}://root:@127.0.0.1:${this.way.port}/${this.database.name}`;
    const args = ['-A', `DB_URL="${url}"`, '-A', `DB_MODE=${this.mode}`];
    this.#server = await startSipc({ cfg, port: this.port, args, readyWithinMs: 60_000 });
  }
  async killed(): Promise<void> {
    const server = this.#server;
    if (server === null) return;
    process.kill(server.pid, 'SIGKILL');
    while (server.alive()) await pause(10);
    await server.stop();
    this.#server = null;
  }
  async close(): Promise<void> {
    await this.killed();
    this.phone.close();
    await this.way.cut();
  }
}

async function killedInTheMidst(site: Site, mode: number, expect: ExpectStatic): Promise<void> {
  const { phone } = site;
  try {
    const early = named('early-', 10);
    expect(await Promise.all(early.map(phone.register))).toEqual(early.map(() => 200));
    // Written at the timer's ticks.
    if (mode === 2) await pause(3000);
    const late = named('late-', 30);
    const answered: string[] = [];
    for (const user of late)
      void phone.register(user).then((status) => {
        if (status === 200) answered.push(user);
      });
    while (answered.length < 10) await pause(1);
    await site.killed();
    await pause(50);
    const promised = mode === 2 ? early : [...early, ...answered];
    await site.start();
    expect(await phone.found(promised)).toEqual(promised);
  } finally {
    await site.close();
  }
}

async function awayAndBack(site: Site, mode: number, expect: ExpectStatic): Promise<void> {
  const { phone, way } = site;
  try {
    const before = named('before-', 5);
    await Promise.all(before.map(phone.register));
    if (mode === 2) await pause(3000);
    await way.cut();
    const meanwhile = named('meanwhile-', 5);
    const registering = Promise.all(meanwhile.map(phone.register));
    // What needs no database goes on while others wait for it.
    const since = performance.now();
    expect(await phone.ask('MESSAGE', 'anyone')).toBe(200);
    expect(performance.now() - since).toBeLessThan(1000);
    // With db_mode 3 nobody is told that a contact was taken.
    expect(await registering).toEqual(meanwhile.map(() => (mode === 3 ? 500 : 200)));
    expect(await phone.ask('MESSAGE', 'anyone')).toBe(200);
    expect(await phone.found(before)).toEqual(mode === 3 ? [] : before);
    await way.restore();
    await pause(5000);
    const after = named('after-', 5);
    expect(await Promise.all(after.map(phone.register))).toEqual(after.map(() => 200));
    if (mode === 2) await pause(3000);
    await site.killed();
    await site.start();
    const promised = mode === 3 ? [...before, ...after] : [...before, ...meanwhile, ...after];
    expect(await phone.found(promised)).toEqual(promised);
  } finally {
    await site.close();
  }
}

const tests = [
  ['killed in the midst of registrations', killedInTheMidst],
  ['the database goes away and comes back', awayAndBack],
] as const;

/** Side by side, for most of it is waiting; what the clients of the servers do is not, so it is done before and after. */
const suite = (kind: Server) => () => {
  const databases = new Map<string, TestDatabase>();
  beforeAll(() => {
    for (const mode of [1, 2, 3])
      for (const [title] of tests) {
        const database = createDatabase(kind, `faults${databases.size}`);
        adminSql(kind, `${createStatements(kind, ['standard', 'usrloc']).join(';\n')};`, database.name);
        databases.set(`${mode} ${title}`, database);
      }
  });
  afterAll(() => {
    for (const database of databases.values()) database.drop();
  });
  describe.concurrent.each([1, 2, 3])('db_mode %i', { timeout: 110_000 }, (mode) => {
    it.for(tests)('%s', async ([title, run], { expect }) => {
      const site = await Site.open(kind, mode, databases.get(`${mode} ${title}`));
      await run(site, mode, expect);
    });
  });
};

await describeWithServer('mysql', 'location on MariaDB', suite('mysql'));
await describeWithServer('postgres', 'location on PostgreSQL', suite('postgres'));
