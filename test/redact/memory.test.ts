/** A text that is nothing but secrets takes a few times its own size of memory, and no more. */

import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';

const RUN = fileURLToPath(new URL('./memory-run.ts', import.meta.url));
const SIZE = 60 * 1024 * 1024;
/** Times the text, with it and with node. */
const MOST = 6;

interface Told {
  readonly length: number;
  readonly count: number;
  readonly most: number;
}

async function scrub(name: string, size: number): Promise<Told> {
  const { stdout } = await promisify(execFile)(process.execPath, [RUN, name, String(size)]);
  return JSON.parse(stdout);
}

test.each(['"pw=a " again and again', "\"pw=''a'', \" again and again"])(
  '%s',
  async name => {
    const { length, count, most } = await scrub(name, SIZE);
    expect(count).toBeGreaterThan(50_000);
    expect(most / length).toBeLessThan(MOST);
  },
  60_000,
);
