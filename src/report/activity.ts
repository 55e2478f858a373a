/** Who changed what and how much, by day and person. */

import { type Html, html, type Part } from '../lib/html.js';
import { spark } from '../lib/plot.js';
import { type Amount, CLASSES, noAmount } from './amount.js';
import type { ObjectAmount, PersonAmount, PersonDay, Touched } from './findings.js';
import { cappedTable, dayOf, nameOf, notExact, objectName, separated } from './parts.js';
import { labelOf, type Step, stretches } from './periods.js';
import { type Report, searchCommand, uncoveredDays } from './report.js';
import { type Column, number, numberOrNothing, stranger, table } from './table.js';

const MOST_PERSONS = 60;
const MOST_PERSON_DAYS = 60;
const MOST_OBJECTS = 40;
/** At most this many objects of a person's day are named. */
const MOST_NAMED = 3;

export interface DayRow {
  readonly label: string;
  readonly amount: Amount;
  readonly isUnsure: boolean;
}

/** The days of the period that are past, or weeks, months or years of them. */
export function dayRows(report: Report): { step: Step; rows: DayRow[] } {
  const { findings, period, zone, madeAt, words } = report;
  const uncovered = uncoveredDays(report);
  const today = zone.at(madeAt).day;
  const last = today >= period.since && today < period.until ? today : period.until;
  const { step, stretches: all } = stretches(period.since, last);
  const rows = all.map(stretch => ({
    label: labelOf(words, step, stretch),
    amount: together(stretch.days, findings.days),
    isUnsure: stretch.days.some(day => uncovered.has(day)),
  }));
  return { step, rows };
}

export function isActive({ amount }: DayRow): boolean {
  return amount.events > 0 || amount.failed > 0;
}

export function daySection(report: Report): Html {
  const { findings, words, zone } = report;
  const { step, rows } = dayRows(report);
  const label = ({ label: text, isUnsure }: DayRow): Part =>
    html`<span class="day">${text}</span>${isUnsure ? html` <span class="mark">${words.plots.notCovered}</span>` : null}`;
  const columns: Column<DayRow>[] = [
    { head: words.columns[step], cell: label, kind: 'main' },
    ...amountColumns(report, findings.total, ({ amount }: DayRow) => amount),
  ];
  const listed = rows.filter(row => row.isUnsure || isActive(row));
  return html`<section id="days"><h2>${words.page.sections.days}</h2>
${table(words.days.caption(zone.name), columns, listed)}</section>`;
}

export function personSection(report: Report): Html {
  const { findings, words } = report;
  const persons = findings.persons.sorted;
  const shown = persons.slice(0, MOST_PERSONS);
  const columns: Column<PersonAmount>[] = [
    { head: words.columns.person, cell: ({ person }) => nameOf(report, person), kind: 'main' },
    { head: words.columns.user, cell: ({ users }) => separated([...users].map(stranger)) },
    ...(shown.every(({ person }) => person.unit === null) ? [] : [unitColumn(report)]),
    ...activityColumns(report),
  ];
  return html`<section id="persons"><h2>${words.page.sections.persons}</h2>
${cappedTable(report, {
  ...{ items: shown, total: persons.length, columns, caption: words.persons.caption(persons.length) },
  command: searchCommand(report, '--group-by', 'actor'),
})}${notExact(report, findings.persons)}
${personDays(report)}</section>`;
}

/** By day, as small bars and in numbers. */
function activityColumns(report: Report): Column<PersonAmount>[] {
  const { findings, period, words } = report;
  const { step, stretches: all } = stretches(period.since, period.until);
  const uncovered = uncoveredDays(report);
  const isUnsure = (days: readonly string[]): boolean => days.some(day => uncovered.has(day));
  const unsureAt = new Set(all.flatMap(({ days }, index) => (isUnsure(days) ? [index] : [])));
  const byPerson = Map.groupBy(findings.personDays.sorted, ({ person }) => person.key);
  const bars = ({ person }: PersonAmount): Html => {
    const days = new Map((byPerson.get(person.key) ?? []).map(one => [one.day, one]));
    const series = all.map(stretch => together(stretch.days, days).events);
    return spark(series, Math.max(...series), 'write', unsureAt);
  };
  return [
    { head: words.plots.days(step), cell: bars },
    ...amountColumns(report, findings.total, (row: PersonAmount) => row),
    {
      head: words.columns.days,
      cell: ({ person }) => numberOrNothing(byPerson.get(person.key)?.length ?? 0),
      kind: 'number',
    },
  ];
}

