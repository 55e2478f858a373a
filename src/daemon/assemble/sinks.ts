import { resolve } from 'node:path';
import type { Config } from '../../config/schema.js';
import type { SinkName } from '../../deliver/deliver.js';
import { deliverEntries, deliverSegments } from '../../deliver/deliver.js';
import type { EntryDestination, ObjectDestination } from '../../deliver/destination.js';
import { localEntries, localObjects } from '../../deliver/folders.js';
import type { Journal } from '../../journal/journal.js';
import { Reader } from '../../journal/reader.js';
import type { Disk } from '../../lib/disk.js';
import type { Stages } from '../pipeline.js';
import { archivePlace, cursorPath } from './journal.js';
import type { Surroundings } from './surroundings.js';

/** Throws a StateError if a cursor is damaged. */
export async function createSinks(
  config: Config,
  journal: Journal,
  surroundings: Surroundings,
): Promise<Stages['sinks']> {
  const { disk, clock, telemetry: report } = surroundings;
  const openReader = (sink: SinkName): Promise<Reader> =>
    Reader.open(journal, disk, cursorPath(config, sink), clock);
  const [lines, segments] = [await openReader('logging'), await openReader('archive')];
  const [entries, objects] = await Promise.all([
    entryDestination(config, disk),
    objectDestination(config, disk),
  ]);
  const { payload } = config.logging;
  const place = archivePlace(config, journal.node);
  return {
    logging: {
      reader: lines,
      run: abort => deliverEntries(lines, entries, payload, { clock, report }, abort).finally(entries.close),
    },
    archive: {
      reader: segments,
      run: abort =>
        deliverSegments(segments, objects, place, { clock, report }, abort).finally(objects.close),
    },
  };
}

/** Google's libraries take more time and memory to load than everything else: they are loaded only if used. */
async function entryDestination({ logging }: Config, disk: Disk): Promise<EntryDestination> {
  const { to, resource, endpoint } = logging;
  if (to.kind === 'file') return localEntries(resolve(to.folder), disk);
  const { cloudLogging } = await import('../../deliver/logging/cloud-logging.js');
  return cloudLogging({ logName: to.logName, resource, endpoint });
}

async function objectDestination({ archive }: Config, disk: Disk): Promise<ObjectDestination> {
  const { to, endpoint } = archive;
  if (to.kind === 'file') return localObjects(resolve(to.folder), disk);
  const { cloudStorage } = await import('../../deliver/archive/cloud-storage.js');
  return cloudStorage({ bucket: to.bucket, endpoint });
}
