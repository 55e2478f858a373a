/** Cuts the event of a row between its columns, and joins it again. No value is longer than a part. */

import type { Envelope } from '../../event/event.js';
import type { RowFields } from '../../event/row.js';
import { inGroups } from './groups.js';

type RowEvent = Envelope & RowFields;

/** First comes a part with the lists of columns, then parts with values. */
export function rowParts(event: RowEvent): RowEvent[] {
  const { old, new: after, masked, shortened, ...row } = event.row;
  const lists = { ...(masked !== undefined && { masked }), ...(shortened !== undefined && { shortened }) };
  const names = [...new Set([old, after].flatMap(values => Object.keys(values ?? {})))];
  const columns = names.map(name => [name, pick(old, name), pick(after, name)] as const);
  const withColumns = (group: typeof columns): RowEvent => ({
    ...event,
    row: {
      ...row,
      ...(old !== undefined && { old: Object.fromEntries(group.flatMap(([, before]) => before)) }),
      ...(after !== undefined && { new: Object.fromEntries(group.flatMap(([, , now]) => now)) }),
    },
  });
  return [{ ...event, row: { ...row, ...lists } }, ...inGroups(columns).map(withColumns)];
}

export function joinRows(whole: RowEvent, part: RowEvent): RowEvent {
  const { old, new: after } = part.row;
  return {
    ...whole,
    row: {
      ...whole.row,
      ...(old !== undefined && { old: { ...whole.row.old, ...old } }),
      ...(after !== undefined && { new: { ...whole.row.new, ...after } }),
    },
  };
}

type Values = NonNullable<RowFields['row']['old']>;

/** The column's entry, if there is one. */
function pick(values: Values | undefined, name: string): [string, Values[string]][] {
  if (values === undefined || !Object.hasOwn(values, name)) return [];
  return [[name, values[name] ?? null]];
}
