/**
 * An event as a message in ArcSight's Common Event Format (CEF 0), as Nav's audit library writes it too: a header of
 * seven fields, and keys with values. docs/siem.md has the table.
 */

import { createHash } from 'node:crypto';
import { isObject, type Json, textOf } from './json.js';

export interface CefOptions {
  readonly version: string;
  /** What becomes of SQL and parameters. */
  readonly statements: 'full' | 'hash' | 'none';
}

/** Characters that a value may have, by its key (ArcSight's implementation guide); labels and others have 1023. */
const MOST: Readonly<Record<string, number>> = {
  ...{ externalId: 40, act: 63, fname: 1023, sproc: 1023, suid: 1023, duid: 1023, msg: 1023 },
  ...{ cs1: 4000, cs2: 4000, cs3: 4000, cs4: 4000, cs5: 4000, cs6: 4000 },
};
const MOST_NAME = 512;

/** What nobody must write into a header or a value: each is one line of text. */
const CONTROL = /[\u0000-\u0009\u000b\u000c\u000e-\u001f\u007f-\u009f\u2028\u2029]/g;

function header(text: string): string {
  return text
    .replaceAll(/[\n\r]/g, ' ')
    .replaceAll(CONTROL, ' ')
    .replaceAll(/[\\|]/g, '\\$&');
}

function value(text: string): string {
  return text
    .replaceAll(CONTROL, ' ')
    .replaceAll(/[\\=]/g, '\\$&')
    .replaceAll(/\r\n|\n/g, '\\n')
    .replaceAll('\r', '\\r');
}

/** At most so many characters, never half of a pair; what is cut ends with `…`, and the event's id leads to the whole. */
export function cut(text: string, most: number): string {
  if (text.length <= most) return text;
  const end = most - 1;
  const isHalf = /[\ud800-\udbff]/.test(text.charAt(end - 1));
  return `${text.slice(0, isHalf ? end - 1 : end)}…`;
}

/** The event's id, which the reader knows a repetition by; of one that is too long, its SHA-256. */
export function externalId(id: string): string {
  return id.length <= 40 ? id : createHash('sha256').update(id).digest('hex').slice(0, 40);
}

/** pgAudit calls COPY FROM and COPY TO alike; only the first is a WRITE. */
const CREATE = /^(?:INSERT|CREATE|COPY|SELECT INTO)/;
const DELETE = /^(?:DELETE|TRUNCATE|DROP)/;

function classOf(kind: string, audit: Json, row: Json): string {
  if (kind !== 'statement' && kind !== 'unaudited' && kind !== 'row') return 'audit:access';
  const command = textOf(audit.command) || textOf(row.operation);
  if (/^(?:READ|MISC)$/.test(textOf(audit.class))) return 'audit:access';
  if (CREATE.test(command)) return 'audit:create';
  return DELETE.test(command) ? 'audit:delete' : 'audit:update';
}

const NAMES: Readonly<Record<string, string>> = {
  statement: 'Change in PostgreSQL by a person',
  failure: 'Change in PostgreSQL failed or was undone',
  suspect: 'Record that looks like pgAudit and is not',
  gap: 'Part of the log is missing',
  alert: 'Alert',
  unaudited: 'Change in PostgreSQL that pgAudit did not log',
  row: 'Change of a row in PostgreSQL by a person',
  config: 'Change of what is audited',
  population: 'Who is audited',
  lifecycle: 'Start or stop of the shipper',
};

/** WARN: somebody should look. */
function isWarning(kind: string, audit: Json, alert: Json): boolean {
  if (kind === 'alert') return textOf(alert.severity) !== 'notice';
  if (kind === 'statement') return textOf(audit.class) === 'ROLE' || audit.sensitive === true;
  return kind === 'suspect' || kind === 'gap' || kind === 'unaudited' || kind === 'config';
}

/** What an event says in one sentence, without SQL. */
function sentence(kind: string, event: Json): string {
  const { alert, gap, suspect, failure, audit, row } = parts(event);
  if (kind === 'alert') return `${textOf(alert.rule)}: ${textOf(alert.why)}`;
  if (kind === 'gap') return `gap: ${textOf(gap.reason)}`;
  if (kind === 'suspect') return `suspect: ${textOf(suspect.reason)}`;
  if (kind === 'failure') return `${textOf(failure.outcome) || 'failed'}: ${textOf(failure.statement)}`;
  return textOf(audit.command) || (textOf(row.statement) ? `by ${textOf(row.statement)}` : kind);
}

