/** Reads the objects of an archive line by line, and tells which of them are damaged. */

import { codeOf, hasCode, ShipperError } from '../../lib/errors.js';
import { ahead } from '../store/ahead.js';
import { GzipError, gunzipOne } from '../store/gzip.js';
import { LongLineError, splitLines } from '../store/object-lines.js';
import type { ArchiveStore } from '../store/store.js';
import { type ArchivedObject, type ArchivePart, type Days, walkObjects } from '../store/walk.js';

export interface OpenedObject {
  readonly object: ArchivedObject;
  /** Iterating throws where it is damaged or cannot be read. */
  readonly lines: AsyncIterable<Buffer>;
}

export interface ReadOptions {
  readonly days: Days;
  /** So many objects are begun before they are needed: a distant store's answers take time. */
  readonly ahead: number;
  /** What has the ending of an object, and the name of none. */
  readonly onForeign: (path: string) => void;
}

/** The objects of one part in writing order, each already begun. */
export function openObjects(
  store: ArchiveStore,
  part: ArchivePart,
  { days, ahead: most, onForeign }: ReadOptions,
): AsyncGenerator<OpenedObject> {
  const objects = walkObjects(store, part, days, path => {
    if (path.endsWith('.ndjson.gz')) onForeign(path);
  });
  return ahead(objects, most, async object => ({
    object,
    lines: begun(splitLines(gunzipOne(store.open(object.path)))),
  }));
}

/** Asks for the first line at once. What goes wrong with it is heard by whoever iterates. */
function begun(lines: AsyncGenerator<Buffer>): AsyncIterable<Buffer> {
  let first: Promise<IteratorResult<Buffer>> | null = lines.next();
  first.catch(() => undefined);
  const next = (): Promise<IteratorResult<Buffer>> => {
    const result = first ?? lines.next();
    first = null;
    return result;
  };
  return { [Symbol.asyncIterator]: () => ({ next, return: () => lines.return(undefined) }) };
}

/** Errors of one object, beside which the others may well be read. */
const OF_ONE_OBJECT = ['404', 'ENOENT', 'EACCES', 'EPERM', 'EIO', 'EISDIR', 'ELOOP', 'no-file'];

/** What is wrong with the object; `null` where the error may be the whole archive's. */
export function damageOf(error: unknown): string | null {
  if (error instanceof GzipError) return `its compressed data is damaged (${error.fault})`;
  if (error instanceof LongLineError) return error.message;
  if (!hasCode(error, ...OF_ONE_OBJECT)) return null;
  return error instanceof ShipperError ? error.message : `it cannot be read (${codeOf(error)})`;
}
