import { defineConfig } from 'vitest/config';
import { LongestFirst } from './test/support/longest-first.js';

/** What a busy machine makes fail: load at a fixed rate, and times that are promised. */
const alone = ['test/interop/sipp.test.ts', 'test/acceptance/start-time.test.ts'];

/** What waits for processes and real clocks is asked once more on a shared machine; vitest says of which it was. */
const retry = process.env.CI === 'true' ? 1 : 0;

export default defineConfig({
  test: {
    exclude: ['**/node_modules/**', 'dist/**'],
    testTimeout: 60_000,
    hookTimeout: 60_000,
    // Two cores: servers under test need one of them.
    maxWorkers: 2,
    sequence: { sequencer: LongestFirst },
    globalSetup: 'test/support/run-folder.ts',
    // First what computes, then what waits for servers, then what has to be alone.
    projects: [
      {
        extends: true,
        test: {
          name: 'unit',
          include: ['{bin,compiler,runtime,stdlib-modules,test}/**/*.test.ts'],
          exclude: ['test/acceptance/**', 'test/differential/**', 'test/interop/**', '**/node_modules/**'],
          // They share no state but what they import: loading that anew for each file takes longer than most of them.
          isolate: false,
        },
      },
      {
        extends: true,
        test: {
          name: 'differential',
          retry,
          include: ['test/differential/**/*.test.ts'],
          // Groups played side by side: their processes wait for each other more than they compute.
          maxConcurrency: 4,
          testTimeout: 120_000,
          hookTimeout: 120_000,
          sequence: { groupOrder: 1 },
        },
      },
      {
        extends: true,
        test: {
          name: 'servers',
          retry,
          include: ['test/{acceptance,interop}/**/*.test.ts'],
          exclude: [...alone, '**/node_modules/**'],
          testTimeout: 120_000,
          hookTimeout: 120_000,
          sequence: { groupOrder: 1 },
        },
      },
      {
        extends: true,
        test: {
          name: 'alone',
          retry,
          include: alone,
          fileParallelism: false,
          testTimeout: 120_000,
          hookTimeout: 120_000,
          sequence: { groupOrder: 2 },
        },
      },
    ],
  },
});
