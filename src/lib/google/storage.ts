/** A client of Cloud Storage with credentials, and messages for its errors. */

import type { Storage } from '@google-cloud/storage';
import { codeOf, ShipperError } from '../errors.js';
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

  close(): void {
    this.#liftLimit?.();
    this.#liftLimit = null;
  }
}

/** An error that says what to do about a status, depending on what was tried. */
export function toShipperError(error: unknown, fixes: Readonly<Record<string, string>>): unknown {
  const code = codeOf(error);
  return /^\d{3}$/.test(code)
    ? new ShipperError(code, `Cloud Storage: ${fixes[code] ?? `status ${code}`}`, error)
    : error;
}
