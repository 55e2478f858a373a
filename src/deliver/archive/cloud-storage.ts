/** Cloud Storage: one simple upload an object, written once and never again. */

import type { File } from '@google-cloud/storage';
import { hasCode, ShipperError } from '../../lib/errors.js';
import {
  FORBIDDEN,
  NOT_FOUND,
  PRECONDITION_FAILED,
  StorageConnector,
  type StorageOptions,
  toShipperError,
  UNAUTHORIZED,
} from '../../lib/google/storage.js';
import type { ArchiveObject, ObjectDestination } from '../destination.js';

export function cloudStorage(options: StorageOptions): ObjectDestination {
  const connector = new StorageConnector(options);
  return {
    async put(object, signal) {
      signal.throwIfAborted();
      const storage = await connector.connect();
      const file = storage.bucket(options.bucket).file(object.name);
      try {
        return await upload(file, object);
      } catch (error) {
        throw toShipperError(error, MENDS);
      }
    },
    close: async () => connector.close(),
  };
}

/** A simple upload is there whole or not at all. */
async function upload(file: File, object: ArchiveObject): Promise<'stored' | 'was-there'> {
  const { body, crc32c, metadata } = object;
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
    if (!isThere(error)) throw error;
  }
  await compare(file, crc32c);
  return 'was-there';
}

/** The name is taken. A bucket with a retention policy may say so in its own way. */
function isThere(error: unknown): boolean {
  return (
    hasCode(error, PRECONDITION_FAILED) || (hasCode(error, FORBIDDEN) && reasonsOf(error).includes(RETAINED))
  );
}

const RETAINED = 'retentionPolicyNotMet';

function reasonsOf(error: unknown): unknown[] {
  const errors: unknown = Reflect.get(Object(error), 'errors');
  return Array.isArray(errors) ? errors.map(one => Reflect.get(Object(one), 'reason')) : [];
}

/** The object is there: by us, before the answer was lost. Where reading is not allowed, its name holds the content's hash. */
async function compare(file: File, crc32c: string): Promise<void> {
  try {
    const [metadata] = await file.getMetadata();
    if (metadata.crc32c === crc32c) return;
  } catch (error) {
    if (hasCode(error, FORBIDDEN)) return;
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
  [NOT_FOUND]: 'the bucket does not exist: mend archive.to',
  '429': 'the quota is used up',
};
