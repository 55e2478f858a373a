/** Who changed what and how much, by day and person. */

import { type Html, html, type Part } from '../lib/html.js';
import { barPlot, type Series, spark } from '../lib/plot.js';
import { type Amount, CLASSES, noAmount } from './amount.js';
import type { PersonAmount, PersonDay, Touched } from './findings.js';
import { nameOf, notExact, objectName, whatIsMore } from './parts.js';
import { type Step, stretches } from './periods.js';
import { type Report, searchCommand, uncoveredDays } from './report.js';
import { type Column, number, numberOrNothing, plural, stranger, table } from './table.js';

const MOST_PERSONS = 100;
const MOST_PERSON_DAYS = 400;
const MOST_OBJECTS = 100;
/** At most this many objects of a person's day are named. */
const MOST_NAMED = 3;

const CLASS_SERIES: readonly Series[] = [
  { name: 'writes', className: 'write' },
  { name: 'DDL', className: 'ddl' },
  { name: 'roles', className: 'role' },
  { name: 'other', className: 'other' },
];

const WHEN_SERIES: readonly Series[] = [
  { name: 'working hours', className: 'inside' },
  { name: 'outside them', className: 'outside' },
  { name: 'weekends', className: 'weekend' },
];

const TITLES: Readonly<Record<Step, string>> = { day: 'Day', week: 'Week', month: 'Month', year: 'Year' };

export function daySection(report: Report): Html {
  const { findings, period, zone, madeAt } = report;
  const uncovered = uncoveredDays(report);
  const today = zone.at(madeAt).day;
  const last = today >= period.since && today < period.until ? today : period.until;
  const { step, stretches: all } = stretches(period.since, last);
  const rows = all.map(({ label, days }) => ({
    label,
    amount: together(days, findings.days),
    isUnsure: days.some(day => uncovered.has(day)),
  }));
  const active = rows.filter(({ amount }) => amount.events > 0 || amount.failed > 0);
  const listed = rows.filter(row => row.isUnsure || active.includes(row));
  const busiest = active.toSorted((a, b) => b.amount.events - a.amount.events)[0];
  const series = usedSeries(findings.total);
  const bars = rows.map(({ label, amount, isUnsure }) => ({
    label,
    isUnsure,
    values: series.map(({ index }) => countOf(amount, index)),
  }));
  const description = `${plural(findings.total.events, 'statement')} in ${plural(rows.length, step)}, of which ${number(rows.length - active.length)} have none. ${
    busiest === undefined ? '' : `Most in ${busiest.label}: ${number(busiest.amount.events)}.`
  } The table below has the numbers.`;
  return html`<section id="days"><h2>By ${step}</h2>
${barPlot({ id: 'plot-days', title: `Statements by ${step}`, description, series: series.map(({ series: one }) => one), bars, format: number })}
${table(
  `${TITLES[step]}s with statements. Times are in ${zone.name}.`,
  [
    {
      head: TITLES[step],
      cell: ({ label, isUnsure }) =>
        html`<span class="day">${label}</span>${isUnsure ? html` <span class="mark">not fully covered</span>` : null}`,
      kind: 'main',
    },
    ...amountColumns(findings.total, ({ amount }: { amount: Amount }) => amount),
  ],
  listed,
)}
${hoursPlot(findings.hours)}</section>`;
}

function hoursPlot(hours: Report['findings']['hours']): Html {
  const bars = hours.map(({ inside, outside, weekend }, hour) => ({
    label: `${String(hour).padStart(2, '0')}:00`,
    values: [inside, outside, weekend],
  }));
  const sum = (of: (one: (typeof hours)[number]) => number): string =>
    number(hours.reduce((total, one) => total + of(one), 0));
  const description = `${sum(one => one.inside)} in working hours, ${sum(one => one.outside)} outside them on working days, ${sum(one => one.weekend)} on weekends.`;
  return barPlot({
    id: 'plot-hours',
    title: 'Statements by hour',
    description,
    series: WHEN_SERIES,
    bars,
    format: number,
  });
}

