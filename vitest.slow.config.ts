import { defineConfig } from 'vitest/config';

/** What takes too long for every change: it runs where the whole is judged. */
export default defineConfig({
  test: { include: ['test/**/*.slow.ts'], testTimeout: 300_000, hookTimeout: 300_000, maxWorkers: 1 },
});
