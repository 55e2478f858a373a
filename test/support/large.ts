/** A daemon's process for large records, as the operating system shows it. */

import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { writeMessage } from './csvlog.js';
import { numbered } from './log.js';
import { eventually, type Shipper } from './shipper.js';

/** More than a process reads before its first question. */
const MUCH = 8 * 1024 * 1024;

/** Waits until a new process has most of a record, and has not answered; returns its id. */
export async function readingChild({ pid }: Shipper, before: readonly number[] = []): Promise<number> {
  let found = 0;
  await eventually(async () => {
    const children = textOf(`/proc/${pid}/task/${pid}/children`).split(' ').filter(Boolean).map(Number);
    const next = children.find(child => !before.includes(child)) ?? 0;
    const [, read = '0'] = /^rchar: (\d+)$/m.exec(textOf(`/proc/${next}/io`)) ?? [];
    found = Number(read) > MUCH ? next : 0;
    return found > 0;
  });
  return found;
}

/** A process that has ended has no files. */
function textOf(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}

/** A write of 20 MB, as line `n` of the session of `numbered`, with secrets everywhere, and other text at both ends. */
export function largeRecord(n: number): string {
  return numbered(n, { message: writeMessage(LARGE_STATEMENT, [], n) });
}

const SECRETS = 90 * 1024;
const ORDINARY = ' and "words", '.repeat(16);

function statementWith(secret: string): string {
  return `UPDATE begin SET a = '${`pw=${secret}${ORDINARY}`.repeat(SECRETS)}' WHERE "end"`;
}

const LARGE_STATEMENT = statementWith('a');
export const SCRUBBED_STATEMENT = statementWith('<redacted>');

export function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
