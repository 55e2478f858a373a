/** Reads NDJSON line by line; only some lines are in memory. */

import { constants } from 'node:buffer';

const NEWLINE = 0x0a;

/** A line is longer than any that a shipper writes, and than any that can be parsed as JSON. */
export class LongLineError extends Error {
  constructor() {
    super('a line is longer than an event can be');
    this.name = 'LongLineError';
  }
}

/**
 * The content in pieces that end where a line ends. Text after the last newline is a piece, too. Throws a LongLineError
 * before a line takes more memory than any event: a few megabytes may unpack to an endless line.
 */
export async function* wholeLines(
  chunks: AsyncIterable<Buffer> | Iterable<Buffer>,
  most = constants.MAX_STRING_LENGTH,
): AsyncGenerator<Buffer> {
  let pending: Buffer[] = [];
  let held = 0;
  for await (const chunk of chunks) {
    const first = pending.length === 0 ? 0 : chunk.indexOf(NEWLINE) + 1;
    const last = chunk.lastIndexOf(NEWLINE) + 1;
    if (last > 0 && first > 0) yield Buffer.concat([...pending, chunk.subarray(0, first)]);
    if (last > first) yield chunk.subarray(first, last);
    if (last > 0) [pending, held] = [[], 0];
    if (last === chunk.length) continue;
    pending.push(chunk.subarray(last));
    held += chunk.length - last;
    if (held > most) throw new LongLineError();
  }
  if (pending.length > 0) yield Buffer.concat(pending);
}

/** The lines of a piece, without their newlines. */
export function* linesOf(piece: Buffer): Generator<Buffer> {
  let start = 0;
  for (let end = piece.indexOf(NEWLINE); end !== -1; end = piece.indexOf(NEWLINE, start)) {
    yield piece.subarray(start, end);
    start = end + 1;
  }
  if (start < piece.length) yield piece.subarray(start);
}

/** How many lines a piece has. */
export function countLines(piece: Buffer): number {
  let count = 0;
  for (let end = piece.indexOf(NEWLINE); end !== -1; end = piece.indexOf(NEWLINE, end + 1)) count += 1;
  return piece.at(-1) === NEWLINE ? count : count + 1;
}

/** The lines of a piece that contain one of these places; `next` gives the first from a place on, or -1. */
export function* linesAt(piece: Buffer, next: (from: number) => number): Generator<Buffer> {
  for (let at = next(0); at !== -1; ) {
    const end = piece.indexOf(NEWLINE, at);
    const start = at === 0 ? 0 : piece.lastIndexOf(NEWLINE, at - 1) + 1;
    yield piece.subarray(start, end === -1 ? piece.length : end);
    at = end === -1 ? -1 : next(end + 1);
  }
}

/** The lines without their newlines, as `wholeLines` finds them. */
export async function* splitLines(chunks: AsyncIterable<Buffer>, most?: number): AsyncGenerator<Buffer> {
  for await (const piece of wholeLines(chunks, most)) yield* linesOf(piece);
}
