/** All `sipc ctl` commands. A command is one entry; help and the check of its words come from it. */
import { nearest } from '../../compiler/diagnostics/near.js';
import { Misuse } from '../command.js';
import type { CtlContext } from './context.js';
import { location, server } from './live.js';
import {
  addressRows,
  aliases,
  dispatcherRows,
  domainRows,
  groups,
  records,
  shortNumbers,
  subscribers,
  trustedRows,
} from './rows.js';

/** The words after the command. Those of `<…>` are there; those of `[…]` may not be: a command asks before it uses one. */
export type Words = readonly [string, string, string, ...string[]];
export interface CtlCommand {
  /** `add`, `acl grant`. */
  readonly words: string;
  /** `<required> [optional] [rest...]`. */
  readonly usage: string;
  readonly doc: string;
  run(ctx: CtlContext, args: Words): Promise<void>;
}

export const areas: readonly { readonly title: string; readonly commands: readonly CtlCommand[] }[] = [
  { title: 'Subscribers', commands: subscribers },
  { title: 'Groups, aliases, short numbers', commands: [...groups, ...aliases, ...shortNumbers] },
  {
    title: 'Domains, addresses, destinations',
    commands: [...domainRows, ...addressRows, ...trustedRows, ...dispatcherRows],
  },
  { title: 'Records', commands: records },
  { title: 'Registrations', commands: location },
  { title: 'The running server', commands: server },
];
const commands = areas.flatMap((area) => area.commands);

/** The command these words name, and what is left. Throws `Misuse` with the nearest one, or what is missing. */
export function find(words: readonly string[]): { command: CtlCommand; args: Words } {
  const command = commands
    .filter(({ words: own }) => own.split(' ').every((word, i) => words[i] === word))
    .sort((a, b) => b.words.length - a.words.length)[0];
  if (!command) {
    const [area = ''] = words;
    const inArea = commands.filter(({ words: own }) => own.startsWith(`${area} `)).map(({ words: own }) => own);
    if (inArea.length > 0) throw new Misuse(`${words.join(' ')}: there are ${inArea.join(', ')}`);
    const near =
      nearest(
        words.slice(0, 2).join(' '),
        commands.map(({ words: own }) => own),
      ) ??
      nearest(
        area,
        commands.map(({ words: own }) => own.split(' ')[0] ?? ''),
      );
    throw new Misuse(`there is no command ${area}${near ? `; did you mean ${near}?` : ''}`);
  }
  const args = words.slice(command.words.split(' ').length);
  const places = command.usage.split(' ').filter((place) => place !== '');
  const required = places.filter((place) => place.startsWith('<')).length;
  const most = command.usage.includes('...') ? Number.POSITIVE_INFINITY : places.length;
  if (args.length < required || args.length > most)
    throw new Misuse(`write sipc ctl ${command.words} ${command.usage}`.trimEnd());
  return { command, args: args as unknown as Words };
}
