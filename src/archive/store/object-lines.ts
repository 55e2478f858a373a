/** Reads NDJSON line by line; only one line is in memory. */

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
 * The lines without their newlines. Text after the last newline is a line, too. Throws a LongLineError before a line
 * takes more memory than any event: a few megabytes may unpack to an endless line.
 */
export async function* splitLines(
  chunks: AsyncIterable<Buffer>,
  most = constants.MAX_STRING_LENGTH,
): AsyncGenerator<Buffer> {
  let pending: Buffer[] = [];
  let held = 0;
  for await (const chunk of chunks) {
    let start = 0;
    for (let end = chunk.indexOf(NEWLINE); end !== -1; end = chunk.indexOf(NEWLINE, start)) {
      const part = chunk.subarray(start, end);
      yield pending.length === 0 ? part : Buffer.concat([...pending, part]);
      pending = [];
      held = 0;
      start = end + 1;
    }
    if (start === chunk.length) continue;
    pending.push(chunk.subarray(start));
    held += chunk.length - start;
    if (held > most) throw new LongLineError();
  }
  if (pending.length > 0) yield Buffer.concat(pending);
}
