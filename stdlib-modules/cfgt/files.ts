/**
 * Writes reports, `basedir/<scenario>/<number>.json`, one after the other beside the calls. What the disk is too slow for is lost, with
 * a line in the log. Names come from the network and basedir may be /tmp: nothing but a folder of our own is written into, no link is
 * followed, and only reports are removed.
 */
import { constants } from 'node:fs';
import { lstat, mkdir, open, readdir, rmdir, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import type { Report } from './report.js';

/** Reports that wait for the disk: that many, or that long together. */
const MAX_WAITING = 1000;
const MAX_WAITING_BYTES = 64 * 1024 * 1024;
/** Reports hold what credentials are made of. */
const FOLDER_MODE = 0o750;
const FILE_MODE = 0o640;
const REPLACE = constants.O_WRONLY | constants.O_CREAT | constants.O_TRUNC | constants.O_NOFOLLOW;

export interface Told {
  readonly written: (report: Report) => void;
  readonly failed: (text: string) => void;
}

export class ReportFiles {
  readonly #waiting = new Set<Report>();
  #waitingBytes = 0;
  /** While something is written or removed. */
  #work: Promise<void> | null = null;
  #lost = 0;

  constructor(
    private readonly folder: string,
    private readonly told: Told,
  ) {}

  /** Its text is made when its turn comes: one that grows while it waits is written once. */
  save(report: Report): void {
    if (this.#waiting.has(report)) return;
    if (this.#waiting.size >= MAX_WAITING || this.#waitingBytes >= MAX_WAITING_BYTES) {
      if (this.#lost++ === 0) this.told.failed('the disk is too slow: reports are lost');
      return;
    }
    this.#waiting.add(report);
    this.#waitingBytes += report.sizeBytes;
    this.#work ??= this.#writeAll();
  }
  async #writeAll(): Promise<void> {
    for (const report of this.#waiting) {
      this.#waiting.delete(report);
      if (this.#waiting.size === 0) {
        this.#waitingBytes = 0;
        this.#lost = 0;
      }
      try {
        await this.#write(report);
        this.told.written(report);
      } catch (error) {
        this.told.failed(`${report.uuid}/${report.number}.json is not written: ${reason(error)}`);
      }
    }
    this.#work = null;
  }
  async #write(report: Report): Promise<void> {
    const folder = join(this.folder, report.uuid);
    await mkdir(folder, { mode: FOLDER_MODE }).catch((error: unknown) => {
      if (codeOf(error) !== 'EEXIST') throw error;
    });
    await ownFolder(folder);
    const file = await open(join(folder, `${report.number}.json`), REPLACE, FILE_MODE);
    try {
      await file.writeFile(report.text(), 'latin1');
    } finally {
      await file.close();
    }
  }

  /** Removes the reports of a scenario and, when nothing else is in it, its folder. */
  async remove(uuid: string): Promise<void> {
    for (const report of this.#waiting) if (report.uuid === uuid) this.#waiting.delete(report);
    await this.idle();
    const folder = join(this.folder, uuid);
    try {
      await ownFolder(folder);
      for (const name of await readdir(folder)) if (/^\d+\.json$/.test(name)) await unlink(join(folder, name));
      await rmdir(folder);
    } catch (error) {
      if (codeOf(error) !== 'ENOENT') this.told.failed(`${uuid} is not removed: ${reason(error)}`);
    }
  }
  /** All that was saved is written. */
  async idle(): Promise<void> {
    while (this.#work !== null) await this.#work;
  }
}

/** Rejects what is no folder, and what another user put there. */
async function ownFolder(path: string): Promise<void> {
  const found = await lstat(path);
  if (!found.isDirectory()) throw new Error('in its place is something that is no folder');
  if (found.uid !== process.getuid?.()) throw new Error('the folder is another user’s');
}
const codeOf = (error: unknown): unknown => (error instanceof Error && 'code' in error ? error.code : undefined);
const reason = (error: unknown): string => String(codeOf(error) ?? (error instanceof Error ? error.message : error));
