/**
 * Every core parameter of every version, its aliases too, with a value of each kind: does `kamailio -c` take it? In goldens/params.txt a row
 * a name, with the values it takes.
 */
import { readFileSync } from 'node:fs';
import type { Catalog } from '../../compiler/host.js';

const catalog = JSON.parse(
  readFileSync(new URL('../../compiler/catalog/kamailio-names.json', import.meta.url), 'utf8'),
) as Catalog;

/** One of each kind of value, the ends of ranges among them. */
export const values = [
  '0',
  '1',
  '-1',
  '3',
  '31',
  '32',
  '4096',
  '70000',
  '2147483647',
  '0x10',
  'yes',
  'off',
  '"text"',
  '""',
  '"1"',
  '"A"',
  'word',
  'epoll_lt',
  'root',
  'TCP',
  'LOG_LOCAL0',
  'TLSv1',
  'inet6',
  '127.0.0.1',
  '"127.0.0.1"',
  '::1',
  'localhost',
  '1 2',
] as const;

export const names: readonly string[] = catalog.core.globals;

/** With a socket of its own and no look-ups of names, `-c` takes milliseconds. */
export const paramCfg = (name: string, value: string): string =>
  `listen=udp:127.0.0.1:5060\nauto_aliases=no\n${name}=${value}\nrequest_route { exit; }\n`;

/** name → the values it takes. */
export type Taken = ReadonlyMap<string, ReadonlySet<string>>;

export const printTaken = (taken: Taken): string =>
  `${[...taken].map(([name, set]) => [name, ...values.filter((v) => set.has(v))].join(' | ')).join('\n')}\n`;

export const readTaken = (text: string): Taken =>
  new Map(
    text
      .trimEnd()
      .split('\n')
      .map((row) => {
        const [name = '', ...set] = row.split(' | ');
        return [name, new Set(set)] as const;
      }),
  );
