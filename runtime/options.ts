/**
 * Kamailio's command-line flags for `node server.mjs`: what means something here is taken, the rest is accepted and said once.
 */
import { StartError } from './errors.js';

export interface ServerOptions {
  /** `-l`, in order: `udp:127.0.0.1:5060/advertised:port`. */
  readonly listen: string[];
  /** Settings the flags change. */
  readonly settings: Record<string, number | string>;
  /** `-d`, once for each. */
  debug: number;
  logToTerminal: boolean;
  checkOnly: boolean;
  showVersion: boolean;
  showHelp: boolean;
  pidFile: string | null;
  workingFolder: string | null;
  /** Flags that mean nothing here. */
  readonly ignored: string[];
}

/** Flags that take a value. */
const WITH_VALUE = 'fmMbldlnNOQLaAtugPGwWxXYsji';
const LONG: Readonly<Record<string, string>> = {
  alias: 'l',
  'log-stderror': 'E',
  version: 'v',
  help: 'h',
  debug: 'd',
  cfg: 'f',
};

export function parseOptions(argv: readonly string[]): ServerOptions {
  const options: ServerOptions = {
    listen: [],
    settings: {},
    debug: 0,
    logToTerminal: false,
    checkOnly: false,
    showVersion: false,
    showHelp: false,
    pidFile: null,
    workingFolder: null,
    ignored: [],
  };
  for (let i = 0; i < argv.length; i++) {
    const word = argv[i] as string;
    if (word.startsWith('--')) {
      const [name = '', value] = word.slice(2).split('=', 2);
      const flag = Object.hasOwn(LONG, name) ? LONG[name] : undefined;
      if (name === 'iuid') {
        const id = value ?? argv[++i];
        if (id === undefined) throw new StartError('SIPC8021', '--iuid needs a value; see --help');
        options.settings['coreparam.iuid'] ??= id;
        continue;
      }
      if (flag === 'h' || flag === 'v' || flag === 'E') apply(options, flag, '');
      else options.ignored.push(`--${name}`);
      if (value === undefined && flag === undefined && (argv[i + 1] ?? '-')[0] !== '-') i++;
      continue;
    }
    if (!word.startsWith('-') || word === '-') throw new StartError('SIPC8020', `unknown argument ${word}; see --help`);
    for (let at = 1; at < word.length; at++) {
      const flag = word[at] as string;
      if (flag === 'd' || !WITH_VALUE.includes(flag)) {
        apply(options, flag, '');
        continue;
      }
      const value = at + 1 < word.length ? word.slice(at + 1) : argv[++i];
      if (value === undefined) throw new StartError('SIPC8021', `-${flag} needs a value; see --help`);
      apply(options, flag, value);
      break;
    }
  }
  return options;
}

function apply(options: ServerOptions, flag: string, value: string): void {
  switch (flag) {
    case 'l':
      options.listen.push(value);
      return;
    case 'd':
      options.debug++;
      return;
    case 'E':
      options.logToTerminal = true;
      return;
    case 'c':
      options.checkOnly = true;
      return;
    case 'v':
    case 'V':
    case 'I':
      options.showVersion = true;
      return;
    case 'h':
      options.showHelp = true;
      return;
    case 'P':
      options.pidFile = value;
      return;
    case 'w':
      options.workingFolder = value;
      return;
    case 'Y':
      options.settings.rundir = value;
      return;
    case 'u':
      options.settings.user = value;
      return;
    case 'g':
      options.settings.group = value;
      return;
    case 'T':
      options.settings.disable_tcp = 1;
      return;
    case 'K':
      options.settings.check_via = 1;
      return;
    case 'a':
      options.settings.auto_aliases = value === 'no' || value === 'off' ? 0 : 1;
      return;
    // Known to whoever compiles the cfg, or without meaning for one process that stays in the foreground.
    case 'f':
    case 'A':
    case 'L':
    case 'D':
      return;
    case 'm':
    case 'M':
    case 'n':
    case 'N':
    case 'Q':
    case 'b':
    case 'O':
    case 't':
    case 'G':
    case 'W':
    case 'x':
    case 'X':
    case 's':
    case 'j':
    case 'i':
    case 'e':
    case 'r':
    case 'R':
    case 'S':
      options.ignored.push(`-${flag}`);
      return;
    default:
      throw new StartError('SIPC8020', `unknown option -${flag}; see --help`);
  }
}

export const usage = `Options, as Kamailio's:
  -l ADDRESS   listen on proto:host:port, or an interface; may be given again
  -E           log to the terminal, one line each
  -d           more log, once more for each -d
  -c           check only: load everything, open nothing
  -P FILE      write the process id
  -Y FOLDER    folder of control sockets
  -w FOLDER    working folder
  -T           no TCP
  -a on|off    own names from reverse DNS
  --iuid ID    what tells this instance from others ($iuid)
  -v           version
  -u USER      who the process becomes once its sockets are open; -g GROUP its group
  -f -A -L -D -m -M -n -N -e …  accepted
`;
