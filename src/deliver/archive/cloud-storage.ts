/** Cloud Storage: one simple upload for each object, written once and never overwritten. */

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
        throw toShipperError(error, FIXES);
      }
    },
    close: async () => connector.close(),
  };
}

/** A simple upload is stored whole or not at all. */
async function upload(file: File, object: ArchiveObject): Promise<'stored' | 'was-there'> {
  const { body, contentType, crc32c, metadata } = object;
  try {
    await file.save(body, {
      resumable: false,
      // The server checks our checksum before it commits; the client does not have to.
      validation: false,
      preconditionOpts: { ifGenerationMatch: 0 },
      metadata: { contentType, crc32c, metadata: { ...metadata } },
    });
    return 'stored';
  } catch (error) {
    if (!isThere(error)) throw error;
  }
  await compare(file, crc32c);
  return 'was-there';
}

/** The name exists. A bucket with a retention policy may report that with an error of its own. */
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

/**
 * We stored the object, and the answer was lost. If we may not read it, its name suffices: it contains the content's
 * hash.
 */
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
    `gs://${file.bucket.name}/${file.name} exists with other content; it was not overwritten`,
  );
}

const FIXES: Readonly<Record<string, string>> = {
  [UNAUTHORIZED]: 'the credentials are not accepted',
  [FORBIDDEN]: 'permission denied: grant roles/storage.objectCreator on the bucket',
  [NOT_FOUND]: 'the bucket does not exist: fix archive.to',
  '429': 'the quota is used up',
};
