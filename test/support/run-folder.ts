/** What tests leave in the system's folder of temporary files goes with the run: for it and its servers that is a folder of their own. */
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';

const NAME = 'sipc-run-';

/** Called for each project; a folder in the other's would make the paths of sockets too long. */
export default function setup(): () => void {
  const before = tmpdir();
  if (basename(before).startsWith(NAME)) return () => {};
  const folder = mkdtempSync(join(before, NAME));
  // Databases, and servers that give up root, are other users.
  chmodSync(folder, 0o755);
  process.env.TMPDIR = folder;
  return () => {
    process.env.TMPDIR = before;
    rmSync(folder, { recursive: true, force: true });
  };
}
