/** Statements that are larger than one log entry. */

import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { joinNaisParts } from '../../src/deliver/logging/nais.js';
import { joinEvents } from '../../src/deliver/logging/split.js';
import type { AuditEvent } from '../../src/event/event.js';
import { startCloud } from '../support/cloud.js';
import { writeMessage } from '../support/csvlog.js';
import { numbered } from '../support/log.js';
import { runOnce, settings } from '../support/shipper.js';
import { temporaryFolder } from '../support/temp.js';

/** 3 MB, with characters of one to four bytes at every place where it may be cut. */
const STATEMENT = `UPDATE t SET a = 1 -- ${'å\u{1F600}"x,\n'.repeat(300_000)}`;
const PARAMETERS = ['kort', 'æ'.repeat(400_000), ''];

async function shipped(payload: 'event' | 'nais') {
  const cloud = await startCloud();
  const folder = await temporaryFolder();
  const path = join(folder, 'a.csv');
  await writeFile(path, numbered(1, { message: writeMessage(STATEMENT, PARAMETERS) }) + numbered(2));
  const { logging, ...others } = cloud.settings;
  const config = settings(folder, [path], { ...others, logging: { ...Object(logging), payload } });
  expect((await runOnce(folder, config)).code).toBe(0);
  const [event] = cloud.archived('statement');
  const parts = cloud.logging.shown.filter(entry => entry.insertId.startsWith(`${event?.id}/`));
  expect(parts.map(({ split }) => split)).toEqual(
    parts.map((_part, index) => ({ uid: event?.id, index, totalSplits: parts.length })),
  );
  return { event, parts: parts.map(part => part.payload) };
}

test('a statement of 3 MB is in the archive whole, and in Cloud Logging as entries that join to the same event', async () => {
  const { event, parts } = await shipped('event');
  expect(event?.audit).toMatchObject({ statement: STATEMENT, parameters: PARAMETERS });
  expect(parts.length).toBeGreaterThan(15);
  const events = parts.map((part): AuditEvent => JSON.parse(JSON.stringify(part)));
  expect(joinEvents(events)).toEqual(event);
});

test('the same in the form of Nais', async () => {
  const { parts } = await shipped('nais');
  const whole = joinNaisParts(parts);
  expect(whole.sqlStatement).toBe(STATEMENT);
  expect(whole.sqlParameters).toBe(PARAMETERS.join(','));
  expect(whole.originalMessage).toBe(writeMessage(STATEMENT, PARAMETERS));
});
