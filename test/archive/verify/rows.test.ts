/** What somebody can do to the rows of an archive, or a daemon by mistake, and what `verify` says of it (I10, I1). */

import { join } from 'node:path';
import { expect, test } from 'vitest';
import { openArchive } from '../../../src/archive/store/location.js';
import { verifyArchive } from '../../../src/archive/verify/verify.js';
import { type Fields, Forgery } from '../../support/forgery.js';
import { KARI, rowSettings, serverWithHistory } from '../../support/rows.js';
import { oneSegment, runOnce } from '../../support/shipper.js';
import { temporaryFolder } from '../../support/temp.js';

/** An archive with rows in two objects. */
async function archiveWithRows(): Promise<string> {
  const postgres = await serverWithHistory(['CREATE TABLE t (n int)', "SELECT row_history.watch('t')"]);
  const folder = await temporaryFolder();
  for (const numbers of ['(1), (2)', '(3), (4)']) {
    await postgres.query(KARI, `INSERT INTO t VALUES ${numbers}`);
    const { code, output } = await runOnce(folder, rowSettings(folder, postgres, oneSegment(folder)));
    expect(code, output).toBe(0);
  }
  return join(folder, 'archive');
}

const isRow = (line: string): boolean => line.includes('"kind":"row"');

/** Changes the one event at its line, counted from the object's first row. */
function editRow(forgery: Forgery, object: number, row: number, change: (event: Fields) => Fields): void {
  forgery.edit(object, forgery.object(object).lines.findIndex(isRow) + row + 1, change);
}

function editSealedRows(forgery: Forgery, object: number, change: (rows: Fields) => Fields): void {
  forgery.edit(object, forgery.object(object).lines.length, event => {
    const seal = Object(event.seal);
    return { ...event, seal: { ...seal, rows: seal.rows.map(change) } };
  });
}

const withRow = (event: Fields, more: Fields): Fields => ({
  ...event,
  row: { ...Object(event.row), ...more },
});

test('everything else fits, and it is found all the same', async () => {
  const root = await archiveWithRows();
  const whole = await verifyArchive(openArchive(root));
  expect(whole).toMatchObject({
    isIntact: true,
    parts: [{ events: { row: 4 }, rows: [{ records: { read: 4, shipped: 4 } }] }],
  });
  const cases: [what: string, forge: (forgery: Forgery) => void, code: string][] = [
    ['nothing', () => undefined, 'none'],
    [
      'two rows change places',
      forgery => {
        const { lines } = forgery.object(0);
        const at = lines.findIndex(isRow);
        lines.splice(at, 2, lines[at + 1] ?? '', lines[at] ?? '');
      },
      'source',
    ],
    [
      'a row of the first object comes again in the second',
      forgery => {
        const [line = ''] = forgery.object(0).lines.filter(isRow);
        const { lines } = forgery.object(1);
        lines.splice(lines.findIndex(isRow), 1, line);
      },
      'source',
    ],
    [
      'one has no uuid',
      forgery => editRow(forgery, 0, 0, event => ({ ...event, id: 'samples/row/1' })),
      'format',
    ],
    [
      'one has the id of a record',
      forgery => editRow(forgery, 0, 0, event => ({ ...event, id: 'samples/6b.1/3' })),
      'format',
    ],
    [
      'one does not say who it was',
      forgery => editRow(forgery, 0, 0, ({ actor: _, ...event }) => event),
      'format',
    ],
    [
      'one is beyond the position of its seal',
      forgery => editRow(forgery, 1, 1, event => withRow(event, { transaction: '99999' })),
      'coverage',
    ],
    ['a seal names no history', forgery => editSealedRowsAway(forgery), 'counts'],
    [
      'a seal counts another number',
      forgery =>
        editSealedRows(forgery, 0, rows => ({
          ...rows,
          records: { read: 3, shipped: 3, dropped: {}, rejected: {} },
        })),
      'counts',
    ],
    [
      'a seal does not account for all that was read',
      forgery =>
        editSealedRows(forgery, 0, rows => ({
          ...rows,
          records: { read: 3, shipped: 2, dropped: {}, rejected: {} },
        })),
      'counts',
    ],
  ];
  for (const [what, forge, code] of cases) {
    const forgery = await Forgery.open(root);
    forge(forgery);
    forgery.rebuild();
    const forged = join(await temporaryFolder(), 'archive');
    await forgery.save(forged);
    const { failure } = await verifyArchive(openArchive(forged));
    expect([what, failure?.code ?? 'none']).toEqual([what, code]);
  }
});

function editSealedRowsAway(forgery: Forgery): void {
  forgery.edit(0, forgery.object(0).lines.length, event => {
    const { rows: _, ...seal } = Object(event.seal);
    return { ...event, seal };
  });
}
