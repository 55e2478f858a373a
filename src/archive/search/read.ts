/** Reads the objects of an archive piece by piece. */

import { ahead } from '../store/ahead.js';
import { gunzipBody, gunzipOne } from '../store/gzip.js';
import { wholeLines } from '../store/object-lines.js';
import { readSmall } from '../store/small.js';
import type { ArchiveStore } from '../store/store.js';
import { type ArchivedObject, type ArchivePart, type Days, walkObjects } from '../store/walk.js';

export interface OpenedObject {
  readonly object: ArchivedObject;
  /** Its content, in pieces of whole lines. Iterating throws if the object is damaged or cannot be read. */
  readonly pieces: AsyncIterable<Buffer>;
}

export interface ReadOptions {
  readonly days: Days;
  /** This many objects are opened before they are needed: a distant store takes time to answer. */
  readonly ahead: number;
  /** For a file with the suffix of an object, but not a name that the shipper gives. */
  readonly onForeign: (path: string) => void;
}

/** The objects of one part in writing order; each is opened ahead. */
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
    pieces: begun(wholeLines(contentOf(store, object))),
  }));
}

async function* contentOf(store: ArchiveStore, object: ArchivedObject): AsyncGenerator<Buffer> {
  const body = await readSmall(store, object);
  yield* body === null ? gunzipOne(store.open(object.path)) : gunzipBody(body);
}

/** Requests the first piece at once. Whoever iterates gets its error. */
function begun(pieces: AsyncGenerator<Buffer>): AsyncIterable<Buffer> {
  let first: Promise<IteratorResult<Buffer>> | null = pieces.next();
  first.catch(() => undefined);
  const next = (): Promise<IteratorResult<Buffer>> => {
    const result = first ?? pieces.next();
    first = null;
    return result;
  };
  return { [Symbol.asyncIterator]: () => ({ next, return: () => pieces.return(undefined) }) };
}
