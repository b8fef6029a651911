/**
 * The torture messages of RFC 4475 and RFC 5118: where they are, and what the table of Kamailio's answers looks like.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** What Kamailio 5.6.3 did with a message on its stock config. */
export interface Outcome {
  /**
   * `dropped`: no route ran. `stopped`: the request route ended in REQINIT, with or without an answer.
   * `routed`: it went on. `response`: taken as a response.
   */
  readonly fate: 'dropped' | 'stopped' | 'routed' | 'response';
  /** Status line of the first final answer to the sender, without the version. */
  readonly answer?: string;
}
export type OutcomeTable = Readonly<Record<string, Outcome>>;

const root = fileURLToPath(new URL('../../..', import.meta.url));
export type Suite = 'rfc4475' | 'rfc5118';
export const folderOf = (suite: Suite): string => join(root, 'shared', 'conformance', suite);

/** One-byte text by name; null when the folder is not there. RFC 5118's have bare line feeds as published. */
export function tortureMessages(suite: Suite): ReadonlyMap<string, string> | null {
  const folder = folderOf(suite);
  if (!existsSync(folder)) return null;
  const messages = new Map<string, string>();
  for (const file of readdirSync(folder).sort()) {
    const text = readFileSync(join(folder, file), 'latin1');
    messages.set(file.replace(/\.dat$/, ''), suite === 'rfc5118' ? text.replaceAll(/\r?\n/g, '\r\n') : text);
  }
  return messages;
}
