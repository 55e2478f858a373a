/** Once all faults have stopped, everything is delivered in a bounded time, without help. */

import type { Life } from '../support/life.js';

/** Milliseconds of the test's clock. */
const STEP = 5000;
/**
 * A sink retries after a minute at most (LAST_DELAY in `deliver/attempts.ts`), a segment of the test is sealed after
 * another minute, and the last event may have to wait for both.
 */
const MOST = 180_000;

/**
 * Lets time pass until nothing is missing, and nothing waits for a sink. Throws if that takes too long by the test's
 * clock; returns how long it took.
 *
 * @param findMissing the records that must be in the archive, and are not
 */
export async function expectDelivery(life: Life, findMissing: () => Promise<number[]>): Promise<number> {
  for (let waited = 0; ; waited += STEP) {
    const missing = life.waiting > 0 && waited < MOST ? null : await findMissing();
    if (life.waiting === 0 && missing?.length === 0) return waited;
    if (missing !== null && waited >= MOST) {
      const { logging, archive } = life.lag;
      throw new Error(
        `not everything is delivered ${MOST} ms after the last fault: records ${missing.join(', ') || 'none'} are missing in the archive; ${logging} events wait for logging, ${archive} for the archive`,
      );
    }
    await life.pass(STEP);
  }
}
