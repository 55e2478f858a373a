/** A server that speaks Cloud Logging's gRPC, keeps what it gets, and misbehaves on request. */

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
  readonly payload: Record<string, unknown>;
}

/** How one call goes wrong. */
export type Fault =
  /** Stores nothing and answers with this code. */
  | { readonly code: grpc.status }
  /** Stores everything, and answers with this code all the same. */
  | { readonly code: grpc.status; readonly afterCommit: true }
  /** Never answers. */
  | { readonly stall: true };

export interface LoggingServer {
  /** `http://127.0.0.1:port` */
  readonly endpoint: string;
  /** Same log, timestamp and insertId are shown once, in order of arrival. */
  readonly shown: ShownEntry[];
  /** How many entries each call brought. */
  readonly calls: number[];
  /** Faults of the next calls, the first first. */
  readonly faults: Fault[];
  /** Entries that are refused by themselves with INVALID_ARGUMENT. */
  refuse: (entry: ShownEntry) => boolean;
  /** Whether the answer says which entries were refused. */
  namesRefused: boolean;
  close(): Promise<void>;
}

interface WireEntry {
  insertId?: string;
  timestamp?: { seconds?: string; nanos?: number };
  severity?: string;
  labels?: Record<string, string>;
  operation?: { id?: string; producer?: string };
  jsonPayload?: WireStruct;
}

interface WireRequest {
  logName?: string;
  resource?: { type?: string; labels?: Record<string, string> };
  entries?: WireEntry[];
  partialSuccess?: boolean;
}

interface WireStruct {
  fields?: Record<string, WireValue>;
}

interface WireValue {
  kind?: string;
  stringValue?: string;
  numberValue?: number;
  boolValue?: boolean;
  structValue?: WireStruct;
  listValue?: { values?: WireValue[] };
}

type Call = grpc.ServerUnaryCall<WireRequest, object>;

export async function startLoggingServer(): Promise<LoggingServer> {
  const definitions = fromJSON(PROTOS, { longs: String, enums: String, oneofs: true });
  const service = definitions['google.logging.v2.LoggingServiceV2'];
  if (service === undefined || 'format' in service) throw new Error('the protos lack LoggingServiceV2');
  const server = new grpc.Server({ 'grpc.max_receive_message_length': 10 * 1024 * 1024 });
  const keys = new Set<string>();
  const state: LoggingServer = {
    endpoint: '',
    shown: [],
    calls: [],
    faults: [],
    refuse: () => false,
    namesRefused: true,
    close: async () => server.forceShutdown(),
  };
  const store = (entries: readonly ShownEntry[]): void => {
    for (const entry of entries) {
      const key = `${entry.logName} ${entry.timestamp} ${entry.insertId}`;
      if (!keys.has(key)) state.shown.push(entry);
      keys.add(key);
    }
  };
  server.addService(service, {
    writeLogEntries(call: Call, answer: grpc.sendUnaryData<object>) {
      const entries = toShown(call.request);
      state.calls.push(entries.length);
      const fault = state.faults.shift();
      if (fault !== undefined && 'stall' in fault) return;
      if (fault !== undefined) {
        if ('afterCommit' in fault) store(entries);
        answer({ code: fault.code, details: 'scripted' });
        return;
      }
      const isRefused = (entry: ShownEntry): boolean => state.refuse(entry) || isTooLarge(entry);
      const refused = entries.flatMap((entry, index) => (isRefused(entry) ? [index] : []));
      if (refused.length === 0) {
        store(entries);
        answer(null, {});
        return;
      }
      if (call.request.partialSuccess && state.namesRefused) {
        store(entries.filter((_entry, index) => !refused.includes(index)));
      }
      answer({
        code: grpc.status.INVALID_ARGUMENT,
        details: 'refused',
        metadata: details(state.namesRefused ? refused : []),
      });
    },
  });
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync('127.0.0.1:0', grpc.ServerCredentials.createInsecure(), (error, bound) =>
      error === null ? resolve(bound) : reject(error),
    );
  });
  return Object.assign(state, { endpoint: `http://127.0.0.1:${port}` });
}

/** Cloud Logging's quota: 256 KiB an entry. */
function isTooLarge(entry: ShownEntry): boolean {
  return Buffer.byteLength(JSON.stringify(entry)) > 256 * 1024;
}

function toShown({ logName = '', resource, entries = [] }: WireRequest): ShownEntry[] {
  return entries.map(entry => ({
    logName,
    resource: { type: resource?.type ?? '', labels: resource?.labels ?? {} },
    insertId: entry.insertId ?? '',
    timestamp: toIso(entry.timestamp),
    severity: entry.severity ?? 'DEFAULT',
    labels: entry.labels ?? {},
    operation: entry.operation
      ? { id: entry.operation.id ?? '', producer: entry.operation.producer ?? '' }
      : null,
    payload: fromStruct(entry.jsonPayload),
  }));
}

function toIso({ seconds = '0', nanos = 0 }: { seconds?: string; nanos?: number } = {}): string {
  return new Date(Number(seconds) * 1000 + nanos / 1e6).toISOString();
}

function fromStruct({ fields = {} }: WireStruct = {}): Record<string, unknown> {
  return Object.fromEntries(Object.entries(fields).map(([key, value]) => [key, fromValue(value)]));
}

function fromValue(value: WireValue): unknown {
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

/** `grpc-status-details-bin`: which entries were refused, as google.rpc.Status with one detail. */
function details(refused: readonly number[]): grpc.Metadata {
  const metadata = new grpc.Metadata();
  if (refused.length === 0) return metadata;
  const root = protobuf.Root.fromJSON(PROTOS);
  const errors = root.lookupType('google.logging.v2.WriteLogEntriesPartialErrors');
  const status = root.lookupType('google.rpc.Status');
  const logEntryErrors = Object.fromEntries(refused.map(index => [index, { code: 3, message: 'refused' }]));
  const value = errors.encode(errors.fromObject({ logEntryErrors })).finish();
  const type_url = 'type.googleapis.com/google.logging.v2.WriteLogEntriesPartialErrors';
  const bytes = status
    .encode(status.fromObject({ code: 3, message: 'refused', details: [{ type_url, value }] }))
    .finish();
  metadata.set('grpc-status-details-bin', Buffer.from(bytes));
  return metadata;
}
