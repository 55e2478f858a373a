/**
 * A request to Cloud Logging in wire format. The client would first build an object for every value of every event,
 * which would take most of the CPU time of shipping. Fields and their numbers are those of
 * google/logging/v2/logging.proto and log_entry.proto, google/protobuf/struct.proto, and
 * google/api/monitored_resource.proto.
 */

import type { LogEntry, Severity } from '../destination.js';
import { writeJsonStruct } from './json-struct.js';
import { BackwardWriter } from './protobuf.js';

export interface RequestHead {
  /** `projects/<project>/logs/<log>` */
  readonly logName: string;
  readonly resource: { readonly type: string; readonly labels: Readonly<Record<string, string>> };
}

/** google.logging.type.LogSeverity */
const SEVERITY: Readonly<Record<Severity, number>> = {
  DEBUG: 100,
  INFO: 200,
  NOTICE: 300,
  WARNING: 400,
  ERROR: 500,
  CRITICAL: 600,
  ALERT: 700,
  EMERGENCY: 800,
};

/**
 * A WriteLogEntriesRequest with `partial_success`. Throws a TypeError if a payload contains a value that JSON does not
 * have.
 */
export function encodeRequest(
  entries: readonly LogEntry[],
  { logName, resource }: RequestHead,
  writer = new BackwardWriter(),
): Buffer {
  writer.number(5, 1);
  for (const entry of entries.toReversed()) writeEntry(writer, entry);
  const end = writer.length;
  writeLabels(writer, 2, resource.labels);
  writer.text(1, resource.type);
  writer.delimit(2, end);
  writer.text(1, logName);
  return writer.finish();
}

function writeEntry(writer: BackwardWriter, entry: LogEntry): void {
  const end = writer.length;
  const { insertId, timestamp, severity, labels, operation, split } = entry.envelope ?? entry;
  writeSplit(writer, split);
  if (operation !== undefined) {
    const inner = writer.length;
    writer.text(2, operation.producer);
    writer.text(1, operation.id);
    writer.delimit(15, inner);
  }
  writeLabels(writer, 11, labels);
  writer.number(10, SEVERITY[severity]);
  writeTimestamp(writer, timestamp);
  const inner = writer.length;
  const { line } = entry;
  if (line === undefined) writeStruct(writer, entry.jsonPayload);
  else writeJsonStruct(writer, line);
  writer.delimit(6, inner);
  writer.text(4, insertId);
  writer.delimit(4, end);
}

function writeSplit(writer: BackwardWriter, split: LogEntry['split']): void {
  if (split === undefined) return;
  const end = writer.length;
  writer.number(3, split.totalSplits);
  writer.number(2, split.index);
  writer.text(1, split.uid);
  writer.delimit(35, end);
}

/** Seconds before 1970 would need another number format; no log has them. */
function writeTimestamp(writer: BackwardWriter, iso: string): void {
  const ms = Math.max(0, Date.parse(iso));
  const end = writer.length;
  writer.number(2, (ms % 1000) * 1_000_000);
  writer.number(1, Math.floor(ms / 1000));
  writer.delimit(9, end);
}

function writeLabels(writer: BackwardWriter, field: number, labels: Readonly<Record<string, string>>): void {
  for (const name of Object.keys(labels).reverse()) {
    const end = writer.length;
    writer.text(2, labels[name] ?? '');
    writer.text(1, name);
    writer.delimit(field, end);
  }
}

/** Undefined fields are left out, as in JSON. */
function writeStruct(writer: BackwardWriter, object: Readonly<Record<string, unknown>>): void {
  for (const name of Object.keys(object).reverse()) {
    const value = object[name];
    if (value === undefined) continue;
    const end = writer.length;
    writeValue(writer, value);
    writer.delimit(2, end);
    writer.text(1, name);
    writer.delimit(1, end);
  }
}

/** google.protobuf.Value: one of six fields. */
function writeValue(writer: BackwardWriter, value: unknown): void {
  if (value === null) writer.number(1, 0);
  else if (typeof value === 'string') writer.text(3, value);
  else if (typeof value === 'number') writer.double(2, value);
  else if (typeof value === 'boolean') writer.number(4, value ? 1 : 0);
  else writeComposite(writer, value);
}

function writeComposite(writer: BackwardWriter, value: unknown): void {
  const end = writer.length;
  if (isRecord(value)) {
    writeStruct(writer, value);
    writer.delimit(5, end);
    return;
  }
  if (!Array.isArray(value)) throw new TypeError(`A ${typeof value} has no place in JSON`);
  for (const element of value.toReversed()) {
    const inner = writer.length;
    writeValue(writer, element);
    writer.delimit(1, inner);
  }
  writer.delimit(6, end);
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
