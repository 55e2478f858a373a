/** Changes that a reviewer reads one by one. */

import { type Html, html, type Part } from '../lib/html.js';
import type { Definition } from './definitions.js';
import type { Touched } from './findings.js';
import type { Listed } from './listed.js';
import {
  cappedTable,
  dayOf,
  moment,
  nameOf,
  notExact,
  objectName,
  separated,
  whatIsMore,
  whenMark,
} from './parts.js';
import { personOptions } from './person-options.js';
import { lookCommand, outsideHours, type Reader, type Report, searchCommand } from './report.js';
import { type Column, number, stranger } from './table.js';

const MOST_BULK = 40;
const MOST_GROUPS = 60;

/** All that may be bulk changes: their counts can be too low. */
export function bulkOf({ findings, bulk }: Report): Touched[] {
  const { touched } = findings;
  return touched.sorted.filter(({ events, rows }) => events + touched.error >= bulk || (rows ?? 0) >= bulk);
}

export function bulkSection(report: Report): Html {
  const { findings, bulk, words } = report;
  const all = bulkOf(report);
  const columns: Column<Touched>[] = [
    { head: words.columns.day, cell: ({ day }) => dayOf(report, day) },
    { head: words.columns.person, cell: ({ person }) => nameOf(report, person), kind: 'main' },
    { head: words.columns.object, cell: ({ object }) => objectName(report, object), kind: 'wide' },
    { head: words.columns.statements, cell: ({ events }) => number(events), kind: 'number' },
    { head: words.columns.rows, cell: ({ rows }) => (rows === null ? null : number(rows)), kind: 'number' },
  ];
  const hasRows = findings.total.rows !== null;
  return html`<section id="bulk"><h2>${words.page.sections.bulk}</h2>
<p>${words.bulk.intro(bulk, hasRows)}${hasRows ? null : words.bulk.noRows}</p>
${cappedTable(report, {
  ...{ items: all.slice(0, MOST_BULK), total: all.length, columns, caption: words.bulk.caption(all.length) },
  command: searchCommand(report, '--group-by', 'day,actor,object', '--having', String(bulk)),
})}${notExact(report, findings.touched)}</section>`;
}

export function definitionSection(report: Report): Html {
  const { words } = report;
  const { definitions } = report.findings;
  const all = definitions.sorted;
  const columns: Column<Definition>[] = [
    { head: words.columns.command, cell: one => commandOf(report, one), kind: 'main' },
    { head: words.columns.person, cell: ({ person }) => nameOf(report, person) },
    { head: words.columns.first, cell: ({ first }) => moment(report, first) },
    { head: words.columns.last, cell: ({ last, events }) => (events > 1 ? moment(report, last) : null) },
    { head: words.ddl.example, cell: ({ example }) => text(report, example.audit), kind: 'wide' },
  ];
  return html`<section id="ddl"><h2>${words.page.sections.ddl}</h2>
<p>${words.ddl.intro(definitions.total)}</p>
${cappedTable(report, {
  ...{ items: all.slice(0, MOST_GROUPS), total: all.length, columns, caption: words.ddl.caption(all.length) },
  command: searchCommand(report, '--class', 'DDL'),
})}${notExact(report, definitions.groups)}</section>`;
}

/** `CREATE INDEX … ×412`, on which objects, and the options that find them. */
function commandOf(report: Report, { command, events, objects, person }: Definition): Html {
  const times = events > 1 ? html` <span class="nowrap">… ×${number(events)}</span>` : null;
  const on =
    objects.size === 0 ? null : html` ${separated([...objects].map(object => objectName(report, object)))}`;
  const options = ['--command', command, ...personOptions(person)];
  return html`${stranger(command)}${times}${on}${
    events > 1 ? html`<code class="id">${lookCommand(options)}</code>` : null
  }`;
}

export function redactedSection(report: Report): Html {
  const { words, findings } = report;
  const list = findings.looks.of('scrubbed');
  return html`<section id="redacted"><h2>${words.page.sections.redacted}</h2>
<p>${words.redacted.intro(findings.redacted)}</p>
${sampled(report, list, searchCommand(report, '--text', '<redacted>'))}</section>`;
}

export function outsideSection(report: Report): Html {
  const { findings, hours, zone, words } = report;
  const { outside, total } = findings;
  const intro = words.outside.intro(
    hours,
    zone.name,
    number(total.outside),
    number(total.weekend),
    total.events,
  );
  return html`<section id="outside"><h2>${words.page.sections.outside}</h2><p>${intro}</p>
${sampled(report, outside, searchCommand(report, ...outsideHours(report)))}</section>`;
}

export function writeSection(report: Report): Html {
  const { words } = report;
  const { writes } = report.findings;
  return html`<section id="writes"><h2>${words.page.sections.writes}</h2>
<p>${words.writes.intro(writes.total)}</p>
${sampled(report, writes, searchCommand(report, '--class', 'WRITE'))}</section>`;
}

interface Items {
  readonly items: readonly Listed[];
  readonly total: number;
}

function sampled(report: Report, { items, total }: Items, command: string): Part {
  if (total === 0) return html`<p>${report.words.none}</p>`;
  const inOrder = items.toSorted((a, b) => a.at - b.at);
  return html`${statements(report, inOrder)}${whatIsMore(report, items.length, total, command)}`;
}

function statements(report: Report, items: readonly Listed[]): Html {
  return html`<ol class="statements">${items.map(one => statement(report, one))}</ol>`;
}

function statement(report: Report, listed: Listed): Html {
  const { id, at, when, person, user, place, audit } = listed;
  const as =
    user === person.id || user === person.name
      ? null
      : html`<span class="soft">${report.words.lists.as} ${stranger(user)}</span>`;
  const objects = separated(audit.objects.map(object => objectName(report, object)));
  return html`<li><div class="head"><strong>${moment(report, at)}</strong>
<span>${nameOf(report, person)}</span>${as}
<span class="soft">${stranger(place)}</span><span>${stranger(audit.class)} ${stranger(audit.command)}</span>
${audit.objects.length === 0 ? null : html`<span>${objects}</span>`}
${whenMark(report, when)}<span class="soft id">${stranger(id)}</span></div>${text(report, audit)}</li>
`;
}

export function text({ words }: Reader, { statement: sql, more, parameters }: Listed['audit']): Part {
  const { notLogged, rest, parameters: given } = words.lists;
  if (sql === null) return html`<p class="soft">${notLogged}</p>`;
  return [
    html`<pre dir="auto">${sql}</pre>`,
    more > 0 ? html`<p class="soft">${rest(more)}</p>` : null,
    parameters === null || parameters === 0 ? null : html`<p class="soft">${given(parameters)}</p>`,
  ];
}