export function personSection(report: Report): Html {
  const { findings, period } = report;
  const persons = findings.persons.sorted;
  const shown = persons.slice(0, MOST_PERSONS);
  const { step, stretches: all } = stretches(period.since, period.until);
  const uncovered = uncoveredDays(report);
  const unsureAt = new Set(
    all.flatMap(({ days }, index) => (days.some(day => uncovered.has(day)) ? [index] : [])),
  );
  const byPerson = Map.groupBy(findings.personDays.sorted, ({ person }) => person.key);
  const seriesOf = ({ person }: PersonAmount): number[] => {
    const days = new Map((byPerson.get(person.key) ?? []).map(one => [one.day, one]));
    return all.map(stretch => together(stretch.days, days).events);
  };
  const rows = shown.map(one => ({
    ...one,
    series: seriesOf(one),
    days: byPerson.get(one.person.key)?.length ?? 0,
  }));
  const columns: Column<(typeof rows)[number]>[] = [
    { head: 'Person', cell: ({ person }) => nameOf(person), kind: 'main' },
    {
      head: 'Login role',
      cell: ({ users }) => [...users].map((user, index) => [index > 0 ? ', ' : '', stranger(user)]),
    },
    ...(rows.every(({ person }) => person.unit === null) ? [] : [unitColumn<(typeof rows)[number]>()]),
    {
      head: `Statements by ${step}`,
      cell: ({ series }) => spark(series, Math.max(...series), 'write', unsureAt),
    },
    ...amountColumns(findings.total, (row: Amount) => row),
    { head: 'Days', cell: ({ days }) => numberOrNothing(days), kind: 'number' },
  ];
  return html`<section id="persons"><h2>By person</h2>
${table(`${plural(persons.length, 'person')}, the busiest first. Each row of small bars has its own scale.`, columns, rows)}
${whatIsMore(persons.length - shown.length, searchCommand(report, '--group-by', 'actor'))}${notExact(findings.persons)}
${personDays(report)}</section>`;
}

function unitColumn<T extends PersonAmount>(): Column<T> {
  return { head: 'Unit', cell: ({ person }) => (person.unit === null ? null : stranger(person.unit)) };
}

function personDays(report: Report): Html {
  const { personDays: all, touched, total } = report.findings;
  const largest = all.sorted;
  const shown = largest.slice(0, MOST_PERSON_DAYS).sort(byDay);
  const named = Map.groupBy(touched.sorted, keyOf);
  return html`<h3>By day and person</h3>
${table(
  `What each person changed on each day: the ${number(MOST_NAMED)} objects with the most statements are named.`,
  [
    { head: 'Day', cell: ({ day }) => html`<span class="day">${day}</span>` },
    { head: 'Person', cell: ({ person }) => nameOf(person), kind: 'main' },
    { head: 'Objects', cell: row => namedObjects(named.get(keyOf(row)) ?? []), kind: 'wide' },
    ...amountColumns(total, (row: PersonDay) => row),
  ],
  shown,
)}
${whatIsMore(largest.length - shown.length, searchCommand(report, '--group-by', 'day,actor'))}${notExact(all)}`;
}

export function objectSection(report: Report): Html {
  const { objects, total } = report.findings;
  const all = objects.sorted;
  const shown = all.slice(0, MOST_OBJECTS);
  return html`<section id="objects"><h2>By object</h2>
<p class="soft">Names come from pgAudit or from the statement itself: without a schema, the same name may mean several
relations. A statement that changes several objects counts for each.</p>
${table(
  `${plural(all.length, 'object')}, the most changed first`,
  [
    { head: 'Object', cell: ({ object }) => objectName(object), kind: 'main' },
    ...amountColumns(total, (row: Amount) => row).filter(({ head }) => head !== 'Failed'),
  ],
  shown,
)}
${whatIsMore(all.length - shown.length, searchCommand(report, '--group-by', 'object'))}${notExact(objects)}</section>`;
}

/** @param total of the period: a class without statements has no column */
function amountColumns<T>(total: Amount, amountOf: (row: T) => Amount): Column<T>[] {
  const column = (head: string, value: (amount: Amount) => number): Column<T> => ({
    head,
    cell: row => numberOrNothing(value(amountOf(row))),
    kind: 'number',
  });
  return [
    column('Writes', ({ byClass }) => byClass.write),
    column('DDL', ({ byClass }) => byClass.ddl),
    column('Roles', ({ byClass }) => byClass.role),
    ...(total.byClass.other > 0 ? [column('Other', ({ byClass }) => byClass.other)] : []),
    column('Failed', ({ failed }) => failed),
    column('Outside hours', ({ outside }) => outside),
    column('Weekend', ({ weekend }) => weekend),
  ];
}

function namedObjects(touched: readonly Touched[]): Part {
  const more = touched.length - MOST_NAMED;
  return [
    ...touched
      .slice(0, MOST_NAMED)
      .map(
        ({ object, events }, index) =>
          html`${index > 0 ? ', ' : ''}${objectName(object)} (${number(events)})`,
      ),
    more > 0 ? ` and ${number(more)} more` : null,
  ];
}

/** The series of classes that occur; the first three always. */
function usedSeries({ byClass }: Amount): { series: Series; index: number }[] {
  return CLASS_SERIES.map((series, index) => ({ series, index })).filter(
    ({ index }) => index < 3 || byClass.other > 0,
  );
}

function countOf({ byClass }: Amount, index: number): number {
  return byClass[CLASSES[index] ?? 'other'];
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
