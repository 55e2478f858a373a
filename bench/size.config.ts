import { defineConfig } from 'vitest/config';

/** `npm run bench:size`: one file for each thing that there may be many of. Each prints a table. */
export default defineConfig({
  test: {
    include: ['bench/size/*.ts'],
    testTimeout: 3_600_000,
    hookTimeout: 3_600_000,
    // One at a time, or they would measure each other.
    maxWorkers: 1,
    env: { METADATA_SERVER_DETECTION: 'none' },
  },
});
