/** The form in which a search prints: tables for people on a terminal, NDJSON for pipes. */

import type { Group, GroupKey } from '../../archive/search/groups.js';
import type { Found } from '../../archive/search/search.js';
import { EventTable, GroupTable, type TableOptions } from '../../archive/search/table.js';
import { harmless } from '../../lib/terminal-text.js';

/** How rows are printed, one line each. */
export interface Form<T> {
  readonly header: string | null;
  line(row: T): string | Buffer;
}

export interface FormOptions extends TableOptions {
  readonly isTerminal: boolean;
  /** Prints JSON on a terminal, too. */
  readonly isJson: boolean;
}

export function eventForm(options: FormOptions): Form<Found> {
  const { isTerminal, isJson } = options;
  if (!isTerminal) return { header: null, line: ({ line }) => line };
  if (isJson) return { header: null, line: ({ line }) => harmless(line.toString()) };
  const table = new EventTable(options);
  return { header: table.header(), line: found => table.row(found) };
}

export function groupForm(keys: readonly GroupKey[], options: FormOptions): Form<Group> {
  const { isTerminal, isJson } = options;
  if (!isTerminal) return { header: null, line: group => toJson(keys, group) };
  if (isJson) return { header: null, line: group => harmless(toJson(keys, group)) };
  const table = new GroupTable(keys, options);
  return { header: table.header(), line: group => table.row(group) };
}

function toJson(keys: readonly GroupKey[], { count, values, name }: Group): string {
  const members = keys.map((key, index) => [key, values[index] ?? null]);
  return JSON.stringify({ events: count, ...Object.fromEntries(members), ...(name !== null && { name }) });
}
