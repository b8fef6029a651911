/** Runs a `sipc` command in this process. */
import { main } from '../../bin/sipc.js';

export interface Outcome {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}
export async function sipc(...argv: string[]): Promise<Outcome> {
  let out = '';
  let err = '';
  const io = { out: (text: string) => void (out += text), err: (text: string) => void (err += text), color: false };
  const code = await main(argv, io);
  return { code, out, err };
}
