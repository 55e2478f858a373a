/** Which bytes of a server's files were read since the last seal, and what became of their records. */

import { basename } from 'node:path';
import { addRecords, noRecords, type RecordCounts } from '../event/counts.js';
import type { SourceFile } from '../event/position.js';
import type { Coverage } from '../event/seal.js';
import { marked, OWN } from './sources.js';

/** The progress that one batch of the log made. */
export interface Progress {
  readonly file: SourceFile;
  /** Bytes `from` to `to` of the file were read; `records` counts what was in them. */
  readonly from: number;
  readonly to: number;
  readonly records: RecordCounts;
}

export function cover(
  coverage: readonly Coverage[],
  progress: Progress,
  source: string,
): readonly Coverage[] {
  const { file, from, to, records } = progress;
  const before = coverage.find(one => one.fileId === file.fileId && (one.source ?? OWN) === source);
  const name = basename(file.path);
  const covered: Coverage =
    before === undefined
      ? marked(source, { file: name, fileId: file.fileId, from, to, records })
      : { ...before, file: name, to, records: addRecords(before.records, records) };
  return [...coverage.filter(one => one !== before), covered];
}

/**
 * After a seal, coverage begins where it ended. The last file of each server stays in it, so that the next seal shows
 * that nothing was read; of a server that is over, none does.
 */
export function restarted(coverage: readonly Coverage[], sources: ReadonlySet<string>): Coverage[] {
  const last = new Map(coverage.map(one => [one.source, one]));
  return coverage
    .filter(one => last.get(one.source) === one && sources.has(one.source ?? OWN))
    .map(one => ({ ...one, from: one.to, records: noRecords() }));
}
