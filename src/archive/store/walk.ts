/** Finds the objects of an archive in the order in which they were written. */

import { ShipperError } from '../../lib/errors.js';
import { type ArchivePlace, type ObjectName, parseObjectName, STAMP_SUFFIX } from '../../lib/object-name.js';
import { ahead } from './ahead.js';
import type { ArchiveStore, StoredObject } from './store.js';

/** One daemon's part of an archive. */
export interface ArchivePart extends ArchivePlace {
  /** `<prefix>/instance=<i>/node=<n>/` */
  readonly folder: string;
}

export interface ArchivedObject extends ObjectName {
  /** Its name in the store. */
  readonly path: string;
  /** `null` if the store does not say it with the name. */
  readonly stored: StoredObject | null;
  /** The name of the time stamp over its seal; `null` if there is none. */
  readonly stamp: string | null;
}

/** Folders that are listed at once: a distant store takes time to answer. */
export const MOST_LISTED = 16;

/** UTC days (`2026-11-21`), both included; `null` is open. */
export interface Days {
  readonly since: string | null;
  readonly until: string | null;
}

export const ALL_DAYS: Days = { since: null, until: null };

/** Daemons, by the folders of their objects; `null`: any. */
export interface OnlyDaemons {
  readonly instance: string | null;
  readonly node: string | null;
}

export const ALL_DAEMONS: OnlyDaemons = { instance: null, node: null };

/** In words. */
export function named({ instance, node }: OnlyDaemons): string {
  const given = { instance, node };
  const words = Object.entries(given).flatMap(([key, value]) => (value === null ? [] : [`${key} ${value}`]));
  return words.join(', ');
}

/** A folder or an object that may be one of ours. Beside the archive there may be anything: `lost+found`, `README.md`. */
const OURS = /(?:instance|node|date)=|\.ndjson\.gz/i;

/**
 * The parts of all instances and nodes below a folder of the store, or of those that are asked for. `onForeign` gets
 * what lies beside the nodes, what is called like a part beside the instances, and instances that have no node.
 */
export async function listParts(
  store: ArchiveStore,
  prefix: string,
  only: OnlyDaemons = ALL_DAEMONS,
  onForeign: (path: string) => void = () => undefined,
): Promise<ArchivePart[]> {
  const parts: ArchivePart[] = [];
  const onBeside = (path: string): void => {
    if (only.instance === null && OURS.test(path.slice(prefix.length))) onForeign(path);
  };
  const all = await partitions(store, prefix === '' ? '' : `${prefix}/`, 'instance', onBeside);
  const instances = all.filter(([instance]) => only.instance === null || instance === only.instance);
  const nodesOf = async ([instance, folder]: [string, string]) => {
    const nodes = await partitions(store, folder, 'node', onForeign);
    if (nodes.length === 0) onForeign(folder);
    return nodes.map(([node, inner]) => ({ prefix, instance, node, folder: inner }));
  };
  for await (const nodes of ahead(instances, MOST_LISTED, nodesOf)) parts.push(...nodes);
  return parts.filter(({ node }) => only.node === null || node === only.node);
}

/** The same, for whoever needs some: throws a ShipperError if there are none, as at a wrong address. */
export async function existingParts(
  store: ArchiveStore,
  prefix: string,
  only: OnlyDaemons = ALL_DAEMONS,
): Promise<ArchivePart[]> {
  const parts = await listParts(store, prefix, only);
  if (parts.length > 0) return parts;
  if (only.instance !== null || only.node !== null)
    throw new ShipperError('archive', `the archive has no objects of ${named(only)}`);
  throw new ShipperError(
    'archive',
    'there is no archive here: give the value of archive.to in the configuration, the folder above instance=…',
  );
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
  const asked = (await partitions(store, folder, 'date')).filter(
    ([day]) => (since === null || day >= since) && (until === null || day <= until),
  );
  for await (const entries of ahead(asked, MOST_LISTED, ([, inner]) => store.entries(inner))) {
    const all = new Set(entries.map(one => one.name));
    for (const { name: path, stored } of entries) {
      const name = parseObjectName(path);
      const stamp = path + STAMP_SUFFIX;
      if (name !== null) yield { ...name, path, stored, stamp: all.has(stamp) ? stamp : null };
      else if (!path.endsWith(STAMP_SUFFIX) || !all.has(path.slice(0, -STAMP_SUFFIX.length))) onForeign(path);
    }
  }
}

/** Folders named `<key>=<value>/` directly in this one, with their values. `onOther` gets all other names. */
export async function partitions(
  store: ArchiveStore,
  folder: string,
  key: string,
  onOther: (path: string) => void = () => undefined,
): Promise<[string, string][]> {
  const found: [string, string][] = [];
  for (const name of await store.list(folder)) {
    const last = name.slice(folder.length);
    if (last.startsWith(`${key}=`) && last.endsWith('/')) found.push([last.slice(key.length + 1, -1), name]);
    // An object named like the folder is how a console makes one.
    else if (last !== '') onOther(name);
  }
  return found;
}
