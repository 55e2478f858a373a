/** A report counts exactly what was verified. */

import { generateKeyPairSync } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { openArchive } from '../../src/archive/store/location.js';
import { ALL_DAYS } from '../../src/archive/store/walk.js';
import { verifyArchive } from '../../src/archive/verify/verify.js';
import { readEvents } from '../../src/commands/report/read.js';
import type { NewEvent } from '../../src/event/event.js';
import { noReading, type Reading } from '../../src/report/reading.js';
import { makeReport } from '../support/report.js';
import { november, write } from '../support/reviewed.js';
import { byDay, writeSealed } from '../support/sealed.js';
import { temporaryFolder } from '../support/temp.js';

const LATER = write('2025-12-03T10:00:00.000Z', { user: 'Z990001' });

/** Verifies an archive, lets something happen to it, and reads it. */
async function readAfter(
  happen: (archive: string, events: readonly NewEvent[], names: readonly string[]) => Promise<unknown>,
): Promise<Reading & { ids: string[] }> {
  const archive = await temporaryFolder();
  const events = november();
  const { names } = await writeSealed(archive, byDay(events));
  const location = openArchive(archive);
  const verified = await verifyArchive(location);
  await happen(archive, events, names);
  const reading = noReading();
  const ids: string[] = [];
  for await (const { event } of readEvents(location, ALL_DAYS, verified, reading)) ids.push(event.id);
  return { ...reading, ids };
}

test('what is sealed after verification belongs to the next report', async () => {
  const { damages, ids } = await readAfter((archive, events) =>
    writeSealed(archive, byDay([...events, LATER])),
  );
  expect(damages).toEqual([]);
  expect(ids).not.toContain(LATER.id);
});

test('a chain that is not the verified one is reported', async () => {
  const { damages } = await readAfter(async (archive, events, names) => {
    const other = await writeSealed(
      await temporaryFolder(),
      byDay(events.with(0, { ...LATER, time: events[0]?.time ?? '' })),
    );
    expect(other.names).not.toEqual(names);
    const folder = await temporaryFolder();
    const changed = await writeSealed(folder, byDay(events.slice(1)));
    for (const [index, name] of names.entries())
      await writeFile(join(archive, name), await readFile(join(folder, changed.names[index] ?? '')));
  });
  expect(damages.map(({ what }) => what)).toEqual(['the chain is not the one that was verified just before']);
});

test('with a key, an archive without signatures is broken', async () => {
  const folder = await temporaryFolder();
  await writeSealed(join(folder, 'archive'), byDay(november()));
  const key = join(folder, 'key.pem');
  await writeFile(key, generateKeyPairSync('ed25519').publicKey.export({ type: 'spki', format: 'pem' }));
  const { code, path } = await makeReport(folder, { publicKey: [key] });
  const html = await readFile(path, 'utf8');
  expect(code).toBe(1);
  expect(html).toContain('the seal has no signature');
  expect(html).toContain(`--public-key ${key}`);
});
