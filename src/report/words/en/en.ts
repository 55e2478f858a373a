/** All words of the page in English; its type is that of every language. */

import { type Html, html, type Part } from '../../../lib/html.js';
import { number } from '../../table.js';
import { day, MONTHS, plural, STEPS } from './forms.js';
import { trail } from './trail.js';

export const en = {
  ...trail,
  code: 'en',
  day,
  month: (iso: string): string => `${MONTHS[Number(iso.slice(5, 7)) - 1] ?? ''} ${iso.slice(0, 4)}`,
  week: (monday: string): string => `week of ${day(monday)}`,
  /** @param text `2025-11-12 14:03:22` */
  moment: (text: string): string => `${day(text.slice(0, 10))} ${text.slice(11)}`,
  weekdays: ['Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun'],
  none: 'None.',
  nobody: 'Nobody, as far as is known.',
  unknownObject: '(unknown)',
  more: (count: string): string => `and ${count} more`,

  page: {
    title: (since: string, until: string): string => `Review of direct changes, ${since} to ${until}`,
    heading: 'Review of direct changes in the database',
    intro: (since: string, until: string, zone: string): string =>
      `What persons changed in PostgreSQL outside the applications, ${since} to ${until} (both included, ${zone}), for the periodic review that the Norwegian rules for state finance (point 4.3.6) require.`,
    archive: 'Archive:',
    made: (when: Html, version: string): Html => html`Made ${when} by pgaudit-shipper ${version}.`,
    protect: 'This page contains names and SQL. Protect it as you protect the archive.',
    contents: 'Contents',
    sections: {
      plots: 'Plots',
      look: 'Look at these',
      days: 'By day',
      persons: 'By person',
      objects: 'By object',
      bulk: 'Bulk changes',
      roles: 'Roles and rights',
      ddl: 'Definitions',
      redacted: 'Redacted statements',
      outside: 'Outside working hours',
      writes: 'Sample of writes',
      rows: 'Changed rows',
      failures: 'Failures',
      suspects: 'Suspects',
      unaudited: 'Unaudited changes',
      gaps: 'Gaps',
      unresolved: 'Unresolved persons',
      settings: 'Audit settings',
      population: 'Population',
      proof: 'What was verified',
      sign: 'Review',
    },
  },

  figures: {
    persons: 'persons',
    statements: 'statements',
    definitions: 'DDL',
    roles: 'roles and rights',
    bulk: 'bulk changes',
    outside: 'outside hours',
    failures: 'failures',
    rows: 'changed rows',
    alerts: 'alerts',
    suspects: 'suspects',
    unaudited: 'unaudited changes',
    gaps: 'gaps',
    unresolved: 'roles not resolved',
    settings: 'audit settings changed',
    redacted: 'secrets redacted',
  },

  verdict: {
    whole: (servers: Html, proved: Part): Html =>
      html`<strong>The archive is whole.</strong> Everything that the log of ${servers} contained in this period is in it, and ${proved}`,
    incomplete: (proved: Part): Html =>
      html`<strong>The archive is incomplete.</strong> What is in it is intact: ${proved} What is missing (times are UTC):`,
    more: (count: string): Html => html`And ${count} more, which <code>verify</code> names.`,
    broken: html`<strong>The archive is broken. Do not rely on what follows.</strong>`,
    investigate:
      'Find out what happened before anybody signs. What can still be read is shown below; it may be incomplete or forged.',
    place: (instance: Html, node: Html): Html => html`Instance ${instance}, node ${node}: `,
    line: (at: number): string => `line ${at}`,
    event: (seq: number): string => `event ${seq}`,
    fits: 'This fits:',
    proved: (isSigned: boolean): string =>
      `everything below was read from events whose hash chain is unbroken${isSigned ? ', and whose seals are signed with the given key' : ''}.`,
    coveredUntil: (instance: Html, until: string | null): Html =>
      until === null
        ? html`Of ${instance} nothing is covered.`
        : html`The log of ${instance} is covered until ${until}.`,
    unknownAudit: (servers: Html): Html =>
      html`Whether every person was audited is <strong>not known</strong> for ${servers}: no database is configured, or it could not be read.`,
    warnings: html`There are <a href="#proof">warnings</a>.`,
  },

  plots: {
    days: (step: keyof typeof STEPS): string => `Statements by ${STEPS[step]}`,
    daysText: (
      count: number,
      bars: number,
      step: keyof typeof STEPS,
      empty: number,
      busiest: string,
    ): string =>
      `${plural(count, 'statement')} in ${plural(bars, STEPS[step])}, of which ${number(empty)} have none. ${busiest}The table "By ${STEPS[step]}" has the numbers.`,
    busiest: (label: string, count: string): string => `Most in ${label}: ${count}. `,
    highest: (count: string): string => `highest ${count}`,
    classes: { write: 'writes', ddl: 'DDL', role: 'roles', other: 'other' },
    notCovered: 'not fully covered',
    notAllCovered: 'not all of it is covered',
    week: 'Statements by hour of the week',
    weekText: (inside: string, outside: string, most: string): string =>
      `A larger square is more statements. ${inside} in working hours, ${outside} outside them (framed squares).${most}`,
    weekMost: (weekday: string, hour: string, count: string): string =>
      ` Most on ${weekday} at ${hour}: ${count}.`,
    objects: 'Most changed objects',
    outcomes: 'What became of the statements',
    outcome: {
      done: 'done, as far as the log shows',
      failed: 'failed with an error',
      undone: 'undone by a rollback',
      unknown: 'not known: the session ended first',
    },
  },

  look: {
    intro: (command: Html): Html =>
      html`The weightiest of each, and the command for all. The commands use this function of the shell, which is pasted once: ${command}`,
    ofThese: (shown: string, total: string): string => `${shown} of ${total}`,
    absent: 'Looked for, and not found:',
    reasons: {
      alerts: (count: number): string => `${plural(count, 'alert')} by the rules of detect`,
      auditing: (count: number): string => `${plural(count, 'statement')} on what is audited or logged`,
      settings: (count: number): string => `${plural(count, 'change')} of the audit settings`,
      withoutWhere: (count: number): string => `${plural(count, 'UPDATE or DELETE statement')} without WHERE`,
      destroyed: (count: number): string => `${plural(count, 'TRUNCATE or DROP statement')}`,
      programs: (count: number): string => `${plural(count, 'COPY statement')} with a program of the server`,
      files: (count: number): string => `${plural(count, 'COPY statement')} with a file of the server`,
      roles: (count: number): string => `${plural(count, 'change')} of roles and rights`,
      offHours: (count: number): string =>
        `${plural(count, 'DDL or role statement')} at night or on weekends`,
      offBulk: (count: number): string => `${plural(count, 'bulk change')} at night or on weekends`,
      shared: (count: number): string => `${plural(count, 'login role')} used by several persons`,
      unknown: (count: number): string => `${plural(count, 'login role')} whose person no directory knows`,
      scrubbed: (count: number): string => `${plural(count, 'statement')} with something scrubbed`,
      unaudited: (count: number): string => `${plural(count, 'change')} that pgAudit did not log`,
      suspects: (count: number): string => `${plural(count, 'suspect')}: records that may be forged`,
    },
    absentReasons: {
      alerts: 'alerts',
      auditing: 'statements on what is audited',
      settings: 'changes of the audit settings',
      withoutWhere: 'UPDATE and DELETE without WHERE',
      destroyed: 'TRUNCATE and DROP',
      programs: 'COPY with a program',
      files: 'COPY with a file',
      roles: 'roles and rights',
      offHours: 'DDL and roles at night or on weekends',
      offBulk: 'bulk changes at night or on weekends',
      shared: 'shared login roles',
      unknown: 'unknown persons',
      scrubbed: 'scrubbed statements',
      unaudited: 'unaudited changes',
      suspects: 'suspects',
    },
    undecided: (count: number): string =>
      `${plural(count, 'more statement')} may lack a WHERE: the text could not be parsed (such as a scrubbed one), was not logged, or holds several statements. They are not counted here; --without-where marks or counts them.`,
    rows: (count: number): string => plural(count, 'row'),
    statements: (count: number): string => plural(count, 'statement'),
    whose: (persons: Part): Html => html`used by ${persons}`,
  },

  columns: {
    day: 'Day',
    days: 'Days',
    week: 'Week',
    month: 'Month',
    year: 'Year',
    time: 'Time',
    person: 'Person',
    user: 'Login role',
    unit: 'Unit',
    object: 'Object',
    objects: 'Objects',
    statement: 'Statement',
    statements: 'Statements',
    rows: 'Rows',
    row: 'Row',
    table: 'Table',
    values: 'Values',
    inserted: 'New',
    updated: 'Changed',
    deleted: 'Deleted',
    truncated: 'Emptied',
    writes: 'Writes',
    ddl: 'DDL',
    roles: 'Roles',
    other: 'Other',
    failed: 'Failed',
    outside: 'Outside hours',
    weekend: 'Weekend',
    what: 'What',
    times: 'Times',
    first: 'First',
    last: 'Last',
    status: 'Status',
    rule: 'Rule broken',
    record: 'Record',
    class: 'Class',
    reason: 'Reason',
    missing: 'Missing',
    changed: 'Changed',
    chain: 'Chain',
    server: 'Server',
    database: 'Database',
    couldLogIn: 'Could log in',
    notAudited: 'Not audited',
    gaps: 'Gaps',
    from: 'From',
    to: 'To',
    persons: 'Persons',
    who: 'Who',
    seen: 'Seen',
    role: 'Role',
    by: 'By',
    command: 'Command',
    event: 'Last seal',
    hash: 'Its SHA-256',
  },

  lists: {
    more: (shown: string, total: string): string =>
      `The ${shown} weightiest of ${total} are shown. This command finds all:`,
    notExact: (error: string): string =>
      `There are too many different values to count each exactly: every number above may be up to ${error} too low. Make the report for a shorter period to have them exact.`,
    claimed: 'claimed by the client',
    unresolved: 'unresolved',
    weekend: 'weekend',
    outside: 'outside working hours',
    as: 'as',
    notLogged: '(the statement was not logged)',
    rest: (count: number): string => `… and ${plural(count, 'character')} more in the archive.`,
    parameters: (count: number): string => `With ${plural(count, 'parameter')}, which are in the archive.`,
  },

  days: {
    caption: (zone: string): string => `Those with statements, or not fully covered. Times are in ${zone}.`,
  },
  persons: {
    caption: (count: number): string =>
      `${plural(count, 'person')}, the busiest first. Each row of small bars has its own scale; a crossed bar is not fully covered.`,
    days: 'By day and person',
    daysCaption: (total: string): string =>
      `What each person changed on each day: ${total} in all, the ones with the most statements. The most changed objects are named.`,
  },
  objects: {
    intro:
      'Names come from pgAudit or from the statement itself: without a schema, the same name may mean several relations. A statement that changes several objects counts for each.',
    caption: (count: number): string => `${plural(count, 'object')}, the most changed first`,
  },
  bulk: {
    intro: (least: number, hasRows: boolean): string =>
      `At least ${plural(least, 'statement')} of one person on one object in one day${hasRows ? ', or as many rows' : ''}. EXPLAIN without ANALYZE and PREPARE change nothing, and do not count.`,
    noRows: html` The log does not say how many rows a statement changed; with <code>pgaudit.log_rows</code> it does.`,
    caption: (count: number): string => `${plural(count, 'bulk change')}, the largest first`,
  },
  roles: {
    intro: (count: number): string =>
      `Every statement on roles and rights, in full and in the order of the archive: ${number(count)}.`,
  },
  ddl: {
    intro: (count: number): string =>
      `${plural(count, 'DDL statement')}, by command and person: what destroys first, then what alters, then what is new.`,
    caption: (count: number): string => plural(count, 'group'),
    example: 'Text (of several: one that nobody chose)',
  },
  redacted: {
    intro: (count: number): Html =>
      html`${plural(count, 'secret')} (such as passwords) in the period's statements, parameters and suspect records ${count === 1 ? 'was' : 'were'} replaced by <code>&lt;redacted&gt;</code> before anything was stored. A change can be made to look like one: whoever has an escrow key can decrypt the original in the event's <code>escrow</code>.`,
  },
  outside: {
    intro: (hours: string, zone: string, outside: string, weekend: string, total: number): Html =>
      html`Working hours are ${hours} from Monday to Friday, ${zone}; public holidays count as working days. ${outside} of ${plural(total, 'statement')} came outside them on working days, ${weekend} on weekends. The table <a href="#persons">by person</a> says whose they are.`,
  },
  writes: {
    intro: (total: number): string =>
      `Writes are counted above, and not listed. Of ${plural(total, 'write')} these changed the most rows, as far as the log says; among equals nobody chose: those whose lines have the smallest SHA-256, so that every report of this archive and period shows the same ones.`,
  },
  rows: {
    intro: (count: number): string =>
      count === 0
        ? 'No old and new values were recorded. They are for tables under watch, if the history of rows is shipped (rows).'
        : `${plural(count, 'change')} of rows in tables under watch that were committed, with old and new values. What was rolled back is not here.`,
    caption: (count: number): string => `By person and table: ${number(count)}, the most changes first`,
    sample: (count: number): string =>
      `${plural(count, 'change')} that nobody chose, with old → new values; --row shows the history of one row`,
    moreColumns: (count: string): string => `… and ${count} more columns in the archive`,
  },
  failures: {
    intro: (count: string): string =>
      `Statements whose transaction failed (with an error that no savepoint caught) or was rolled back. ${count} in the period.`,
    caption: (count: number): string => `By person and SQLSTATE: ${number(count)}, the most frequent first`,
    uncertain: 'the session ended inside a transaction: it is not known whether it contained the statement',
    rolledBack: 'rolled back',
    states: {
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
    } as Readonly<Record<string, string>>,
  },
};

export type Words = typeof en;
