import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['bench/*.bench.ts'],
    testTimeout: 3_600_000,
    hookTimeout: 3_600_000,
    // One at a time, or they would measure each other.
    maxWorkers: 1,
    env: { METADATA_SERVER_DETECTION: 'none' },
  },
});
