/** What somebody must investigate: failures, suspects, gaps, unresolved persons, and changes of what is audited. */

import { type Html, html, type Part } from '../lib/html.js';
import type { Weightiest } from './bounded.js';
import type { FailureCount } from './findings.js';
import { cappedTable, moment, nameOf, notExact } from './parts.js';
import { type Report, searchCommand } from './report.js';
import type { NotResolved } from './roles.js';
import type { Reported, Sign } from './signs.js';
import { type Column, number, stranger } from './table.js';

const MOST_ROWS = 40;
/** Of one `config` event. */
const MOST_CHANGES = 50;

export function failureSection(report: Report): Html {
  const { words, findings } = report;
  const { failures, total } = findings;
  const all = failures.sorted.filter(({ events }) => events > 0);
  const columns: Column<FailureCount>[] = [
    { head: words.columns.person, cell: ({ person }) => nameOf(report, person), kind: 'main' },
    { head: words.columns.what, cell: one => failureOf(report, one) },
    { head: words.columns.times, cell: ({ events }) => number(events), kind: 'number' },
    { head: words.columns.first, cell: ({ first }) => moment(report, first) },
    { head: words.columns.last, cell: ({ last }) => moment(report, last) },
  ];
  return html`<section id="failures"><h2>${words.page.sections.failures}</h2>
<p>${words.failures.intro(number(total.failed))}</p>
${cappedTable(report, {
  ...{
    items: all.slice(0, MOST_ROWS),
    total: all.length,
    columns,
    caption: words.failures.caption(all.length),
  },
  command: searchCommand(report, '--kind', 'failure'),
})}${notExact(report, failures)}</section>`;
}

function failureOf({ words }: Report, { sqlState, isUncertain }: FailureCount): Part {
  const { states, uncertain, rolledBack } = words.failures;
  if (isUncertain) return uncertain;
  if (sqlState === null) return rolledBack;
  const name = states[sqlState] ?? states[sqlState.slice(0, 2)];
  return html`<code>${stranger(sqlState)}</code>${name === undefined ? null : ` ${name}`}`;
}

export function unknownSection(report: Report): Html {
  const { words } = report;
  const { notResolved } = report.findings.roles;
  const all = notResolved.sorted;
  const columns: Column<NotResolved>[] = [
    { head: words.columns.user, cell: ({ user }) => stranger(user), kind: 'main' },
    { head: words.columns.status, cell: ({ status }) => words.unresolved.status[status] ?? stranger(status) },
    { head: words.columns.statements, cell: ({ events }) => number(events), kind: 'number' },
    { head: words.columns.first, cell: ({ first }) => moment(report, first) },
    { head: words.columns.last, cell: ({ last }) => moment(report, last) },
  ];
  return html`<section id="unresolved"><h2>${words.page.sections.unresolved}</h2>
<p>${words.unresolved.intro}</p>
${cappedTable(report, {
  ...{
    items: all.slice(0, MOST_ROWS),
    total: all.length,
    columns,
    caption: words.unresolved.count(all.length),
  },
  command: searchCommand(report, '--group-by', 'user'),
})}${notExact(report, notResolved)}</section>`;
}

export function suspectSection(report: Report): Html {
  const { words } = report;
  const { suspects } = report.findings.signs;
  const columns: Column<Reported<'suspect'>>[] = [
    ...commonColumns<'suspect'>(report),
    userColumn(report),
    { head: words.columns.rule, cell: ({ what }) => stranger(what.reason) },
    {
      head: words.columns.record,
      cell: ({ what }) => html`<code dir="auto">${stranger(what.message)}</code>`,
      kind: 'wide',
    },
  ];
  return html`<section id="suspects"><h2>${words.page.sections.suspects}</h2>
<p>${words.suspects.intro}</p>
${list(report, 'suspect', suspects, words.suspects.count, columns)}</section>`;
}

export function unauditedSection(report: Report): Html {
  const { words } = report;
  const { unaudited } = report.findings.signs;
  const columns: Column<Reported<'unaudited'>>[] = [
    ...commonColumns<'unaudited'>(report),
    userColumn(report),
    { head: words.columns.class, cell: ({ what }) => stranger(what.class) },
    {
      head: words.columns.statement,
      cell: ({ what }) => html`<code dir="auto">${stranger(what.statement)}</code>`,
      kind: 'wide',
    },
  ];
  return html`<section id="unaudited"><h2>${words.page.sections.unaudited}</h2>
<p>${words.unaudited.intro}</p>
${list(report, 'unaudited', unaudited, words.unaudited.count, columns)}</section>`;
}

