import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    // What waits, waits for an event: this only ends what hangs, on the slowest machine.
    testTimeout: 300_000,
    hookTimeout: 300_000,
    setupFiles: ['test/support/seed.ts'],
    // Two cores: more processes at once would only wait for each other.
    maxWorkers: 2,
    env: { METADATA_SERVER_DETECTION: 'none' },
  },
});
