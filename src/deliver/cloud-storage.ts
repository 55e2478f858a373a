/** Cloud Storage: one simple upload an object, written once and never again. */

import type { File } from '@google-cloud/storage';
import { hasCode, ShipperError } from '../errors.js';
import {
  FORBIDDEN,
  NOT_FOUND,
  PRECONDITION_FAILED,
  StorageConnector,
  type StorageOptions,
  toShipperError,
  UNAUTHORIZED,
} from '../google/storage.js';
import type { ArchiveObject, ObjectDestination } from './destination.js';

export function cloudStorage(options: StorageOptions): ObjectDestination {
  const connector = new StorageConnector(options);
  return {
    async put(object, signal) {
      signal.throwIfAborted();
      const { CRC32C } = await connector.library;
      const storage = await connector.connect();
      const file = storage.bucket(options.bucket).file(object.name);
      const crc32c = new CRC32C();
      crc32c.update(object.body);
      try {
        return await upload(file, object, crc32c.toString());
      } catch (error) {
        throw toShipperError(error, MENDS);
      }
    },
    close: async () => connector.close(),
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
    `gs://${file.bucket.name}/${file.name} exists with other content, and is not overwritten`,
  );
}

const MENDS: Readonly<Record<string, string>> = {
  [UNAUTHORIZED]: 'the credentials are not accepted',
  [FORBIDDEN]: 'permission denied: grant roles/storage.objectCreator on the bucket',
  [NOT_FOUND]: 'the bucket does not exist: mend archive.to',
  '429': 'the quota is used up',
};
