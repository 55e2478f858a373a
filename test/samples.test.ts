/** The recorded logs of real servers, compared with events that Python's csv module and zoneinfo made of them. */

import { readdirSync, readFileSync } from 'node:fs';
import { copyFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { archived, logged, oneSegment, runOnce, settings } from './support/shipper.js';
import { temporaryFolder } from './support/temp.js';

const SAMPLES = fileURLToPath(new URL('../demo/recorded', import.meta.url));
const EXPECTED = fileURLToPath(new URL('fixtures/recorded', import.meta.url));
const names = readdirSync(SAMPLES).filter(name => name.endsWith('.csv'));

test('all samples are here', () => {
  expect(names).toHaveLength(7);
});

test.each(names)('%s: exactly the right events, field by field, and counts that add up', async name => {
  const folder = await temporaryFolder();
  const expected = JSON.parse(readFileSync(join(EXPECTED, name.replace('.csv', '.expected.json')), 'utf8'));
  await copyFile(join(SAMPLES, name), join(folder, name));

  const { code } = await runOnce(folder, settings(folder, [join(folder, '*.csv')], oneSegment(folder)));

  expect(code).toBe(0);
  const ofLog = (await archived(folder)).filter(({ kind }) =>
    ['statement', 'failure', 'suspect'].includes(kind),
  );
  const events = ofLog.map(({ v, chain, seq, previousHash, receivedAt, source, ...rest }) => {
    const { fileId, ...place } = source ?? { fileId: '' };
    expect([v, typeof chain, typeof seq, previousHash.length, fileId.length]).toEqual([
      1,
      'string',
      'number',
      64,
      32,
    ]);
    expect(receivedAt).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
    return { ...rest, source: place };
  });
  expect(events).toEqual(expected.events);
  const doubts = (await archived(folder)).filter(({ kind }) => ['gap', 'unaudited'].includes(kind));
  expect(doubts).toEqual([]);
  const seals = (await archived(folder, 'seal')).flatMap(event => event.seal?.coverage ?? []);
  expect(seals.map(({ file, from, to, records }) => ({ file, from, to, records }))).toEqual([
    { file: name, from: 0, to: readFileSync(join(SAMPLES, name)).length, records: expected.records },
  ]);
});

test.each(names)('%s: the log entries have the same events as the archive', async name => {
  const folder = await temporaryFolder();
  await copyFile(join(SAMPLES, name), join(folder, name));
  await runOnce(folder, settings(folder, [join(folder, '*.csv')]));
  const bySeq = (await logged(folder)).sort((a, b) => a.seq - b.seq);
  expect(bySeq).toEqual(await archived(folder));
});
