/** Writes the page: whole or not at all, with its own hash in it. */

import { createHash } from 'node:crypto';
import { type FileHandle, open, rename, rm } from 'node:fs/promises';
import { codeOf, ShipperError } from '../../lib/errors.js';
import type { Page } from '../../report/page.js';
import { withHash } from '../../report/signature.js';
import type { Spool } from './spool.js';

/** Returns the file's SHA-256 (hex). The page contains names and SQL: only its owner may read it. */
export async function writePage(path: string, page: Page, rows: Spool): Promise<string> {
  const own = createHash('sha256');
  for await (const piece of piecesOf(page, rows)) own.update(piece);
  const after = withHash(page.after, own.digest('hex'));
  const unfinished = `${path}.tmp`;
  // A file with this name may belong to somebody else, be readable for all, or link to another place.
  await rm(unfinished, { force: true });
  const file = await open(unfinished, 'wx', 0o600);
  try {
    const hash = createHash('sha256');
    for await (const piece of piecesOf({ ...page, after }, rows)) {
      hash.update(piece);
      await writeAll(file, piece);
    }
    await file.close();
    await rename(unfinished, path);
    return hash.digest('hex');
  } catch (error) {
    await file.close();
    await rm(unfinished, { force: true });
    throw error;
  }
}

export function cannotWrite(path: string, error: unknown): ShipperError {
  return new ShipperError(codeOf(error), `${path} cannot be written (${codeOf(error)})`, error);
}

async function* piecesOf({ before, after }: Page, rows: Spool): AsyncGenerator<Buffer> {
  yield Buffer.from(before);
  yield* rows.pieces();
  yield Buffer.from(after);
}

async function writeAll(file: FileHandle, bytes: Buffer): Promise<void> {
  for (let done = 0; done < bytes.length; ) done += (await file.write(bytes, done)).bytesWritten;
}
