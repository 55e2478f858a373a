/** A server that speaks Cloud Logging's gRPC, keeps what it gets, and misbehaves on request. */

import { createServer, type Socket } from 'node:net';
import * as grpc from '@grpc/grpc-js';
import { isPastRetention, isTooLargeRequest, isUnacceptable } from './logging-limits.js';
import {
  type ListRequest,
  loggingService,
  refusalDetails,
  type ShownEntry,
  type WireRequest,
} from './logging-wire.js';
import type { ServerOptions } from './server-options.js';

export type { ShownEntry } from './logging-wire.js';

/** How one call fails. */
export type Fault =
  /** Stores nothing and answers with this code. */
  | { readonly code: grpc.status }
  /** Stores what it accepts, and still answers with this code. */
  | { readonly code: grpc.status; readonly afterCommit: true }
  /** Refuses the entries at these indexes with these codes, and accepts the others. */
  | { readonly partial: ReadonlyMap<number, grpc.status> | Readonly<Record<number, grpc.status>> }
  /** Stores and answers correctly after this many milliseconds, even if the caller has given up by then. */
  | { readonly delay: number }
  /** Breaks the connection, before it stores anything. */
  | { readonly drop: true }
  /** Stores what it accepts, and breaks the connection without an answer. */
  | { readonly dropAfterCommit: true }
  /** Never answers. */
  | { readonly stall: true };

export interface LoggingServer {
  /** `http://127.0.0.1:port`, with TLS `https://localhost:port` */
  readonly endpoint: string;
  /** Entries in order of arrival; those with the same log, timestamp and insertId are shown once. */
  readonly shown: ShownEntry[];
  /** Accepted, but never shown: they are older than the log's retention. */
  readonly notKept: ShownEntry[];
  /** Number of entries in each call. */
  readonly calls: number[];
  /** Number of entries in all calls, with repeated ones. */
  readonly received: number;
  /** Most calls that were in flight at the same time. */
  readonly mostAtOnce: number;
  /** Faults of the next calls, the first first. */
  readonly faults: Fault[];
  /** Entries that are always refused: with this code, or `true` for INVALID_ARGUMENT. */
  refuse: (entry: ShownEntry) => boolean | grpc.status;
  /**
   * Whether the answer names the refused entries, and the others are stored. If nothing was stored it never names them
   * (`partial_success` in logging.proto).
   */
  namesRefused: boolean;
  /** Whether entries may be read. */
  mayList: boolean;
  close(): Promise<void>;
}

export interface LoggingServerOptions extends ServerOptions {
  /** The server's clock; without it entries of any time are accepted and shown. */
  readonly now?: () => number;
}

type Call = grpc.ServerUnaryCall<WireRequest, object>;
type ListCall = grpc.ServerUnaryCall<ListRequest, object>;
type Answer = grpc.sendUnaryData<object>;
type Refused = ReadonlyMap<number, grpc.status>;

export async function startLoggingServer(options: LoggingServerOptions = {}): Promise<LoggingServer> {
  const server = new FakeLogging(options);
  await server.listen();
  return server;
}

class FakeLogging implements LoggingServer {
  endpoint = '';
  readonly shown: ShownEntry[] = [];
  readonly notKept: ShownEntry[] = [];
  readonly calls: number[] = [];
  received = 0;
  mostAtOnce = 0;
  readonly faults: Fault[] = [];
  refuse: LoggingServer['refuse'] = () => false;
  namesRefused = true;
  mayList = true;

  readonly #options: LoggingServerOptions;
  // `isTooLargeRequest` checks the size of a request.
  readonly #grpc = new grpc.Server({ 'grpc.max_receive_message_length': -1 });
  readonly #sockets = new Map<string, Socket>();
  readonly #stored = new Set<string>();
  readonly #underWay = new Set<Call>();
  readonly #timers = new Set<NodeJS.Timeout>();
  readonly #tcp = createServer();

