/** Joins a server's history of rows with its log and the journal. */

import { jsonOf } from '../../event/line.js';
import { configEvent } from '../../event/make.js';
import type { Journal } from '../../journal/journal.js';
import type { Reader } from '../../journal/reader.js';
import { positionOf } from '../../journal/rows.js';
import type { OpenSource } from '../source.js';
import { decideRows } from './decide.js';
import type { RowSurroundings } from './reader.js';
import type { WatchSurroundings } from './watch.js';

/** Until the signal aborts; never rejects before. */
export async function followRows(
  source: OpenSource,
  journal: Journal,
  archive: Pick<Reader, 'seq'>,
  stop: AbortSignal,
): Promise<void> {
  const { rows } = source;
  if (rows === null) return;
  await Promise.all([
    rows.reader.follow(stop, aroundReader(source, journal)),
    rows.watch.follow(stop, aroundWatch(source, journal, archive)),
  ]);
}

/** All that has been committed, once; the log was read to its end before. */
export async function readRows(
  source: OpenSource,
  journal: Journal,
  archive: Pick<Reader, 'seq'>,
  stop: AbortSignal,
): Promise<void> {
  const { rows } = source;
  if (rows === null) return;
  const readUntil = (): number => Number.POSITIVE_INFINITY;
  await rows.reader.read(stop, { ...aroundReader(source, journal), readUntil });
  await rows.watch.look(aroundWatch(source, journal, archive));
}

function aroundReader(source: OpenSource, journal: Journal): RowSurroundings {
  const { name, tail, facts } = source;
  return {
    readUntil: () => tail.readUntil,
    decide: (some, place) => decideRows(some, place, source),
    append: (events, rows) => journal.append({ source: name, events: events.map(jsonOf), rows }),
    waitForRoom: async stop => {
      while (!(await journal.waitForRoom(stop))) if (stop.aborted) return false;
      return true;
    },
    forgetBefore: time => facts.writes.forgetBefore(time),
  };
}

function aroundWatch(source: OpenSource, journal: Journal, archive: Pick<Reader, 'seq'>): WatchSurroundings {
  const { name, telemetry, now, daemon } = source;
  return {
    reportChange: fields => {
      telemetry.settingsChanged(fields.config.changes);
      return journal.append({ events: [jsonOf(configEvent(fields, now(), daemon))] });
    },
    archived: () => {
      const { sealed } = journal.rows;
      return sealed === null || archive.seq < sealed.seq ? null : positionOf(sealed.rows, name);
    },
  };
}
