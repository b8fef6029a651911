/** What sipp says of a run in the file of `-trace_stat`. */
import { readFileSync } from 'node:fs';

export interface SippStats {
  readonly successful: number;
  readonly failed: number;
  /** Messages the caller had to send again. */
  readonly retransmissions: number;
}

/** Last row of sipp's statistics: one line of names, then one a period. */
export function readStats(path: string): SippStats {
  let rows: string[];
  try {
    rows = readFileSync(path, 'latin1').trim().split('\n');
  } catch {
    return { successful: 0, failed: 0, retransmissions: 0 };
  }
  const names = rows[0]?.split(';') ?? [];
  const last = rows.at(-1)?.split(';') ?? [];
  const value = (name: string) => Number(last[names.indexOf(name)] ?? 0);
  return {
    successful: value('SuccessfulCall(C)'),
    failed: value('FailedCall(C)'),
    retransmissions: value('Retransmissions(C)'),
  };
}
