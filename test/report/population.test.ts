/** The report's section Population: for whom, where and when there is evidence, in memory that has a limit. */

import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { NewEvent } from '../../src/event/event.js';
import type { PopulationFields, PopulationGroup, UnauditedRoles } from '../../src/event/population.js';
import type { ReportedEvent } from '../../src/report/event.js';
import { Populations } from '../../src/report/population.js';
import { makeReport } from '../support/report.js';
import { november } from '../support/reviewed.js';
import { byDay, writeSealed } from '../support/sealed.js';
import { temporaryFolder } from '../support/temp.js';

const PLACE = { instance: 'prod', node: 'pg-0' };
const FAULT = 'pgaudit.log none: WRITE, DDL, ROLE not audited';

const audited = (roles: readonly string[], databases = ['hold', 'lager']): PopulationGroup => ({
  roles,
  databases: [{ databases, log: 'write,ddl,role', isAudited: true, faults: [] }],
});

const silent = (roles: readonly string[]): PopulationGroup => ({
  roles,
  databases: [
    { databases: ['hold'], log: 'write,ddl,role', isAudited: true, faults: [] },
    { databases: ['lager'], log: 'none', isAudited: false, faults: [FAULT] },
  ],
});

function populationOf(
  groups: readonly PopulationGroup[],
  index = 0,
  total = 1,
): PopulationFields['population'] {
  const persons = groups.flatMap(({ roles }) => roles);
  const names = groups
    .filter(({ databases }) => databases.some(({ isAudited }) => !isAudited))
    .flatMap(({ roles }) => roles);
  return {
    part: { index, total },
    server: { version: '15.18', pgaudit: '1.7' },
    databases: 2,
    persons: persons.length,
    services: 3,
    others: 0,
    groups,
    unaudited: { count: names.length, names: names.slice(0, 100) },
    mayTurnOff: [{ role: 'dba<b>', by: ['superuser'] }],
  };
}

/** As a report reads it. */
function reported(...given: Parameters<typeof populationOf>): NonNullable<ReportedEvent['population']> {
  return JSON.parse(JSON.stringify(populationOf(...given)));
}

function populationEvent(time: string, ...groups: PopulationGroup[]): NewEvent {
  return { kind: 'population', time, ...PLACE, population: populationOf(groups) };
}

function changed(time: string, unaudited: UnauditedRoles): NewEvent {
  const change = { what: 'setting', name: 'pgaudit.log', before: null, after: 'none' } as const;
  return { kind: 'config', time, ...PLACE, config: { since: time, changes: [change], unaudited } };
}

/** The section's text, a line for each row of a table. */
async function sectionOf(events: readonly NewEvent[]): Promise<string[]> {
  const folder = await temporaryFolder();
  const sorted = events.toSorted((a, b) => (a.time < b.time ? -1 : a.time > b.time ? 1 : 0));
  await writeSealed(join(folder, 'archive'), byDay(sorted));
  const { path } = await makeReport(folder);
  const html = await readFile(path, 'utf8');
  const [, section = ''] = /<section id="population">([\s\S]*?)<\/section>/.exec(html) ?? [];
  expect(section).not.toContain('<b>');
  return section.split(/<\/tr>|<h3>|<\/p>/).map(row =>
    row
      .replaceAll(/<\/?(td|th)[^>]*>/g, '|')
      .replaceAll(/<[^>]+>/g, '')
      .replaceAll(/[\s|]*\|[\s|]*/g, '|')
      .trim(),
  );
}

