/** What a reader with ten minutes looks at: why, who, when, and the command that finds it. */

import { type Html, html, type Part } from '../lib/html.js';
import { addDays } from '../lib/zone.js';
import { bulkOf } from './changes.js';
import type { Touched } from './findings.js';
import type { Listed } from './listed.js';
import type { Reason } from './looks.js';
import { dayOf, moment, nameOf, objectName, separated } from './parts.js';
import { objectOptions, personOptions, userOptions } from './person-options.js';
import { lookCommand, lookFunction, outsideHours, type Report } from './report.js';
import type { NotResolved, Shared } from './roles.js';
import type { Reported, Sign } from './signs.js';
import { number, stranger } from './table.js';

/** Of each reason. */
const MOST_SHOWN = 3;
/** Characters of a statement on one line. */
const LONGEST = 110;

interface Row {
  readonly when: Part;
  readonly who: Part;
  readonly what: Part;
  /** Of `search`, to find this one. */
  readonly options: readonly string[];
}

interface Group {
  readonly why: keyof Report['words']['look']['reasons'];
  readonly total: number;
  /** The weightiest. */
  readonly rows: readonly Row[];
  /** Of `search`, to find all. */
  readonly all: readonly string[];
}

export function lookSection(report: Report): Html {
  const { look, page } = report.words;
  const groups = groupsOf(report);
  const absent = groups.filter(({ total }) => total === 0).map(({ why }) => look.absentReasons[why]);
  const { undecided } = report.findings.looks;
  return html`<section id="look"><h2>${page.sections.look}</h2>
<p class="soft">${look.intro(html`<code>${lookFunction(report)}</code>`)}</p>
${groups.filter(({ total }) => total > 0).map(group => renderGroup(report, group))}
${undecided === 0 ? null : html`<p class="warn">${look.undecided(undecided)}</p>`}
${absent.length === 0 ? null : html`<p class="soft absent">${look.absent} ${absent.join('; ')}.</p>`}</section>`;
}

function renderGroup({ words }: Report, { why, total, rows, all }: Group): Html {
  const { reasons, ofThese } = words.look;
  const count =
    rows.length < total
      ? html` <span class="soft">(${ofThese(number(rows.length), number(total))})</span>`
      : null;
  return html`<div class="look"><h3>${reasons[why](total)}${count} <code>${lookCommand(all)}</code></h3>
<ul>${rows.map(
    ({ when, who, what, options }) =>
      html`<li><span class="when">${when}</span> <span class="who">${who}</span> <span class="what">${what}</span> <code>${lookCommand(options)}</code></li>`,
  )}</ul></div>
`;
}

function groupsOf(report: Report): Group[] {
  const { signs, roles } = report.findings;
  const of = (reason: Reason): Group => ofStatements(report, reason);
  return [
    ...alertsOf(report),
    of('auditing'),
    ofSigns(report, 'settings', 'config', signs.settings, ({ changes }) => settingsOf(changes)),
    ofSigns(report, 'unaudited', 'unaudited', signs.unaudited, ({ statement }) => sql(statement)),
    ofSigns(report, 'suspects', 'suspect', signs.suspects, ({ message }) => sql(message)),
    ...[of('withoutWhere'), of('destroyed'), of('programs'), of('files'), of('roles')],
    ofRoles(report, 'unknown', roles.unknown),
    ofRoles(report, 'shared', roles.shared),
    ...[of('offHours'), ofBulk(report), of('scrubbed')],
  ];
}

/** None is no finding: it is not known here which rules were on. */
function alertsOf(report: Report): Group[] {
  const { alerts } = report.findings.signs;
  if (alerts.total === 0) return [];
  return [
    ofSigns(report, 'alerts', 'alert', alerts, ({ rule, why }) => [stranger(rule), ': ', stranger(why)]),
  ];
}

/** The options that find all of them: some are wider, since `search` does not parse SQL. */
function allOf(report: Report, reason: Reason): readonly string[] {
  const off = outsideHours(report);
  const options: Readonly<Record<Reason, readonly string[]>> = {
    auditing: ['--sensitive'],
    withoutWhere: ['--without-where'],
    destroyed: ['--class', 'WRITE,DDL', '--command', 'TRUNCATE*,DROP*'],
    programs: ['--command', 'COPY*,INSERT', '--text', 'program'],
    files: ['--command', 'COPY*,INSERT', '--text', 'copy'],
    roles: ['--class', 'ROLE'],
    offHours: ['--class', 'DDL,ROLE', ...off],
    scrubbed: ['--text', '<redacted>'],
  };
  return options[reason];
}

