import type { Bucket, GetFilesOptions } from '@google-cloud/storage';
import { z } from 'zod';
import {
  FORBIDDEN,
  NOT_FOUND,
  StorageConnector,
  type StorageOptions,
  toShipperError,
  UNAUTHORIZED,
} from '../../lib/google/storage.js';
import type { ArchiveStore, StoredEntry } from './store.js';

export function cloudStore(options: StorageOptions): ArchiveStore {
  const connector = new StorageConnector(options);
  const bucket = async () => (await connector.connect()).bucket(options.bucket);
  return {
    async list(folder) {
      const found = new Set<string>();
      for await (const { items, prefixes } of pagesOf(bucket, folder)) {
        for (const name of [...items.map(item => item.name), ...prefixes]) {
          const [child = '', ...below] = name.slice(folder.length).split('/');
          if (child !== '') found.add(folder + child + (below.length > 0 ? '/' : ''));
        }
      }
      return [...found].sort();
    },
    async entries(folder) {
      const found: StoredEntry[] = [];
      for await (const { items, prefixes } of pagesOf(bucket, folder))
        found.push(
          ...items.map(({ name, ...stored }) => ({ name, stored })),
          ...prefixes.map(name => ({ name, stored: null })),
        );
      return found.filter(({ name }) => name !== folder).sort((a, b) => (a.name < b.name ? -1 : 1));
    },
    async read(name, most) {
      const chunks: Buffer[] = [];
      let size = 0;
      for await (const chunk of contentOf(connector, name)) {
        chunks.push(chunk);
        size += chunk.length;
        if (size > most) return null;
      }
      return Buffer.concat(chunks);
    },
    open: name => contentOf(connector, name),
    async describe(name) {
      try {
        const [{ size, crc32c, metadata }] = await (await bucket()).file(name).getMetadata();
        const texts = Object.entries(metadata ?? {}).map(([key, value]) => [key, String(value)]);
        return { size: Number(size), crc32c: crc32c ?? null, metadata: Object.fromEntries(texts) };
      } catch (error) {
        throw toShipperError(error, FIXES);
      }
    },
    close: () => connector.close(),
  };
}

/** As `objects.list` answers. */
const pageSchema = z.object({
  items: z
    .array(
      z.object({
        name: z.string(),
        size: z.coerce.number(),
        crc32c: z.string().nullable().default(null),
        metadata: z.record(z.string(), z.string()).default({}),
      }),
    )
    .default([]),
  /** Names of folders. */
  prefixes: z.array(z.string()).default([]),
});
type Page = z.infer<typeof pageSchema>;

/** What a verification needs of each object, in one request for a thousand of them. */
const FIELDS = 'items(name,size,crc32c,metadata),prefixes,nextPageToken';

async function* pagesOf(bucket: () => Promise<Bucket>, folder: string): AsyncGenerator<Page> {
  const source = await bucket();
  let query: GetFilesOptions | null = { prefix: folder, delimiter: '/', autoPaginate: false, fields: FIELDS };
  try {
    while (query !== null) {
      // The client makes an object with many methods of each item: the raw answer suffices.
      const [, next, answer]: [unknown, GetFilesOptions | null, unknown] = await source.getFiles(query);
      yield pageSchema.parse(answer);
      query = next;
    }
  } catch (error) {
    throw toShipperError(error, FIXES);
  }
}

async function* contentOf(connector: StorageConnector, name: string): AsyncGenerator<Buffer> {
  try {
    for await (const chunk of await connector.download(name)) yield chunk;
  } catch (error) {
    throw toShipperError(error, FIXES);
  }
}

const FIXES: Readonly<Record<string, string>> = {
  [UNAUTHORIZED]: 'the credentials are not accepted',
  [FORBIDDEN]: 'no permission to read the archive: grant roles/storage.objectViewer on the bucket',
  [NOT_FOUND]: 'the bucket or the object does not exist',
};
