/** Cloud Logging's requests and answers on the wire, and as tests read them. */

import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import * as grpc from '@grpc/grpc-js';
import { fromJSON } from '@grpc/proto-loader';
import protobuf from 'protobufjs';

const PROTOS = JSON.parse(
  readFileSync(
    createRequire(import.meta.url).resolve('@google-cloud/logging-api/build/protos/protos.json'),
    'utf8',
  ),
);

/** An entry as Cloud Logging would show it. */
export interface ShownEntry {
  readonly logName: string;
  readonly resource: { readonly type: string; readonly labels: Record<string, string> };
  readonly insertId: string;
  readonly timestamp: string;
  readonly severity: string;
  readonly labels: Record<string, string>;
  readonly operation: { readonly id: string; readonly producer: string } | null;
  readonly split: { readonly uid: string; readonly index: number; readonly totalSplits: number } | null;
  readonly payload: Record<string, unknown>;
}

/** A request, with its size on the wire. */
export interface WireRequest {
  readonly bytes: number;
  readonly entries: readonly { readonly bytes: number; readonly entry: ShownEntry }[];
  readonly partialSuccess: boolean;
  /** Checked, and not kept. */
  readonly dryRun: boolean;
}

/** The understood part of ListLogEntriesRequest. */
export interface ListRequest {
  readonly filter?: string;
}

interface Message {
  logName?: string;
  resource?: { type?: string; labels?: Record<string, string> };
  entries?: EntryMessage[];
  partialSuccess?: boolean;
  dryRun?: boolean;
}

interface EntryMessage {
  insertId?: string;
  timestamp?: { seconds?: string; nanos?: number };
  severity?: string;
  labels?: Record<string, string>;
  operation?: { id?: string; producer?: string };
  split?: { uid?: string; index?: number; totalSplits?: number };
  jsonPayload?: Struct;
}

interface Struct {
  fields?: Record<string, Value>;
}

interface Value {
  kind?: string;
  stringValue?: string;
  numberValue?: number;
  boolValue?: boolean;
  structValue?: Struct;
  listValue?: { values?: Value[] };
}

/** LoggingServiceV2, whose WriteLogEntries takes a WireRequest, and whose ListLogEntries a ListRequest. */
export function loggingService(): grpc.ServiceDefinition {
  const service = fromJSON(PROTOS, { longs: String, enums: String, oneofs: true })[
    'google.logging.v2.LoggingServiceV2'
  ];
  if (service === undefined || 'format' in service) throw new Error('the protos lack LoggingServiceV2');
  const { WriteLogEntries: write, ListLogEntries: list } = service;
  if (write === undefined || list === undefined) throw new Error('the protos lack its calls');
  const requestDeserialize = (bytes: Buffer): WireRequest =>
    toRequest(bytes, Object(write.requestDeserialize(bytes)));
  return { WriteLogEntries: { ...write, requestDeserialize }, ListLogEntries: list };
}

function toRequest(bytes: Buffer, message: Message): WireRequest {
  const sizes = entrySizes(bytes);
  const entries = (message.entries ?? []).map((entry, index) => ({
    bytes: sizes[index] ?? 0,
    entry: toShown(entry, message),
  }));
  return {
    bytes: bytes.length,
    entries,
    partialSuccess: message.partialSuccess ?? false,
    dryRun: message.dryRun ?? false,
  };
}

/** How many bytes each entry takes: `repeated LogEntry entries = 4` of WriteLogEntriesRequest. */
function entrySizes(bytes: Buffer): number[] {
  const reader = protobuf.Reader.create(bytes);
  const sizes: number[] = [];
  while (reader.pos < reader.len) {
    const tag = reader.uint32();
    const start = reader.pos;
    reader.skipType(tag & 7);
    if (tag >>> 3 === 4) sizes.push(reader.pos - start);
  }
  return sizes;
}

function toShown(entry: EntryMessage, { logName = '', resource }: Message): ShownEntry {
  const { operation, split } = entry;
  return {
    logName,
    resource: { type: resource?.type ?? '', labels: resource?.labels ?? {} },
    insertId: entry.insertId ?? '',
    timestamp: toIso(entry.timestamp),
    severity: entry.severity ?? 'DEFAULT',
    labels: entry.labels ?? {},
    operation: operation ? { id: operation.id ?? '', producer: operation.producer ?? '' } : null,
    split: split
      ? { uid: split.uid ?? '', index: split.index ?? 0, totalSplits: split.totalSplits ?? 0 }
      : null,
    payload: fromStruct(entry.jsonPayload),
  };
}

function toIso({ seconds = '0', nanos = 0 }: { seconds?: string; nanos?: number } = {}): string {
  return new Date(Number(seconds) * 1000 + nanos / 1e6).toISOString();
}

function fromStruct({ fields = {} }: Struct = {}): Record<string, unknown> {
  return Object.fromEntries(Object.entries(fields).map(([key, value]) => [key, fromValue(value)]));
}

function fromValue(value: Value): unknown {
  switch (value.kind) {
    case 'stringValue':
      return value.stringValue;
    case 'numberValue':
      return value.numberValue;
    case 'boolValue':
      return value.boolValue;
    case 'structValue':
      return fromStruct(value.structValue);
    case 'listValue':
      return (value.listValue?.values ?? []).map(fromValue);
    default:
      return null;
  }
}

/** `grpc-status-details-bin`: which entries were refused with which codes, as google.rpc.Status with one detail. */
export function refusalDetails(refused: ReadonlyMap<number, grpc.status>): grpc.Metadata {
  const metadata = new grpc.Metadata();
  const [code] = refused.values();
  if (code === undefined) return metadata;
  const root = protobuf.Root.fromJSON(PROTOS);
  const errors = root.lookupType('google.logging.v2.WriteLogEntriesPartialErrors');
  const status = root.lookupType('google.rpc.Status');
  const logEntryErrors = Object.fromEntries(
    [...refused].map(([index, one]) => [index, { code: one, message: 'refused' }]),
  );
  const value = errors.encode(errors.fromObject({ logEntryErrors })).finish();
  const type_url = 'type.googleapis.com/google.logging.v2.WriteLogEntriesPartialErrors';
  const details = [{ type_url, value }];
  const bytes = status.encode(status.fromObject({ code, message: 'refused', details })).finish();
  metadata.set('grpc-status-details-bin', Buffer.from(bytes));
  return metadata;
}
