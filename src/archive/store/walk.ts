/** Finds the objects of an archive in the order in which they were written. */

import { type ArchivePlace, type ObjectName, parseObjectName, STAMP_SUFFIX } from '../../lib/object-name.js';
import type { ArchiveStore } from './store.js';

/** One daemon's part of an archive. */
export interface ArchivePart extends ArchivePlace {
  /** `<prefix>/instance=<i>/node=<n>/` */
  readonly folder: string;
}

export interface ArchivedObject extends ObjectName {
  /** Its name in the store. */
  readonly path: string;
  /** The name of the time stamp over its seal; `null` if there is none. */
  readonly stamp: string | null;
}

/** UTC days (`2026-11-21`), both included; `null` is open. */
export interface Days {
  readonly since: string | null;
  readonly until: string | null;
}

export const ALL_DAYS: Days = { since: null, until: null };

/** The parts of all instances and nodes below a folder of the store. */
export async function listParts(store: ArchiveStore, prefix: string): Promise<ArchivePart[]> {
  const parts: ArchivePart[] = [];
  for (const [instance, folder] of await partitions(store, prefix === '' ? '' : `${prefix}/`, 'instance')) {
    for (const [node, inner] of await partitions(store, folder, 'node'))
      parts.push({ prefix, instance, node, folder: inner });
  }
  return parts;
}

/**
 * The objects of one part: days in order, and within a day by chain and seq. `onForeign` gets the names that no daemon
 * of ours writes.
 */
export async function* walkObjects(
  store: ArchiveStore,
  { folder }: ArchivePart,
  { since, until }: Days = ALL_DAYS,
  onForeign: (path: string) => void = () => undefined,
): AsyncGenerator<ArchivedObject> {
  for (const [day, inner] of await partitions(store, folder, 'date')) {
    if ((since !== null && day < since) || (until !== null && day > until)) continue;
    const paths = await store.list(inner);
    const all = new Set(paths);
    for (const path of paths) {
      const name = parseObjectName(path);
      const stamp = path + STAMP_SUFFIX;
      if (name !== null) yield { ...name, path, stamp: all.has(stamp) ? stamp : null };
      else if (!path.endsWith(STAMP_SUFFIX) || !all.has(path.slice(0, -STAMP_SUFFIX.length))) onForeign(path);
    }
  }
}

/** Folders named `<key>=<value>/` directly in this one, with their values. */
export async function partitions(
  store: ArchiveStore,
  folder: string,
  key: string,
): Promise<[string, string][]> {
  return (await store.list(folder)).flatMap((name): [string, string][] => {
    const last = name.slice(folder.length);
    return last.startsWith(`${key}=`) && last.endsWith('/') ? [[last.slice(key.length + 1, -1), name]] : [];
  });
}
