/** No text costs more than a few looks at each of its characters, however hostile. */

import { afterAll, describe, expect, test } from 'vitest';
import { workOf } from '../support/work.js';
import { HOSTILE } from './hostile.js';
import type { As } from './work-cases.js';

const SIZE = 200_000;
/** For each character; 56 is what the worst text takes. */
const MOST = 60;
/** Of a text that holds nothing of interest. */
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

test('a statement without secrets is hardly looked at', async () => {
  expect(await workPerCharacter('nothing to scrub', 'statement')).toBeLessThan(MOST_OF_PLAIN);
});
