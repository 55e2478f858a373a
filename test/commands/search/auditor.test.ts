/** Twelve questions of an auditor, asked by the command line about a month whose right answers are planned. */

import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parse } from 'csv-parse/sync';
import { readXlsx } from 'hucre/xlsx';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  auditorMonth,
  BREAK_GLASS,
  BULK,
  type Fact,
  KARI,
  LIV,
  MIGRATION,
  OLA,
  SEPTEMBER,
} from '../../support/auditor-month.js';
import { writeArchive } from '../../support/search.js';
import { type Ended, runCommand } from '../../support/shipper.js';

const { segments, facts } = auditorMonth();
const october = facts.filter(({ day }) => day.startsWith('2026-10'));
let archive = '';

beforeAll(async () => {
  archive = await mkdtemp(join(tmpdir(), 'pgaudit-shipper-test-'));
  await writeArchive(archive, segments);
});
afterAll(() => rm(archive, { recursive: true, force: true }));

/** As an auditor's shell runs it, whose `TZ` is not set. */
function ask(...args: readonly string[]): Promise<Ended> {
  return runCommand(['search', archive, ...args], { TZ: undefined });
}

async function lines(...args: readonly string[]): Promise<Record<string, unknown>[]> {
  const { code, output } = await ask(...args);
  expect(code, output).toBe(0);
  return output
    .split('\n')
    .filter(Boolean)
    .map((line): Record<string, unknown> => JSON.parse(line));
}

async function idsOf(...args: readonly string[]): Promise<string[]> {
  return (await lines(...args)).map(({ id }) => String(id)).sort();
}

function planned(holds: (fact: Fact) => boolean): string[] {
  const ids = october.filter(holds).map(({ id }) => id);
  expect(ids.length).toBeGreaterThan(0);
  return ids.sort();
}

