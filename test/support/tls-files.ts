/** Certificates for tests: a CA, what it signed, and one who is nobody. All hold until 2046; none is of use outside. */
import { cpSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { TlsProfile } from '../../runtime/env.js';

export const tlsFolder = fileURLToPath(new URL('tls/', import.meta.url));
export const tlsFile = (name: string): string => readFileSync(join(tlsFolder, name), 'latin1');
/** With the certificate and key of that name, which our own authority (`ca.pem`) signed; nobody is verified unless `more` says so. */
export const tlsProfile = (name: string | null, more: Partial<TlsProfile> = {}): TlsProfile => ({
  certificate: name && tlsFile(`${name}.pem`),
  privateKey: name && tlsFile(`${name}.key`),
  ca: [tlsFile('ca.pem')],
  crl: null,
  ciphers: '',
  minVersion: 'TLSv1.2',
  maxVersion: 'TLSv1.3',
  verify: false,
  require: false,
  acceptAny: false,
  verifyDepth: 9,
  ...more,
});

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
