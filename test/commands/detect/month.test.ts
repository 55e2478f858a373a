/** A month of ordinary work with planted misuse: what the rules find, what they miss, and what they report falsely. */

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { NewEvent } from '../../../src/event/event.js';
import { RULES, type RuleName } from '../../../src/event/names.js';
import { addDays } from '../../../src/lib/zone.js';
import { lookalikes, Planter, plant } from '../../support/misuse.js';
import { inOrder, ordinaryDay, person } from '../../support/month.js';
import { write } from '../../support/reviewed.js';
import { type SealedSegment, writeSealed } from '../../support/sealed.js';
import { runCommand, settings, writeConfig } from '../../support/shipper.js';

/** Working days from 3 November to 1 December 2025. */
const WORKDAYS = Array.from({ length: 29 }, (_, index) => addDays('2025-11-03', index)).filter(
  day => ![0, 6].includes(new Date(day).getUTCDay()),
);
/** Everybody worked before: the rules have learned who is new. */
const BEFORE = Array.from({ length: 100 }, (_, index) => addDays('2025-07-26', index));

const DETECT = {
  workingHours: '07:00-18:00',
  holidays: ['11-29'],
  rules: { watched: { relations: ['^hr\\.'] } },
};

const planter = new Planter(WORKDAYS);
plant(planter);
const { planted } = planter;
const extra = [...planted.flatMap(({ events }) => events), ...lookalikes(planter)];

function eventsOn(day: string): NewEvent[] {
  const ordinary = WORKDAYS.includes(day) ? ordinaryDay(day) : [];
  const earlier = BEFORE.includes(day)
    ? Array.from({ length: 20 }, (_, n) =>
        write(`${day}T12:00:00.000Z`, person(n), {
          statement: 'INSERT INTO a VALUES (1)',
          command: 'INSERT',
        }),
      )
    : [];
  return inOrder([...earlier, ...ordinary, ...extra.filter(({ time }) => time.startsWith(day))]);
}

function* segments(): Generator<SealedSegment> {
  for (let day = '2025-07-26'; day <= '2025-12-01'; day = addDays(day, 1)) {
    const events = eventsOn(day);
    if (events.length > 0) yield { date: day, events };
  }
}

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'pgaudit-shipper-test-'));
  await writeSealed(join(folder, 'archive'), [...segments()]);
});
afterAll(() => rm(folder, { recursive: true }));

/** What is missed is known to be hidden: `misuse.ts` says how. */
const FOUND_MISSED_FALSE: readonly (readonly [
  rule: RuleName,
  found: number,
  missed: number,
  false_: number,
])[] = [
  ['bulk', 3, 1, 0],
  ['no-where', 5, 1, 0],
  ['destroyed', 4, 0, 0],
  ['outside-hours', 3, 0, 0],
  ['rights', 8, 1, 0],
  ['audit-off', 5, 0, 0],
  ['server-files', 4, 0, 0],
  ['untrusted-language', 2, 0, 0],
  ['first-seen', 1, 0, 0],
  ['shared-role', 2, 0, 0],
  ['failures', 1, 0, 0],
  ['watched', 1, 0, 0],
  ['unaudited', 1, 0, 0],
];

interface Line {
  readonly alert: { readonly rule: string; readonly ids: readonly string[] };
}

test('by rule: found, missed and false', async () => {
  const path = await writeConfig(folder, settings(folder, ['x'], { detect: DETECT }));
  const stretch = ['--since', '2025-11-03', '--until', '2025-12-01'];
  const archive = join(folder, 'archive');
  const { code, output } = await runCommand(['detect', '--replay', archive, '--config', path, ...stretch]);
  expect(code).toBe(0);
  const alerts = output
    .split('\n')
    .filter(line => line.startsWith('{'))
    .map((line): Line['alert'] => JSON.parse(line).alert);
  const rows = RULES.map(rule => {
    const ours = planted.filter(one => one.rule === rule);
    const lasts = alerts.filter(one => one.rule === rule).map(({ ids }) => ids.at(-1) ?? '');
    // What somebody did before counts, too: a count may be complete some events earlier.
    const found = ours.filter(({ events }) => events.some(({ id = '' }) => lasts.includes(id)));
    const own = new Set(ours.flatMap(({ events }) => events.map(({ id }) => id)));
    expect(ours.filter(one => !found.includes(one))).toEqual(ours.filter(one => one.isHidden));
    return [rule, found.length, ours.length - found.length, lasts.filter(id => !own.has(id)).length];
  });
  expect(rows).toEqual(FOUND_MISSED_FALSE);
  expect(output).toContain(`${alerts.length} alerts of 225,815 events\n`);
});
