/** How far each server's history of rows was read, and what became of its rows since the last seal. */

import { addRecords, noRecords, type RecordCounts } from '../event/counts.js';
import type { ReadRows, RowPosition } from '../event/row.js';
import { marked, OWN } from './sources.js';

/** As of the seal with this number. */
export interface SealedRows {
  readonly seq: number;
  readonly rows: readonly ReadRows[];
}

export interface RowsState {
  readonly read: readonly ReadRows[];
  /** `null` before the first. */
  readonly sealed: SealedRows | null;
}

/** The progress that one page of the history made. */
export interface RowProgress {
  readonly position: RowPosition;
  /** Rows: read = shipped + dropped. */
  readonly records: RecordCounts;
}

export function withRows(
  before: readonly ReadRows[] = [],
  { position, records }: RowProgress,
  source: string,
): readonly ReadRows[] {
  const last = before.find(one => isOf(one, source));
  const read = { ...position, records: addRecords(last?.records ?? noRecords(), records) };
  return [...before.filter(one => one !== last), marked(source, read)];
}

/** Positions of servers that were let go; of more, those that were read longest ago are forgotten. */
const MOST_GONE = 200;

/** A server that comes back has the same history: without its position, all rows would be shipped once more. */
export function withoutGone(
  rows: readonly ReadRows[],
  isRead: (source: string) => boolean,
): readonly ReadRows[] {
  const gone = rows.filter(({ source = OWN }) => !isRead(source));
  const forgotten = new Set(gone.slice(0, -MOST_GONE));
  return rows.filter(one => !forgotten.has(one));
}

/** After a seal. */
export function restartedRows(rows: readonly ReadRows[]): readonly ReadRows[] {
  return rows.map(one => ({ ...one, records: noRecords() }));
}

/** `null` if none was read yet. */
export function positionOf(rows: readonly ReadRows[], source: string): RowPosition | null {
  const found = rows.find(one => isOf(one, source));
  if (found === undefined) return null;
  const { source: _source, records: _records, ...position } = found;
  return position;
}

function isOf({ source = OWN }: ReadRows, name: string): boolean {
  return source === name;
}
