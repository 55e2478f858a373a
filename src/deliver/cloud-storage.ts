/** Cloud Storage: one simple upload an object, written once and never again. */

import type { File } from '@google-cloud/storage';
import { hasCode, ShipperError } from '../errors.js';
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
const FORBIDDEN = '403';
const UNAUTHORIZED = '401';
const PRECONDITION_FAILED = '412';

/** Loads the client when it is needed, to start fast without it. */
export async function cloudStorage(options: CloudStorageOptions): Promise<ObjectDestination> {
  const { bucket, endpoint, deadline = DEADLINE } = options;
  const { CRC32C, Storage } = await import('@google-cloud/storage');
  const storage = new Storage({
    ...(endpoint === null ? {} : { apiEndpoint: endpoint, projectId: 'none' }),
    retryOptions: { autoRetry: false },
  });
  const liftLimit = limitRequests(new URL(storage.apiEndpoint).hostname, deadline);
  const checksumOf = (body: Buffer): string => {
    const crc32c = new CRC32C();
    crc32c.update(body);
    return crc32c.toString();
  };
  return {
    async put(object, signal) {
      signal.throwIfAborted();
      const file = storage.bucket(bucket).file(object.name);
      return await upload(file, object, checksumOf(object.body));
    },
    close: async () => liftLimit(),
  };
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
    `gs://${file.bucket.name}/${file.name} exists with other content.`,
  );
}
