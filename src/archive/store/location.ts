/** Where an archive is, as the command line names it. */

import { resolve } from 'node:path';
import { ShipperError } from '../../lib/errors.js';
import { cloudStore } from './bucket.js';
import { localStore } from './folder.js';
import type { ArchiveStore } from './store.js';

export interface ArchiveLocation {
  readonly store: ArchiveStore;
  /** Folder of the archive in the store; empty, or without a trailing slash. */
  readonly prefix: string;
}

/**
 * `gs://bucket/prefix`, `file:folder`, or the path of a folder. Throws a ShipperError for anything else.
 *
 * @param endpoint another server, as `archive.endpoint` in the configuration
 */
export function openArchive(where: string, endpoint: string | null = null): ArchiveLocation {
  if (!where.startsWith('gs://'))
    return { store: localStore(resolve(where.replace(/^file:/, ''))), prefix: '' };
  const [bucket = '', ...folders] = where.slice('gs://'.length).split('/');
  if (bucket === '') throw new ShipperError('archive', 'an archive is gs://bucket/prefix or file:folder');
  return { store: cloudStore({ bucket, endpoint }), prefix: folders.filter(Boolean).join('/') };
}