function ofStatements(report: Report, reason: Reason): Group {
  const { items, total } = report.findings.looks.of(reason);
  const rows = items.slice(0, MOST_SHOWN).map(listed => statementRow(report, listed));
  return { why: reason, total, rows, all: allOf(report, reason) };
}

function statementRow(report: Report, { at, id, person, user, audit }: Listed): Row {
  const as =
    user === person.id || user === person.name ? null : html` ${report.words.lists.as} ${stranger(user)}`;
  const rows = audit.rows === null ? null : html` (${report.words.look.rows(audit.rows)})`;
  return {
    when: moment(report, at),
    who: html`${nameOf(report, person)}${as}`,
    what: html`${audit.statement === null ? stranger(audit.command) : sql(audit.statement)}${rows}`,
    options: ['--id', id],
  };
}

/** On one line. */
function sql(statement: string): Html {
  const line = statement
    .slice(0, 4 * LONGEST)
    .replace(/\s+/g, ' ')
    .trim();
  return html`<bdi class="sql">${line.length > LONGEST ? `${line.slice(0, LONGEST)}…` : line}</bdi>`;
}

function settingsOf(changes: Reported<'config'>['what']['changes']): Part {
  return separated(
    changes
      .slice(0, MOST_SHOWN)
      .map(({ name, role }) => html`${stranger(name)}${role == null ? null : html` (${stranger(role)})`}`),
  );
}

interface Weighed<K extends Sign> {
  readonly items: readonly Reported<K>[];
  readonly total: number;
}

function ofSigns<K extends Sign>(
  report: Report,
  why: Group['why'],
  kind: K,
  { items, total }: Weighed<K>,
  what: (reported: Reported<K>['what']) => Part,
): Group {
  const rows = items.slice(0, MOST_SHOWN).map(one => ({
    when: moment(report, one.at),
    who: one.person === null ? stranger(one.user ?? one.instance) : nameOf(report, one.person),
    what: what(one.what),
    options: ['--kind', kind, '--id', one.id],
  }));
  return { why, total, rows, all: ['--kind', kind] };
}

function ofRoles(report: Report, why: 'unknown' | 'shared', all: readonly (NotResolved | Shared)[]): Group {
  const { look, unresolved } = report.words;
  const what = (role: NotResolved | Shared): Part => {
    const statements = look.statements(role.events);
    if ('status' in role) return [unresolved.status[role.status] ?? stranger(role.status), ', ', statements];
    const persons = [...role.persons.values()].map(person => nameOf(report, person));
    return [look.whose(separated(persons)), ', ', statements];
  };
  const rows = all.slice(0, MOST_SHOWN).map(role => ({
    when: html`${moment(report, role.first)} – ${moment(report, role.last)}`,
    who: stranger(role.user),
    what: what(role),
    options: [...userOptions(role.user), ...(why === 'shared' ? ['--group-by', 'actor'] : [])],
  }));
  return { why, total: all.length, rows, all: ['--group-by', why === 'shared' ? 'user,actor' : 'user'] };
}

function ofBulk(report: Report): Group {
  const { bulk } = report;
  const all = bulkOf(report).filter(({ outside, weekend }) => outside + weekend >= bulk);
  const rows = all.slice(0, MOST_SHOWN).map(one => bulkRow(report, one));
  const off = outsideHours(report);
  return {
    why: 'offBulk',
    total: all.length,
    rows,
    all: ['--group-by', 'day,actor,object', '--having', String(bulk), ...off],
  };
}

function bulkRow(report: Report, { day, person, object, outside, weekend }: Touched): Row {
  const { zone, words } = report;
  const since = new Date(zone.startOf(day)).toISOString();
  const until = new Date(zone.startOf(addDays(day, 1)) - 1).toISOString();
  return {
    when: dayOf(report, day),
    who: nameOf(report, person),
    what: html`${objectName(report, object)}: ${words.look.statements(outside + weekend)}`,
    options: [...personOptions(person), ...objectOptions(object), ...['--since', since, '--until', until]],
  };
}
