/** Each character of a text is read at most a few times, however hostile the text is. */

import { afterAll, describe, expect, test } from 'vitest';
import { workOf } from '../support/work.js';
import { HOSTILE } from './hostile.js';
import type { As } from './work-cases.js';

const SIZE = 200_000;
/** Reads per character; the worst text takes 205: what may be a secret is looked at as far as the budget goes. */
const MOST = 220;
/** The same for a text without anything of interest. */
const MOST_OF_PLAIN = 5;

const count = workOf(new URL('./work-cases.ts', import.meta.url));
afterAll(() => count.close());

async function workPerCharacter(name: string, as: As): Promise<number> {
  return (await count('scrub', name, SIZE, as)) / SIZE;
}

describe.each(Object.keys(HOSTILE))('%s', name => {
  test.each<As>(['statement', 'parameter'])('as a %s', async as => {
    expect(await workPerCharacter(name, as)).toBeLessThan(MOST);
  });
});

test('a statement without secrets is hardly read', async () => {
  expect(await workPerCharacter('nothing to scrub', 'statement')).toBeLessThan(MOST_OF_PLAIN);
});
