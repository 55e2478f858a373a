/** The section that says for whom, where and when there is evidence at all. */

import { type Html, html, type Part } from '../lib/html.js';
import { addDays, countDays } from '../lib/zone.js';
import { cappedTable, dayOf, moment, notExact, separated, whatIsMore } from './parts.js';
import type { PopulationChange, Unaudited } from './population.js';
import type { PopulationDay, ReportedUnaudited } from './population-day.js';
import { type Report, searchCommand } from './report.js';
import { type Column, number, stranger, table } from './table.js';

const MOST_ROWS = 60;
const MOST_DATABASES = 20;

/** Consecutive days with the same state. */
interface Stretch {
  readonly server: string;
  readonly since: string;
  until: string;
  readonly row: Row;
}

interface Row {
  readonly databases: readonly string[];
  /** `null`: no population was recorded. */
  readonly of: PopulationDay | null;
  /** Who was not audited after a change on that day. */
  readonly changed: ReportedUnaudited | null;
  readonly gaps: number;
}

export function populationSection(report: Report): Html {
  const { words } = report;
  const { populations } = report.findings;
  const all = stretchesOf(report);
  const shown = all.toSorted(byWeight).slice(0, MOST_ROWS).sort(byServerAndDay);
  const total = all.length + populations.missingRows;
  const { intro, noDay, caption, tooMany } = words.population;
  return html`<section id="population"><h2>${words.page.sections.population}</h2>
<p>${intro}</p>
${shown.length === 0 ? html`<p class="warn">${noDay}</p>` : table(caption(total), columnsOf(report), shown)}
${whatIsMore(report, shown.length, total, searchCommand(report, '--kind', 'population'))}
<h3>${words.population.notAudited}</h3>${unauditedTable(report)}
<h3>${words.population.cameAndWent}</h3>${changeTable(report)}
${populations.areTooMany ? html`<p class="warn">${tooMany}</p>` : null}
<h3>${words.population.mayTurnOff}</h3>${privilegedTable(report)}</section>`;
}

/** Those with somebody who is not audited first, then days about which nothing is known. */
function byWeight(a: Stretch, b: Stretch): number {
  return weightOf(b) - weightOf(a);
}

function weightOf({ row: { of, changed, gaps } }: Stretch): number {
  return (of === null ? 1 : 2 * of.unaudited) + 2 * (changed?.count ?? 0) + gaps;
}

function byServerAndDay(a: Stretch, b: Stretch): number {
  return a.server.localeCompare(b.server) || a.since.localeCompare(b.since);
}

function columnsOf(report: Report): readonly Column<Stretch>[] {
  const { columns, population } = report.words;
  const days = ({ since, until }: Stretch): Html =>
    since === until
      ? dayOf(report, since)
      : html`<span class="day">${population.range(report.words.day(since), report.words.day(until))}</span>`;
  return [
    { head: columns.days, cell: days, kind: 'main' },
    { head: columns.server, cell: ({ server }) => stranger(server) },
    {
      head: columns.database,
      cell: ({ row }) => someNames(report, row.databases, row.databases.length, MOST_DATABASES),
    },
    { head: columns.couldLogIn, cell: ({ row }) => persons(report, row), kind: 'number' },
    { head: columns.notAudited, cell: ({ row }) => notAudited(report, row), kind: 'wide' },
    { head: columns.gaps, cell: ({ row }) => (row.gaps === 0 ? null : number(row.gaps)), kind: 'number' },
  ];
}

function persons({ words }: Report, { of }: Row): Part {
  return of === null ? html`<span class="mark">${words.population.unknown}</span>` : number(of.persons);
}

function notAudited(report: Report, { of, changed }: Row): Part {
  const { unknown, nobody, nobodyBefore, afterChange } = report.words.population;
  const part = changed === null ? null : html`${afterChange}${marked(report, changed.names, changed.count)}`;
  if (of === null) return html`<span class="mark">${unknown}</span>${part}`;
  if (of.unaudited > 0) return html`${marked(report, of.names, of.unaudited)}${part}`;
  return html`${changed === null ? nobody : nobodyBefore}${part}`;
}

function marked(report: Report, names: readonly string[], count: number): Html {
  return html`<span class="mark">${number(count)}</span> ${someNames(report, names, count, names.length)}`;
}

function someNames({ words }: Report, names: readonly string[], count: number, most: number): Part {
  const shown = names.slice(0, most);
  const rest = count - shown.length;
  return html`${separated(shown.map(stranger))}${rest > 0 ? ` ${words.more(number(rest))}` : ''}`;
}

