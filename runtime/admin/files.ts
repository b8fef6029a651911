/** Small files a cfg reads and writes by name. Bytes are one-byte strings. */
import { appendFile, readFile, stat, writeFile } from 'node:fs/promises';

/** Null: it cannot be read, or it is longer. */
export async function readBytes(path: string, maxBytes: number): Promise<string | null> {
  try {
    const { size } = await stat(path);
    return size > maxBytes ? null : await readFile(path, 'latin1');
  } catch {
    return null;
  }
}
/** Adds to what is there, or begins it; false: it cannot be written. */
export async function appendBytes(path: string, bytes: string): Promise<boolean> {
  try {
    await appendFile(path, bytes, 'latin1');
    return true;
  } catch {
    return false;
  }
}
/** Replaces what was there; false: it cannot be written. */
export async function writeBytes(path: string, bytes: string): Promise<boolean> {
  try {
    await writeFile(path, bytes, 'latin1');
    return true;
  } catch {
    return false;
  }
}
