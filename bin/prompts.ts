/** Questions on a terminal. They are written to stderr: stdout is the answer of the command. */
import { createInterface } from 'node:readline/promises';
import { Misuse } from './command.js';

/** Asks without showing what is typed. */
export async function hidden(question: string): Promise<string> {
  const terminal = createInterface({ input: process.stdin, output: process.stderr, terminal: true });
  const answer = terminal.question(question);
  // What the line editor would echo from here on is not written.
  Object.assign(terminal, { _writeToOutput: () => {} });
  try {
    return await answer;
  } finally {
    terminal.close();
    process.stderr.write('\n');
  }
}

/** `yes` or `y`. Where nobody can be asked it throws `Misuse` with what to write instead. */
export async function confirmed(question: string, instead: string): Promise<boolean> {
  if (!process.stdin.isTTY) throw new Misuse(instead);
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  try {
    return /^y(es)?$/i.test(await terminal.question(`${question} (yes/no) `));
  } finally {
    terminal.close();
  }
}
