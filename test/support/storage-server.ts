/** A server that speaks Cloud Storage's JSON API: uploads, preconditions, checksums, listing, reading. */

import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ServerOptions } from './server-options.js';
import { listObjects, type StoredObject, toResource } from './storage-objects.js';
import { crc32c, readUpload, type Upload } from './storage-uploads.js';

export type { StoredObject } from './storage-objects.js';
export { crc32c } from './storage-uploads.js';

/** How one upload fails. */
export type Fault =
  /** Stores nothing and answers with this status. */
  | { readonly status: number; readonly reason?: string }
  /** Stores the object, and still answers with this status. */
  | { readonly status: number; readonly reason?: string; readonly afterCommit: true }
  /** Answers with this status once the first bytes came, reads no more, and closes the connection. */
  | { readonly midBody: number; readonly reason?: string }
  /** Reads the first bytes, and then neither reads nor answers. */
  | { readonly stallMidBody: true }
  /** Stores the object and answers correctly after this many milliseconds, even if the caller has given up by then. */
  | { readonly delay: number }
  /** Stores the object, then drops the connection without an answer. */
  | { readonly dropAfterCommit: true }
  /** Reads the request and drops the connection. */
  | { readonly drop: true }
  /** A bit of the content flips on the way. */
  | { readonly corrupt: true }
  /** Reads the request, and never answers. */
  | { readonly stall: true };

export interface StorageServer {
  /** `http://127.0.0.1:port`, with TLS `https://localhost:port` */
  readonly endpoint: string;
  readonly bucket: string;
  /** What is stored: whole objects only. */
  readonly objects: Map<string, StoredObject>;
  /** Requests so far, `METHOD path`. */
  readonly requests: string[];
  /** Faults of the next uploads, the first first. */
  readonly faults: Fault[];
  /** Whether objects may be read; without it, only created. */
  mayRead: boolean;
  mayCreate: boolean;
  /** Whether the bucket has a retention policy: nothing is overwritten then. */
  retention: boolean;
  bucketMissing: boolean;
  mayDelete: boolean;
  /** The bucket's properties besides its name; `null` if they may not be read. */
  bucketMetadata: object | null;
  close(): Promise<void>;
}

/** The answer: a status and a JSON object. */
type Outcome = readonly [status: number, body: object];

/** A request, whose body is not read yet, and its answer. */
interface Visit {
  readonly url: URL;
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
}

export interface StorageServerOptions extends ServerOptions {
  readonly bucket?: string;
}

export async function startStorageServer(options: StorageServerOptions = {}): Promise<StorageServer> {
  const server = new FakeStorage(options);
  await server.listen();
  return server;
}

class FakeStorage implements StorageServer {
  endpoint = '';
  readonly bucket: string;
  readonly objects = new Map<string, StoredObject>();
  readonly requests: string[] = [];
  readonly faults: Fault[] = [];
  mayRead = true;
  mayCreate = true;
  retention = false;
  bucketMissing = false;
  mayDelete = false;
  bucketMetadata: object | null = {};

  readonly #options: StorageServerOptions;
  readonly #server: Server;
  /** Resumable uploads that wait for their content. */
  readonly #sessions = new Map<string, Upload>();
  #generation = 0;