function stretchesOf(report: Report): Stretch[] {
  const { populations } = report.findings;
  const days = daysOf(report);
  return [...populations.days.keys()].sort().flatMap(server => {
    const open = new Map<string, Stretch>();
    const found: Stretch[] = [];
    for (const day of days)
      for (const row of rowsOf(report, server, day)) {
        const key = JSON.stringify(row);
        const before = open.get(key);
        if (before !== undefined && addDays(before.until, 1) === day) before.until = day;
        else {
          const stretch = { server, since: day, until: day, row };
          open.set(key, stretch);
          found.push(stretch);
        }
      }
    return found;
  });
}

/** Databases with the same values share a row. */
function rowsOf({ findings }: Report, server: string, day: string): Row[] {
  const { populations } = findings;
  const gaps = populations.gaps.get(server)?.get(day) ?? 0;
  const changed = populations.changed.get(server)?.get(day) ?? null;
  const databases = populations.days.get(server)?.get(day);
  if (databases === undefined) return [{ databases: [], of: null, changed, gaps }];
  const same = Map.groupBy(databases.values(), ({ database: _, ...rest }) => JSON.stringify(rest));
  return [...same.values()].map(([first = NOBODY, ...more]) => ({
    databases: [first, ...more].map(({ database }) => database),
    of: { ...first, database: '' },
    changed,
    gaps,
  }));
}

const NOBODY: PopulationDay = { database: '', persons: 0, unaudited: 0, names: [] };

/** The days of the period that are past. */
function daysOf({ period, zone, madeAt }: Report): string[] {
  const today = zone.at(madeAt).day;
  const until = period.until < today ? period.until : today;
  if (period.since > until) return [];
  return Array.from({ length: countDays(period.since, until) }, (_, index) => addDays(period.since, index));
}

function unauditedTable(report: Report): Part {
  const { unaudited } = report.findings.populations;
  const { columns: heads, nobody, population } = report.words;
  if (unaudited.total === 0) return html`<p>${nobody}</p>`;
  const columns: Column<Unaudited>[] = [
    { head: heads.server, cell: ({ server }) => stranger(server), kind: 'main' },
    { head: heads.from, cell: ({ since }) => moment(report, since) },
    { head: heads.to, cell: ({ until }) => (until === null ? population.now : moment(report, until)) },
    { head: heads.persons, cell: ({ most }) => number(most), kind: 'number' },
    {
      head: heads.who,
      cell: ({ names, most }) => someNames(report, names, most, names.length),
      kind: 'wide',
    },
  ];
  const items = unaudited.items.toSorted((a, b) => b.most - a.most).slice(0, MOST_ROWS);
  return cappedTable(report, {
    ...{ items, total: unaudited.total, columns, caption: population.stretches(unaudited.total) },
    command: searchCommand(report, '--kind', 'config,population'),
  });
}

function changeTable(report: Report): Part {
  const { changes } = report.findings.populations;
  const { columns: heads, nobody, population } = report.words;
  if (changes.total === 0) return html`<p>${nobody}</p>`;
  const columns: Column<PopulationChange>[] = [
    { head: heads.seen, cell: ({ at }) => moment(report, at), kind: 'main' },
    { head: heads.server, cell: ({ server }) => stranger(server) },
    { head: heads.what, cell: ({ what }) => population.changes[what] },
    { head: heads.persons, cell: ({ count }) => number(count), kind: 'number' },
    {
      head: heads.who,
      cell: ({ names, count }) => someNames(report, names, count, names.length),
      kind: 'wide',
    },
  ];
  const items = changes.items.toSorted((a, b) => a.at - b.at);
  return cappedTable(report, {
    ...{ items, total: changes.total, columns, caption: population.changeCount(changes.total) },
    command: searchCommand(report, '--kind', 'population'),
  });
}

function privilegedTable(report: Report): Part {
  const { privileged } = report.findings.populations;
  const { columns: heads, nobody, population } = report.words;
  const all = privileged.sorted;
  if (all.length === 0) return html`<p>${nobody}</p>`;
  const columns: Column<(typeof all)[number]>[] = [
    { head: heads.role, cell: ({ role }) => stranger(role), kind: 'main' },
    { head: heads.server, cell: ({ server }) => stranger(server) },
    { head: heads.by, cell: ({ by }) => stranger(by), kind: 'wide' },
  ];
  const capped = cappedTable(report, {
    ...{
      items: all.slice(0, MOST_ROWS),
      total: all.length,
      columns,
      caption: population.roleCount(all.length),
    },
    command: searchCommand(report, '--kind', 'population'),
  });
  return [capped, notExact(report, privileged)];
}
