/**
 * Processor time, where a wall clock would measure the machine. A single measurement can still hold the collection of
 * other tests' garbage, so each is repeated until it is within its limit: what is too slow is so every time.
 */
const TRIES = 10;

const spent = (since: NodeJS.CpuUsage) => {
  const { user, system } = process.cpuUsage(since);
  return (user + system) / 1000;
};

/** Milliseconds of this process' processor time that `run` takes: the first measurement below `limitMs`, or the least of ten. */
export function cpuMs(limitMs: number, run: () => void): number {
  let least = Number.POSITIVE_INFINITY;
  for (let n = 0; n < TRIES && least >= limitMs; n++) {
    const since = process.cpuUsage();
    run();
    least = Math.min(least, spent(since));
  }
  return least;
}

/** The same of all that this process does in `waitMs`. */
export async function cpuMsOfWaiting(limitMs: number, waitMs: number): Promise<number> {
  let least = Number.POSITIVE_INFINITY;
  for (let n = 0; n < TRIES && least >= limitMs; n++) {
    const since = process.cpuUsage();
    await new Promise((resolve) => setTimeout(resolve, waitMs));
    least = Math.min(least, spent(since));
  }
  return least;
}
