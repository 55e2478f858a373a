import type { SourceConfig } from '../../config/schema.js';
import { findOverlaps } from '../../read/files/overlap.js';
import { type Finding, failure } from './finding.js';

export async function checkOverlap(sources: readonly SourceConfig[]): Promise<Finding[]> {
  return (await findOverlaps(sources)).map(({ path, instances }) =>
    failure(
      'sources',
      `${path} is matched by ${instances.join(' and ')}`,
      'the daemon does not start: each record would be shipped for each of these servers',
      'let the globs of sources[].files match the files of one server each',
    ),
  );
}
