/** What somebody must investigate: failures, suspects, gaps, unresolved persons, and changes of what is audited. */

import { type Html, html, type Part } from '../lib/html.js';
import type { Bounded } from './bounded.js';
import type { FailureCount, NotResolved, Reported, Sign } from './findings.js';
import { moment, nameOf, notExact, whatIsMore } from './parts.js';
import { type Report, searchCommand } from './report.js';
import { type Column, number, plural, stranger, table } from './table.js';
import type { Zone } from './zone.js';

const MOST_ROWS = 200;

/** SQLSTATEs that a reviewer meets (PostgreSQL's manual, appendix A); for others, the name of their class. */
const SQL_STATES: Readonly<Record<string, string>> = {
  '42501': 'insufficient privilege',
  '23505': 'unique violation',
  '23503': 'foreign key violation',
  '23502': 'not null violation',
  '23514': 'check violation',
  '40001': 'serialization failure',
  '40P01': 'deadlock',
  '57014': 'cancelled',
  '25P02': 'in a failed transaction',
  '55P03': 'lock not available',
  '22': 'data exception',
  '23': 'integrity constraint violation',
  '25': 'invalid transaction state',
  '28': 'invalid authorization',
  '40': 'transaction rollback',
  '42': 'syntax error or access rule violation',
  '53': 'insufficient resources',
  '54': 'program limit exceeded',
  '55': 'object not in prerequisite state',
  '57': 'operator intervention',
  '58': 'system error',
  P0: 'raised by a function',
};

export function failureSection(report: Report): Html {
  const { failures, total } = report.findings;
  const all = failures.sorted.filter(({ events }) => events > 0);
  const shown = all.slice(0, MOST_ROWS);
  const { zone } = report;
  return html`<section id="failures"><h2>Failures</h2>
<p>Statements whose transaction failed (with an error that no savepoint caught) or was rolled back. ${number(total.failed)} in the period.</p>
${
  all.length === 0
    ? null
    : table(
        'By person and SQLSTATE, the most frequent first',
        [
          { head: 'Person', cell: ({ person }: FailureCount) => nameOf(person), kind: 'main' },
          {
            head: 'What',
            cell: ({ sqlState, isUncertain }) =>
              isUncertain
                ? 'the session ended inside a transaction: it is not known whether it contained the statement'
                : sqlStateName(sqlState),
          },
          { head: 'Times', cell: ({ events }) => number(events), kind: 'number' },
          { head: 'First', cell: ({ first }) => moment(zone, first) },
          { head: 'Last', cell: ({ last }) => moment(zone, last) },
        ],
        shown,
      )
}
${whatIsMore(all.length - shown.length, searchCommand(report, '--kind', 'failure'))}${notExact(failures)}</section>`;
}

function sqlStateName(sqlState: string | null): Part {
  if (sqlState === null) return 'rolled back';
  const name = SQL_STATES[sqlState] ?? SQL_STATES[sqlState.slice(0, 2)];
  return html`<code>${stranger(sqlState)}</code>${name === undefined ? null : ` ${name}`}`;
}

export function unknownSection(report: Report): Html {
  const { notResolved } = report.findings;
  const all = notResolved.sorted;
  const shown = all.slice(0, MOST_ROWS);
  return html`<section id="unresolved"><h2>Unresolved persons</h2>
<p>Their statements are in the archive nevertheless. <em>claimed</em>: only the client itself says who it is. <em>stale</em>: the source of
identities was down, so its last answer was used.</p>
${
  all.length === 0
    ? html`<p>None.</p>`
    : table(
        `${plural(all.length, 'login role')}`,
        [
          { head: 'Login role', cell: ({ user }: NotResolved) => stranger(user), kind: 'main' },
          { head: 'Status', cell: ({ status }) => stranger(status) },
          { head: 'Statements', cell: ({ events }) => number(events), kind: 'number' },
        ],
        shown,
      )
}
${whatIsMore(all.length - shown.length, searchCommand(report, '--group-by', 'user'))}${notExact(notResolved)}</section>`;
}

export function suspectSection(report: Report): Html {
  const { suspects } = report.findings;
  const columns: Column<Reported<'suspect'>>[] = [
    ...commonColumns<'suspect'>(report.zone),
    { head: 'Rule broken', cell: ({ what }) => stranger(what.reason) },
    {
      head: 'Record',
      cell: ({ what }) => html`<code dir="auto">${stranger(what.message)}</code>`,
      kind: 'wide',
    },
  ];
  return html`<section id="suspects"><h2>Suspects</h2>
<p>Records that look like pgAudit's and are not: somebody may be forging the audit trail, or a program writes such texts into the log.</p>
${list(suspects, 'suspect', columns)}
${whatIsMore(suspects.more, searchCommand(report, '--kind', 'suspect'))}</section>`;
}

