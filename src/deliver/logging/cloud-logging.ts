/** Cloud Logging: requests over gRPC, encoded here. */

import { type Client, type ServiceError, status } from '@grpc/grpc-js';
import { ShipperError } from '../../lib/errors.js';
import { type Endpoint, requireCredentials } from '../../lib/google/credentials.js';
import { connectLogging, type LoggingConnection } from '../../lib/google/logging.js';
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
  #connecting: Promise<LoggingConnection> | null = null;

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
    const { deadline = DEADLINE, endpoint } = this.#options;
    this.#connecting ??= connectLogging(endpoint);
    const connecting = this.#connecting;
    try {
      const { stub, auth } = await connecting;
      // A token is reused while it is valid; a new one is requested here, in time, and not inside gRPC.
      if (auth !== null) await requireCredentials(auth);
      await send(stub, encodeRequest(entries, this.#options, this.#writer), deadline);
    } catch (error) {
      // A connection keeps the credentials that it started with; the next attempt makes a new one.
      if (grpcCode(error) === status.UNAUTHENTICATED || grpcCode(error) === null)
        await this.#discard(connecting);
      throw toShipperError(error);
    }
  }

  /** Requests in flight fail together; only the first of them closes the connection. */
  async #discard(connecting: Promise<LoggingConnection>): Promise<void> {
    if (this.#connecting !== connecting) return;
    this.#connecting = null;
    const connection = await connecting.catch(() => null);
    connection?.stub.close();
  }
}

const METHOD = '/google.logging.v2.LoggingServiceV2/WriteLogEntries';

async function send(stub: Client, request: Buffer, deadline: number): Promise<void> {
  const given = (bytes: Buffer): Buffer => bytes;
  // WriteLogEntriesResponse has no fields.
  const decode = (): object => ({});
  const options = { deadline: Date.now() + deadline };
  const error = await new Promise<ServiceError | null>(resolve =>
    stub.makeUnaryRequest(METHOD, given, decode, request, options, resolve),
  );
  if (error !== null) throw await withDetails(error);
}

/** The error's encoded metadata says which entries were refused. What reads it takes 20 MB: few daemons ever need it. */
async function withDetails(error: ServiceError): Promise<Error> {
  if (error.metadata.get(DETAILS).length === 0) return error;
  const { GoogleError } = await import('google-gax');
  return GoogleError.parseGRPCStatusDetails(Object.assign(new GoogleError(error.message), error));
}

const DETAILS = 'grpc-status-details-bin';

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
