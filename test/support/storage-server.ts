/** A server that speaks Cloud Storage's JSON API: uploads, preconditions, checksums, listing, reading. */

import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';

export interface StoredObject {
  readonly name: string;
  readonly body: Buffer;
  readonly contentType: string;
  readonly crc32c: string;
  readonly metadata: Record<string, string>;
  readonly generation: number;
}

/** How one request goes wrong. */
export type Fault =
  | { readonly status: number; readonly reason?: string }
  /** Stores the object, then drops the connection without an answer. */
  | { readonly dropAfterCommit: true }
  /** Reads the request and drops the connection. */
  | { readonly drop: true }
  /** A bit of the content flips on the way. */
  | { readonly corrupt: true }
  /** Never answers. */
  | { readonly stall: true };

export interface StorageServer {
  /** `http://127.0.0.1:port` */
  readonly endpoint: string;
  readonly bucket: string;
  readonly objects: Map<string, StoredObject>;
  /** Requests so far, `METHOD path`. */
  readonly requests: string[];
  /** Faults of the next uploads, the first first. */
  readonly faults: Fault[];
  /** Whether objects may be read; without it, only created. */
  mayRead: boolean;
  close(): Promise<void>;
}

interface Upload {
  readonly name: string;
  readonly metadata: { contentType?: string; crc32c?: string; metadata?: Record<string, string> };
  readonly ifGenerationMatch: string | null;
}