  constructor(options: StorageServerOptions) {
    this.#options = options;
    this.bucket = options.bucket ?? 'archive-bucket';
    const onRequest = (request: IncomingMessage, response: ServerResponse): void => {
      this.#handle(request, response).catch(error => {
        response.destroy(error instanceof Error ? error : undefined);
      });
    };
    this.#server = options.tls ? createTlsServer(options.tls, onRequest) : createServer(onRequest);
    // As with Google, an idle connection stays open: five seconds are Node.js's own, and a busy client meets the end.
    this.#server.keepAliveTimeout = 0;
  }

  async listen(): Promise<void> {
    this.#server.listen(0, '127.0.0.1');
    await once(this.#server, 'listening');
    const address = this.#server.address();
    const port = typeof address === 'object' ? address?.port : 0;
    this.endpoint = this.#options.tls ? `https://localhost:${port}` : `http://127.0.0.1:${port}`;
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise(resolve => this.#server.close(resolve));
  }

  async #handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? '/', this.endpoint);
    this.requests.push(`${request.method} ${url.pathname}`);
    const { authorize = () => true } = this.#options;
    const visit = { url, request, response };
    if (!authorize(request.headers.authorization)) return await this.#refuse(visit, 401, 'authError');
    const isUpload = url.pathname.startsWith('/upload/');
    const bucket = decodeURIComponent(url.pathname.split('/')[isUpload ? 5 : 4] ?? '');
    if (this.bucketMissing || bucket !== this.bucket) return await this.#refuse(visit, 404, 'notFound');
    const path = url.pathname.split('/').slice(5).join('/');
    if (path === 'iam/testPermissions') return await this.#testPermissions(visit);
    if (path === '' && !isUpload) return await this.#describeBucket(visit);
    if (!(isUpload ? this.mayCreate : this.mayRead)) return await this.#refuse(visit, 403, 'forbidden');
    await (isUpload ? this.#upload(visit, this.faults.shift()) : this.#read(visit));
  }

  async #refuse({ request, response }: Visit, status: number, reason: string): Promise<void> {
    await readBody(request);
    answer(response, failure(status, reason));
  }

  /** Asking for permissions needs none. */
  async #testPermissions({ url, request, response }: Visit): Promise<void> {
    await readBody(request);
    const held = [
      ...(this.mayCreate ? ['storage.objects.create'] : []),
      ...(this.mayRead ? ['storage.objects.get', 'storage.objects.list'] : []),
      ...(this.mayDelete ? ['storage.objects.delete'] : []),
    ];
    const permissions = url.searchParams.getAll('permissions').filter(one => held.includes(one));
    answer(response, [200, { kind: 'storage#testIamPermissionsResponse', permissions }]);
  }

  async #describeBucket(visit: Visit): Promise<void> {
    if (this.bucketMetadata === null) return await this.#refuse(visit, 403, 'forbidden');
    await readBody(visit.request);
    answer(visit.response, [200, { kind: 'storage#bucket', name: this.bucket, ...this.bucketMetadata }]);
  }

  async #read({ url, request, response }: Visit): Promise<void> {
    await readBody(request);
    const path = url.pathname.split('/').map(decodeURIComponent);
    if (path.length === 6) return answer(response, [200, listObjects(this, url.searchParams)]);
    const object = this.objects.get(path.slice(6).join('/'));
    if (object === undefined) return answer(response, failure(404, 'notFound'));
    if (url.searchParams.get('alt') !== 'media')
      return answer(response, [200, toResource(object, this.bucket)]);
    response
      .writeHead(200, { 'content-type': object.contentType, 'x-goog-hash': `crc32c=${object.crc32c}` })
      .end(object.body);
  }

  async #upload(visit: Visit, fault: Fault | undefined): Promise<void> {
    const { request, response } = visit;
    if (fault !== undefined && ('midBody' in fault || 'stallMidBody' in fault)) {
      await firstBytes(request);
      if ('midBody' in fault) answer(response, failure(fault.midBody, fault.reason), { connection: 'close' });
      return;
    }
    const body = await readBody(request);
    if (fault === undefined || 'corrupt' in fault) {
      this.#take(visit, body, fault !== undefined);
    } else if ('delay' in fault) {
      await sleep(fault.delay);
      this.#take(visit, body);
    } else if ('status' in fault) {
      if ('afterCommit' in fault) this.#commit(visit, body);
      answer(response, failure(fault.status, fault.reason));
    } else if (!('stall' in fault)) {
      if ('dropAfterCommit' in fault) this.#commit(visit, body);
      request.socket.destroy();
    }
  }

  /** Begins a resumable upload, or stores an object. */
  #take(visit: Visit, body: Buffer, isCorrupt = false): void {
    const { url, response } = visit;
    const isNew = url.searchParams.get('uploadType') === 'resumable' && !url.searchParams.has('upload_id');
    if (!isNew) {
      answer(response, this.#commit(visit, body, isCorrupt));
      return;
    }
    const id = String(this.#sessions.size + 1);
    this.#sessions.set(id, readUpload(visit, body));
    const location = `${this.endpoint}${url.pathname}?uploadType=resumable&upload_id=${id}`;
    response.writeHead(200, { location }).end();
  }

  #commit(visit: Visit, body: Buffer, isCorrupt = false): Outcome {
    const session = this.#sessions.get(visit.url.searchParams.get('upload_id') ?? '');
    const { name, metadata, ifGenerationMatch, content } = session
      ? { ...session, content: wholeContent(visit.request, body) }
      : readUpload(visit, body);
    if (content === null) return failure(501, 'notImplemented');
    if (isCorrupt) content[0] = (content[0] ?? 0) ^ 1;
    const existing = this.objects.get(name);
    if (existing !== undefined && this.retention) return failure(403, 'retentionPolicyNotMet');
    if (ifGenerationMatch !== null && Number(ifGenerationMatch) !== (existing?.generation ?? 0))
      return failure(412, 'conditionNotMet');
    const checksum = crc32c(content);
    if ((metadata.crc32c ?? checksum) !== checksum) return failure(400, 'invalid');
    const object = {
      name,
      body: content,
      contentType: metadata.contentType ?? 'application/octet-stream',
      crc32c: checksum,
      metadata: metadata.metadata ?? {},
      generation: ++this.#generation,
    };
    this.objects.set(name, object);
    return [200, toResource(object, this.bucket)];
  }
}

/** The whole body; throws if the connection breaks before its end. */
async function readBody(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk);
  return Buffer.concat(chunks);
}

/** Waits for the first bytes of the body and reads no more. */
async function firstBytes(request: IncomingMessage): Promise<void> {
  await once(request, 'data');
  request.pause();
}

/** Uploads in several pieces are not supported: only a whole one is accepted. */
function wholeContent({ headers }: IncomingMessage, body: Buffer): Buffer | null {
  const range = headers['content-range'] ?? `bytes 0-*/*`;
  return [`bytes 0-*/*`, `bytes 0-*/${body.length}`, `bytes 0-${body.length - 1}/${body.length}`].includes(
    range,
  )
    ? body
    : null;
}

function answer(
  response: ServerResponse,
  [status, body]: Outcome,
  headers: Record<string, string> = {},
): void {
  response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(body));
}

function failure(status: number, reason = 'scripted'): Outcome {
  return [status, { error: { code: status, message: reason, errors: [{ reason, message: reason }] } }];
}
