import { test } from 'vitest';
import { explore } from './explore.js';

/** Runs at once: each waits for the file system most of the time. */
const LANES = 8;

test('whatever happens, the archive holds what it must, once (I1, I3, I4, I6, I11)', {
  timeout: 600_000,
}, async () => {
  const lanes = Array.from({ length: LANES }, (_, lane) =>
    explore({ seed: Number(process.env.SEED ?? 1) + lane, numRuns: Number(process.env.RUNS ?? 60) }),
  );
  await Promise.all(lanes);
});
