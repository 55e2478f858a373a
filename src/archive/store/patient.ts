/** Repeats requests to a store whose answer was lost on the way: whoever reads for hours meets that. */

import { setTimeout as pause } from 'node:timers/promises';
import { delayAfter } from '../../lib/back-off.js';
import { hasCode } from '../../lib/errors.js';
import type { ArchiveStore } from './store.js';

/** HTTP statuses and connection errors that may not happen again (Cloud Storage's retry strategy). */
const PASSING = [
  ...['408', '429', '500', '502', '503', '504'],
  ...['ETIMEDOUT', 'ECONNRESET', 'ECONNREFUSED', 'EPIPE', 'EAI_AGAIN', 'ERR_STREAM_PREMATURE_CLOSE'],
];
const MOST_ATTEMPTS = 6;
/** Milliseconds. */
const FIRST_DELAY = 1000;
const LAST_DELAY = 30_000;

export function patientStore(store: ArchiveStore, firstDelay = FIRST_DELAY): ArchiveStore {
  /** Waits before attempt number `attempt + 1`; throws the error if the attempts are used up. */
  const afterFailure = async (error: unknown, attempt: number): Promise<void> => {
    if (!hasCode(error, ...PASSING) || attempt >= MOST_ATTEMPTS) throw error;
    await pause(delayAfter(attempt, { first: firstDelay, last: LAST_DELAY }));
  };
  const again = async <T>(ask: () => Promise<T>): Promise<T> => {
    for (let attempt = 1; ; attempt++) {
      try {
        return await ask();
      } catch (error) {
        await afterFailure(error, attempt);
      }
    }
  };
  return {
    list: folder => again(() => store.list(folder)),
    entries: folder => again(() => store.entries(folder)),
    read: (name, most) => again(() => store.read(name, most)),
    describe: name => again(() => store.describe(name)),
    /** Objects never change, so bytes that were passed on already are skipped. */
    async *open(name) {
      let given = 0;
      for (let attempt = 1; ; attempt++) {
        try {
          for await (const chunk of skipped(store.open(name), given)) {
            yield chunk;
            given += chunk.length;
            attempt = 1;
          }
          return;
        } catch (error) {
          await afterFailure(error, attempt);
        }
      }
    },
    close: store.close,
  };
}

async function* skipped(chunks: AsyncIterable<Buffer>, bytes: number): AsyncGenerator<Buffer> {
  let left = bytes;
  for await (const chunk of chunks) {
    const rest = chunk.subarray(Math.min(left, chunk.length));
    left -= chunk.length - rest.length;
    if (rest.length > 0) yield rest;
  }
}
