/**
 * Cloud Logging, through the client's v2 interface: the high-level one sends one request per call and changes
 * timestamps.
 */

import type { LoggingServiceV2Client } from '@google-cloud/logging-api';
import { Client, status } from '@grpc/grpc-js';
import { ShipperError } from '../../lib/errors.js';
import { type Endpoint, needsCredentials, requireCredentials } from '../../lib/google/credentials.js';
import { clientOptions } from '../../lib/google/logging.js';
import type { EntryDestination, LogEntry, Written } from '../destination.js';
import { Isolation } from './isolate.js';
import { BackwardWriter } from './protobuf.js';
import { encodeRequest, type RequestHead } from './request.js';

export interface CloudLoggingOptions extends RequestHead {
  readonly endpoint: Endpoint;
  /** Milliseconds for one request. */
  readonly deadline?: number;
}

const DEADLINE = 30_000;

/** Loads the client only if this sink is used, and starts at once: nothing else takes as long to load. */
export function cloudLogging(options: CloudLoggingOptions): EntryDestination {
  return new CloudLogging(options);
}

/** Requests in flight: enough for a distant server, few enough for memory. */
const MOST_AT_ONCE = 4;
/** Lines and bytes for one request: 1,000 entries. */
const PORTION = { lines: 1000, bytes: 1024 * 1024 };

class CloudLogging implements EntryDestination {
  readonly mostAtOnce = MOST_AT_ONCE;
  readonly portion = PORTION;
  readonly #isolation = new Isolation(entries => this.#send(entries));
  readonly #options: CloudLoggingOptions;
  readonly #writer = new BackwardWriter();
  /** What @google-cloud/logging offers as `v2`, without the rest of it: 5 MB. */
  readonly #library = import('@google-cloud/logging-api/build/src/v2/logging_service_v2_client.js');
  #connecting: Promise<LoggingServiceV2Client> | null = null;

  constructor(options: CloudLoggingOptions) {
    this.#options = options;
  }

  write(entries: readonly LogEntry[], signal: AbortSignal): Promise<Written> {
    signal.throwIfAborted();
    return this.#isolation.write(entries);
  }

  readonly close = async (): Promise<void> => {
    if (this.#connecting !== null) await this.#discard(this.#connecting);
  };

  async #send(entries: readonly LogEntry[]): Promise<void> {
    this.#connecting ??= this.#connect();
    const connecting = this.#connecting;
    try {
      const { deadline = DEADLINE, endpoint } = this.#options;
      const client = await connecting;
      // A token is reused while it is valid; a new one is requested here, in time, and not inside the client.
      if (needsCredentials(endpoint)) await requireCredentials(client.auth);
      await send(await client.initialize(), encodeRequest(entries, this.#options, this.#writer), deadline);
    } catch (error) {
      // A client keeps the credentials that it started with; the next attempt creates a new client.
      if (grpcCode(error) === status.UNAUTHENTICATED || grpcCode(error) === null)
        await this.#discard(connecting);
      throw toShipperError(error);
    }
  }

  /** Requests in flight fail together; only the first of them closes the client. */
  async #discard(connecting: Promise<LoggingServiceV2Client>): Promise<void> {
    if (this.#connecting !== connecting) return;
    this.#connecting = null;
    const client = await connecting.catch(() => null);
    await client?.close();
  }

  async #connect(): Promise<LoggingServiceV2Client> {
    const { LoggingServiceV2Client: LoggingClient } = await this.#library;
    return new LoggingClient(clientOptions(this.#options.endpoint));
  }
}

const METHOD = '/google.logging.v2.LoggingServiceV2/WriteLogEntries';

/** Google's client does everything but the encoding. Its stub is a gRPC client with credentials and a connection. */
async function send(stub: object, request: Buffer, deadline: number): Promise<void> {
  const { GoogleError } = await import('google-gax');
  if (!(stub instanceof Client)) throw new TypeError("the stub of Google's client is not gRPC's");
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const given = (bytes: Buffer): Buffer => bytes;
  // WriteLogEntriesResponse has no fields.
  const decode = (): object => ({});
  stub.makeUnaryRequest(METHOD, given, decode, request, { deadline: Date.now() + deadline }, error =>
    // The error's encoded metadata says which entries were refused.
    error === null
      ? resolve()
      : reject(GoogleError.parseGRPCStatusDetails(Object.assign(new GoogleError(error.message), error))),
  );
  return await promise;
}

const FIXES: Readonly<Record<number, string>> = {
  [status.INVALID_ARGUMENT]: 'it refuses every entry: fix logging.to or logging.resource',
  [status.DEADLINE_EXCEEDED]: 'it does not answer in time',
  [status.NOT_FOUND]: 'the project or log does not exist: fix logging.to',
  [status.PERMISSION_DENIED]: 'permission denied: grant roles/logging.logWriter on the project',
  [status.RESOURCE_EXHAUSTED]: 'the quota is used up',
  [status.UNAVAILABLE]: 'it cannot be reached',
  [status.UNAUTHENTICATED]: 'the credentials are not accepted',
};

function grpcCode(error: unknown): number | null {
  const code: unknown = Reflect.get(Object(error), 'code');
  return typeof code === 'number' ? code : null;
}

/** The server's own message may quote an entry; the code is enough. */
function toShipperError(error: unknown): unknown {
  const code = grpcCode(error);
  if (code === null) return error;
  const name = status[code] ?? String(code);
  return new ShipperError(name, `Cloud Logging: ${FIXES[code] ?? name}`, error);
}
