/** The section on changed rows: who changed how many of which table, and some with their old and new values. */

import { type Html, html } from '../lib/html.js';
import { cappedTable, moment, nameOf, notExact, objectName, whatIsMore } from './parts.js';
import { type Report, searchCommand } from './report.js';
import type { ChangedColumn, ChangedRow, RowCount } from './rows.js';
import { type Column, number, numberOrNothing, stranger, table } from './table.js';

const MOST_COUNTS = 40;

export function rowSection(report: Report): Html {
  const { words, findings } = report;
  const { counts, sample } = findings.rows;
  const all = counts.sorted;
  const columns: Column<RowCount>[] = [
    { head: words.columns.person, cell: ({ person }) => nameOf(report, person), kind: 'main' },
    { head: words.columns.table, cell: one => objectName(report, one.table), kind: 'wide' },
    { head: words.columns.inserted, cell: one => numberOrNothing(one.byOperation.INSERT), kind: 'number' },
    { head: words.columns.updated, cell: one => numberOrNothing(one.byOperation.UPDATE), kind: 'number' },
    { head: words.columns.deleted, cell: one => numberOrNothing(one.byOperation.DELETE), kind: 'number' },
    { head: words.columns.truncated, cell: one => numberOrNothing(one.byOperation.TRUNCATE), kind: 'number' },
    { head: words.columns.first, cell: ({ first }) => moment(report, first) },
    { head: words.columns.last, cell: ({ last }) => moment(report, last) },
  ];
  const command = searchCommand(report, '--kind', 'row');
  return html`<section id="rows"><h2>${words.page.sections.rows}</h2>
<p>${words.rows.intro(sample.total)}</p>
${sample.total === 0 ? null : cappedTable(report, { items: all.slice(0, MOST_COUNTS), total: all.length, columns, caption: words.rows.caption(all.length), command })}${notExact(report, counts)}
${sample.total === 0 ? null : html`${sampled(report, sample.items)}${whatIsMore(report, sample.items.length, sample.total, command)}`}</section>`;
}

function sampled(report: Report, items: readonly ChangedRow[]): Html {
  const { words } = report;
  const columns: Column<ChangedRow>[] = [
    { head: words.columns.time, cell: ({ at }) => moment(report, at) },
    { head: words.columns.person, cell: ({ person }) => nameOf(report, person) },
    { head: words.columns.row, cell: one => rowName(report, one), kind: 'main' },
    { head: words.columns.values, cell: one => values(report, one), kind: 'wide' },
  ];
  return table(
    words.rows.sample(items.length),
    columns,
    items.toSorted((a, b) => a.at - b.at),
  );
}

function rowName(report: Report, { operation, table: name, key, id }: ChangedRow): Html {
  return html`${operation} ${objectName(report, name)} ${stranger(key)}<span class="soft id">${stranger(id)}</span>`;
}

function values({ words }: Report, { columns, more }: ChangedRow): Html {
  return html`<ul>${columns.map(column => html`<li>${stranger(column.name)}: ${change(column)}</li>`)}</ul>${
    more === 0 ? null : html`<span class="soft">${words.rows.moreColumns(number(more))}</span>`
  }`;
}

/** Both sides of an UPDATE; the one that there is of any other change. */
function change({ before, after }: ChangedColumn): Html {
  if (before === null || after === null) return stranger(before ?? after ?? '');
  return html`${stranger(before)} → ${stranger(after)}`;
}
