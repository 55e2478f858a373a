/** What the stages decide together, seen from outside. */

import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { auditMessage, type Columns, csvRecord } from '../support/csvlog.js';
import { archived, oneSegment, runOnce, settings } from '../support/shipper.js';
import { temporaryFolder } from '../support/temp.js';

async function shipped(records: readonly string[]) {
  const folder = await temporaryFolder();
  await writeFile(join(folder, 'a.csv'), records.join(''));
  await runOnce(folder, settings(folder, [join(folder, '*.csv')], oneSegment(folder)));
  return await archived(folder);
}

function record(
  sessionLine: number,
  auditClass: string,
  text: string,
  columns: Partial<Columns> = {},
): string {
  const message = auditMessage([
    'SESSION',
    '1',
    '1',
    auditClass,
    'X',
    '',
    '',
    text,
    text.startsWith('<') ? text : '5',
  ]);
  return csvRecord({ sessionLine, message, ...columns });
}

test('<previously logged> is restored from a record that was not shipped itself', async () => {
  const events = await shipped([
    record(1, 'READ', 'INSERT INTO t SELECT 1'),
    record(2, 'WRITE', '<previously logged>'),
    record(3, 'WRITE', '<previously logged>', { sessionId: 'ffffffff.1' }),
  ]);
  expect(
    events
      .filter(event => event.kind === 'statement')
      .map(({ audit }) => [audit?.statement, audit?.parameters, audit?.statementMissing]),
  ).toEqual([
    ['INSERT INTO t SELECT 1', ['5'], undefined],
    [null, null, 'previously-logged'],
  ]);
});

test("a suspect is shipped whoever wrote it, a service's genuine record never", async () => {
  const events = await shipped([
    record(1, 'WRITE', 'x', { user: 'app_web' }),
    record(2, 'WRITE', 'x', { user: 'app_web', context: 'somewhere' }),
    csvRecord({ sessionLine: 3, user: 'postgres', message: 'AUDIT: x' }),
  ]);
  expect(
    events
      .filter(event => event.kind !== 'lifecycle' && event.kind !== 'seal')
      .map(({ kind, actor, suspect }) => [kind, actor?.user, suspect?.reason]),
  ).toEqual([
    ['suspect', 'app_web', 'context'],
    ['suspect', 'postgres', 'fields'],
  ]);
});

test('every outcome is counted by its reason, and the counts add up (I3)', async () => {
  const events = await shipped([
    record(1, 'WRITE', 'x'),
    record(2, 'READ', 'x'),
    record(3, 'WRITE', 'x', { user: 'app_web' }),
    record(4, 'WRITE', 'x', { user: 'postgres' }),
    csvRecord({ sessionLine: 5, message: 'connection authorized: user=Z990001' }),
    record(6, 'WRITE', 'x', { logTime: '2026-11-31 20:40:01.123 CET' }),
    'rubbish\n',
    record(7, 'WRITE', 'x', { query: 'x' }),
  ]);
  expect(events.at(-1)?.seal?.records).toEqual({
    read: 8,
    shipped: 2,
    dropped: { class: 1, 'service-user': 1, 'other-user': 1, 'not-audit': 1 },
    rejected: { time: 1, torn: 1 },
  });
});
