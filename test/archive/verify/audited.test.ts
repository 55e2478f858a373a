/** Persons who were not audited make an archive incomplete, by name and time (I12). */

import { describe, expect, test } from 'vitest';
import type { NewEvent } from '../../../src/event/event.js';
import { archiveOf, day, days, verifyCovered as verify } from '../../support/covered.js';
import { write } from '../../support/reviewed.js';

const PLACE = { instance: 'prod', node: 'pg-0' };
const DAYS = days();

describe('persons who are not audited', () => {
  const looked = (time: string, count: number, names: readonly string[] = []): NewEvent => {
    const roles = { count, names };
    const config = { since: time, changes: [], unaudited: roles };
    return { kind: 'config', time, ...PLACE, config };
  };

  test('are named with the time', async () => {
    const { folder } = await archiveOf([
      day('2025-11-04', [looked('2025-11-04T11:00:00.000Z', 1, ['Z990001'])]),
      day('2025-11-05', [looked('2025-11-05T11:00:00.000Z', 0)]),
    ]);
    const result = await verify(folder);
    expect([result.verdict, result.instances[0]?.notAudited]).toEqual([
      'incomplete',
      [{ from: '2025-11-04T11:00:00.000Z', to: '2025-11-05T11:00:00.000Z', count: 1, names: ['Z990001'] }],
    ]);
  });

  test('were unaudited when the days began, if the look before them found it', async () => {
    const { folder } = await archiveOf([
      day('2025-11-03', [looked('2025-11-03T11:00:00.000Z', 1, ['Z990001'])]),
      day('2025-11-04', [looked('2025-11-04T10:30:00.000Z', 0)]),
      day('2025-11-05', [looked('2025-11-05T10:30:00.000Z', 0)]),
    ]);
    const { instances } = await verify(folder, { days: { since: '2025-11-04', until: null } });
    expect(instances[0]?.notAudited).toMatchObject([
      { from: '2025-11-04T00:00:00.000Z', to: '2025-11-04T10:30:00.000Z' },
    ]);
  });

  test('are not known if there is no look for over a day', async () => {
    const { folder } = await archiveOf([
      day('2025-11-01', [looked('2025-11-01T11:00:00.000Z', 0)]),
      ...DAYS.slice(1).map(date => day(date)),
    ]);
    const { limits } = await verify(folder);
    expect(limits).toContainEqual(
      expect.stringContaining('from 2025-11-01T11:00:00.000Z to 2025-11-06T00:00:00.000Z: nobody looked'),
    );
  });

  test('stay so until a look finds them audited', async () => {
    const { folder } = await archiveOf([
      day('2025-11-04', [looked('2025-11-04T11:00:00.000Z', 1, ['Z990001'])]),
      day('2025-11-05'),
    ]);
    expect((await verify(folder)).instances[0]?.notAudited).toMatchObject([
      { to: '2025-11-06T00:00:00.000Z' },
    ]);
  });
});

test('a change that pgAudit did not log makes the days incomplete on which it was made, and no others', async () => {
  const { actor, audit: _, ...record } = write('2025-11-02T11:00:00.000Z', { user: 'Z990001' });
  const unaudited = { class: 'WRITE', statement: 'DELETE FROM t', expected: 1, audited: 0 } as const;
  const { id: _id, ...rest } = { ...record, actor };
  const { folder } = await archiveOf(
    DAYS.map(date => day(date, date === '2025-11-02' ? [{ ...rest, kind: 'unaudited', unaudited }] : [])),
  );
  expect(await verify(folder)).toMatchObject({
    verdict: 'incomplete',
    instances: [{ unaudited: { count: 1, first: '2025-11-02T11:00:00.000Z' } }],
  });
  expect(await verify(folder, { days: { since: '2025-11-03', until: null } })).toMatchObject({
    verdict: 'whole',
  });
  const period = { from: Date.parse('2025-11-03'), to: null };
  expect(await verify(folder, { days: { since: '2025-11-01', until: null }, period })).toMatchObject({
    verdict: 'whole',
  });
});
