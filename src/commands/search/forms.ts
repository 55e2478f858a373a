/** The form in which a search prints: tables for people on a terminal, NDJSON for pipes, or what was asked for. */

import { stringify } from 'csv-stringify/sync';
import { differenceOf, type Group, type GroupKey } from '../../archive/search/groups.js';
import type { Found } from '../../archive/search/search.js';
import { EventTable, GroupTable, type TableOptions } from '../../archive/search/table.js';
import { harmlessIfSplit } from '../../lib/sheet-text.js';
import { harmless } from '../../lib/terminal-text.js';
import type { Zone } from '../../lib/zone.js';
import { type Cell, eventSheet, groupSheet, type Sheet } from './columns.js';
import { longForm, longValues } from './long.js';
import type { Format } from './options.js';

/** How rows are printed, one line each or more. */
export interface Form<T> {
  readonly header: string | null;
  line(row: T): string | Buffer;
  /** Rows of which something was cut off. */
  cut?(): number;
}

export interface FormOptions extends TableOptions {
  readonly zone: Zone;
  readonly format: Exclude<Format, 'xlsx'>;
  /** Nothing may steer it. */
  readonly isTerminal: boolean;
}

export interface Grouping {
  readonly keys: readonly GroupKey[];
  /** Names of the periods that are compared; empty if none are. */
  readonly periods: readonly string[];
}

export function eventForm(options: FormOptions): Form<Found> {
  const { format, zone, isTerminal } = options;
  switch (format) {
    case 'json':
      return { header: null, line: ({ line }) => (isTerminal ? harmless(line.toString()) : line) };
    case 'long':
      return { header: null, line: found => longForm(found, zone) };
    case 'csv':
      return csvForm(eventSheet(zone));
    case 'table': {
      const table = new EventTable(zone, options);
      return { header: table.header(), line: found => table.row(found), cut: () => table.cut };
    }
  }
}

export function groupForm({ keys, periods }: Grouping, options: FormOptions): Form<Group> {
  const { format, isTerminal } = options;
  const valuesOf = (group: Group): Readonly<Record<string, unknown>> => groupValues({ keys, periods }, group);
  switch (format) {
    case 'json':
      return { header: null, line: group => shown(JSON.stringify(valuesOf(group)), isTerminal) };
    case 'long':
      return { header: null, line: group => longValues(valuesOf(group)) };
    case 'csv':
      return csvForm(groupSheet(keys, periods));
    case 'table': {
      const table = new GroupTable(keys, periods, options);
      return { header: table.header(), line: group => table.row(group), cut: () => table.cut };
    }
  }
}

function shown(text: string, isTerminal: boolean): string {
  return isTerminal ? harmless(text) : text;
}

function groupValues({ keys, periods }: Grouping, group: Group): Readonly<Record<string, unknown>> {
  const { counts, values, name } = group;
  const named = keys.map((key, index) => [key, values[index] ?? null]);
  const counted =
    periods.length === 0
      ? { events: counts[0] ?? 0 }
      : {
          events: Object.fromEntries(periods.map((period, index) => [period, counts[index] ?? 0])),
          difference: differenceOf(group),
        };
  return { ...counted, ...Object.fromEntries(named), ...(name !== null && { name }) };
}

/** Excel takes a file without it for one in an older character set. */
const BYTE_ORDER_MARK = '\ufeff';

function csvForm<T>(sheet: Sheet<T>): Form<T> {
  const toLine = (cells: readonly (string | number | null)[]): string =>
    stringify([[...cells]], { eof: false });
  return {
    header: BYTE_ORDER_MARK + toLine(sheet.columns.map(({ title }) => title)),
    line: row => toLine(sheet.cells(row).map(toText)),
  };
}

function toText(cell: Cell): string | number | null {
  if (typeof cell === 'string') return harmlessIfSplit(cell);
  if (typeof cell === 'number' || cell === null) return cell;
  return new Date(cell.wall).toISOString().slice(0, -1).replace('T', ' ');
}
