import { test } from 'vitest';
import { explore } from './explore.js';

test(
  'whatever happens, the archive holds what it must, once (I1, I3, I4, I6, I11)',
  { timeout: 600_000 },
  () => explore({ seed: 1, numRuns: 100 }),
);
