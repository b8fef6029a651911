/**
 * Programs some tests need beside Node: found in PATH, else the test is skipped with the reason, or fails where CI=true.
 */
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';

const extraFolders = ['/usr/sbin', '/usr/local/sbin', '/sbin'];

export function findTool(name: string): string | null {
  for (const folder of [...(process.env.PATH ?? '').split(delimiter), ...extraFolders]) {
    if (folder === '') continue;
    const path = join(folder, name);
    try {
      accessSync(path, constants.X_OK);
      return path;
    } catch {
      // not in this folder
    }
  }
  return null;
}

export function readable(path: string): boolean {
  try {
    accessSync(path, constants.R_OK);
    return true;
  } catch {
    return false;
  }
}

/** What is missing, as one sentence; null when all is there. Throws where CI=true: there a skip would hide a gap. */
export function missingTools(tools: readonly string[], files: readonly string[] = []): string | null {
  const missing = [
    ...tools.filter((tool) => findTool(tool) === null).map((tool) => `the program ${tool}`),
    ...files.filter((file) => !readable(file)).map((file) => `the file ${file}`),
  ];
  if (missing.length === 0) return null;
  const reason = `not on this machine: ${missing.join(', ')}`;
  if (process.env.CI === 'true') throw new Error(`${reason}; CI=true asks for it (.ci/run installs it)`);
  return reason;
}

/** The config that Debian's package installs. */
export const stockConfig = '/etc/kamailio/kamailio.cfg';
