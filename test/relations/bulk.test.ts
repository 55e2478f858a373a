/** Bulk imports: many statements of tens of KB, one after the other. */

import { expect, onTestFinished, test } from 'vitest';
import { createRelationParser } from '../../src/relations/relations.js';

test('150 INSERTs of 78 KB need two threads: one for each 8 MB', async () => {
  let threads = 0;
  const count = (): void => void threads++;
  process.on('worker', count);
  const parser = createRelationParser({ timeLimit: 60_000 });
  onTestFinished(async () => {
    process.off('worker', count);
    await parser.close();
  });
  for (let n = 0; n < 150; n++) {
    const rows = Array.from({ length: 2600 }, (_, i) => `(${n}, ${1e6 + i}, 'name of ${1e6 + i}')`).join(
      ', ',
    );
    const statement = `INSERT INTO konto VALUES ${rows}`;
    expect(statement.length).toBeGreaterThan(78_000);
    expect(await parser.changes(statement)).toMatchObject([{ relations: ['konto'] }]);
  }
  expect(threads).toBe(2);
});
