/** Databases that are not UTF-8: what their records say of each other. */

import { expect, test } from 'vitest';
import { decoderFor } from '../../../src/audit/encodings.js';
import { type Columns, csvRecord, writeMessage } from '../../support/csvlog.js';
import { compare } from '../../support/skipped.js';

/** The events of one session's lines, whose texts are written byte for byte. */
async function eventsOf(
  encoding: string | null,
  lines: readonly Partial<Columns>[],
): Promise<readonly object[]> {
  const log = lines.map((columns, index) => csvRecord({ sessionLine: index + 1, ...columns })).join('');
  const { skipping, plain } = await compare([Buffer.from(log, 'latin1')], {
    decoderOf: () => decoderFor(encoding),
  });
  expect(skipping).toEqual(plain);
  return skipping.events;
}

const logged = (sql: string): Partial<Columns> => ({ commandTag: 'idle', message: `statement: ${sql}` });
const failed = (query: string): Partial<Columns> => ({
  severity: 'ERROR',
  sqlState: '42P01',
  message: 'relation "nope" does not exist',
  query,
});

test.each([null, 'LATIN1', 'WIN1252'])(
  'with encoding %s, a statement that failed is not unaudited',
  async encoding => {
    const sql = "UPDATE nope SET a='blåbær'";
    const end = { commandTag: 'idle', message: 'disconnection: session time: 0:00:01' };
    expect(await eventsOf(encoding, [logged(sql), failed(sql), end])).toEqual([]);
    expect(await eventsOf(encoding, [logged(sql), failed('SELECT 1/0'), end])).toMatchObject([
      { kind: 'unaudited' },
    ]);
  },
);

test.each([null, 'LATIN2'])('with encoding %s, an error in Polish is a failure', async encoding => {
  const error = { severity: 'B\u00a3\u00a1D', sqlState: '22012', message: 'podzielenie przez zero' };
  const events = await eventsOf(encoding, [{ message: writeMessage('UPDATE t SET a=1/0') }, error]);
  expect(events).toMatchObject([
    { kind: 'statement' },
    { kind: 'failure', failure: { outcome: 'failed', sqlState: '22012' } },
  ]);
});