export function unauditedSection(report: Report): Html {
  const { unaudited } = report.findings;
  const columns: Column<Reported<'unaudited'>>[] = [
    ...commonColumns<'unaudited'>(report.zone),
    { head: 'Class', cell: ({ what }) => stranger(what.class) },
    {
      head: 'Statement',
      cell: ({ what }) => html`<code dir="auto">${stranger(what.statement)}</code>`,
      kind: 'wide',
    },
  ];
  return html`<section id="unaudited"><h2>Unaudited changes</h2>
<p>Changes by persons that the server logged and pgAudit did not: it was turned off for them, or did not work. They are found only if the
server logs statements (<code>log_statement</code>).</p>
${list(unaudited, 'change', columns)}
${whatIsMore(unaudited.more, searchCommand(report, '--kind', 'unaudited'))}</section>`;
}

export function gapSection(report: Report): Html {
  const { gaps, gapReasons } = report.findings;
  const reasons = gapReasons.sorted.map(({ reason, events }) => `${number(events)} ${reason}`);
  const columns: Column<Reported<'gap'>>[] = [
    ...commonColumns<'gap'>(report.zone),
    { head: 'Reason', cell: ({ what }) => stranger(what.reason) },
    { head: 'Missing', cell: missing, kind: 'wide' },
  ];
  return html`<section id="gaps"><h2>Gaps</h2>
<p>Parts of the log that could not be read, or records or statements of sessions that are in no file. Their content is not in the archive.
${reasons.length === 0 ? null : `${reasons.join(', ')}.`}</p>
${list(gaps, 'gap', columns)}
${whatIsMore(gaps.more, searchCommand(report, '--kind', 'gap'))}</section>`;
}

type Count = number | null | undefined;

function missing({ what, source }: Reported<'gap'>): Part {
  const { session, firstLine, lastLine, firstStatement, lastStatement, after, before } = what;
  const numbers =
    range('lines', firstLine, lastLine) ??
    range("statements by pgAudit's numbers", firstStatement, lastStatement);
  const lines = session == null ? null : html`session <code>${stranger(session)}</code>${numbers}. `;
  const bytes =
    source === undefined || numbers !== null
      ? null
      : html`${plural(source.length, 'byte')} of <code>${stranger(source.file)}</code> from byte ${source.offset}. `;
  const between =
    after == null && before == null
      ? null
      : `Between ${after ?? 'the beginning'} and ${before ?? 'the end'} (UTC).`;
  return [lines, bytes, between];
}

function range(of: string, first: Count, last: Count): string | null {
  return first == null ? null : `, ${of} ${first} to ${last ?? first}`;
}

export function settingsSection(report: Report): Html {
  const { settings, starts } = report.findings;
  const changes: Column<Reported<'config'>>[] = [
    ...commonColumns<'config'>(report.zone).filter(({ head }) => head !== 'Login role'),
    {
      head: 'Changed',
      cell: ({ what }) =>
        html`<ul>${what.changes
          .slice(0, 50)
          .map(
            ({ what: kind, name, role, database, before, after }) =>
              html`<li>${kind} <code>${stranger(name)}</code>${role == null ? null : html` of role ${stranger(role)}`}${
                database == null ? null : html` in database ${stranger(database)}`
              }: <code>${stranger(before ?? '(not set)')}</code> → <code>${stranger(after ?? '(not set)')}</code></li>`,
          )}</ul>`,
      kind: 'wide',
    },
  ];
  const runs: Column<Reported<'lifecycle'>>[] = [
    ...commonColumns<'lifecycle'>(report.zone).filter(({ head }) => head !== 'Login role'),
    {
      head: 'What',
      cell: ({ what }) => [
        what.action,
        what.version == null ? null : html`, version ${stranger(what.version)}`,
      ],
    },
    { head: 'Chain', cell: ({ what }) => chainNews(what) },
  ];
  return html`<section id="settings"><h2>What was audited, and when</h2>
<h3>Changes of the audit settings</h3>${list(settings, 'change', changes)}
${whatIsMore(settings.more, searchCommand(report, '--kind', 'config'))}
<h3>Starts and stops of the shipper</h3>${list(starts, 'start or stop', runs)}
${whatIsMore(starts.more, searchCommand(report, '--kind', 'lifecycle'))}</section>`;
}

function chainNews({ newChain, reason, takenUpFromArchive }: Reported<'lifecycle'>['what']): Part {
  if (takenUpFromArchive === true) return 'taken up from the archive, since the state was lost';
  return newChain === true ? html`a new chain: ${stranger(reason ?? 'no reason given')}` : null;
}

function list<K extends Sign>(
  listed: Bounded<Reported<K>>,
  what: string,
  columns: readonly Column<Reported<K>>[],
): Html {
  if (listed.total === 0) return html`<p>None.</p>`;
  return table(
    listed.more > 0 ? `The first ${number(listed.items.length)}` : plural(listed.total, what),
    columns,
    listed.items,
  );
}

function commonColumns<K extends Sign>(zone: Zone): Column<Reported<K>>[] {
  return [
    {
      head: 'Time',
      cell: ({ at, id }) => html`${moment(zone, at)} <span class="id">${stranger(id)}</span>`,
      kind: 'main',
    },
    { head: 'Login role', cell: ({ user }) => (user === null ? null : stranger(user)) },
  ];
}
