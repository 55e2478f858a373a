/** Files that the globs of several servers name. */

import { resolve } from 'node:path';
import type { SourceConfig } from '../../config/schema.js';
import { discover } from './discover.js';

export interface Overlap {
  readonly path: string;
  readonly instances: readonly string[];
}

/** Files that the globs of several servers match: every record would be shipped for each of these servers. */
export async function findOverlaps(sources: readonly SourceConfig[]): Promise<Overlap[]> {
  const namedBy = new Map<string, { readonly path: string; readonly instances: Set<string> }>();
  for (const { instance, files } of sources) {
    for (const { path, dev, ino } of (await discover(files.map(pattern => resolve(pattern)))).files) {
      const entry = namedBy.get(`${dev} ${ino}`) ?? { path, instances: new Set() };
      namedBy.set(`${dev} ${ino}`, entry);
      entry.instances.add(instance);
    }
  }
  return [...namedBy.values()]
    .filter(({ instances }) => instances.size > 1)
    .map(({ path, instances }) => ({ path, instances: [...instances] }));
}
