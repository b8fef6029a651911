/**
 * A bounded pool of connections to one database.
 *
 *   call ──► idle connection? ──yes──► run ──► back to idle
 *              │ no: fewer than the limit? ──yes──► connect ──► run
 *              │ no: wait in line (bounded; the call's time runs)
 *
 * A server that does not answer is asked again after a pause that doubles up to `MAX_PAUSE_MS`; until then calls fail at once,
 * so a route never hangs on a database that is away. A connection that broke while idle is noticed and not used again. A query
 * whose connection broke under it is sent once more, a change is not: nobody knows whether it was made.
 */
import type { Clock, Timer } from '../env.js';
import { type DbConnection, type DbDriver, DbError, type DbOperation, type DbResult, type DbUrl } from './types.js';

export const FIRST_PAUSE_MS = 200;
export const MAX_PAUSE_MS = 2_000;
/** Calls in line at most. */
const MAX_WAITING = 10_000;

interface Waiting {
  give(connection: DbConnection): void;
  fail(error: DbError): void;
}

export class Pool {
  readonly #idle: DbConnection[] = [];
  readonly #waiting: Waiting[] = [];
  readonly #closing: Promise<void>[] = [];
  #open = 0;
  #pauseMs = 0;
  #notBefore = 0;
  #lastProblem = '';
  #closed = false;

  constructor(
    private readonly driver: DbDriver,
    private readonly url: DbUrl,
    private readonly clock: Clock,
    private readonly notice: (up: boolean, problem: string) => void,
  ) {}

  /** One operation on whichever connection is free. */
  run(operation: DbOperation): Promise<DbResult> {
    const again = operation.kind === 'query';
    return this.attempt(operation).catch((error: unknown) => {
      if (again && error instanceof DbError && error.failure === 'lost') return this.attempt(operation);
      throw error;
    });
  }
  private attempt(operation: DbOperation): Promise<DbResult> {
    return this.use((connection) => connection.run(operation));
  }

  /** Several operations on one connection, nobody else between them. The time limit holds for all of it. */
  use<T>(work: (connection: DbConnection) => Promise<T>): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      const { driver } = this;
      let held: DbConnection | null = null;
      let over = false;
      const timer: Timer = this.clock.setTimer(driver.timeoutMs, () => {
        over = true;
        reject(new DbError('timeout', `${this.url.masked}: no answer in ${driver.timeoutMs} ms`));
        if (held) this.discard(held);
      });
      const end = (settle: () => void) => {
        timer.cancel();
        if (!over) settle();
      };
      this.acquire().then(
        (connection) => {
          if (over) {
            this.release(connection);
            return;
          }
          held = connection;
          work(connection).then(
            (result) => {
              held = null;
              if (!over || connection.destroy === undefined) this.release(connection);
              end(() => resolve(result));
            },
            (error: unknown) => {
              held = null;
              if (!over || connection.destroy === undefined) this.release(connection);
              end(() => reject(error instanceof Error ? error : new DbError('refused', String(error))));
            },
          );
        },
        (error: Error) => end(() => reject(error)),
      );
    });
  }

  private acquire(): Promise<DbConnection> {
    if (this.#closed) return Promise.reject(new DbError('unavailable', `${this.url.masked}: closed`));
    for (let found = this.#idle.pop(); found; found = this.#idle.pop()) {
      if (found.alive) return Promise.resolve(found);
      this.#open--;
    }
    if (this.#open < this.driver.connections) return this.connect();
    if (this.#waiting.length >= MAX_WAITING)
      return Promise.reject(new DbError('overloaded', `${this.url.masked}: ${MAX_WAITING} calls are waiting`));
    return new Promise((give, fail) => this.#waiting.push({ give, fail }));
  }

  private async connect(): Promise<DbConnection> {
    if (this.clock.monotonic() < this.#notBefore) throw new DbError('unavailable', this.#lastProblem);
    this.#open++;
    try {
      const connection = await this.driver.connect(this.url);
      if (this.#pauseMs > 0) this.notice(true, '');
      this.#pauseMs = 0;
      this.#notBefore = 0;
      if (!this.#closed) return connection;
      void connection.close();
      throw new DbError('unavailable', `${this.url.masked}: closed`);
    } catch (error) {
      this.#open--;
      const problem = error instanceof Error ? error.message : String(error);
      this.#lastProblem = problem;
      if (this.#pauseMs === 0) this.notice(false, problem);
      this.#pauseMs = Math.min(MAX_PAUSE_MS, this.#pauseMs === 0 ? FIRST_PAUSE_MS : this.#pauseMs * 2);
      this.#notBefore = this.clock.monotonic() + this.#pauseMs;
      const failure = error instanceof DbError ? error : new DbError('unavailable', problem);
      // Who waits for a connection that will not come now is told now.
      if (this.#open === 0) for (const waiting of this.#waiting.splice(0)) waiting.fail(failure);
      throw failure;
    }
  }

  private release(connection: DbConnection): void {
    if (!connection.alive || this.#closed) {
      this.#open--;
      void connection.close();
      this.refill();
      return;
    }
    const next = this.#waiting.shift();
    if (next) next.give(connection);
    else this.#idle.push(connection);
  }
  /** After a time-out: what the connection is doing is unknown. One that cannot be dropped comes back when it is done. */
  private discard(connection: DbConnection): void {
    if (connection.destroy === undefined) return;
    connection.destroy();
    this.#open--;
    this.refill();
  }
  private refill(): void {
    const next = this.#waiting.shift();
    if (!next) return;
    this.connect().then(next.give, next.fail);
  }

  /** Resolves when the idle connections are closed; busy ones are closed as they come back. */
  async close(): Promise<void> {
    this.#closed = true;
    for (const connection of this.#idle.splice(0)) {
      this.#open--;
      this.#closing.push(Promise.resolve(connection.close()));
    }
    for (const waiting of this.#waiting.splice(0))
      waiting.fail(new DbError('unavailable', `${this.url.masked}: closed`));
    await Promise.all(this.#closing.splice(0));
  }
}
