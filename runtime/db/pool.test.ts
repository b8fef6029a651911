/** A database that goes away and comes back, is slow, or is asked too much: on the virtual clock, with a driver of the test. */
import { describe, expect, it } from 'vitest';
import { VirtualClock } from '../clock.js';
import { Databases } from './databases.js';
import { MAX_PAUSE_MS } from './pool.js';
import { type DbConnection, type DbDriver, DbError, type DbOperation, DbResult } from './types.js';

const URL = 'test://user:hunter2@host/db';
type Answer = (operation: DbOperation) => Promise<DbResult>;
const rows = new DbResult([{ name: 'n', type: 'int' }], [[1]]);

/** A server that can be switched off; `answer` is what its connections do. */
class FakeServer implements DbDriver {
  readonly connections = 2;
  readonly timeoutMs = 1_000;
  up = true;
  connects = 0;
  answered: string[] = [];
  destroyed = 0;
  open: { alive: boolean }[] = [];
  answer: Answer = () => Promise.resolve(rows);

  async connect(): Promise<DbConnection> {
    this.connects++;
    if (!this.up) throw new DbError('unavailable', 'refused');
    const connection = {
      alive: true,
      run: (operation: DbOperation) => {
        this.answered.push(operation.kind);
        return this.answer(operation);
      },
      close: () => {},
      destroy: () => {
        connection.alive = false;
        this.destroyed++;
      },
    };
    this.open.push(connection);
    return connection;
  }
}

function setUp() {
  const clock = new VirtualClock();
  const server = new FakeServer();
  const log: string[] = [];
  const databases = new Databases(clock, (level, source, text) => void log.push(`${level} ${source}: ${text}`));
  databases.offer('db_test', () => server);
  const db = databases.lazy(URL, 'test');
  const failure = (call: Promise<unknown>) =>
    call.then(
      () => 'none',
      (error: unknown) => (error instanceof DbError ? error.failure : String(error)),
    );
  return { clock, server, log, databases, db, failure };
}

describe('databases', () => {
  it('while a server is away calls fail at once, attempts are spaced, and it is used again when it is back', async () => {
    const { clock, server, log, db, failure } = setUp();
    server.up = false;
    for (let i = 0; i < 50; i++) expect(await failure(db.query('t'))).toBe('unavailable');
    expect(server.connects).toBe(1);
    for (let i = 0; i < 100; i++) {
      await clock.advance(100);
      expect(await failure(db.query('t'))).toBe('unavailable');
    }
    // Ten seconds: pauses of 0.2, 0.4, 0.8, 1.6 and then 2 seconds.
    expect(server.connects).toBeLessThanOrEqual(10);
    server.up = true;
    await clock.advance(MAX_PAUSE_MS);
    expect(await failure(db.query('t'))).toBe('none');
    expect(log.map((line) => line.replace(/:.*(away|back).*/, ': $1'))).toEqual([
      '-1 db_test: away',
      '1 db_test: back',
    ]);
  });

  it('a call slower than latency_limit_db is told, with its statement', async () => {
    const { clock, server, log, databases, db } = setUp();
    databases.latency = { latency_limit_db: 20_000, latency_log: 1 };
    for (const ms of [10, 30]) {
      server.answer = () => new Promise((resolve) => void clock.setTimer(ms, () => resolve(rows)));
      const calls = Promise.all([db.query('subscriber'), db.raw('SELECT 1')]);
      await clock.advance(100);
      await calls;
    }
    expect(log.map((line) => line.replace(/\[\d+ us\]/, '[us]'))).toEqual([
      '1 db_test: alert - query execution too long [us] for [query subscriber]',
      '1 db_test: alert - query execution too long [us] for [SELECT 1]',
    ]);
  });

  it('a connection that broke while idle is replaced, unnoticed by the caller', async () => {
    const { server, db, failure } = setUp();
    await db.query('t');
    for (const connection of server.open) connection.alive = false;
    expect(await failure(db.insert('t', { n: 1 }))).toBe('none');
    expect(server.connects).toBe(2);
  });

  it('a query that lost its connection is sent once more, a change is not', async () => {
    const { server, db, failure } = setUp();
    let broken = 1;
    server.answer = () => {
      if (broken-- <= 0) return Promise.resolve(rows);
      for (const connection of server.open) connection.alive = false;
      return Promise.reject(new DbError('lost', 'gone'));
    };
    expect(await failure(db.query('t'))).toBe('none');
    broken = 1;
    expect(await failure(db.update('t', { n: 1 }, {}))).toBe('lost');
    expect(server.answered).toEqual(['query', 'query', 'update']);
  });

  it('a call that takes too long fails in time, its connection is dropped and the next gets another', async () => {
    const { clock, server, db, failure } = setUp();
    server.answer = () => new Promise(() => {});
    const slow = failure(db.query('t'));
    await clock.advance(999);
    expect(server.destroyed).toBe(0);
    await clock.advance(1);
    expect(await slow).toBe('timeout');
    expect(server.destroyed).toBe(1);
    server.answer = () => Promise.resolve(rows);
    expect(await failure(db.query('t'))).toBe('none');
  });

  it('never more connections than the limit; calls wait in line, and the line is bounded', async () => {
    const { server, db, failure } = setUp();
    let release: () => void = () => {};
    const held = new Promise<void>((resolve) => {
      release = resolve;
    });
    server.answer = () => held.then(() => rows);
    const calls = Array.from({ length: 10_050 }, () => failure(db.query('t')));
    await Promise.resolve();
    release();
    const outcomes = await Promise.all(calls);
    expect(server.connects).toBe(2);
    expect(outcomes.filter((outcome) => outcome === 'overloaded')).toHaveLength(48);
    expect(outcomes.filter((outcome) => outcome === 'none')).toHaveLength(10_002);
  });

  it('no message and no log line has the password', async () => {
    const { server, log, databases } = setUp();
    server.up = false;
    const error: unknown = await databases.open(URL, 'auth_db').catch((e: unknown) => e);
    expect(String(error)).toContain('test://user:***@host/db');
    expect(String(error) + log.join('\n')).not.toContain('hunter2');
  });

  it('a URL whose module is not loaded, and what is no URL, say what to do', () => {
    const { databases } = setUp();
    expect(() => databases.lazy('mysql://u:secret@h/d', 'acc')).toThrow('loadmodule "db_mysql.so"');
    expect(() => databases.lazy('mysql:u:secret@h', 'acc')).toThrow(/no database URL/);
    expect(() => databases.lazy('mysql:u:secret@h', 'acc')).not.toThrow(/secret/);
  });
});
