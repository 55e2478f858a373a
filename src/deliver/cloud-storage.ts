/** Cloud Storage: one simple upload an object, written once and never again. */

import type { File, Storage } from '@google-cloud/storage';
import { codeOf, hasCode, ShipperError } from '../errors.js';
import { requireCredentials } from './credentials.js';
import { limitRequests } from './deadline.js';
import type { ArchiveObject, ObjectDestination } from './destination.js';

export interface CloudStorageOptions {
  readonly bucket: string;
  /** `http://host:port` of another server, which is spoken to without credentials. */
  readonly endpoint: string | null;
  /** Milliseconds that a connection may stand still. */
  readonly deadline?: number;
}

const DEADLINE = 60_000;

/** HTTP statuses. */
const UNAUTHORIZED = '401';
const FORBIDDEN = '403';
const PRECONDITION_FAILED = '412';

/** The client is loaded only where it is used, and at once, so that the first object does not wait for it. */
export function cloudStorage(options: CloudStorageOptions): ObjectDestination {
  return new CloudStorage(options);
}

class CloudStorage implements ObjectDestination {
  readonly #options: CloudStorageOptions;
  readonly #library = import('@google-cloud/storage');
  #liftLimit: (() => void) | null = null;

  constructor(options: CloudStorageOptions) {
    this.#options = options;
  }

  async put(object: ArchiveObject, signal: AbortSignal): Promise<'stored' | 'was-there'> {
    signal.throwIfAborted();
    const { CRC32C } = await this.#library;
    const storage = await this.#connect();
    const file = storage.bucket(this.#options.bucket).file(object.name);
    const crc32c = new CRC32C();
    crc32c.update(object.body);
    try {
      return await upload(file, object, crc32c.toString());
    } catch (error) {
      throw toShipperError(error);
    }
  }

  readonly close = async (): Promise<void> => this.#liftLimit?.();

  /** Objects come by the minute: a client of its own for each costs nothing, and never has stale credentials. */
  async #connect(): Promise<Storage> {
    const { Storage: Client } = await this.#library;
    const { endpoint, deadline = DEADLINE } = this.#options;
    const storage = new Client({
      ...(endpoint === null ? {} : { apiEndpoint: endpoint, projectId: 'none' }),
      retryOptions: { autoRetry: false },
    });
    if (endpoint === null) await requireCredentials(storage.authClient);
    this.#liftLimit ??= limitRequests(new URL(storage.apiEndpoint).hostname, deadline);
    return storage;
  }
}

async function upload(
  file: File,
  { body, metadata }: ArchiveObject,
  crc32c: string,
): Promise<'stored' | 'was-there'> {
  try {
    await file.save(body, {
      resumable: false,
      // The server compares with our checksum before it commits; the client need not read it back.
      validation: false,
      preconditionOpts: { ifGenerationMatch: 0 },
      metadata: { contentType: 'application/gzip', crc32c, metadata: { ...metadata } },
    });
    return 'stored';
  } catch (error) {
    if (!hasCode(error, PRECONDITION_FAILED)) throw error;
  }
  await compare(file, crc32c);
  return 'was-there';
}

/** The object is there: by us, before the answer was lost. Where reading is not allowed, its name holds the content's hash. */
async function compare(file: File, crc32c: string): Promise<void> {
  try {
    const [metadata] = await file.getMetadata();
    if (metadata.crc32c === crc32c) return;
  } catch (error) {
    if (hasCode(error, FORBIDDEN, UNAUTHORIZED)) return;
    throw error;
  }
  throw new ShipperError(
    'object-differs',
    `gs://${file.bucket.name}/${file.name} exists with other content, and is not overwritten`,
  );
}

const MENDS: Readonly<Record<string, string>> = {
  [UNAUTHORIZED]: 'the credentials are not accepted',
  [FORBIDDEN]: 'permission denied: grant roles/storage.objectCreator on the bucket',
  '404': 'the bucket does not exist: mend archive.to',
  '429': 'the quota is used up',
};

function toShipperError(error: unknown): unknown {
  const code = codeOf(error);
  return /^\d{3}$/.test(code)
    ? new ShipperError(code, `Cloud Storage: ${MENDS[code] ?? `status ${code}`}`, error)
    : error;
}
