/** The section that says for whom, where and when there is evidence at all. */

import { type Html, html, type Part } from '../lib/html.js';
import { moment, notExact, whatIsMore } from './parts.js';
import type { PopulationChange, Unaudited } from './population.js';
import type { PopulationDay, ReportedUnaudited } from './population-day.js';
import { type Report, searchCommand } from './report.js';
import { type Column, number, plural, stranger, table } from './table.js';
import { addDays, countDays } from './zone.js';

const MOST_ROWS = 1000;
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
  const { populations } = report.findings;
  const all = stretchesOf(report);
  const shown = all.slice(0, MOST_ROWS);
  const more = all.length - shown.length + populations.missingRows;
  return html`<section id="population"><h2>Population</h2>
<p>Who could log in, as each server said at that time, and whether pgAudit logged all of their changes. <em>Not known</em>: nobody asked
the server; the shipper was down, or has no <code>database</code> configured.</p>
${shown.length === 0 ? html`<p class="warn">Not known for any day.</p>` : table('By day and database', DAYS, shown)}
${whatIsMore(more, searchCommand(report, '--kind', 'population'))}
<h3>Not audited</h3>${unauditedTable(report)}
<h3>Who came and went</h3>${changeTable(report)}
${populations.areTooMany ? html`<p class="warn">There are too many roles to compare each population with the one before.</p>` : null}
<h3>Who could turn auditing off</h3>${privilegedTable(report)}</section>`;
}

const DAYS: readonly Column<Stretch>[] = [
  {
    head: 'Days',
    cell: ({ since, until }) =>
      html`<span class="day">${since === until ? since : html`${since} to ${until}`}</span>`,
    kind: 'main',
  },
  { head: 'Server', cell: ({ server }) => stranger(server) },
  { head: 'Database', cell: ({ row }) => someNames(row.databases, row.databases.length, MOST_DATABASES) },
  { head: 'Could log in', cell: ({ row }) => persons(row), kind: 'number' },
  { head: 'Not audited', cell: ({ row }) => notAudited(row), kind: 'wide' },
  { head: 'Gaps', cell: ({ row }) => (row.gaps === 0 ? null : number(row.gaps)), kind: 'number' },
];

function persons({ of }: Row): Part {
  return of === null ? html`<span class="mark">not known</span>` : number(of.persons);
}

function notAudited({ of, changed }: Row): Part {
  const part =
    changed === null ? null : html`, after a change on that day: ${marked(changed.names, changed.count)}`;
  if (of === null) return html`<span class="mark">not known</span>${part}`;
  if (of.unaudited > 0) return html`${marked(of.names, of.unaudited)}${part}`;
  return html`${changed === null ? 'nobody' : 'nobody before'}${part}`;
}

function marked(names: readonly string[], count: number): Html {
  return html`<span class="mark">${number(count)}</span> ${someNames(names, count, names.length)}`;
}

function someNames(names: readonly string[], count: number, most: number): Part {
  const shown = names.slice(0, most);
  const rest = count - shown.length;
  return html`${shown.map((name, index) => html`${index > 0 ? ', ' : ''}${stranger(name)}`)}${rest > 0 ? ` and ${number(rest)} more` : ''}`;
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
  if (unaudited.total === 0) return html`<p>Nobody, as far as is known.</p>`;
  const columns: Column<Unaudited>[] = [
    { head: 'Server', cell: ({ server }) => stranger(server), kind: 'main' },
    { head: 'From', cell: ({ since }) => moment(report.zone, since) },
    { head: 'To', cell: ({ until }) => (until === null ? 'now' : moment(report.zone, until)) },
    { head: 'Persons', cell: ({ most }) => number(most), kind: 'number' },
    { head: 'Who', cell: ({ names, most }) => someNames(names, most, names.length), kind: 'wide' },
  ];
  return [
    table(
      unaudited.total === 1 ? '1 stretch' : `${number(unaudited.total)} stretches`,
      columns,
      unaudited.items,
    ),
    whatIsMore(unaudited.more, searchCommand(report, '--kind', 'config,population')),
  ];
}

function changeTable(report: Report): Part {
  const { changes } = report.findings.populations;
  if (changes.total === 0) return html`<p>Nobody, as far as is known.</p>`;
  const columns: Column<PopulationChange>[] = [
    { head: 'Seen', cell: ({ at }) => moment(report.zone, at), kind: 'main' },
    { head: 'Server', cell: ({ server }) => stranger(server) },
    { head: 'What', cell: ({ what }) => what },
    { head: 'Persons', cell: ({ count }) => number(count), kind: 'number' },
    { head: 'Who', cell: ({ names, count }) => someNames(names, count, names.length), kind: 'wide' },
  ];
  return [
    table(plural(changes.total, 'change'), columns, changes.items),
    whatIsMore(changes.more, searchCommand(report, '--kind', 'population')),
  ];
}

function privilegedTable(report: Report): Part {
  const { privileged } = report.findings.populations;
  const all = privileged.sorted;
  if (all.length === 0) return html`<p>Nobody, as far as is known.</p>`;
  const shown = all.slice(0, MOST_ROWS);
  return [
    table(
      plural(all.length, 'role'),
      [
        { head: 'Role', cell: ({ role }: (typeof all)[number]) => stranger(role), kind: 'main' },
        { head: 'Server', cell: ({ server }) => stranger(server) },
        { head: 'By', cell: ({ by }) => stranger(by), kind: 'wide' },
      ],
      shown,
    ),
    whatIsMore(all.length - shown.length, searchCommand(report, '--kind', 'population')),
    notExact(privileged),
  ];
}
