/** No text takes over 50 ms a megabyte, however hostile. */

import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { HOSTILE } from './hostile.js';
import type { Answer, Question } from './measure.js';

const MEGABYTE = 1_000_000;
/** Milliseconds a megabyte. */
const MOST = 50;
/** Where the machine itself is slow just now: so many times what a look at each character takes. */
const MOST_LOOKS = 30;

let worker: Worker;

beforeAll(() => {
  worker = new Worker(new URL('./measure.ts', import.meta.url));
});

afterAll(() => worker.terminate());

async function ask(question: Question): Promise<Answer> {
  worker.postMessage(question);
  const [answer] = await once(worker, 'message');
  return answer;
}

async function isFast(name: string, size: number, as: Question['as']): Promise<void> {
  const { taken, look } = await ask({ name, size, as, goal: MOST });
  expect(taken).toBeLessThan(Math.max(MOST, MOST_LOOKS * look));
}

describe.each(Object.keys(HOSTILE))('%s', name => {
  test('4 MB', () => isFast(name, 4 * MEGABYTE, 'statement'));
  test('1 MB, as a parameter', () => isFast(name, MEGABYTE, 'parameter'));
});

test('a statement without secrets takes a few milliseconds a megabyte', async () => {
  const { taken, look } = await ask({
    name: 'nothing to scrub',
    size: 4 * MEGABYTE,
    as: 'statement',
    goal: 5,
  });
  expect(taken).toBeLessThan(Math.max(5, 3 * look));
});
