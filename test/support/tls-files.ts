/** Certificates for tests: a CA, what it signed, and one who is nobody. All hold until 2046; none is of use outside. */
import { cpSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const tlsFolder = fileURLToPath(new URL('tls/', import.meta.url));
export const tlsFile = (name: string): string => readFileSync(join(tlsFolder, name), 'latin1');

/** A copy whose `.cfg` files went through `change`: its path, with the slash. */
export function tlsFolderCopy(change: (text: string, folder: string) => string): string {
  const folder = `${mkdtempSync(join(tmpdir(), 'sipc-tls-'))}/`;
  cpSync(tlsFolder, folder, { recursive: true });
  for (const name of readdirSync(folder)) {
    if (!name.endsWith('.cfg')) continue;
    writeFileSync(join(folder, name), change(readFileSync(join(folder, name), 'latin1'), folder), 'latin1');
  }
  return folder;
}
