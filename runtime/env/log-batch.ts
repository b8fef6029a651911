/**
 * Log lines in batches: one write for all that came within some milliseconds. Each write of its own wakes a thread of
 * the pool, which costs more than routing the message the line is about.
 */

/** A line waits so long at most. */
const WAIT_MS = 10;
/** So much is passed on at once. */
const BATCH_CHARS = 65_536;

interface Destination {
  write(text: string): unknown;
  flushSync?(): void;
}

export class LogBatch {
  #text = '';
  #timer: NodeJS.Timeout | null = null;
  constructor(private readonly destination: Destination) {}

  write(text: string): void {
    this.#text += text;
    if (this.#text.length >= BATCH_CHARS) this.#pass();
    else this.#timer ??= setTimeout(this.#pass, WAIT_MS);
  }
  /** Before the process ends. */
  flushSync(): void {
    this.#pass();
    this.destination.flushSync?.();
  }
  readonly #pass = (): void => {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    const text = this.#text;
    this.#text = '';
    if (text !== '') this.destination.write(text);
  };
}
