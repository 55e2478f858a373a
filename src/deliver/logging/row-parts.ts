/** Cuts the event of a row between its columns, and joins it again. No value is longer than a part. */

import type { Envelope } from '../../event/event.js';
import type { RowFields } from '../../event/row.js';
import { inGroups } from './groups.js';

type RowEvent = Envelope & RowFields;

/** Bytes of JSON of a key that each part repeats; a longer one is cut, too. */
const LONGEST_KEY = 16 * 1024;

/** First comes a part with the lists of columns, then parts with values. */
export function rowParts(event: RowEvent): RowEvent[] {
  const { key, old, new: after, masked, shortened, ...row } = event.row;
  const lists = { ...(masked !== undefined && { masked }), ...(shortened !== undefined && { shortened }) };
  const longKey = Buffer.byteLength(JSON.stringify(key)) > LONGEST_KEY ? (key ?? undefined) : undefined;
  const names = [...new Set([longKey, old, after].flatMap(values => Object.keys(values ?? {})))];
  const columns = names.map(name => [name, pick(longKey, name), pick(old, name), pick(after, name)] as const);
  const withColumns = (group: typeof columns): RowEvent => ({
    ...event,
    row: {
      ...row,
      key: longKey === undefined ? key : Object.fromEntries(group.flatMap(([, part]) => part)),
      ...(old !== undefined && { old: Object.fromEntries(group.flatMap(([, , before]) => before)) }),
      ...(after !== undefined && { new: Object.fromEntries(group.flatMap(([, , , now]) => now)) }),
    },
  });
  const first = { ...row, key: longKey === undefined ? key : {}, ...lists };
  return [{ ...event, row: first }, ...inGroups(columns).map(withColumns)];
}

export function joinRows(whole: RowEvent, part: RowEvent): RowEvent {
  const { key, old, new: after } = part.row;
  return {
    ...whole,
    row: {
      ...whole.row,
      key: key === null ? null : { ...whole.row.key, ...key },
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
