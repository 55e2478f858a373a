/** A client of Cloud Storage with credentials, and messages for its errors. */

import type { IncomingMessage } from 'node:http';
import type { Storage } from '@google-cloud/storage';
import { http, https } from '../builtin-http.js';
import { codeOf, hasCode, ShipperError } from '../errors.js';
import { type Endpoint, needsCredentials, requireCredentials } from './credentials.js';
import { limitRequests } from './limit-requests.js';

export interface StorageOptions {
  readonly bucket: string;
  readonly endpoint: Endpoint;
  /** Milliseconds that a connection may be idle. */
  readonly deadline?: number;
}

const DEADLINE = 60_000;

/** HTTP statuses. */
export const UNAUTHORIZED = '401';
export const FORBIDDEN = '403';
export const NOT_FOUND = '404';
export const PRECONDITION_FAILED = '412';

/** Connects again for each request: that is cheap, and credentials are never stale. The library is loaded at once. */
export class StorageConnector {
  readonly library = import('@google-cloud/storage');
  readonly #options: StorageOptions;
  #liftLimit: (() => void) | null = null;
  #downloader: Promise<Downloader> | null = null;

  constructor(options: StorageOptions) {
    this.#options = options;
  }

  /** Throws a ShipperError if there are no credentials. */
  async connect(): Promise<Storage> {
    const { Storage: Client } = await this.library;
    const { endpoint, deadline = DEADLINE } = this.#options;
    const storage = new Client({
      ...(endpoint === null ? {} : { apiEndpoint: endpoint, projectId: 'none' }),
      useAuthWithCustomEndpoint: needsCredentials(endpoint),
      retryOptions: { autoRetry: false },
    });
    if (needsCredentials(endpoint)) await requireCredentials(storage.authClient);
    this.#liftLimit ??= limitRequests(new URL(storage.apiEndpoint).hostname, deadline);
    return storage;
  }

  /**
   * The bytes of an object as they are stored. The library's own stream takes ten times the CPU, and adds listeners to
   * a large object's stream until Node.js warns of a leak. Throws a ShipperError if there are no credentials, and an
   * Error whose code is the HTTP status, or a connection's error.
   */
  async download(name: string): Promise<IncomingMessage> {
    const known = this.#downloader;
    this.#downloader ??= this.connect().then(storage => new Downloader(storage));
    try {
      return await (await this.#downloader).get(this.#options, name);
    } catch (error) {
      if (!hasCode(error, 'credentials', UNAUTHORIZED)) throw error;
      // A token may be revoked before it expires: a new client gets a new one.
      this.#downloader = null;
      if (known === null) throw error;
      return await this.download(name);
    }
  }

  close(): void {
    this.#liftLimit?.();
    this.#liftLimit = null;
    this.#downloader?.then(
      downloader => downloader.close(),
      () => undefined,
    );
  }
}

class Downloader {
  readonly #storage: Storage;
  readonly #library: typeof http | typeof https;
  readonly #agent: InstanceType<typeof http.Agent>;

  constructor(storage: Storage) {
    this.#storage = storage;
    this.#library = storage.apiEndpoint.startsWith('https:') ? https : http;
    this.#agent = new this.#library.Agent({ keepAlive: true, proxyEnv: process.env });
  }

  async get({ bucket, endpoint }: StorageOptions, name: string): Promise<IncomingMessage> {
    const { authClient, apiEndpoint } = this.#storage;
    const authorization = needsCredentials(endpoint) ? await requireCredentials(authClient) : {};
    const path = `storage/v1/b/${encodeURIComponent(bucket)}/o/${encodeURIComponent(name)}`;
    // What is stored compressed stays so.
    const headers = { ...authorization, 'accept-encoding': 'gzip' };
    const options = { agent: this.#agent, headers };
    return await new Promise((resolve, reject) => {
      this.#library
        .get(`${apiEndpoint}/${path}?alt=media`, options, response => {
          if (response.statusCode === 200) return resolve(response);
          response.resume();
          reject(
            Object.assign(new Error(`status ${response.statusCode}`), { code: String(response.statusCode) }),
          );
        })
        .on('error', reject);
    });
  }

  close(): void {
    this.#agent.destroy();
  }
}

/** An error that says what to do about a status, depending on what was tried. */
export function toShipperError(error: unknown, fixes: Readonly<Record<string, string>>): unknown {
  const code = codeOf(error);
  return /^\d{3}$/.test(code)
    ? new ShipperError(code, `Cloud Storage: ${fixes[code] ?? `status ${code}`}`, error)
    : error;
}
