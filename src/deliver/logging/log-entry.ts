/** Turns events into LogEntries. Everything here depends on the event alone, so a redelivery is the same (I6). */

import type { AuditEvent, EventKind } from '../../event/event.js';
import { type EventHead, headOf, readHead, withoutEscrow } from '../../event/line.js';
import type { AuditClass } from '../../event/names.js';
import { StateError } from '../../lib/errors.js';
import { parseJson } from '../../lib/json.js';
import { atOnce, inTurns } from '../../lib/turns.js';
import type { JsonPayload, LogEntry, Severity } from '../destination.js';
import { cutText } from './cut-text.js';
import { LongTexts, STRINGS } from './long-texts.js';
import { naisParts } from './nais.js';
import { eventParts, LARGEST_ENTRY } from './split.js';

/** `event`: the event as in the archive. `nais`: what Nais' log sinks route. */
export type Payload = 'event' | 'nais';

const DAY = 24 * 60 * 60 * 1000;
/** Cloud Logging accepts older entries and does not keep them (retention of `_Default`: 30 days). */
const OLDEST = 29 * DAY;
/** Cloud Logging refuses entries further in the future. */
const NEWEST = DAY;
/** Bytes of a label's value (Cloud Logging's quotas). */
const LARGEST_LABEL = 64 * 1024;
/** UTF-16 units that take no more than that in any case. */
const SHORT_LABEL = LARGEST_LABEL / 4;
const LABELS = ['kind', 'instance', 'node', 'database', 'user', 'class', 'command'] as const;
/** `2026-11-21` */
const LENGTH_OF_DATE = 10;

const CLASS_SEVERITY: Readonly<Record<AuditClass, Severity>> = {
  READ: 'INFO',
  WRITE: 'INFO',
  FUNCTION: 'INFO',
  MISC: 'INFO',
  DDL: 'NOTICE',
  ROLE: 'WARNING',
};

const KIND_SEVERITY: Readonly<Record<Exclude<EventKind, 'statement'>, Severity>> = {
  failure: 'INFO',
  suspect: 'CRITICAL',
  gap: 'CRITICAL',
  config: 'CRITICAL',
  unaudited: 'CRITICAL',
  population: 'NOTICE',
  lifecycle: 'NOTICE',
  seal: 'DEBUG',
};

/** The entries of one line of the journal: one, or its parts where it is too large. Throws a StateError where it is no event. */
export function toLogEntries(archived: Buffer, payload: Payload): LogEntry[] {
  const line = withoutEscrow(archived);
  const head = payload === 'event' && line.length <= LARGEST_ENTRY ? readHead(line) : null;
  if (head !== null) return [lineEntry(head, line)];
  const event = parseEvent(line);
  const parts =
    payload === 'nais'
      ? atOnce(naisParts(event, archived, STRINGS))
      : eventParts(event, line.length, STRINGS);
  return entriesOf(event, parts);
}

/** Bytes of a line that would take too long, and too much memory, to be parsed whole. */
export const LARGE_LINE = 4 * 1024 * 1024;

/** The same without holding up the event loop, and with its long texts in the line alone. */
export async function toLogEntriesInTurns(archived: Buffer, payload: Payload): Promise<LogEntry[]> {
  const line = withoutEscrow(archived);
  const texts = new LongTexts();
  const event = parseEvent(await texts.takenOut(line));
  const parts =
    payload === 'nais'
      ? await inTurns(naisParts(event, archived, texts))
      : eventParts(event, line.length, texts);
  return entriesOf(event, parts).map(entry => largeEntry(entry, texts));
}

function entriesOf(event: AuditEvent, parts: readonly JsonPayload[]): LogEntry[] {
  const entry = envelopeOf(headOf(event));
  if (parts.length === 1) return parts.map(jsonPayload => ({ ...entry, jsonPayload }));
  return parts.map((jsonPayload, index) => ({
    ...entry,
    insertId: `${event.id}/${index}`,
    split: { uid: event.id, index, totalSplits: parts.length },
    jsonPayload,
  }));
}

/** An entry whose payload is the line as it is: it is parsed only where somebody looks into it. */
function lineEntry(head: EventHead, line: Buffer): LogEntry {
  return {
    ...envelopeOf(head),
    line,
    get jsonPayload() {
      return { ...parseEvent(line) };
    },
  };
}

/** An entry whose payload is put together only where it is needed: by then others have been sent. */
function largeEntry(entry: LogEntry, texts: LongTexts): LogEntry {
  const line = (): Buffer => texts.toJson(entry.jsonPayload);
  return {
    ...entry,
    get line() {
      return line();
    },
    get jsonPayload() {
      const payload = parseJson(line());
      return typeof payload === 'object' ? { ...payload } : {};
    },
  };
}

function envelopeOf(head: EventHead): Omit<LogEntry, 'jsonPayload'> {
  const operation = operationOf(head);
  const { id, kind, class: auditClass } = head;
  const envelope = {
    insertId: id,
    timestamp: timestampOf(head),
    severity: severityOf(kind, auditClass),
    labels: labelsOf(head),
  };
  if (operation === null) return envelope;
  return { ...envelope, operation: { id: operation, producer: 'pgaudit-shipper' } };
}

function severityOf(kind: EventKind, auditClass: AuditClass | null): Severity {
  if (kind !== 'statement') return KIND_SEVERITY[kind];
  return auditClass === null ? 'INFO' : CLASS_SEVERITY[auditClass];
}

/** Event time, or when it was read where Cloud Logging would not keep or not take the event time. */
function timestampOf({ time, receivedAt }: EventHead): string {
  // Most are read on the day of the event.
  if (receivedAt === null || receivedAt.startsWith(time.slice(0, LENGTH_OF_DATE))) return time;
  const age = Date.parse(receivedAt) - Date.parse(time);
  return age > OLDEST || age < -NEWEST ? receivedAt : time;
}

/** Groups what one transaction did: its server, session and virtual transaction; two servers may have the same session. */
function operationOf({ instance, session, virtualTransactionId }: EventHead): string | null {
  if (session === null) return null;
  return [instance, session, ...(virtualTransactionId === null ? [] : [virtualTransactionId])].join('/');
}

/** Empty ones are left out. */
function labelsOf(head: EventHead): Record<string, string> {
  const labels: Record<string, string> = {};
  for (const name of LABELS) {
    const value = head[name];
    if (value) labels[name] = value.length < SHORT_LABEL ? value : (cutText(value, LARGEST_LABEL)[0] ?? '');
  }
  return labels;
}

function parseEvent(line: Buffer): AuditEvent {
  const event = parseJson(line);
  if (isEvent(event)) return event;
  throw new StateError('The journal holds a line that is no event: its disk is damaged.');
}

/** The journal writes nothing else; this is against damage, not against malice. */
function isEvent(value: unknown): value is AuditEvent {
  return Reflect.get(Object(value), 'v') === 1 && typeof Reflect.get(Object(value), 'kind') === 'string';
}
