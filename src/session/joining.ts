/**
 * Finds the statements of one transaction that changed rows.
 *
 * A message to the server has its time, which its rows have in microseconds; a statement's record has milliseconds, and
 * comes after its message, and before its rows, or after them with `pgaudit.log_rows`. Within a millisecond this leaves several;
 * then it helps that messages and records are in the same order, and that each message with rows has a record of its own.
 */

import { z } from 'zod';

/** One that was shipped. Without names of tables it may have changed any. */
export const write = z.object({
  id: z.string(),
  session: z.string(),
  transaction: z.string(),
  /** Of its record, in milliseconds since the epoch, and its number in the session. */
  time: z.number(),
  line: z.number(),
  command: z.string(),
  /** MD5 (hex) of its text. */
  digest: z.string(),
  tables: z.array(z.string()).exactOptional(),
  /** Its record was written when it ended, with the number of its rows (`pgaudit.log_rows`). */
  atEnd: z.literal(true).exactOptional(),
});
export type Write = z.infer<typeof write>;

/** A change of a row. Times in milliseconds since the epoch, with fractions. */
export interface Change {
  readonly session: string;
  readonly transaction: string;
  /** When its message reached the server, and when it was recorded. */
  readonly began: number;
  readonly changed: number;
  readonly operation: string;
  readonly table: string;
  /** MD5 (hex) of the message's text, `null` if unknown. */
  readonly digest: string | null;
}

/** More statements than these say nothing. */
const MOST_POSSIBLE = 10;

/** A message, and the statements among which its own are: from place `from`, before place `to`. */
interface Message {
  readonly rows: readonly Change[];
  from: number;
  to: number;
}

/** @returns the ids of the possible statements for each change */
export function join(changes: readonly Change[], writes: readonly Write[]): Map<Change, readonly string[]> {
  const statements = writes.toSorted((a, b) => a.time - b.time || a.line - b.line);
  const byMessage = Map.groupBy(changes, ({ began }) => began);
  const began = [...byMessage.keys()].sort((a, b) => a - b);
  const messages = began.map((at, index) => messageOf(byMessage.get(at) ?? [], statements, began[index + 1]));
  const narrowed = inOrder(messages) ?? messages;
  const found = new Map<Change, readonly string[]>(changes.map(change => [change, []]));
  for (const { rows, from, to } of narrowed) {
    const some = statements.slice(from, to);
    for (const row of rows) found.set(row, idsOf(row, some));
  }
  return found;
}

/** @param next when the next message that is known came */
function messageOf(
  rows: readonly Change[],
  statements: readonly Write[],
  next = Number.POSITIVE_INFINITY,
): Message {
  const began = Math.floor(rows[0]?.began ?? 0);
  const start = firstFrom(statements, began);
  const some = statements.slice(start, firstFrom(statements, Math.floor(next) + 1));
  const best = new Set(rows.flatMap(row => bestFor(row, some)));
  const places = some.flatMap((one, index) => (best.has(one) ? [start + index] : []));
  return { rows, from: places[0] ?? start, to: (places.at(-1) ?? start - 1) + 1 };
}

/** Each message has a record of its own, in their order; `null` if that cannot be: not all of them were logged. */
function inOrder(messages: readonly Message[]): Message[] | null {
  const all = messages.filter(({ from, to }) => from < to).map(message => ({ ...message }));
  let least = 0;
  for (const message of all) {
    message.from = Math.max(message.from, least);
    least = message.from + 1;
  }
  let most = Number.POSITIVE_INFINITY;
  for (const message of all.toReversed()) {
    message.to = Math.min(message.to, most);
    most = message.to - 1;
  }
  return all.every(({ from, to }) => from < to) ? all : null;
}

function idsOf(row: Change, some: readonly Write[]): readonly string[] {
  const best = bestFor(row, some);
  const doing = best.filter(({ command }) => command.startsWith(row.operation));
  // INSERT … ON CONFLICT and MERGE do what they are not named after.
  const ids = nearestTo(doing.length > 0 ? doing : best).map(({ id }) => id);
  return ids.length > MOST_POSSIBLE ? [] : ids;
}

/** The statements that are most likely the row's, by their texts and tables; all are equally likely. */
function bestFor(row: Change, some: readonly Write[]): readonly Write[] {
  const possible = some.filter(one => mayHave(one, row));
  const likeness = possible.map(one => likenessOf(one, row));
  const most = likeness.reduce((greatest, one) => Math.max(greatest, one), 0);
  // Nothing speaks for it but its time.
  if (most === 0 && possible.length > 1) return [];
  return possible.filter((_, index) => likeness[index] === most);
}

/**
 * A statement within a function has another text than the message; one whose tables are unknown, or whose foreign key
 * cascades, does not name the table.
 */
function likenessOf({ tables, digest }: Write, row: Change): number {
  const isNaming = tables?.some(named => isSameTable(named, row.table)) ?? false;
  const isSameText = digest === row.digest;
  if (isNaming) return isSameText ? 3 : 2;
  return isSameText || tables === undefined ? 1 : 0;
}

function mayHave({ time, atEnd }: Write, { changed }: Change): boolean {
  return atEnd ? time >= Math.floor(changed) : time <= changed;
}

/** Of several, in the order of their times, the last that began or the first that ended: both are next to the row. */
function nearestTo(some: readonly Write[]): readonly Write[] {
  const ended = some.filter(({ atEnd }) => atEnd);
  const time = (ended[0] ?? some.at(-1))?.time;
  return (ended.length > 0 ? ended : some).filter(one => one.time === time);
}

/** PostgreSQL's parser knows no search_path: it names some tables without their schema. */
function isSameTable(named: string, table: string): boolean {
  return named === table || table.endsWith(`.${named}`);
}

/** Where the first one of this time, or of a later one, is. */
function firstFrom(statements: readonly Write[], time: number): number {
  let [from, to] = [0, statements.length];
  while (from < to) {
    const middle = (from + to) >> 1;
    if ((statements[middle]?.time ?? 0) < time) from = middle + 1;
    else to = middle;
  }
  return from;
}
