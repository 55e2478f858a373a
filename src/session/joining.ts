/**
 * Finds the statements of one transaction that changed rows.
 *
 * A message to the server has its time, which its rows have in microseconds; a statement's record has milliseconds, and
 * comes after its message, and before its rows, or after them with `pgaudit.log_rows`. Within a millisecond this leaves several;
 * then it helps that messages and records are in the same order, and that each message with rows has a record of its own.
 */

import { Candidates } from './candidates.js';
import type { Change, Write } from './change.js';

/** A message, and the statements among which its own are: from place `from`, before place `to`. */
interface Message {
  readonly rows: readonly Change[];
  readonly candidates: Candidates;
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
  for (const { rows, candidates, from, to } of narrowed)
    for (const row of rows) found.set(row, candidates.of(row).within(from, to).nearestTo(row.changed));
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
  const end = firstFrom(statements, Math.floor(next) + 1);
  const candidates = new Candidates(statements, start, end);
  let [from, to] = [end, start];
  for (const row of rows) {
    const { first, last } = candidates.of(row);
    from = Math.min(from, first);
    to = Math.max(to, last + 1);
  }
  return { rows, candidates, from, to };
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