test('for each day and database who could log in, who was not audited, and what is not known', async () => {
  const rows = await sectionOf([
    ...november(),
    populationEvent('2025-11-03T00:00:10.000Z', audited(['kari', 'ola'])),
    populationEvent('2025-11-04T00:00:10.000Z', audited(['kari', 'ola'])),
    changed('2025-11-05T12:00:00.000Z', { count: 1, names: ['ola'] }),
    populationEvent('2025-11-06T00:00:10.000Z', audited(['kari']), silent(['ola'])),
    changed('2025-11-06T12:00:00.000Z', { count: 0, names: [] }),
    populationEvent('2025-11-07T00:00:10.000Z', audited(['kari', 'per'])),
    changed('2025-11-07T11:00:00.000Z', { count: 1, names: ['per'] }),
    changed('2025-11-07T12:00:00.000Z', { count: 0, names: [] }),
  ]);
  expect(rows.filter(row => /^\|\d/.test(row))).toEqual(
    expect.arrayContaining([
      '|1 Nov 2025 to 2 Nov 2025|prod / pg-0|not known|not known|',
      '|3 Nov 2025 to 4 Nov 2025|prod / pg-0|hold, lager|2|nobody|',
      '|5 Nov 2025|prod / pg-0|not known|not known, after a change on that day: 1 ola|',
      '|6 Nov 2025|prod / pg-0|hold|2|nobody|',
      '|6 Nov 2025|prod / pg-0|lager|2|1 ola|',
      '|7 Nov 2025|prod / pg-0|hold, lager|2|nobody before, after a change on that day: 1 per|',
      '|8 Nov 2025 to 20 Nov 2025|prod / pg-0|not known|not known|',
      '|21 Nov 2025|prod / pg-0|not known|not known|1|',
      '|22 Nov 2025 to 30 Nov 2025|prod / pg-0|not known|not known|',
    ]),
  );
  const text = rows.join('\n');
  expect(text).toContain('|prod / pg-0|5 Nov 2025 13:00:00|6 Nov 2025 13:00:00|1|ola|');
  expect(text).toContain('|prod / pg-0|no longer audited|1|ola|');
  expect(text).toContain('|prod / pg-0|can log in now|1|per|');
  expect(text).toContain('|prod / pg-0|can no longer log in|1|ola|');
  expect(text).toContain('dba&lt;b&gt;|prod / pg-0|superuser|');
});

test('without a population nothing is known, and nothing is green', async () => {
  const rows = await sectionOf(november());
  expect(rows.filter(row => /^\|\d/.test(row) && !row.includes('not known'))).toEqual([]);
  expect(rows.join('\n')).toContain('1 Nov 2025 to 20 Nov 2025');
});

test('parts are joined; parts of an incomplete one do not count as the whole', () => {
  const populations = new Populations();
  const part = (index: number, total: number, ...roles: string[]): ReportedEvent => ({
    ...PLACE,
    kind: 'population',
    id: 'x',
    time: '2025-11-03T00:00:00.000Z',
    population: reported([audited(roles)], index, total),
  });
  const add = (event: ReportedEvent, day: string): void => populations.add(event, 0, day);
  add(part(0, 2, 'a', 'b'), 'one');
  add(part(1, 2, 'c'), 'one');
  add(part(1, 2, 'd'), 'two');
  add(part(0, 2, 'e'), 'two');
  const days = populations.days.get('prod / pg-0');
  expect([...(days?.get('one')?.values() ?? [])].map(({ persons }) => persons)).toEqual([3, 3]);
  expect(days?.has('two')).toBe(false);
});

test('what is kept has a limit, however many roles, databases, servers and days there are', () => {
  const populations = new Populations();
  const names = (what: string, count: number): string[] =>
    Array.from({ length: count }, (_, n) => `${what}${n}`);
  for (let server = 0; server < 30; server++)
    for (let day = 0; day < 30; day++) {
      const groups = [audited(names('role', 10_000), names('database', 50))];
      const event = {
        kind: 'population',
        id: 'x',
        time: '2025-11-03T00:00:00.000Z',
        instance: `server${server}`,
      };
      populations.add({ ...event, population: reported(groups) }, 0, `day${day}`);
    }
  const rows = [...populations.days.values()].flatMap(days => [...days.values()].map(({ size }) => size));
  expect(rows.reduce((sum, size) => sum + size, 0)).toBe(20_000);
  expect(populations.missingRows).toBe(30 * 30 * 50 - 20_000);
  expect(populations.areTooMany).toBe(true);
});
