import { defineConfig } from 'vitest/config';
import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** By how they begin, the tests that take longest: begun first, they end with the others. */
const LONG = [
  'daemon/records/skipper-json',
  'scenario/detect-crashes',
  'scenario/crash-points',
  'scenario/row-failures',
  'model/explore',
  'integration/kills',
  'scenario/hour-outage',
];

class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const rank = ({ moduleId }: TestSpecification): number =>
      LONG.findLastIndex(name => moduleId.includes(`/test/${name}`));
    return (await super.sort(files)).sort((a, b) => rank(b) - rank(a));
  }
}

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    // What waits, waits for an event: this only ends what hangs, on the slowest machine.
    testTimeout: 900_000,
    hookTimeout: 900_000,
    expect: { poll: { timeout: 300_000 } },
    setupFiles: ['test/support/seed.ts'],
    // Most of them wait most of the time: for a process to start, a server to answer, a time limit to pass.
    maxWorkers: 4,
    sequence: { sequencer: LongestFirst },
    env: { METADATA_SERVER_DETECTION: 'none' },
  },
});
