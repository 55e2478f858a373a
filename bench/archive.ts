/** An archive to measure with: what the daemon itself made of a real log. */

import { existsSync } from 'node:fs';
import { rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { CACHE, logOf } from './input.js';
import { ship } from './processes.js';

/** Megabytes of a log that has a million records. */
const MEGABYTES = 290;
const CLASSES = ['read', 'write', 'function', 'role', 'ddl', 'misc'];

/** The folder of an archive of a million events, in segments of 64 MiB; kept between benches. */
export async function millionEvents(): Promise<string> {
  const folder = join(CACHE, 'archive-million');
  if (existsSync(folder)) return folder;
  const unfinished = `${folder}.tmp`;
  await rm(unfinished, { recursive: true, force: true });
  await ship(await logOf('sessions', MEGABYTES), {
    filter: { classes: CLASSES, otherUsers: 'ship' },
    archive: unfinished,
  });
  await rename(unfinished, folder);
  return folder;
}
