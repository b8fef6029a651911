/**
 * The memory of this process in the words of Kamailio's tools. There is one heap, V8's: what they call shared memory and what
 * they call private memory are both that.
 */
import { getHeapSpaceStatistics } from 'node:v8';

/** Bytes, but for `fragments`. */
export interface ProcessMemory {
  /** Resident in memory, with all that is not the heap. */
  readonly total: number;
  readonly free: number;
  readonly used: number;
  /** With what the heap keeps in reserve. */
  readonly realUsed: number;
  readonly maxUsed: number;
  /** Spaces of the heap. */
  readonly fragments: number;
}

export function processMemory(): ProcessMemory {
  const { rss, heapTotal, heapUsed } = process.memoryUsage();
  return {
    total: rss,
    free: heapTotal - heapUsed,
    used: heapUsed,
    realUsed: heapTotal,
    maxUsed: process.resourceUsage().maxRSS * 1024,
    fragments: heapSpaces().length,
  };
}

/** The spaces of the heap, largest use first. */
export const heapSpaces = (): { readonly name: string; readonly used: number; readonly free: number }[] =>
  getHeapSpaceStatistics()
    .map((s) => ({ name: s.space_name, used: s.space_used_size, free: s.space_available_size }))
    .sort((a, b) => b.used - a.used);

/** What a memory report writes into the log, line by line. */
export function memoryReport(): string[] {
  const { rss, heapTotal, heapUsed, external } = process.memoryUsage();
  return [
    `memory in bytes: resident ${rss}, heap ${heapUsed} of ${heapTotal}, outside of it ${external}`,
    ...heapSpaces().map(({ name, used, free }) => `heap space ${name}: ${used} used, ${free} free`),
  ];
}
