/**
 * The torture messages of RFC 4475 and RFC 5118: where they are, and how what a server did with one is written down.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** What a server with proxy.cfg did with a message; nothing of it: dropped without an answer. */
export interface Outcome {
  /** Start line of what went to the next hop. */
  readonly forwarded?: string;
  /** Status line of the first final response to the sender, without the version. */
  readonly answer?: string;
  /** The bindings in that response. */
  readonly contact?: string;
  /** Taken as a response; there is nobody below its Via to send it to. */
  readonly response?: true;
}
export type OutcomeTable = Readonly<Record<string, Outcome>>;

const root = fileURLToPath(new URL('../../../..', import.meta.url));
export const suites = ['rfc4475', 'rfc5118'] as const;
export type Suite = (typeof suites)[number];
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

/** What Kamailio 5.6.3 does with each, as record.ts wrote it down. */
export const kamailioOutcomes = (): OutcomeTable =>
  JSON.parse(readFileSync(new URL('kamailio.json', import.meta.url), 'latin1')) as OutcomeTable;

export const cfgPath = 'test/conformance/torture/proxy.cfg';
export const SERVER = { ip: '127.0.0.1', port: 21_310 } as const;
export const SENDER = { ip: '127.0.0.1', port: 21_311 } as const;
export const NEXT_HOP = { ip: '127.0.0.1', port: 21_312 } as const;

/** From what the sender and the next hop got for one message. */
export function outcomeOf(answers: readonly string[], forwarded: readonly string[], response: boolean): Outcome {
  const final = answers.find((text) => !text.startsWith('SIP/2.0 1'));
  const contact = final === undefined ? null : /^Contact: (.*)\r$/m.exec(final);
  return {
    ...(forwarded[0] === undefined ? {} : { forwarded: startLine(forwarded[0]) }),
    ...(final === undefined ? {} : { answer: startLine(final).slice(8) }),
    ...(contact === null ? {} : { contact: contact[1]! }),
    ...(response ? { response } : {}),
  };
}
const startLine = (text: string): string => text.slice(0, text.search(/\r?\n/));