  constructor(options: LoggingServerOptions) {
    this.#options = options;
    this.#grpc.addService(loggingService(), {
      WriteLogEntries: (call: Call, answer: Answer) => this.#handle(call, answer),
      ListLogEntries: (call: ListCall, answer: Answer) => this.#list(call.request, answer),
    });
  }

  /** Keeps the connections, so that it can break them. */
  async listen(): Promise<void> {
    const { tls } = this.#options;
    const injector = this.#grpc.createConnectionInjector(credentialsOf(tls));
    this.#tcp.on('connection', socket => {
      const peer = `${socket.remoteAddress}:${socket.remotePort}`;
      this.#sockets.set(peer, socket);
      socket.once('close', () => this.#sockets.delete(peer));
      injector.injectConnection(socket);
    });
    await new Promise<void>(resolve => this.#tcp.listen(0, '127.0.0.1', resolve));
    const address = this.#tcp.address();
    const port = typeof address === 'object' ? address?.port : 0;
    this.endpoint = tls ? `https://localhost:${port}` : `http://127.0.0.1:${port}`;
  }

  async close(): Promise<void> {
    for (const timer of this.#timers) clearTimeout(timer);
    this.#grpc.forceShutdown();
    for (const socket of this.#sockets.values()) socket.destroy();
    await new Promise(resolve => this.#tcp.close(resolve));
  }

  #handle(call: Call, answer: Answer): void {
    const { authorize = () => true } = this.#options;
    if (!authorize(call.metadata.get('authorization')[0]?.toString())) {
      answer({ code: grpc.status.UNAUTHENTICATED, details: 'the token is not accepted' });
      return;
    }
    this.calls.push(call.request.entries.length);
    this.received += call.request.entries.length;
    this.#underWay.add(call);
    this.mostAtOnce = Math.max(this.mostAtOnce, this.#underWay.size);
    call.once('cancelled', () => this.#underWay.delete(call));
    this.#respond(call, this.faults.shift(), (error, value) => {
      this.#underWay.delete(call);
      answer(error, value);
    });
  }

  /**
   * Only a part of the filter is understood: texts that a field must contain (`field:"text"`), one of which must be
   * there.
   */
  #list({ filter = '' }: ListRequest, answer: Answer): void {
    if (!this.mayList) {
      answer({ code: grpc.status.PERMISSION_DENIED, details: 'may not be read' });
      return;
    }
    const texts = [...filter.matchAll(/\w:"([^"]+)"/g)].map(([, text = '']) => text);
    const found = this.shown.filter(({ payload }) =>
      texts.some(text => JSON.stringify(payload).includes(text)),
    );
    answer(null, { entries: found.map(({ logName, insertId }) => ({ logName, insertId })) });
  }

  #respond(call: Call, fault: Fault | undefined, answer: Answer): void {
    if (fault === undefined) {
      answer(this.#commit(call.request), {});
    } else if ('partial' in fault) {
      answer(this.#commit(call.request, toMap(fault.partial)), {});
    } else if ('delay' in fault) {
      const timer = setTimeout(() => answer(this.#commit(call.request), {}), fault.delay);
      this.#timers.add(timer);
    } else if ('code' in fault) {
      if ('afterCommit' in fault) this.#commit(call.request);
      answer({ code: fault.code, details: 'scripted' });
    } else if (!('stall' in fault)) {
      if ('dropAfterCommit' in fault) this.#commit(call.request);
      this.#sockets.get(call.getPeer())?.destroy();
    }
  }

  /** Stores what it accepts. Returns the error for the caller; `null` if it accepted everything. */
  #commit(request: WireRequest, scripted: Refused = new Map()): Partial<grpc.StatusObject> | null {
    if (isTooLargeRequest(request)) {
      return { code: grpc.status.INVALID_ARGUMENT, details: 'the request is too large' };
    }
    const refused = new Map([...this.#refused(request), ...inRange(scripted, request)]);
    const taken = request.entries.filter((_one, index) => !refused.has(index)).map(({ entry }) => entry);
    const [code] = refused.values();
    if (code === undefined) {
      if (!request.dryRun) this.#store(taken);
      return null;
    }
    const isPartial = request.partialSuccess && this.namesRefused && taken.length > 0;
    if (isPartial) this.#store(taken);
    return { code, details: 'refused', metadata: refusalDetails(isPartial ? refused : new Map()) };
  }

  #refused({ entries }: WireRequest): Map<number, grpc.status> {
    const refused = new Map<number, grpc.status>();
    for (const [index, one] of entries.entries()) {
      const verdict = isUnacceptable(one, this.#now()) || this.refuse(one.entry);
      if (verdict !== false && verdict !== grpc.status.OK)
        refused.set(index, verdict === true ? grpc.status.INVALID_ARGUMENT : verdict);
    }
    return refused;
  }

  #store(entries: readonly ShownEntry[]): void {
    for (const entry of entries) {
      const key = `${entry.logName} ${entry.timestamp} ${entry.insertId}`;
      if (this.#stored.has(key)) continue;
      this.#stored.add(key);
      (isPastRetention(entry.timestamp, this.#now()) ? this.notKept : this.shown).push(entry);
    }
  }

  #now(): number | null {
    return this.#options.now?.() ?? null;
  }
}

function credentialsOf(tls: ServerOptions['tls']): grpc.ServerCredentials {
  if (tls === undefined) return grpc.ServerCredentials.createInsecure();
  const pair = { private_key: Buffer.from(tls.key), cert_chain: Buffer.from(tls.cert) };
  return grpc.ServerCredentials.createSsl(null, [pair]);
}

function toMap(partial: Extract<Fault, { partial: unknown }>['partial']): Refused {
  if (partial instanceof Map) return partial;
  return new Map(Object.entries(partial).map(([index, code]) => [Number(index), code]));
}

function inRange(refused: Refused, { entries }: WireRequest): [number, grpc.status][] {
  return [...refused].filter(([index]) => index < entries.length);
}
