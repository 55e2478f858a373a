import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { CacheFile } from '../../src/lib/cache-file.js';
import { Disk } from '../../src/lib/disk.js';
import { ManualClock } from '../support/clock.js';
import { temporaryFolder } from '../support/temp.js';

const MINUTE = 60_000;

test('content that says nothing new is written once an hour, and at the end', async () => {
  const path = join(await temporaryFolder(), 'cache.json');
  const clock = new ManualClock('2026-11-21T20:40:00Z');
  const schema = z.object({ at: z.number(), who: z.string() });
  const report = { cacheFailed: () => undefined };
  const file = new CacheFile({ path, schema, clock, disk: new Disk(), report });
  const written: number[] = [];
  const say = async (who: string): Promise<void> => {
    const at = clock.now();
    const content = (): z.infer<typeof schema> => {
      written.push(at);
      return { at, who };
    };
    file.scheduleNews(content, { who });
    await clock.advance(MINUTE);
  };
  const start = clock.now();
  for (let minute = 0; minute < 90; minute += 1) await say('Kari');
  await expect.poll(() => written).toEqual([start, start + 60 * MINUTE]);
  await say('Ola');
  await expect.poll(() => written).toHaveLength(3);
  await say('Ola');
  await file.close();
  expect(written).toHaveLength(4);
  expect(JSON.parse(await readFile(path, 'utf8'))).toEqual({ at: start + 91 * MINUTE, who: 'Ola' });
});
