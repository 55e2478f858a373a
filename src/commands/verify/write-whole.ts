import { open, rename, rm } from 'node:fs/promises';
import { codeOf, ShipperError } from '../../lib/errors.js';

/**
 * Writes one line to a file that only its owner may read. The file changes as a whole or not at all: a crash leaves the
 * one before, and perhaps a `.tmp` beside it.
 */
export async function writeWhole(path: string, line: string): Promise<void> {
  const unfinished = `${path}.tmp`;
  try {
    await rm(unfinished, { force: true });
    const file = await open(unfinished, 'wx', 0o600);
    try {
      await file.writeFile(`${line}\n`);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(unfinished, path);
  } catch (error) {
    throw new ShipperError(codeOf(error), `${path} cannot be written (${codeOf(error)})`, error);
  }
}
