/** Seals that a witness has. */

import { ahead } from '../../archive/store/ahead.js';
import { type OpenOptions, openArchive } from '../../archive/store/location.js';
import { patientStore } from '../../archive/store/patient.js';
import type { ArchiveStore } from '../../archive/store/store.js';
import { ALL_DAEMONS, listParts, type OnlyDaemons } from '../../archive/store/walk.js';
import { Anchors, WITNESS } from '../../archive/verify/anchors.js';
import { parseJson } from '../../lib/json.js';
import { UsageError } from './usage.js';

/** Requests that run at once. */
const AT_ONCE = 16;
/** Bytes: the seal of a daemon with tens of thousands of log files has some megabytes. */
const LARGEST_SEAL = 32 * 1024 * 1024;
const SEAL = /\/\d{8}T\d{6}Z-[0-9a-f]{4}-\d{1,16}\.json$/;

/**
 * Reads all of them. Throws a UsageError if something there is not a seal, or if there is none: a witness that has
 * nothing says nothing.
 */
export async function readWitness(where: string, options: OpenOptions): Promise<Anchors> {
  const { store, prefix, only } = openArchive(where, options);
  const patient = patientStore(store);
  const anchors = new Anchors(WITNESS);
  let found = 0;
  try {
    const read = async (name: string) => {
      const bytes = await patient.read(name, LARGEST_SEAL);
      return { name, seal: bytes === null ? null : parseJson(bytes) };
    };
    for await (const { name, seal } of ahead(namesIn(patient, prefix, only), AT_ONCE, read)) {
      if (!anchors.add(seal)) throw new UsageError(`${name} at the witness is not a seal`);
      found += 1;
    }
  } finally {
    store.close();
  }
  if (found === 0) throw new UsageError(`${where}: the witness has no seal`);
  return anchors;
}

async function* namesIn(
  store: ArchiveStore,
  prefix: string,
  only: OnlyDaemons = ALL_DAEMONS,
): AsyncGenerator<string> {
  for (const { folder } of await listParts(store, prefix, only))
    yield* (await store.list(folder)).filter(name => SEAL.test(name));
}
