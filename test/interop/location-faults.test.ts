/**
 * What the location promises when things break: the process is killed with signal 9 in the midst of registrations, and the
 * way to the database is cut. What was answered 200 is there after a restart, as far as `db_mode` promises it.
 */
import { createSocket, type Socket } from 'node:dgram';
import { connect, createServer, type Server as NetServer, type Socket as NetSocket } from 'node:net';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { createStatements } from '../../runtime/db/schema/ddl.js';
import { adminSql, createDatabase, describeWithServer, type Server, type TestDatabase } from '../support/databases.js';
import { faultPorts } from '../support/ports.js';
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
  private constructor(private readonly socket: Socket) {
    socket.on('message', (bytes) => {
      const text = bytes.toString('latin1');
      const status = Number(text.slice(8, 11));
      const callId = /^Call-ID: (.*)$/m.exec(text)?.[1]?.trim() ?? '';
      if (status >= 200) this.#waiting.get(callId)?.(status);
    });
  }
  static async open(): Promise<Phone> {
    const socket = createSocket('udp4');
    await new Promise<void>((resolve) => socket.bind(faultPorts.phone, '127.0.0.1', resolve));
    return new Phone(socket);
  }
  ask(method: string, user: string, more: readonly string[] = [], waitMs = 6000): Promise<number> {
    const callId = `c${++this.#calls}-${user}`;
    const server = `127.0.0.1:${faultPorts.server}`;
    const lines = [
      `${method} sip:${method === 'REGISTER' ? '' : `${user}@`}${server} SIP/2.0`,
      `Via: SIP/2.0/UDP 127.0.0.1:${faultPorts.phone};branch=z9hG4bK${callId}`,
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
      this.socket.send(`${lines.join('\r\n')}\r\n\r\n`, faultPorts.server, '127.0.0.1');
    });
  }
  register = (user: string) =>
    this.ask('REGISTER', user, [`Contact: <sip:${user}@127.0.0.1:${faultPorts.phone}>`, 'Expires: 600']);
  /** Users, of these, that a lookup finds. */
  async found(users: readonly string[]): Promise<string[]> {
    const statuses = await Promise.all(users.map((user) => this.ask('OPTIONS', user)));
    return users.filter((_, i) => statuses[i] === 200);
  }
  close = () => this.socket.close();
}
const named = (prefix: string, count: number) => Array.from({ length: count }, (_, i) => `${prefix}${i}`);

const suite = (kind: Server, modes: readonly number[]) => () => {
  let database: TestDatabase;
  let way: Way;
  let phone: Phone;
  let server: ServerProcess | null = null;
  beforeAll(async () => {
    database = createDatabase(kind, 'faults');
    adminSql(kind, `${createStatements(kind, ['standard', 'usrloc']).join(';\n')};`, database.name);
    way = new Way(backendPorts[kind]);
    await way.restore();
    phone = await Phone.open();
  });
  afterEach(async () => {
    await server?.stop();
    server = null;
  });
  afterAll(async () => {
    phone.close();
    await way.cut();
    database.drop();
  });
  const start = async (mode: number): Promise<void> => {
    const url = `${kind}://root:@127.0.0.1:${way.port}/${database.name}`;
    server = await startSipc({
      cfg,
      port: faultPorts.server,
      args: ['-A', `DB_URL="${url}"`, '-A', `DB_MODE=${mode}`],
    });
  };
  const killed = async (): Promise<void> => {
    if (server === null) return;
    process.kill(server.pid, 'SIGKILL');
    while (server.alive()) await pause(10);
    await server.stop();
    server = null;
  };

  it.each(modes)(
    'db_mode %i: killed in the midst of registrations',
    async (mode) => {
      await start(mode);
      const early = named(`early${mode}-`, 10);
      expect(await Promise.all(early.map(phone.register))).toEqual(early.map(() => 200));
      // Written at the timer's ticks.
      if (mode === 2) await pause(3000);
      const late = named(`late${mode}-`, 30);
      const answered: string[] = [];
      const asking = late.map(async (user) => {
        if ((await phone.register(user)) === 200) answered.push(user);
      });
      while (answered.length < 10) await pause(1);
      await killed();
      await pause(50);
      const promised = mode === 2 ? early : [...early, ...answered];
      await start(mode);
      expect(await phone.found(promised)).toEqual(promised);
      await Promise.all(asking);
    },
    60_000,
  );

  it.each(modes)(
    'db_mode %i: the database goes away and comes back',
    async (mode) => {
      await start(mode);
      const before = named(`before${mode}-`, 5);
      await Promise.all(before.map(phone.register));
      if (mode === 2) await pause(3000);
      await way.cut();
      const meanwhile = named(`meanwhile${mode}-`, 5);
      const statuses = await Promise.all(meanwhile.map(phone.register));
      // With db_mode 3 nobody is told that a contact was taken.
      expect(statuses).toEqual(meanwhile.map(() => (mode === 3 ? 500 : 200)));
      const since = performance.now();
      expect(await phone.ask('MESSAGE', 'anyone')).toBe(200);
      expect(performance.now() - since).toBeLessThan(1000);
      expect(await phone.found(before)).toEqual(mode === 3 ? [] : before);
      await way.restore();
      await pause(5000);
      const after = named(`after${mode}-`, 5);
      expect(await Promise.all(after.map(phone.register))).toEqual(after.map(() => 200));
      if (mode === 2) await pause(3000);
      await killed();
      await start(mode);
      const promised = mode === 3 ? [...before, ...after] : [...before, ...meanwhile, ...after];
      expect(await phone.found(promised)).toEqual(promised);
    },
    60_000,
  );
};

await describeWithServer('mysql', 'location on MariaDB', suite('mysql', [1, 2, 3]));
await describeWithServer('postgres', 'location on PostgreSQL', suite('postgres', [1, 3]));
