/** What many rows cost, counted in calls: the time is not judged. */

import { expect, test } from 'vitest';
import { KARI, RowHistory, SERVICE } from '../../support/row-history.js';

const ROWS = 1_000_000;

test('an UPDATE of a million rows calls the function once for each row of a person, and never for a service', async () => {
  const history = await RowHistory.start({ track_functions: 'pl', max_wal_size: '4GB' });
  const calls = async (): Promise<unknown> =>
    Object.fromEntries(
      (
        await history.rows<{ funcname: string; calls: string }>(
          `SELECT funcname, calls FROM pg_stat_user_functions
          WHERE funcname IN ('record', 'difference', 'delta', 'delta_by_column', 'write')`,
        )
      ).map(({ funcname, calls: count }) => [funcname, Number(count)]),
    );
  await history.run(
    SERVICE,
    `INSERT INTO fag.konto SELECT g FROM generate_series(1, ${ROWS}) g`,
    'UPDATE fag.konto SET saldo = 1',
  );
  await history.run(KARI, 'UPDATE fag.konto SET saldo = 2');
  await expect.poll(calls).toEqual({ record: ROWS, difference: ROWS, delta: ROWS, write: ROWS });
}, 1_200_000);
