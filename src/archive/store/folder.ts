import { createReadStream, type Stats } from 'node:fs';
import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { codeOf, hasCode, ShipperError } from '../../lib/errors.js';
import type { ArchiveStore } from './store.js';
import { whyUnreadable } from './unreadable.js';

export function localStore(root: string): ArchiveStore {
  const pathOf = (name: string): string => join(root, name);
  const list = async (folder: string): Promise<string[]> => {
    try {
      const entries = await readdir(pathOf(folder), { withFileTypes: true });
      return entries.map(entry => folder + entry.name + (entry.isDirectory() ? '/' : '')).sort();
    } catch (error) {
      if (hasCode(error, 'ENOENT')) return [];
      throw new ShipperError(codeOf(error), `${pathOf(folder)}: ${whyUnreadable(error)}`, error);
    }
  };
  return {
    list,
    entries: async folder => (await list(folder)).map(name => ({ name, stored: null })),
    async read(name, most) {
      const { size } = await requireFile(pathOf(name));
      if (size > most) return null;
      try {
        return await readFile(pathOf(name));
      } catch (error) {
        throw cannotRead(pathOf(name), error);
      }
    },
    async *open(name) {
      await requireFile(pathOf(name));
      try {
        for await (const chunk of createReadStream(pathOf(name))) yield chunk;
      } catch (error) {
        throw cannotRead(pathOf(name), error);
      }
    },
    async describe(name) {
      return { size: (await requireFile(pathOf(name))).size, crc32c: null, metadata: null };
    },
    close: () => undefined,
  };
}

/** Throws a ShipperError if it is not a file: reading a pipe or a device would never end. */
async function requireFile(path: string): Promise<Stats> {
  const stats = await statOf(path);
  if (stats.isFile()) return stats;
  throw new ShipperError('no-file', `${path} is not a file`);
}

async function statOf(path: string): Promise<Stats> {
  try {
    return await stat(path);
  } catch (error) {
    throw cannotRead(path, error);
  }
}

function cannotRead(path: string, error: unknown): ShipperError {
  return new ShipperError(codeOf(error), `${path} cannot be read (${codeOf(error)})`, error);
}
