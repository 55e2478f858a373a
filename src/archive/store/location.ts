/** Where an archive is, as the command line names it. */

import { resolve } from 'node:path';
import { ShipperError } from '../../lib/errors.js';
import { cloudStore } from './bucket.js';
import { localStore } from './folder.js';
import type { ArchiveStore } from './store.js';
import type { OnlyDaemons } from './walk.js';

export interface ArchiveLocation {
  readonly store: ArchiveStore;
  /** Folder of the archive in the store; empty, or without a trailing slash. */
  readonly prefix: string;
  /** Only these daemons are asked for; absent: all. */
  readonly only?: OnlyDaemons;
}

/** Options of a command line. */
export interface OpenOptions {
  /** Another server, as `archive.endpoint` in the configuration. */
  readonly endpoint?: string;
  readonly instance?: string;
  readonly node?: string;
}

const FORMS = 'an archive is gs://bucket/prefix or file:folder';

/**
 * `gs://bucket/prefix`, `file:folder`, or the path of a folder; each may end with `instance=…`, or with
 * `instance=…/node=…`. Throws a ShipperError for anything else.
 */
export function openArchive(where: string, options: OpenOptions = {}): ArchiveLocation {
  const { endpoint = null } = options;
  if (where === '' || where === 'file:') throw new ShipperError('usage', FORMS);
  if (!where.startsWith('gs://')) {
    const { above, only } = splitOff(resolve(where.replace(/^file:/, '')).split('/'), options);
    return { store: localStore(above.join('/') || '/'), prefix: '', only };
  }
  const [bucket = '', ...folders] = where.slice('gs://'.length).split('/');
  if (bucket === '') throw new ShipperError('usage', FORMS);
  const { above, only } = splitOff(folders.filter(Boolean), options);
  return { store: cloudStore({ bucket, endpoint }), prefix: above.join('/'), only };
}

/** An address without the folders of an instance and a node at its end. */
export function withoutDaemon(where: string): string {
  return where.replace(/(?:\/instance=[^/]+)(?:\/node=[^/]+)?\/*$/, '');
}

/** The folders above those of an instance and a node, at the end of an address. */
function splitOff(
  folders: readonly string[],
  { instance, node }: OpenOptions,
): { readonly above: readonly string[]; readonly only: OnlyDaemons } {
  const above = [...folders];
  if (above.at(-1)?.startsWith('date=') === true)
    throw new ShipperError('usage', 'give the folder above date=…, and the day as --since and --until');
  const take = (key: string): string | null =>
    above.at(-1)?.startsWith(`${key}=`) === true ? (above.pop()?.slice(key.length + 1) ?? null) : null;
  const named = { node: take('node'), instance: take('instance') };
  return {
    above,
    only: {
      instance: agreed('instance', named.instance, instance ?? null),
      node: agreed('node', named.node, node ?? null),
    },
  };
}

function agreed(key: string, inAddress: string | null, given: string | null): string | null {
  if (inAddress !== null && given !== null && inAddress !== given)
    throw new ShipperError('usage', `the archive's address and --${key} name different ones`);
  return inAddress ?? given;
}