function unitColumn({ words }: Report): Column<PersonAmount> {
  return {
    head: words.columns.unit,
    cell: ({ person }) => (person.unit === null ? null : stranger(person.unit)),
  };
}

function personDays(report: Report): Html {
  const { words, findings } = report;
  const { personDays: all, touched, total } = findings;
  const largest = all.sorted;
  const items = largest.slice(0, MOST_PERSON_DAYS).sort(byDay);
  const named = Map.groupBy(touched.sorted, keyOf);
  const columns: Column<PersonDay>[] = [
    { head: words.columns.day, cell: ({ day }) => dayOf(report, day) },
    { head: words.columns.person, cell: ({ person }) => nameOf(report, person), kind: 'main' },
    {
      head: words.columns.objects,
      cell: row => namedObjects(report, named.get(keyOf(row)) ?? []),
      kind: 'wide',
    },
    ...amountColumns(report, total, (row: PersonDay) => row),
  ];
  return html`<h3>${words.persons.days}</h3>
${cappedTable(report, {
  ...{ items, total: largest.length, columns, caption: words.persons.daysCaption(number(largest.length)) },
  command: searchCommand(report, '--group-by', 'day,actor'),
})}${notExact(report, all)}`;
}

export function objectSection(report: Report): Html {
  const { words, findings } = report;
  const { objects, total } = findings;
  const all = objects.sorted;
  const columns: Column<ObjectAmount>[] = [
    { head: words.columns.object, cell: ({ object }) => objectName(report, object), kind: 'main' },
    ...amountColumns(report, total, (row: ObjectAmount) => row).filter(
      ({ head }) => head !== words.columns.failed,
    ),
  ];
  return html`<section id="objects"><h2>${words.page.sections.objects}</h2>
<p class="soft">${words.objects.intro}</p>
${cappedTable(report, {
  ...{
    items: all.slice(0, MOST_OBJECTS),
    total: all.length,
    columns,
    caption: words.objects.caption(all.length),
  },
  command: searchCommand(report, '--group-by', 'object'),
})}${notExact(report, objects)}</section>`;
}

/** @param total of the period: a class without statements has no column */
function amountColumns<T>({ words }: Report, total: Amount, amountOf: (row: T) => Amount): Column<T>[] {
  const column = (head: string, value: (amount: Amount) => number): Column<T> => ({
    head,
    cell: row => numberOrNothing(value(amountOf(row))),
    kind: 'number',
  });
  const { columns } = words;
  return [
    column(columns.writes, ({ byClass }) => byClass.write),
    column(columns.ddl, ({ byClass }) => byClass.ddl),
    column(columns.roles, ({ byClass }) => byClass.role),
    ...(total.byClass.other > 0 ? [column(columns.other, ({ byClass }) => byClass.other)] : []),
    column(columns.failed, ({ failed }) => failed),
    column(columns.outside, ({ outside }) => outside),
    column(columns.weekend, ({ weekend }) => weekend),
  ];
}

function namedObjects(report: Report, touched: readonly Touched[]): Part {
  const more = touched.length - MOST_NAMED;
  const named = touched
    .slice(0, MOST_NAMED)
    .map(({ object, events }) => html`${objectName(report, object)} (${number(events)})`);
  return [separated(named), more > 0 ? ` ${report.words.more(number(more))}` : null];
}

function together(days: readonly string[], amounts: ReadonlyMap<string, Amount>): Amount {
  const sum = noAmount();
  for (const day of days) {
    const amount = amounts.get(day);
    if (amount === undefined) continue;
    for (const name of CLASSES) sum.byClass[name] += amount.byClass[name];
    for (const name of ['events', 'failed', 'outside', 'weekend'] as const) sum[name] += amount[name];
  }
  return sum;
}

function keyOf({ day, person }: PersonDay): string {
  return `${day} ${person.key}`;
}

function byDay(a: PersonDay, b: PersonDay): number {
  return a.day < b.day ? -1 : a.day > b.day ? 1 : b.events - a.events;
}