export function gapSection(report: Report): Html {
  const { words } = report;
  const { gaps, gapReasons } = report.findings.signs;
  const reasons = gapReasons.sorted.map(({ reason, events }) => `${number(events)} ${reason}`);
  const columns: Column<Reported<'gap'>>[] = [
    ...commonColumns<'gap'>(report),
    userColumn(report),
    { head: words.columns.reason, cell: ({ what }) => stranger(what.reason) },
    { head: words.columns.missing, cell: one => missing(report, one), kind: 'wide' },
  ];
  return html`<section id="gaps"><h2>${words.page.sections.gaps}</h2>
<p>${words.gaps.intro} ${reasons.length === 0 ? null : `${reasons.join(', ')}.`}</p>
${list(report, 'gap', gaps, words.gaps.count, columns)}</section>`;
}

function missing({ words }: Report, { what, source }: Reported<'gap'>): Part {
  const { session, firstLine, lastLine, firstStatement, lastStatement, after = null, before = null } = what;
  const { gaps } = words;
  const numbers =
    range(gaps.lines, firstLine, lastLine) ?? range(gaps.statements, firstStatement, lastStatement);
  const lines = session == null ? null : html`${gaps.session} <code>${stranger(session)}</code>${numbers}. `;
  const bytes =
    source === undefined || numbers !== null
      ? null
      : gaps.bytes(source.length, html`<code>${stranger(source.file)}</code>`, source.offset);
  return [lines, bytes, after === null && before === null ? null : gaps.between(after, before)];
}

type Count = number | null | undefined;

function range(say: (from: number, to: number) => string, first: Count, last: Count): string | null {
  return first == null ? null : say(first, last ?? first);
}

export function settingsSection(report: Report): Html {
  const { words } = report;
  const { settings, starts } = report.findings.signs;
  const changes: Column<Reported<'config'>>[] = [
    ...commonColumns<'config'>(report),
    { head: words.columns.changed, cell: ({ what }) => changed(report, what), kind: 'wide' },
  ];
  const runs: Column<Reported<'lifecycle'>>[] = [
    ...commonColumns<'lifecycle'>(report),
    {
      head: words.columns.what,
      cell: ({ what }) => [
        what.action,
        what.version == null ? null : html`, ${words.settings.version} ${stranger(what.version)}`,
      ],
    },
    { head: words.columns.chain, cell: ({ what }) => chainNews(report, what) },
  ];
  return html`<section id="settings"><h2>${words.settings.heading}</h2>
<h3>${words.settings.changes}</h3>
${list(report, 'config', settings, words.settings.changeCount, changes)}
<h3>${words.settings.runs}</h3>
${list(report, 'lifecycle', starts, words.settings.runCount, runs)}</section>`;
}

export function changed({ words }: Report, { changes }: Reported<'config'>['what']): Html {
  const { ofRole, inDatabase, notSet } = words.settings;
  return html`<ul>${changes
    .slice(0, MOST_CHANGES)
    .map(
      ({ what, name, role, database, before, after }) =>
        html`<li>${what} <code>${stranger(name)}</code>${role == null ? null : html` ${ofRole} ${stranger(role)}`}${
          database == null ? null : html` ${inDatabase} ${stranger(database)}`
        }: <code>${stranger(before ?? notSet)}</code> → <code>${stranger(after ?? notSet)}</code></li>`,
    )}</ul>`;
}

function chainNews(
  { words }: Report,
  { newChain, reason, takenUpFromArchive }: Reported<'lifecycle'>['what'],
): Part {
  if (takenUpFromArchive === true) return words.settings.takenUp;
  return newChain === true ? words.settings.newChain(reason == null ? null : stranger(reason)) : null;
}

/** What weighs most, in the order of time. */
function list<K extends Sign>(
  report: Report,
  kind: K,
  { items, total }: Weightiest<Reported<K>>,
  caption: (count: number) => string,
  columns: readonly Column<Reported<K>>[],
): Part {
  return cappedTable(report, {
    ...{ items: items.toSorted((a, b) => a.at - b.at), total, caption: caption(total), columns },
    command: searchCommand(report, '--kind', kind),
  });
}

function commonColumns<K extends Sign>(report: Report): Column<Reported<K>>[] {
  const time = ({ at, id }: Reported<K>): Html =>
    html`${moment(report, at)} <span class="id">${stranger(id)}</span>`;
  return [{ head: report.words.columns.time, cell: time, kind: 'main' }];
}

function userColumn<K extends Sign>({ words }: Report): Column<Reported<K>> {
  return { head: words.columns.user, cell: ({ user }) => (user === null ? null : stranger(user)) };
}
