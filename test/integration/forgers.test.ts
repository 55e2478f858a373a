/** A hostile person at a real PostgreSQL: nothing that was not executed becomes a statement (I2). */

import { beforeAll, expect, test } from 'vitest';
import { installedMajors } from '../../demo/postgres.js';
import { startCloud } from '../support/cloud.js';
import type { Attempt } from '../support/forgers.js';
import { isWrong, outcomeOf, report } from '../support/forgers-compare.js';
import { LANGUAGE_ATTEMPTS } from '../support/forgers-languages.js';
import { NAME_ATTEMPTS } from '../support/forgers-names.js';
import { RAISE_ATTEMPTS } from '../support/forgers-raise.js';
import { addLanguages, execute, isPossible, readLog, startServer } from '../support/forgers-run.js';
import { SERVER_ATTEMPTS } from '../support/forgers-server.js';
import { TEXT_ATTEMPTS } from '../support/forgers-text.js';
import { eventually, Shipper, settings } from '../support/shipper.js';
import { temporaryFolder } from '../support/temp.js';

const ATTEMPTS: readonly Attempt[] = [
  ...TEXT_ATTEMPTS,
  ...NAME_ATTEMPTS,
  ...RAISE_ATTEMPTS,
  ...SERVER_ATTEMPTS,
  ...LANGUAGE_ATTEMPTS,
];

/** The user whose statement shows that everything was read. */
const LAST = 'Z990699';

beforeAll(() => {
  if (installedMajors().length === 0)
    throw new Error('No PostgreSQL with pgAudit is installed: run `npm run setup`.');
});

test('whatever a hostile person tries, the statements are those that were executed, under their names (I2)', async () => {
  const postgres = await startServer();
  const languages = await addLanguages(postgres);
  const cloud = await startCloud();
  const folder = await temporaryFolder();
  const filter = { personalUsers: ['^[A-Z]\\d{6}$'], serviceUsers: ['^postgres$'], otherUsers: 'ship' };
  const config = settings(folder, [postgres.logPattern], { ...cloud.settings, filter });
  const shipper = await Shipper.start(folder, config);

  const executed = await execute(
    postgres,
    ATTEMPTS.filter(attempt => isPossible(attempt, postgres, languages)),
  );
  await postgres.query('postgres', `CREATE ROLE "${LAST}" LOGIN`);
  await postgres.query(LAST, 'DELETE FROM t WHERE false');
  await eventually(async () => cloud.logging.shown.some(entry => entry.labels.user === LAST));
  expect(await shipper.stop()).toBe(0);

  const events = cloud.archived().filter(({ kind }) => ['statement', 'suspect', 'gap'].includes(kind));
  const log = await readLog(postgres.logs);
  const outcomes = executed.map(one => outcomeOf(one, events, log));
  process.stdout.write(report(outcomes, ATTEMPTS.length));

  expect(outcomes.filter(isWrong)).toEqual([]);
  const counted = outcomes.reduce(
    (total, { statements, suspects, gaps }) => total + statements + suspects + gaps,
    0,
  );
  expect(events.slice(counted).map(({ actor }) => actor?.user)).toEqual([LAST]);
  const shown = new Set(cloud.logging.shown.map(({ payload }) => payload.id));
  expect(cloud.archived().filter(({ id }) => !shown.has(id))).toEqual([]);
});
