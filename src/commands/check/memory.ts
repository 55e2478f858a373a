import { totalmem } from 'node:os';
import type { Config } from '../../config/schema.js';
import { type Finding, ok, warning } from './finding.js';

const MIB = 1024 ** 2;
/** Bytes that the daemon needs in addition, to catch up and deliver (measured: docs/operations.md, Sizing). */
const WITHOUT_RECORD = 256 * MIB;
/** Reading, redacting and journaling a record takes this many times its size. */
const RECORD_FACTOR = 6;

/**
 * Whether the memory limit of the container or unit leaves room for the largest record of every server at once.
 *
 * @param limit bytes; 0 if unknown, and any large number if there is none
 */
export function checkMemory({ sources }: Config, limit = process.constrainedMemory()): Finding[] {
  const records = sources.reduce((sum, { maxRecordSize }) => sum + maxRecordSize, 0);
  const needed = WITHOUT_RECORD + RECORD_FACTOR * records;
  const allowed = limit === 0 ? totalmem() : Math.min(limit, totalmem());
  const [has, wants] = [allowed, needed].map(inMiB);
  if (allowed >= needed) return [ok('memory', `the limit is ${has}; the largest record may need ${wants}`)];
  const why =
    'a record that needs more kills the daemon; after two such deaths it is not read, and becomes a gap';
  const fix = `raise the memory limit to ${wants} or more, or lower source.maxRecordSize`;
  return [warning('memory', `the limit is ${has}, but the largest record may need ${wants}`, why, fix)];
}

function inMiB(bytes: number): string {
  return `${Math.ceil(bytes / MIB)} MiB`;
}
