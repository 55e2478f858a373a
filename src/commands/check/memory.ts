import { totalmem } from 'node:os';
import type { Config } from '../../config/schema.js';
import { type Finding, ok, warning } from './finding.js';

const MIB = 1024 ** 2;
/** Bytes that the daemon needs besides, while it catches up and delivers (measured: docs/operations.md, Sizing). */
const WITHOUT_RECORD = 256 * MIB;
/** Times the size of a record that is read, scrubbed and journaled. */
const RECORD_FACTOR = 6;

/**
 * Whether the memory limit of the container or unit leaves room for the largest record of each server at once.
 *
 * @param limit bytes; 0 where it is not known, and any large number where there is none
 */
export function checkMemory({ sources }: Config, limit = process.constrainedMemory()): Finding[] {
  const records = sources.reduce((sum, { maxRecordSize }) => sum + maxRecordSize, 0);
  const needed = WITHOUT_RECORD + RECORD_FACTOR * records;
  const allowed = limit === 0 ? totalmem() : Math.min(limit, totalmem());
  const [has, wants] = [allowed, needed].map(inMiB);
  if (allowed >= needed) return [ok('memory', `${has} are allowed; the largest record may need ${wants}`)];
  const why =
    'a record that takes more ends the daemon; after two such ends it is not read, and becomes a gap';
  const fix = `raise the memory limit to ${wants} or more, or lower source.maxRecordSize`;
  return [warning('memory', `${has} are allowed, and the largest record may need ${wants}`, why, fix)];
}

function inMiB(bytes: number): string {
  return `${Math.ceil(bytes / MIB)} MiB`;
}
