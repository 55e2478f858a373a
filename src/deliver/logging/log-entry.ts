/** Turns events into log entries. Everything here depends on the event alone, so a redelivery is identical (I6). */

import type { AuditEvent, EventKind } from '../../event/event.js';
import { type EventHead, headOf, kindIn, readHead, withoutEscrow } from '../../event/line.js';
import type { AlertSeverity, AuditClass } from '../../event/names.js';
import { StateError } from '../../lib/errors.js';
import { parseJson } from '../../lib/json.js';
import { atOnce, inTurns } from '../../lib/turns.js';
import type { Envelope, JsonPayload, LogEntry, Severity } from '../destination.js';
import { cutText } from './cut-text.js';
import { LongTexts, STRINGS } from './long-texts.js';
import { naisParts } from './nais.js';
import { eventParts, LARGEST_ENTRY } from './split.js';

/** `event`: the event as in the archive. `nais`: the form that Nais' log sinks route. */
export type Payload = 'event' | 'nais';

const DAY = 24 * 60 * 60 * 1000;
/** Cloud Logging accepts older entries but does not keep them (`_Default` keeps 30 days). */
const OLDEST = 29 * DAY;
/** Cloud Logging refuses entries further in the future. */
const NEWEST = DAY;
/** Bytes of a label's value (Cloud Logging's quotas). */
const LARGEST_LABEL = 64 * 1024;
/** UTF-16 code units that always fit. */
const SHORT_LABEL = LARGEST_LABEL / 4;
const LABELS = ['kind', 'instance', 'node', 'database', 'user', 'class', 'command', 'rule'] as const;
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

const KIND_SEVERITY: Readonly<Record<Exclude<EventKind, 'statement' | 'alert'>, Severity>> = {
  failure: 'INFO',
  suspect: 'CRITICAL',
  gap: 'CRITICAL',
  config: 'CRITICAL',
  unaudited: 'CRITICAL',
  population: 'NOTICE',
  row: 'INFO',
  lifecycle: 'NOTICE',
  seal: 'DEBUG',
};

const ALERT_SEVERITY: Readonly<Record<AlertSeverity, Severity>> = {
  notice: 'NOTICE',
  warning: 'WARNING',
  error: 'ERROR',
  critical: 'CRITICAL',
  alert: 'ALERT',
  emergency: 'EMERGENCY',
};

/**
 * The log entries of one line of the journal: one, or several parts if it is too large. Throws a StateError if it is
 * not an event; a statement's entry throws it when it is read.
 */
export function toLogEntries(archived: Buffer, payload: Payload): LogEntry[] {
  const line = withoutEscrow(archived);
  const isWhole = payload === 'event' && line.length <= LARGEST_ENTRY && kindIn(line) === 'statement';
  if (isWhole) return [new LineEntry(line)];
  const event = parseEvent(line);
  const parts =
    payload === 'nais'
      ? atOnce(naisParts(event, archived, STRINGS))
      : eventParts(event, line.length, STRINGS);
  return entriesOf(event, parts);
}

/** Bytes from which parsing a line whole would take too long and too much memory. */
export const LARGE_LINE = 4 * 1024 * 1024;

/** As `toLogEntries`, without blocking the event loop; long texts are not copied out of the line. */
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

/** An entry of a statement, whose payload is the line itself: all else is read off it when somebody asks. */
class LineEntry implements LogEntry {
  readonly line: Buffer;

  constructor(line: Buffer) {
    this.line = line;
  }

  get envelope(): Envelope {
    const head = readHead(this.line);
    return head === null ? envelopeIn(this.line) : envelopeOf(head);
  }

  get insertId(): string {
    return this.envelope.insertId;
  }

  get timestamp(): string {
    return this.envelope.timestamp;
  }

  get severity(): Severity {
    return this.envelope.severity;
  }

  get labels(): LogEntry['labels'] {
    return this.envelope.labels;
  }

  get operation(): LogEntry['operation'] {
    return this.envelope.operation;
  }

  get jsonPayload(): JsonPayload {
    return { ...parseEvent(this.line) };
  }
}

/** The slow way. Throws a StateError if the line is not an event: to write it again would not help. */
function envelopeIn(line: Buffer): Envelope {
  const event = parseEvent(line);
  try {
    return envelopeOf(headOf(event));
  } catch (error) {
    throw new StateError(DAMAGED, error);
  }
}

/** The payload that a line of JSON is. */
export function payloadIn(line: Buffer): JsonPayload {
  const payload = parseJson(line);
  return typeof payload === 'object' ? { ...payload } : {};
}

/** An entry whose payload is built only when it is needed: by then earlier parts have been sent. */
function largeEntry(entry: LogEntry, texts: LongTexts): LogEntry {
  const line = (): Buffer => texts.toJson(entry.jsonPayload);
  return {
    ...entry,
    get line() {
      return line();
    },
    get jsonPayload() {
      return payloadIn(line());
    },
  };
}

function envelopeOf(head: EventHead): Envelope {
  const operation = operationOf(head);
  const { id } = head;
  const envelope = {
    insertId: id,
    timestamp: timestampOf(head),
    severity: severityOf(head),
    labels: labelsOf(head),
  };
  if (operation === null) return envelope;
  return { ...envelope, operation: { id: operation, producer: 'pgaudit-shipper' } };
}

function severityOf({ kind, class: auditClass, alert }: EventHead): Severity {
  if (kind === 'alert') return ALERT_SEVERITY[alert?.severity ?? 'critical'];
  if (kind !== 'statement') return KIND_SEVERITY[kind];
  return auditClass === null ? 'INFO' : CLASS_SEVERITY[auditClass];
}

/** The event's time, or the time at which it was read if Cloud Logging would refuse or not keep the event's time. */
function timestampOf({ time, receivedAt }: EventHead): string {
  // The usual case: read on the day of the event.
  if (receivedAt === null || receivedAt.startsWith(time.slice(0, LENGTH_OF_DATE))) return time;
  const age = Date.parse(receivedAt) - Date.parse(time);
  return age > OLDEST || age < -NEWEST ? receivedAt : time;
}

/**
 * Groups the events of one transaction: server, session and virtual transaction. Two servers may have the same session
 * id.
 */
function operationOf({ instance, session, virtualTransactionId }: EventHead): string | null {
  if (session === null) return null;
  return [instance, session, ...(virtualTransactionId === null ? [] : [virtualTransactionId])].join('/');
}

/** Empty labels are left out. */
function labelsOf(head: EventHead): Record<string, string> {
  const labels: Record<string, string> = {};
  for (const name of LABELS) {
    const value = name === 'rule' ? head.alert?.rule : head[name];
    if (value) labels[name] = value.length < SHORT_LABEL ? value : (cutText(value, LARGEST_LABEL)[0] ?? '');
  }
  return labels;
}

const DAMAGED = 'The journal holds a line that is not an event: its disk is damaged.';

function parseEvent(line: Buffer): AuditEvent {
  const event = parseJson(line);
  if (isEvent(event)) return event;
  throw new StateError(DAMAGED);
}

/** The journal contains only events; this check finds damage, not forgery. */
function isEvent(value: unknown): value is AuditEvent {
  return Reflect.get(Object(value), 'v') === 1 && typeof Reflect.get(Object(value), 'kind') === 'string';
}
