/** Turns events into LogEntries. Everything here depends on the event alone, so a redelivery is the same (I6). */

import { StateError } from '../errors.js';
import type { AuditClass, AuditEvent, EventKind } from '../event.js';
import { parseJson } from '../json.js';
import type { LogEntry, Severity } from './destination.js';
import { naisParts } from './nais.js';
import { eventParts } from './split.js';
import { cutText } from './text.js';

/** `event`: the event as in the archive. `nais`: what Nais' log sinks route. */
export type Payload = 'event' | 'nais';

const DAY = 24 * 60 * 60 * 1000;
/** Cloud Logging accepts older entries and does not keep them (retention of `_Default`: 30 days). */
const OLDEST = 29 * DAY;
/** Cloud Logging refuses entries further in the future. */
const NEWEST = DAY;
/** Bytes of a label's value (Cloud Logging's quotas). */
const LARGEST_LABEL = 64 * 1024;

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
  lifecycle: 'NOTICE',
  seal: 'DEBUG',
};

/** The entries of one line of the journal: one, or its parts where it is too large. Throws a StateError where it is no event. */
export function toLogEntries(line: Buffer, payload: Payload): LogEntry[] {
  const event = parseEvent(line);
  const parts = payload === 'nais' ? naisParts(event, line) : eventParts(event, line.length);
  const entry = envelopeOf(event);
  if (parts.length === 1) return parts.map(jsonPayload => ({ ...entry, jsonPayload }));
  return parts.map((jsonPayload, index) => ({
    ...entry,
    insertId: `${event.id}/${index}`,
    split: { uid: event.id, index, totalSplits: parts.length },
    jsonPayload,
  }));
}

function envelopeOf(event: AuditEvent): Omit<LogEntry, 'jsonPayload'> {
  const operation = operationOf(event);
  return {
    insertId: event.id,
    timestamp: timestampOf(event),
    severity: event.kind === 'statement' ? CLASS_SEVERITY[event.audit.class] : KIND_SEVERITY[event.kind],
    labels: labelsOf(event),
    ...(operation === null ? {} : { operation: { id: operation, producer: 'pgaudit-shipper' } }),
  };
}

/** Event time, or when it was read where Cloud Logging would not keep or not take the event time. */
function timestampOf(event: AuditEvent): string {
  if (!('receivedAt' in event)) return event.time;
  const age = Date.parse(event.receivedAt) - Date.parse(event.time);
  return age > OLDEST || age < -NEWEST ? event.receivedAt : event.time;
}

/** Groups what one transaction did: its session and its virtual transaction. */
function operationOf(event: AuditEvent): string | null {
  if (!('session' in event)) return null;
  const { id, virtualTransactionId } = event.session;
  return virtualTransactionId === null ? id : `${id}/${virtualTransactionId}`;
}

function labelsOf(event: AuditEvent): Record<string, string> {
  const { kind, instance, node } = event;
  const labels: Record<string, string | null> = { kind, instance, node };
  if ('session' in event) {
    labels.database = event.database;
    labels.user = event.actor.user;
  }
  if (event.kind === 'statement') {
    labels.class = event.audit.class;
    labels.command = event.audit.command;
  }
  const set = Object.entries(labels).filter((label): label is [string, string] => !!label[1]);
  return Object.fromEntries(set.map(([name, value]) => [name, cutText(value, LARGEST_LABEL)[0] ?? '']));
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
