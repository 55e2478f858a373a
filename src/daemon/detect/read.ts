import { LongTexts } from '../../deliver/logging/long-texts.js';
import { type ArchivedEvent, readWatched } from '../../detect/watched.js';
import { withoutEscrow } from '../../event/line.js';

/**
 * Bytes. The line of a record of up to 1 MiB is shorter, however it is escaped; of a larger record no rule looks at the
 * texts, which would take several times their size as strings.
 */
const LARGE_LINE = 16 * 1024 * 1024;

/** What rules look at of an event's line; `null` if it is not one. */
export async function watchedIn(line: Buffer): Promise<ArchivedEvent | null> {
  if (line.length <= LARGE_LINE) return readWatched(line);
  return readWatched(await new LongTexts().takenOut(withoutEscrow(line)));
}
