/** Turns events into LogEntries. Everything here depends on the event alone, so a redelivery is the same (I6). */

import type { AuditClass, AuditEvent, EventKind } from '../event.js';
import type { LogEntry, Severity } from './destination.js';
import { LARGEST_EVENT, splitEvent } from './split.js';

const DAY = 24 * 60 * 60 * 1000;
/** Cloud Logging accepts older entries and does not keep them (retention of `_Default`: 30 days). */
const OLDEST = 29 * DAY;
/** Cloud Logging refuses entries further in the future. */
const NEWEST = DAY;

const CLASS_SEVERITY: Readonly<Record<AuditClass, Severity>> = {
  READ: 'INFO',
  WRITE: 'INFO',
  FUNCTION: 'INFO',
  MISC: 'INFO',
  DDL: 'NOTICE',
  ROLE: 'WARNING',
};

const KIND_SEVERITY: Readonly<Record<Exclude<EventKind, 'statement'>, Severity>> = {
  suspect: 'CRITICAL',
  gap: 'CRITICAL',
  lifecycle: 'NOTICE',
  seal: 'DEBUG',
};

/** The entries of one event of `bytes` bytes, with the event as payload: one, or its parts where it is too large. */
export function toLogEntries(event: AuditEvent, bytes: number): LogEntry[] {
  const parts = bytes <= LARGEST_EVENT ? [event] : splitEvent(event);
  if (parts.length === 1) return [toLogEntry(event)];
  return parts.map((part, index) => ({
    ...toLogEntry(part),
    insertId: `${event.id}/${index}`,
    split: { uid: event.id, index, totalSplits: parts.length },
  }));
}

function toLogEntry(event: AuditEvent): LogEntry {
  const operation = operationOf(event);
  return {
    insertId: event.id,
    timestamp: timestampOf(event),
    severity: event.kind === 'statement' ? CLASS_SEVERITY[event.audit.class] : KIND_SEVERITY[event.kind],
    labels: labelsOf(event),
    ...(operation === null ? {} : { operation: { id: operation, producer: 'pgaudit-shipper' } }),
    jsonPayload: { ...event },
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
  return Object.fromEntries(Object.entries(labels).filter((label): label is [string, string] => !!label[1]));
}
