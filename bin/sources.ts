/** A host that notes what the compiler read: the key of the cache of `sipc run`. */
import { createHash } from 'node:crypto';
import type { Host } from '../compiler/host.js';

/** What a compilation depended on. */
export interface Read {
  /** Path → hash of the text; null where there was no such file. */
  readonly files: Readonly<Record<string, string | null>>;
  readonly env: Readonly<Record<string, string | null>>;
}

export const hash = (text: string): string => createHash('sha256').update(text, 'latin1').digest('hex').slice(0, 32);

export function recording(host: Host): { host: Host; read: () => Read } {
  const files: Record<string, string | null> = {};
  const env: Record<string, string | null> = {};
  return {
    read: () => ({ files, env }),
    host: {
      ...host,
      readFile(path) {
        const found = host.readFile(path);
        files[path] = found && 'text' in found ? hash(found.text) : null;
        return found;
      },
      env(name) {
        const value = host.env(name);
        env[name] = value ?? null;
        return value;
      },
    },
  };
}

/** Is everything as it was? */
export function unchanged(read: Read, readFile: Host['readFile'], env: Host['env']): boolean {
  for (const [path, before] of Object.entries(read.files)) {
    const found = readFile(path);
    if ((found && 'text' in found ? hash(found.text) : null) !== before) return false;
  }
  return Object.entries(read.env).every(([name, before]) => (env(name) ?? null) === before);
}
