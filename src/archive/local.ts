import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { hasCode } from '../errors.js';
import type { ArchiveStore } from './store.js';

export function localStore(root: string): ArchiveStore {
  return {
    async list(folder) {
      try {
        const entries = await readdir(join(root, folder), { withFileTypes: true });
        return entries.map(entry => folder + entry.name + (entry.isDirectory() ? '/' : '')).sort();
      } catch (error) {
        if (hasCode(error, 'ENOENT')) return [];
        throw error;
      }
    },
    read: name => readFile(join(root, name)),
    close: () => undefined,
  };
}
