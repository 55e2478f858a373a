/** Changes that a reviewer reads one by one. */

import { type Html, html, type Part } from '../lib/html.js';
import type { Bounded } from './bounded.js';
import type { Listed, Touched } from './findings.js';
import { moment, nameOf, notExact, objectName, whatIsMore, whenMark } from './parts.js';
import { type Report, searchCommand } from './report.js';
import { number, plural, stranger, table } from './table.js';

const MOST_BULK = 200;

/** All that may be bulk changes: their counts can be too low. */
export function bulkOf({ findings, bulk }: Report): Touched[] {
  const { touched } = findings;
  return touched.sorted.filter(({ events, rows }) => events + touched.error >= bulk || (rows ?? 0) >= bulk);
}

export function bulkSection(report: Report): Html {
  const { findings, bulk } = report;
  const all = bulkOf(report);
  const shown = all.slice(0, MOST_BULK);
  const { rows: rowsTotal } = findings.total;
  return html`<section id="bulk"><h2>Bulk changes</h2>
<p>At least ${plural(bulk, 'statement')} of one person on one object in one day${
    rowsTotal === null ? null : ', or as many rows'
  }.${
    rowsTotal === null
      ? html` The log does not say how many rows a statement changed; with <code>pgaudit.log_rows</code> it does.`
      : null
  }</p>
${
  all.length === 0
    ? html`<p>None.</p>`
    : table(
        `${plural(all.length, 'bulk change')}, the largest first`,
        [
          { head: 'Day', cell: ({ day }: Touched) => html`<span class="day">${day}</span>` },
          { head: 'Person', cell: ({ person }) => nameOf(person), kind: 'main' },
          { head: 'Object', cell: ({ object }) => objectName(object), kind: 'wide' },
          { head: 'Statements', cell: ({ events }) => number(events), kind: 'number' },
          { head: 'Rows', cell: ({ rows }) => (rows === null ? null : number(rows)), kind: 'number' },
        ],
        shown,
      )
}
${whatIsMore(all.length - shown.length, searchCommand(report, '--group-by', 'day,actor,object', '--having', String(bulk)))}${notExact(findings.touched)}</section>`;
}

export function definitionSection(report: Report): Html {
  const { definitions } = report.findings;
  return html`<section id="ddl"><h2>Definitions and rights</h2>
<p>Every DDL and role statement in full. Secrets in them were replaced by <code>&lt;redacted&gt;</code> before anything was stored.</p>
${statements(report, definitions)}
${whatIsMore(definitions.more, searchCommand(report, '--class', 'DDL,ROLE'))}</section>`;
}

export function redactedSection(report: Report): Html {
  const { withRedactions, redacted } = report.findings;
  return html`<section id="redacted"><h2>Redacted statements</h2>
<p>${plural(redacted, 'secret')} (such as passwords) in the period's statements, parameters and suspect records
${redacted === 1 ? 'was' : 'were'} replaced by <code>&lt;redacted&gt;</code> before anything was stored. A change can be made to look like
one: whoever has an escrow key can decrypt the original in the event's <code>escrow</code>.</p>
${statements(report, withRedactions)}
${whatIsMore(withRedactions.more, searchCommand(report, '--text', '<redacted>'))}</section>`;
}

export function outsideSection(report: Report): Html {
  const { findings, hours, zone } = report;
  const { outside, total } = findings;
  return html`<section id="outside"><h2>Outside working hours</h2>
<p>Working hours are ${hours} from Monday to Friday, ${zone.name}; public holidays count as working days.
${number(total.outside)} of ${plural(total.events, 'statement')} came outside them on working days, ${number(total.weekend)} on weekends.
The table <a href="#persons">by person</a> says whose they are.</p>
${sampled(report, outside)}</section>`;
}

export function writeSection(report: Report): Html {
  const { writes } = report.findings;
  return html`<section id="writes"><h2>Sample of writes</h2>
<p>Writes are counted above, and not listed. Nobody chose this sample of ${plural(writes.total, 'write')}: it has those
whose lines have the smallest SHA-256, so that every report of this archive and period shows the same ones.</p>
${sampled(report, writes)}
<p>This command finds all:</p><pre>${searchCommand(report, '--class', 'WRITE')}</pre></section>`;
}

function sampled(
  report: Report,
  sample: { readonly items: readonly Listed[]; readonly total: number },
): Part {
  const { items, total } = sample;
  if (total === 0) return html`<p>None.</p>`;
  const listed = { items: items.toSorted((a, b) => a.at - b.at), total };
  return html`${items.length < total ? html`<p class="soft">${number(items.length)} of ${number(total)}:</p>` : null}${statements(report, listed)}`;
}

function statements({ zone }: Report, { items, total }: Pick<Bounded<Listed>, 'items' | 'total'>): Html {
  if (total === 0) return html`<p>None.</p>`;
  return html`<ol class="statements">${items.map(
    ({
      id,
      at,
      when,
      person,
      user,
      place,
      audit,
    }) => html`<li><div class="head"><strong>${moment(zone, at)}</strong>
<span>${nameOf(person)}</span>${user === person.id || user === person.name ? null : html`<span class="soft">as ${stranger(user)}</span>`}
<span class="soft">${stranger(place)}</span><span>${stranger(audit.class)} ${stranger(audit.command)}</span>
${audit.objects.length === 0 ? null : html`<span>${audit.objects.map((object, index) => html`${index > 0 ? ', ' : ''}${objectName(object)}`)}</span>`}
${whenMark(when)}<span class="soft id">${stranger(id)}</span></div>${text(audit)}</li>
`,
  )}</ol>`;
}

function text({ statement, more, parameters }: Listed['audit']): Part {
  if (statement === null) return html`<p class="soft">(the statement was not logged)</p>`;
  const rest =
    more > 0 ? html`<p class="soft">… and ${plural(more, 'character')} more in the archive.</p>` : null;
  const given =
    parameters === null || parameters === 0
      ? null
      : html`<p class="soft">With ${plural(parameters, 'parameter')}, which are in the archive.</p>`;
  return html`<pre dir="auto">${statement}</pre>${rest}${given}`;
}
