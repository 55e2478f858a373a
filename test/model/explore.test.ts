/** Explores the model: `npm run soak` continues with other seeds for SOAK_MINUTES. */

import { test } from 'vitest';
import { soakMinutes as minutes } from '../support/soak.js';
import { explore } from './explore.js';

const { SOAK_SEED = String(Date.now() % 1_000_000) } = process.env;

/** Each lane waits for the file system most of the time. */
const LANES = 8;
const RUNS_EACH = 60;
const RUNS = LANES * RUNS_EACH;
/** The same in every `npm test`, so that a failure comes from a change. */
const SEED = 20_261_122;

test(`whatever happens, the archive has what it must, once: ${minutes > 0 ? `${minutes} minutes` : `${RUNS} runs`} (I1, I3, I4, I6, I11)`, {
  timeout: (minutes + 10) * 60_000,
}, async () => {
  const [seed, bounds] =
    minutes > 0
      ? [Number(SOAK_SEED), { numRuns: 1_000_000, interruptAfterTimeLimit: minutes * 60_000 }]
      : [SEED, { numRuns: RUNS_EACH }];
  const lanes = Array.from({ length: LANES }, (_, lane) => explore({ seed: seed + lane, ...bounds }));
  const runs = await Promise.all(lanes);
  console.info(`${runs.reduce((sum, count) => sum + count, 0)} runs from seed ${seed}`);
});
