/** Texts that clients choose, and that are no SQL: no secret in them is shipped. */

import { expect, test } from 'vitest';
import { decide } from '../../../src/daemon/records/record.js';
import type { NewEvent } from '../../../src/event/event.js';
import { type Columns, csvRecord } from '../../support/csvlog.js';
import { recordOf } from '../../support/frames.js';
import { decidersOf } from '../../support/skipped.js';

async function eventOf(columns: Partial<Columns>): Promise<NewEvent> {
  const record = recordOf(Buffer.from(csvRecord(columns)));
  const reading = { file: { fileId: 'f', path: '/log/a.csv' }, record, now: 1 };
  const result = await decide(record, reading, decidersOf());
  return result.outcome === 'dropped' ? expect.fail(result.reason) : await result.event;
}

const TEXTS = [
  ['password=S3CR3T', 'password=<redacted>'],
  ['host=h password=S3CR3T', 'host=h password=<redacted>'],
  ['Password: S3CR3T', 'Password: <redacted>'],
  ['{"password": "S3CR3T"}', '{"password": "<redacted>"}'],
  ['postgres://u:S3CR3T@h/db', 'postgres://u:<redacted>@h/db'],
  ["ALTER USER x PASSWORD 'S3CR3T'", "ALTER USER x PASSWORD '<redacted>'"],
] as const;

test.each(TEXTS)('%s as application_name', async (application, scrubbed) => {
  expect(await eventOf({ application })).toMatchObject({ session: { application: scrubbed } });
});

test.each(TEXTS)('%s as a message that a function raised', async (raised, scrubbed) => {
  const raising = { context: 'PL/pgSQL function f() line 1 at RAISE' };
  expect(await eventOf({ ...raising, message: `AUDIT: ${raised}` })).toMatchObject({
    suspect: { message: `AUDIT: ${scrubbed}`, redacted: 1 },
  });
});

test.each(['password=S3CR3T', 'Password: S3CR3T'])(
  '%s as the statement of a payload that is made up',
  async raised => {
    const raising = { context: 'PL/pgSQL function f() line 1 at RAISE' };
    expect(
      await eventOf({ ...raising, message: `AUDIT: SESSION,1,1,WRITE,UPDATE,,,${raised},<none>` }),
    ).toMatchObject({ suspect: { message: expect.not.stringContaining('S3CR3T'), redacted: 1 } });
  },
);

test.each(['psql', 'pgAdmin 4 - CONN:4242123', 'token-service', 'DBeaver 23.1 - SQLEditor <Script-12.sql>'])(
  '%s stays as it is',
  async application => {
    expect(await eventOf({ application })).toMatchObject({ session: { application } });
    const message = `AUDIT: ${application}`;
    expect(await eventOf({ message })).toHaveProperty('suspect', { reason: 'fields', message });
  },
);
