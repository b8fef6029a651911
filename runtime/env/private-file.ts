/** Files that lines of secrets are added to: nobody but the owner may read them. */
import { closeSync, constants, fchmodSync, openSync, write } from 'node:fs';
import type { PrivateFile } from '../env.js';

/** As many as wait for the disk; those above are lost. */
const MAX_WAITING = 1000;

/** Follows no link, and waits for no reader of a fifo. Throws with the system's code. */
export function openPrivateFile(path: string): PrivateFile {
  const { O_APPEND, O_CREAT, O_NOFOLLOW, O_NONBLOCK, O_WRONLY } = constants;
  const fd = openSync(path, O_APPEND | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_WRONLY, 0o600);
  try {
    // One that was there may be open to others.
    fchmodSync(fd, 0o600);
  } catch (error) {
    closeSync(fd);
    throw error;
  }
  let waiting = 0;
  let closed = false;
  return {
    append(bytes, failed) {
      if (closed || waiting >= MAX_WAITING) return;
      waiting++;
      write(fd, Buffer.from(bytes, 'latin1'), 0, undefined, null, (error) => {
        waiting--;
        if (error) failed(error.code ?? 'EIO');
        if (closed && waiting === 0) closeSync(fd);
      });
    },
    close() {
      if (closed) return;
      closed = true;
      if (waiting === 0) closeSync(fd);
    },
  };
}
