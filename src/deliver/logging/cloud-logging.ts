/** Cloud Logging, through the client's v2 interface: the higher one sends one request a call and spoils timestamps. */

import type { LoggingServiceV2Client, protos } from '@google-cloud/logging-api';
import { status } from '@grpc/grpc-js';
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

/** What the client takes for a request, and what it sends in its place. */
class EncodedRequest implements protos.google.logging.v2.IWriteLogEntriesRequest {
  readonly logName: string;
  readonly bytes: Buffer;

  constructor(entries: readonly LogEntry[], head: RequestHead, writer: BackwardWriter) {
    this.logName = head.logName;
    this.bytes = encodeRequest(entries, head, writer);
  }
}

/** The client is loaded only where it is used, and at once: it takes longer to load than all the rest. */
export function cloudLogging(options: CloudLoggingOptions): EntryDestination {
  return new CloudLogging(options);
}

/** Requests under way: enough for a far-away server, and few enough for memory. */
const MOST_AT_ONCE = 4;
/** One request takes 1,000 entries. */
const PORTION = { lines: 1000, bytes: 1024 * 1024 };

class CloudLogging implements EntryDestination {
  readonly mostAtOnce = MOST_AT_ONCE;
  readonly portion = PORTION;
  readonly #isolation = new Isolation(entries => this.#send(entries));
  readonly #options: CloudLoggingOptions;
  readonly #writer = new BackwardWriter();
  readonly #library = import('@google-cloud/logging');
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
      // A token that is there is used again; a new one is asked for here, in time, and not behind the client's back.
      if (needsCredentials(endpoint)) await requireCredentials(client.auth);
      sendEncoded(await client.initialize());
      await client.writeLogEntries(new EncodedRequest(entries, this.#options, this.#writer), {
        timeout: deadline,
        retry: null,
      });
    } catch (error) {
      // A client keeps the credentials it began with; the next attempt begins anew.
      if (grpcCode(error) === status.UNAUTHENTICATED || grpcCode(error) === null)
        await this.#discard(connecting);
      throw toShipperError(error);
    }
  }

  /** Requests that are under way at the same time fail together: only the first of them does this. */
  async #discard(connecting: Promise<LoggingServiceV2Client>): Promise<void> {
    if (this.#connecting !== connecting) return;
    this.#connecting = null;
    const client = await connecting.catch(() => null);
    await client?.close();
  }

  async #connect(): Promise<LoggingServiceV2Client> {
    const { v2 } = await this.#library;
    const Client: typeof LoggingServiceV2Client = v2.LoggingServiceV2Client;
    return new Client(clientOptions(this.#options.endpoint));
  }
}

const METHOD = '/google.logging.v2.LoggingServiceV2/WriteLogEntries';

/**
 * Everything is left to Google's client but the encoding: credentials, deadlines, what errors say. It looks its gRPC
 * method up by name at each call, with the request as it was given.
 */
function sendEncoded(stub: object): void {
  const unary: unknown = Reflect.get(stub, 'makeUnaryRequest');
  if (typeof unary !== 'function') throw new TypeError("the client's stub is none of gRPC's");
  const encode = (request: unknown): Buffer => {
    if (request instanceof EncodedRequest) return request.bytes;
    throw new TypeError('the client changed the request');
  };
  // WriteLogEntriesResponse has no fields.
  const decode = (): object => ({});
  Reflect.set(stub, 'writeLogEntries', (...rest: unknown[]) =>
    Reflect.apply(unary, stub, [METHOD, encode, decode, ...rest]),
  );
}

const MENDS: Readonly<Record<number, string>> = {
  [status.INVALID_ARGUMENT]: 'it refuses everything: mend logging.to or logging.resource',
  [status.DEADLINE_EXCEEDED]: 'it does not answer in time',
  [status.NOT_FOUND]: 'the project or log does not exist: mend logging.to',
  [status.PERMISSION_DENIED]: 'permission denied: grant roles/logging.logWriter on the project',
  [status.RESOURCE_EXHAUSTED]: 'the quota is used up',
  [status.UNAVAILABLE]: 'it cannot be reached',
  [status.UNAUTHENTICATED]: 'the credentials are not accepted',
};

function grpcCode(error: unknown): number | null {
  const code: unknown = Reflect.get(Object(error), 'code');
  return typeof code === 'number' ? code : null;
}

/** The server's own words may quote an entry: its code says enough. */
function toShipperError(error: unknown): unknown {
  const code = grpcCode(error);
  if (code === null) return error;
  const name = status[code] ?? String(code);
  return new ShipperError(name, `Cloud Logging: ${MENDS[code] ?? name}`, error);
}