export async function startStorageServer(bucket = 'archive-bucket'): Promise<StorageServer> {
  const sessions = new Map<string, Upload>();
  const server = createServer((request, response) => {
    handle(request, response, state, sessions).catch(error => {
      response.destroy(error instanceof Error ? error : undefined);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  const state: StorageServer = {
    endpoint: `http://127.0.0.1:${port}`,
    bucket,
    objects: new Map(),
    requests: [],
    faults: [],
    mayRead: true,
    async close() {
      server.closeAllConnections();
      await new Promise(resolve => server.close(resolve));
    },
  };
  return state;
}

async function handle(
  request: IncomingMessage,
  response: ServerResponse,
  state: StorageServer,
  sessions: Map<string, Upload>,
): Promise<void> {
  const url = new URL(request.url ?? '/', state.endpoint);
  state.requests.push(`${request.method} ${url.pathname}`);
  const body = await readBody(request);
  const path = url.pathname.split('/').map(decodeURIComponent);
  if (url.pathname.startsWith('/upload/')) {
    if (path[5] !== state.bucket) return fail(response, 404, 'notFound');
    return await upload(request, response, { state, sessions, url, body });
  }
  if (path[4] !== state.bucket) return fail(response, 404, 'notFound');
  if (!state.mayRead) return fail(response, 403, 'forbidden');
  if (path.length === 5) return answer(response, 200, { name: state.bucket });
  if (path.length === 6) return list(response, state, url);
  const object = state.objects.get(path.slice(6).join('/'));
  if (object === undefined) return fail(response, 404, 'notFound');
  if (url.searchParams.get('alt') !== 'media') return answer(response, 200, describe(object, state));
  response
    .writeHead(200, { 'content-type': object.contentType, 'x-goog-hash': `crc32c=${object.crc32c}` })
    .end(object.body);
}

interface UploadRequest {
  readonly state: StorageServer;
  readonly sessions: Map<string, Upload>;
  readonly url: URL;
  readonly body: Buffer;
}

async function upload(
  request: IncomingMessage,
  response: ServerResponse,
  { state, sessions, url, body }: UploadRequest,
): Promise<void> {
  const fault = state.faults.shift();
  if (fault !== undefined && 'stall' in fault) return;
  if (fault !== undefined && 'drop' in fault) {
    request.socket.destroy();
    return;
  }
  if (fault !== undefined && 'status' in fault)
    return fail(response, fault.status, fault.reason ?? 'scripted');
  const name = url.searchParams.get('name') ?? '';
  const ifGenerationMatch = url.searchParams.get('ifGenerationMatch');
  const session = sessions.get(url.searchParams.get('upload_id') ?? '');
  if (request.method === 'PUT' && session !== undefined) {
    commit(response, state, session, body);
    return;
  }
  if (url.searchParams.get('uploadType') === 'resumable') {
    const id = String(sessions.size + 1);
    sessions.set(id, { name, metadata: JSON.parse(body.toString() || '{}'), ifGenerationMatch });
    response
      .writeHead(200, { location: `${state.endpoint}${url.pathname}?uploadType=resumable&upload_id=${id}` })
      .end();
    return;
  }
  const [metadata, content] = splitMultipart(request.headers['content-type'] ?? '', body);
  const parsed: Upload = { name, metadata: JSON.parse(metadata.toString()), ifGenerationMatch };
  if (fault !== undefined && 'corrupt' in fault) content[0] = (content[0] ?? 0) ^ 1;
  if (fault === undefined || 'corrupt' in fault) {
    commit(response, state, parsed, content);
  } else {
    store(state, parsed, content);
    request.socket.destroy();
  }
}

function commit(response: ServerResponse, state: StorageServer, given: Upload, body: Buffer): void {
  const { name, metadata, ifGenerationMatch } = given;
  const generation = state.objects.get(name)?.generation ?? 0;
  if (ifGenerationMatch !== null && Number(ifGenerationMatch) !== generation) {
    fail(response, 412, 'conditionNotMet');
  } else if (metadata.crc32c !== undefined && metadata.crc32c !== crc32c(body)) {
    fail(response, 400, 'invalid');
  } else {
    answer(response, 200, describe(store(state, given, body), state));
  }
}

function store(state: StorageServer, { name, metadata }: Upload, body: Buffer): StoredObject {
  const object = {
    name,
    body,
    contentType: metadata.contentType ?? 'application/octet-stream',
    crc32c: crc32c(body),
    metadata: metadata.metadata ?? {},
    generation: state.objects.size + 1,
  };
  state.objects.set(name, object);
  return object;
}

function list(response: ServerResponse, state: StorageServer, url: URL): void {
  const prefix = url.searchParams.get('prefix') ?? '';
  const most = Number(url.searchParams.get('maxResults') ?? 1000);
  const after = url.searchParams.get('pageToken') ?? '';
  const delimiter = url.searchParams.get('delimiter');
  const cut = (name: string): string => {
    const end = delimiter === null ? -1 : name.indexOf(delimiter, prefix.length);
    return end === -1 ? name : name.slice(0, end + 1);
  };
  const all = [...state.objects.keys()].filter(name => name.startsWith(prefix)).map(cut);
  const names = [...new Set(all)].filter(name => name > after).sort();
  const page = names.slice(0, most);
  const items = page.flatMap(name => state.objects.get(name) ?? []).map(object => describe(object, state));
  const prefixes = page.filter(name => !state.objects.has(name));
  answer(response, 200, {
    kind: 'storage#objects',
    items,
    ...(prefixes.length > 0 ? { prefixes } : {}),
    ...(names.length > most ? { nextPageToken: page.at(-1) } : {}),
  });
}

function describe(object: StoredObject, { bucket }: StorageServer): object {
  const { name, contentType, crc32c: checksum, metadata, generation, body } = object;
  return {
    kind: 'storage#object',
    bucket,
    name,
    contentType,
    crc32c: checksum,
    metadata,
    generation: String(generation),
    size: String(body.length),
  };
}

async function readBody(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk);
  return Buffer.concat(chunks);
}

/** The two parts of `multipart/related`. */
function splitMultipart(contentType: string, body: Buffer): [Buffer, Buffer] {
  const [, boundary] = /boundary="?([^";]+)"?/.exec(contentType) ?? [];
  const mark = `--${boundary}`;
  const first = body.indexOf('\r\n\r\n') + 4;
  const second = body.indexOf(`\r\n${mark}`, first);
  const content = body.indexOf('\r\n\r\n', second) + 4;
  return [body.subarray(first, second), body.subarray(content, body.lastIndexOf(`\r\n${mark}--`))];
}

function answer(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}

function fail(response: ServerResponse, status: number, reason: string): void {
  answer(response, status, {
    error: { code: status, message: reason, errors: [{ reason, message: reason }] },
  });
}

/** CRC-32C (RFC 3720, appendix B.4), base64 of its big-endian bytes, bit by bit. */
export function crc32c(bytes: Buffer): string {
  let crc = 0xffffffff;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0x82f63b78 : crc >>> 1;
  }
  const result = Buffer.alloc(4);
  result.writeUInt32BE((crc ^ 0xffffffff) >>> 0);
  return result.toString('base64');
}
