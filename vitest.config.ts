import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    exclude: ['**/node_modules/**', 'dist/**'],
    testTimeout: 20_000,
    hookTimeout: 60_000,
    // Two cores: servers under test need one of them.
    maxWorkers: 2,
    // Suites that start real servers and load generators run after the others, alone.
    projects: [
      {
        extends: true,
        test: {
          name: 'unit',
          include: ['{bin,compiler,runtime,stdlib-modules,test}/**/*.test.ts'],
          exclude: ['test/acceptance/**', 'test/differential/**', 'test/interop/**', '**/node_modules/**'],
        },
      },
      {
        extends: true,
        test: {
          name: 'servers',
          include: ['test/{acceptance,interop}/**/*.test.ts'],
          fileParallelism: false,
          testTimeout: 120_000,
          hookTimeout: 120_000,
          sequence: { groupOrder: 1 },
        },
      },
      {
        extends: true,
        test: {
          name: 'differential',
          include: ['test/differential/**/*.test.ts'],
          // Their processes wait for each other more than they compute.
          maxWorkers: 3,
          testTimeout: 120_000,
          hookTimeout: 120_000,
          sequence: { groupOrder: 2 },
        },
      },
    ],
  },
});
