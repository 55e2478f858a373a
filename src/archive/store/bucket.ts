import type { GetFilesOptions } from '@google-cloud/storage';
import {
  FORBIDDEN,
  NOT_FOUND,
  StorageConnector,
  type StorageOptions,
  toShipperError,
  UNAUTHORIZED,
} from '../../lib/google/storage.js';
import type { ArchiveStore } from './store.js';

export function cloudStore(options: StorageOptions): ArchiveStore {
  const connector = new StorageConnector(options);
  const bucket = async () => (await connector.connect()).bucket(options.bucket);
  return {
    async list(folder) {
      const source = await bucket();
      const found = new Set<string>();
      let query: GetFilesOptions | null = { prefix: folder, delimiter: '/', autoPaginate: false };
      try {
        while (query !== null) {
          const [files, next, answer]: [{ name: string }[], GetFilesOptions | null, unknown] =
            await source.getFiles(query);
          for (const name of [...files.map(file => file.name), ...prefixesOf(answer)]) {
            const [child = '', ...below] = name.slice(folder.length).split('/');
            if (child !== '') found.add(folder + child + (below.length > 0 ? '/' : ''));
          }
          query = next;
        }
      } catch (error) {
        throw toShipperError(error, FIXES);
      }
      return [...found].sort();
    },
    async *open(name) {
      try {
        const file = (await bucket()).file(name);
        for await (const chunk of file.createReadStream({ validation: false, decompress: false }))
          yield chunk;
      } catch (error) {
        throw toShipperError(error, FIXES);
      }
    },
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

/** The client returns folders only in the raw answer. */
function prefixesOf(answer: unknown): string[] {
  const prefixes: unknown = Reflect.get(Object(answer), 'prefixes');
  return Array.isArray(prefixes) ? prefixes.filter(prefix => typeof prefix === 'string') : [];
}

const FIXES: Readonly<Record<string, string>> = {
  [UNAUTHORIZED]: 'the credentials are not accepted',
  [FORBIDDEN]: 'no permission to read the archive: grant roles/storage.objectViewer on the bucket',
  [NOT_FOUND]: 'the bucket or the object does not exist',
};