describe('the twelve questions', () => {
  test('1: who changed this table in this week', async () => {
    const isInWeek = ({ day }: Fact): boolean => day >= '2026-10-12' && day <= '2026-10-18';
    expect(await idsOf('--object', 'public.konto', '--in', '2026-W42')).toEqual(
      planned(fact => fact.table === 'public.konto' && isInWeek(fact)),
    );
  });

  test('2: what did this person do on this day', async () => {
    expect(await idsOf('--actor', OLA.email, '--in', '2026-10-14')).toEqual(
      planned(({ user, day }) => user === OLA.user && day === '2026-10-14'),
    );
  });

  test('3: all deletions', async () => {
    expect(await idsOf('--command', 'DELETE,TRUNCATE*,DROP*', '--in', '2026-10')).toEqual(
      planned(({ command }) => ['DELETE', 'TRUNCATE TABLE', 'DROP TABLE'].includes(command)),
    );
    expect(await idsOf('--without-where', '--in', '2026-10')).toEqual(
      planned(({ lacksWhere }) => lacksWhere),
    );
  });

  test('4: who was given rights', async () => {
    const found = await lines('--command', 'GRANT*', '--in', '2026-10');
    expect(found.map(({ audit }) => Reflect.get(Object(audit), 'statement'))).toEqual([
      'GRANT SELECT ON konto TO ekstern',
      'GRANT leder TO ola',
    ]);
  });

  test('5: what happened at night and on weekends', async () => {
    const isOutside = ({ hour, isWeekend }: Fact): boolean => isWeekend || hour < 7 || hour >= 17;
    expect(await idsOf('--outside-hours', '07:00-17:00', '--weekdays', '--in', '2026-10')).toEqual(
      planned(isOutside),
    );
    expect(await idsOf('--outside-hours', '07:00-17:00', '--in', '2026-10')).toEqual(
      planned(({ hour }) => hour < 7 || hour >= 17),
    );
    expect(await idsOf('--user', BREAK_GLASS.user)).toEqual(planned(({ user }) => user === BREAK_GLASS.user));
  });

  test('6: bulk changes', async () => {
    expect(await lines('--class', 'WRITE', '--group-by', 'day,actor,object', '--having', '100')).toEqual([
      { events: BULK, day: '2026-10-14', actor: OLA.user, object: 'public.sats', name: OLA.name },
    ]);
  });

  test('7: what failed or was undone', async () => {
    expect(await idsOf('--failed', '--in', '2026-10')).toEqual(planned(({ hasFailed }) => hasFailed));
  });

  test('8: all changes of roles', async () => {
    expect(await idsOf('--class', 'ROLE', '--in', '2026-10')).toEqual(planned(fact => fact.class === 'ROLE'));
    expect(await idsOf('--class', 'DDL', '--in', '2026-10')).toHaveLength(MIGRATION + 1);
  });

  test('9: one event in full', async () => {
    const fact = october.find(({ command, user }) => command === 'DELETE' && user === LIV.user);
    const id = fact?.id ?? '';
    const { code, output } = await ask('--id', id, '--format', 'long');
    expect(code).toBe(0);
    const event = JSON.parse((await ask('--id', id, '--json')).output);
    for (const text of [
      id,
      LIV.name,
      LIV.user,
      LIV.email,
      fact?.statement ?? '',
      event.previousHash,
      event.session.client,
    ])
      expect(output).toContain(text);
    expect(output).toMatch(/time \(Europe\/Oslo\) +2026-10-01 \d\d:\d\d:\d\d\n/);
    expect(output).toContain('1 of 1 event shown; ');
  });

  test('10: was anything lost', async () => {
    const found = await lines('--kind', 'gap,suspect,unaudited', '--in', '2026-10');
    expect(found.map(({ kind }) => kind)).toEqual(['gap', 'suspect']);
  });

  test('11: this month against the one before', async () => {
    const count = (user: string): number => october.filter(fact => fact.user === user).length;
    const found = await lines('--compare', '2026-09', '2026-10', '--group-by', 'actor');
    expect(found).toHaveLength(4);
    for (const { user, name } of [KARI, OLA, LIV, BREAK_GLASS]) {
      const before = user === KARI.user ? SEPTEMBER : 0;
      expect(found).toContainEqual({
        events: { '2026-09': before, '2026-10': count(user) },
        difference: count(user) - before,
        actor: user,
        name,
      });
    }
    const differences = found.map(({ difference }) => Math.abs(Number(difference)));
    expect(differences).toEqual(differences.toSorted((a, b) => b - a));
  });

  test('12: in Excel', async () => {
    const file = join(archive, '..', `${archive.split('/').at(-1)}.xlsx`);
    const { code, output } = await ask('--in', '2026-10', '--format', 'xlsx', '--out', file);
    expect(code, output).toBe(0);
    const { sheets } = await readXlsx(await readFile(file));
    await rm(file);
    const [head = [], ...rows] = sheets[0]?.rows ?? [];
    const cell = (row: readonly unknown[], title: string): unknown => row[head.indexOf(title)];
    expect(sheets[0]?.autoFilter?.range).toBe(`A1:Z${rows.length + 1}`);
    expect(rows.map(row => String(cell(row, 'id'))).sort()).toEqual(planned(() => true));
    const night = rows.find(row => cell(row, 'statement') === 'TRUNCATE public.konto');
    // What the clock on the wall showed.
    expect(cell(night ?? [], 'time (Europe/Oslo)')).toEqual(new Date('2026-10-03T02:30:00.000Z'));
    expect(cell(night ?? [], 'time (UTC)')).toEqual(new Date('2026-10-03T00:30:00.000Z'));
    expect(rows.flat().filter(one => typeof one === 'string' && /^[=+@-]/.test(one))).toEqual([]);
  });
});

test('csv has the same rows, and nothing in it is a formula', async () => {
  const file = join(archive, '..', `${archive.split('/').at(-1)}.csv`);
  const { code } = await ask('--in', '2026-10', '--format', 'csv', '--out', file);
  expect(code).toBe(0);
  const rows: Record<string, string>[] = parse(await readFile(file), { columns: true, bom: true });
  await rm(file);
  expect(rows.map(({ id }) => id).sort()).toEqual(planned(() => true));
  expect(rows.flatMap(row => Object.values(row)).filter(cell => /^[=+@\t\r-]/.test(cell))).toEqual([]);
});

test('what is shown, of how many, and what was looked at are said', async () => {
  const { output } = await ask('--class', 'ROLE', '--in', '2026-10', '--format', 'table', '--limit', '3');
  expect(output.split('\n').filter(line => line.startsWith('2026-'))).toHaveLength(3);
  const read = segments.filter(({ date }) => date >= '2026-09-29');
  // With the seal of each.
  const count = read.reduce((sum, { events }) => sum + events.length + 1, 0).toLocaleString('en-US');
  expect(output).toContain(
    `3 of 5 events shown; ${read.length} days of the archive were looked at (${read[0]?.date} to ${read.at(-1)?.date}), with ${count} events\n`,
  );
});
