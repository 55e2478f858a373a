/** Changes of rows, by person and table, and some of them with their values. */

import type { RowOperation } from '../event/names.js';
import { Weightiest } from './bounded.js';
import { nameLike, type Person, personOf, type ReportedEvent, start } from './event.js';
import { Heavy } from './heavy.js';

const MOST_SAMPLED = 15;
/** Characters of a value, and columns of a row. */
const LONGEST_VALUE = 200;
const MOST_COLUMNS = 12;

export interface RowCount {
  readonly person: Person;
  readonly table: string;
  events: number;
  readonly byOperation: Record<RowOperation, number>;
  readonly first: number;
  last: number;
}

/** `null`: the column is not on that side. */
export interface ChangedColumn {
  readonly name: string;
  readonly before: string | null;
  readonly after: string | null;
}

export interface ChangedRow {
  readonly id: string;
  readonly at: number;
  readonly person: Person;
  readonly table: string;
  readonly operation: RowOperation;
  readonly key: string;
  readonly columns: readonly ChangedColumn[];
  /** Columns that are not listed. */
  readonly more: number;
}

type Row = NonNullable<ReportedEvent['row']>;

export class Rows {
  readonly counts = new Heavy<RowCount>();
  readonly sample = new Weightiest<ChangedRow>(MOST_SAMPLED);

  /** @param hash of the event's line */
  add({ id, actor, row }: ReportedEvent, at: number, hash: string): void {
    if (actor === undefined || row === undefined) return;
    const person = personOf(actor);
    const table = nameLike(row.table);
    const fresh = (): RowCount => ({
      person,
      table,
      events: 0,
      byOperation: noOperations(),
      first: at,
      last: at,
    });
    const count = this.counts.at(JSON.stringify([person.key, table]), fresh);
    count.events += 1;
    count.byOperation[row.operation] += 1;
    count.last = Math.max(count.last, at);
    this.sample.add(0, hash, () => ({
      ...{ id: nameLike(id), at, person, table, operation: row.operation },
      ...columnsOf(row),
    }));
  }
}

function noOperations(): Record<RowOperation, number> {
  return { INSERT: 0, UPDATE: 0, DELETE: 0, TRUNCATE: 0 };
}

function columnsOf({ key, old, new: after }: Row): Pick<ChangedRow, 'key' | 'columns' | 'more'> {
  const names = Object.keys({ ...old, ...after });
  const columns = names.slice(0, MOST_COLUMNS).map(name => ({
    name: nameLike(name),
    before: valueIn(old, name),
    after: valueIn(after, name),
  }));
  const keys = Object.entries(key ?? {}).map(([name, value]) => `${name}=${textOf(value)}`);
  return { key: start(keys.join(' '), LONGEST_VALUE), columns, more: names.length - columns.length };
}

function valueIn(values: Row['old'], name: string): string | null {
  return values === undefined || !Object.hasOwn(values, name) ? null : textOf(values[name] ?? null);
}

function textOf(value: NonNullable<Row['old']>[string]): string {
  return start(typeof value === 'string' ? value : JSON.stringify(value), LONGEST_VALUE);
}
