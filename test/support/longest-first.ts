/** The order of test files: those that take longest first, so that no core is idle at the end. */
import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** More than five seconds on two cores, the longest first; the others follow as vitest has them. */
const long: readonly string[] = [
  'differential/goldens',
  'probes/probes',
  'simulate/simulate',
  'interop/location-faults',
  'compiler/check-speed',
  'compiler/format',
  'databases/ctl-command',
  'databases/db-command',
  'interop/database',
  'acceptance/build',
  'fuzz/fuzz',
  'test/declared',
].map((name) => `${name}.test.ts`);

const place = ({ moduleId }: TestSpecification): number => {
  const found = long.findIndex((name) => moduleId.endsWith(name));
  return found < 0 ? long.length : found;
};

export class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files);
    return sorted.sort((a, b) => place(a) - place(b));
  }
}
