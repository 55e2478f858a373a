/** A text of only secrets takes a few times its own size of memory, and no more. */

import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';

const RUN = fileURLToPath(new URL('./memory-run.ts', import.meta.url));
const SIZE = 60 * 1024 * 1024;
/** Memory as a multiple of the text, with the text and without Node.js. */
const MOST = 5;

interface Told {
  readonly length: number;
  readonly count: number;
  readonly most: number;
  readonly base: number;
}

async function scrub(name: string, prefix: string): Promise<Told> {
  const { stdout } = await promisify(execFile)(process.execPath, [RUN, name, String(SIZE), prefix]);
  return JSON.parse(stdout);
}

test.each([
  ['', '"pw=a " again and again'],
  ['', "\"pw=''a'', \" again and again"],
  ['E', "\"pw=''a'', \" again and again"],
  ['E', '"pw=\\\\n" again and again'],
])(
  "%s'%s'",
  async (prefix, name) => {
    const { length, count, most, base } = await scrub(name, prefix);
    expect(count).toBeGreaterThan(50_000);
    expect((most - base) / length).toBeLessThan(MOST);
  },
  60_000,
);
