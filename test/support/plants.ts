/** Planted faults of the program: each takes away one thing that the journal's promises depend on. */

import { existsSync } from 'node:fs';
import type { Stages } from '../../src/daemon/pipeline.js';
import { Reader } from '../../src/journal/reader.js';
import type { FaultyFs } from './faulty-fs.js';

/** The syncs of these paths do nothing; `before` is the call before, if only those after it are meant. */
export function withoutSync(path: RegExp, before?: string): (fs: FaultyFs) => void {
  return fs => {
    fs.isLeftOut = (synced, latest) => path.test(synced) && (before ?? latest) === latest;
  };
}

/** Readers see a commit whose checkpoint is only renamed when the next one is written, or by the next start. */
export function publishEarly(fs: FaultyFs): void {
  const { rename, open, mkdir, revive } = fs;
  let delayed: (() => Promise<void>) | null = null;
  const catchUp = async (): Promise<void> => {
    await delayed?.();
    delayed = null;
  };
  fs.rename = async (from, to) => {
    // The first write says that a chain begins, and commits nothing.
    if (!to.endsWith('/checkpoint.json') || !existsSync(to)) return await rename(from, to);
    delayed = () => rename(from, to);
  };
  fs.open = async (path, flags, mode) => {
    if (path.endsWith('/checkpoint.json.tmp')) await catchUp();
    return await open(path, flags, mode);
  };
  // A process that ended properly has done all of it; a killed one has not.
  fs.mkdir = async (path, options) => {
    if (path.endsWith('/state/journal')) await catchUp();
    return await mkdir(path, options);
  };
  fs.revive = () => {
    if (fs.isDead) delayed = null;
    revive.call(fs);
  };
}

/** A segment is deleted once one sink has it. */
export function releaseAfterOne({ sinks }: Stages): void {
  const readers = [sinks.logging.reader, sinks.archive.reader];
  const seqs = (): number[] => readers.map(reader => Number(Reflect.get(Reader.prototype, 'seq', reader)));
  for (const reader of readers) Object.defineProperty(reader, 'seq', { get: () => Math.max(...seqs()) });
}
