/** Cloud Logging, through the client's v2 interface: the higher one sends one request a call and spoils timestamps. */

import type { LoggingServiceV2Client, protos } from '@google-cloud/logging-api';
import { credentials } from '@grpc/grpc-js';
import { codeOf } from '../errors.js';
import type { EntryDestination, LogEntry, RejectedEntry } from './destination.js';
import { toStruct } from './struct.js';

export interface CloudLoggingOptions {
  /** `projects/<project>/logs/<log>` */
  readonly logName: string;
  readonly resource: { readonly type: string; readonly labels: Readonly<Record<string, string>> };
  /** `http://host:port` of another server, which is spoken to without TLS and credentials. */
  readonly endpoint: string | null;
  /** Milliseconds for one request. */
  readonly deadline?: number;
}

const DEADLINE = 30_000;

type Request = protos.google.logging.v2.IWriteLogEntriesRequest;

/** Loads the client when it is needed: it takes longer to load than all the rest. */
export async function cloudLogging(options: CloudLoggingOptions): Promise<EntryDestination> {
  const { v2 } = await import('@google-cloud/logging');
  const Client: typeof LoggingServiceV2Client = v2.LoggingServiceV2Client;
  const client = new Client(clientOptions(options.endpoint));
  const send = async (entries: readonly LogEntry[], signal: AbortSignal): Promise<void> => {
    signal.throwIfAborted();
    await client.writeLogEntries(toRequest(entries, options), {
      timeout: options.deadline ?? DEADLINE,
      retry: null,
    });
  };
  return {
    write: (entries, signal) => writeIsolating(entries, batch => send(batch, signal)),
    close: () => client.close(),
  };
}

function clientOptions(endpoint: string | null): ConstructorParameters<typeof LoggingServiceV2Client>[0] {
  if (endpoint === null) return {};
  const { hostname, port } = new URL(endpoint);
  return { apiEndpoint: hostname, port: Number(port), sslCreds: credentials.createInsecure() };
}

function toRequest(entries: readonly LogEntry[], { logName, resource }: CloudLoggingOptions): Request {
  return {
    logName,
    resource: { type: resource.type, labels: { ...resource.labels } },
    partialSuccess: true,
    entries: entries.map(entry => ({
      insertId: entry.insertId,
      timestamp: toTimestamp(entry.timestamp),
      severity: entry.severity,
      labels: { ...entry.labels },
      ...(entry.operation ? { operation: entry.operation } : {}),
      ...(entry.split ? { split: entry.split } : {}),
      jsonPayload: toStruct(entry.jsonPayload),
    })),
  };
}

function toTimestamp(iso: string): { seconds: number; nanos: number } {
  const ms = Date.parse(iso);
  const seconds = Math.floor(ms / 1000);
  return { seconds, nanos: (ms - seconds * 1000) * 1_000_000 };
}

/** gRPC's INVALID_ARGUMENT: sending the same again will never help. */
const INVALID_ARGUMENT = 3;

/**
 * Sends entries; those that the server rejects by themselves do not hold back the others. Where the
 * server does not say which they are, halves are sent until each stands alone. Any other error is thrown.
 */
async function writeIsolating(
  entries: readonly LogEntry[],
  send: (entries: readonly LogEntry[]) => Promise<void>,
  first = 0,
): Promise<RejectedEntry[]> {
  try {
    await send(entries);
    return [];
  } catch (error) {
    const named = entryErrors(error);
    if (named !== null) return rejectedOf(named, error, first);
    if (codeOf(error) !== String(INVALID_ARGUMENT)) throw error;
    if (entries.length === 1) return [{ index: first, code: codeOf(error) }];
    const half = entries.length >> 1;
    const left = await writeIsolating(entries.slice(0, half), send, first);
    return [...left, ...(await writeIsolating(entries.slice(half), send, first + half))];
  }
}

/** The entries at fault by index, from a partial success; `null` where the error is no such thing. */
function entryErrors(error: unknown): Map<number, number> | null {
  const details: unknown = error instanceof Error ? Reflect.get(error, 'statusDetails') : null;
  if (!Array.isArray(details)) return null;
  for (const detail of details) {
    const errors: unknown =
      typeof detail === 'object' && detail !== null ? Reflect.get(detail, 'logEntryErrors') : null;
    if (typeof errors === 'object' && errors !== null) {
      return new Map(Object.entries(errors).map(([index, status]) => [Number(index), statusCode(status)]));
    }
  }
  return null;
}

function statusCode(status: unknown): number {
  const code: unknown = typeof status === 'object' && status !== null ? Reflect.get(status, 'code') : null;
  return typeof code === 'number' ? code : INVALID_ARGUMENT;
}

/** All or nothing: where an entry failed for a reason that passes, all are sent again, and show once. */
function rejectedOf(named: Map<number, number>, error: unknown, first: number): RejectedEntry[] {
  if ([...named.values()].some(code => code !== INVALID_ARGUMENT)) throw error;
  return [...named].map(([index, code]) => ({ index: first + index, code: String(code) }));
}
