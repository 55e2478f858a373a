/** A server's history of rows, as its part of the configuration says. */

import type { RowsConfig } from '../../config/schema.js';
import type { RowPosition } from '../../event/row.js';
import type { RowReader } from '../rows/reader.js';
import type { RowWatch } from '../rows/watch.js';
import type { Telemetry } from '../telemetry/telemetry.js';
import type { Surroundings } from './surroundings.js';

export interface Rows {
  readonly reader: RowReader;
  readonly watch: RowWatch;
}

/** @param pathOf the path of a file of this server in the state folder; throws a ShipperError if the URL is invalid */
export async function openRows(
  { database, keep }: RowsConfig,
  position: RowPosition | null,
  pathOf: (what: string, end: string) => string,
  { clock, disk }: Surroundings,
  report: Telemetry,
): Promise<Rows> {
  const [{ RowHistory }, { RowReader: Reader }, { RowWatch: Watch }, { KnownRows }] = await Promise.all([
    import('../../database/rows/history.js'),
    import('../rows/reader.js'),
    import('../rows/watch.js'),
    import('../rows/known.js'),
  ]);
  const known = new KnownRows(disk, [pathOf('rows-a', '.bin'), pathOf('rows-b', '.bin')]);
  const cachePath = pathOf('rows', '.json');
  const watched = { cachePath, keep: keep ?? null, history: new RowHistory(database) };
  return {
    reader: new Reader({ history: new RowHistory(database), known, position, clock, report }),
    watch: new Watch({ ...watched, clock, disk, report }),
  };
}