function parts(event: Json) {
  const part = (name: string): Json => {
    const found = event[name];
    return isObject(found) ? found : {};
  };
  return {
    actor: part('actor'),
    session: part('session'),
    audit: part('audit'),
    alert: part('alert'),
    gap: part('gap'),
    suspect: part('suspect'),
    failure: part('failure'),
    unaudited: part('unaudited'),
    row: part('row'),
  };
}

/** What a row was and is. */
function rowOf({ key, old, new: after }: Json): string {
  return JSON.stringify({ key, old, new: after });
}

/** SQL and its parameters, or a row's values, as far as they may leave: as they are, by their SHA-256, or not at all. */
function content(event: Json, statements: CefOptions['statements']): { sql: string; parameters: string } {
  const { audit, suspect, unaudited, row } = parts(event);
  const text = textOf(audit.statement) || textOf(suspect.message) || textOf(unaudited.statement);
  const sql = 'row' in event ? rowOf(row) : text;
  const parameters =
    Array.isArray(audit.parameters) && audit.parameters.length > 0 ? JSON.stringify(audit.parameters) : '';
  if (statements === 'full') return { sql, parameters };
  if (statements === 'none') return { sql: '', parameters: '' };
  return { sql: hashed(sql), parameters: hashed(parameters) };
}

function hashed(text: string): string {
  return text === '' ? '' : `sha256:${createHash('sha256').update(text).digest('hex')}`;
}

/** The message, in one line. Objects that are named are relations or roles, never content. */
export function cefOf(event: Json, { version, statements }: CefOptions): string {
  const kind = textOf(event.kind);
  const { actor, session, audit, alert, row } = parts(event);
  const { sql, parameters } = content(event, statements);
  const objects = Array.isArray(audit.objects)
    ? audit.objects.map(textOf).join(' ')
    : textOf(audit.objectName) || textOf(row.table);
  const isOfRole = textOf(audit.class) === 'ROLE';
  const id = textOf(event.id);
  const values: readonly (readonly [key: string, text: string])[] = [
    ['end', String(Date.parse(textOf(event.time)))],
    // What a client says of itself is not who it is (I7).
    ['suid', (textOf(actor.status) === 'claimed' ? '' : textOf(actor.id)) || textOf(actor.user)],
    ['duid', isOfRole ? textOf(audit.objectName) : ''],
    ['sproc', textOf(session.id)],
    ['act', textOf(audit.command) || textOf(row.operation) || textOf(alert.rule)],
    ['fname', objects],
    ['msg', sentence(kind, event)],
    ...labelled('cs1', kind === 'row' ? 'row' : 'statement', sql),
    ...labelled('cs2', 'parameters', parameters),
    ...labelled('cs3', 'database', textOf(event.database)),
    ...labelled('cs4', 'eventId', id),
    ...labelled('cs5', 'application', textOf(session.application)),
    ...labelled('cs6', 'loginRole', textOf(actor.user)),
    ...labelled('flexString1', 'class', textOf(audit.class)),
    ...labelled('flexString2', 'actorStatus', textOf(actor.status)),
    ['externalId', externalId(id)],
  ];
  const extension = values
    .filter(([, text]) => text !== '')
    .map(([key, text]) => `${key}=${value(cut(text, MOST[key] ?? 1023))}`)
    .join(' ');
  const severity = isWarning(kind, audit, alert) ? 'WARN' : 'INFO';
  const name = cut(NAMES[kind] ?? kind, MOST_NAME);
  const head = ['Nav', 'pgaudit-shipper', version, classOf(kind, audit, row), name, severity].map(header);
  return `CEF:0|${head.join('|')}|${extension}`;
}

function labelled(key: string, label: string, text: string): (readonly [key: string, text: string])[] {
  return text === ''
    ? []
    : [
        [key, text],
        [`${key}Label`, label],
      ];
}
