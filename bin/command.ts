/** What a command is: `bin/commands/<name>.ts` exports one as `command`; `bin/sipc.ts` makes the command line of it. */

/** Where a command writes, and whether a person is watching. */
export interface Io {
  out(text: string): void;
  err(text: string): void;
  /** Cfg text, one byte a character. */
  outBytes?(bytes: string): void;
  readonly color: boolean;
}

/** Wrong use of a command: printed, exit code 2. */
export class Misuse extends Error {}

export interface CommandSpec {
  /** One line, for the table of `sipc --help`. */
  readonly summary: string;
  /** `<file>` is required, `[file]` may be left out, `[files...]` takes the rest. */
  readonly arguments: readonly { readonly name: string; readonly doc: string }[];
  readonly options: readonly {
    /** As commander writes them: `-o, --out <folder>`. */
    readonly flags: string;
    readonly doc: string;
    readonly default?: string;
    /** Given several times, the values are collected in an array. */
    readonly repeat?: boolean;
    readonly choices?: readonly string[];
  }[];
  /** Printed under the options of `--help`: examples, exit codes. */
  readonly details?: string;
  /** The command reads its words itself (`sipc run` takes Kamailio's flags); `--help` still works. */
  readonly raw?: boolean;
  /** Exit code: 0 fine, 1 mistakes in the cfg or a failure, 2 wrong use. */
  run(args: readonly string[], options: Readonly<Record<string, unknown>>, io: Io): Promise<number>;
}

/** `NAME=VALUE` or `NAME` of `-A`; null when the name is none. */
export function parseDefine(text: string): { name: string; value: string } | null {
  const found = /^([A-Za-z_][A-Za-z0-9_]*)(?:=(.*))?$/s.exec(text);
  return found ? { name: found[1]!, value: toBytes(found[2] ?? '') } : null;
}

/** All of `-A`; an error message when one is wrong. */
export function parseDefines(given: readonly string[]): { defines: Record<string, string> } | { error: string } {
  const defines: Record<string, string> = {};
  for (const text of given) {
    const define = parseDefine(text);
    if (!define) return { error: `-A ${text}: a name is letters, digits and _, then =VALUE if it has one` };
    defines[define.name] = define.value;
  }
  return { defines };
}

/** Command line and environment are UTF-8; cfg text is bytes, one a character. */
export function toBytes(text: string): string {
  return Buffer.from(text, 'utf8').toString('latin1');
}
