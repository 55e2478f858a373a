/** The bytes of a record that is not UTF-8: they are kept only if no secret is in them, wherever and however written. */

import { describe, expect, test } from 'vitest';
import { decoderFor } from '../../../src/audit/encodings.js';
import { decide } from '../../../src/daemon/records/record.js';
import { Expression } from '../../../src/lib/expression.js';
import { createRedactor } from '../../../src/redact/redact.js';
import { type Columns, csvRecord, writeMessage } from '../../support/csvlog.js';
import { recordOf } from '../../support/frames.js';
import { decidersOf } from '../../support/skipped.js';

const STATEMENT = { message: writeMessage("UPDATE t SET a='Kåre'") };
const SUSPECT = { message: 'AUDIT: Kåre', context: 'PL/pgSQL function f() line 1 at RAISE' };
const PATTERNS = ['kode på (\\d+)', 'ключ (\\d+)'];

/** The raw record, as LATIN1 writes it. */
async function rawOf(columns: Partial<Columns>, encoding: string | null = null): Promise<string | undefined> {
  const record = recordOf(Buffer.from(csvRecord(columns), 'latin1'));
  const reading = { file: { fileId: 'f', path: '/log/a.csv' }, record, now: 1 };
  const redact = createRedactor(PATTERNS.map(source => new Expression(source).compiled));
  const deciders = decidersOf({ redact, decoderOf: () => decoderFor(encoding) });
  const result = await decide(record, reading, deciders);
  if (result.outcome === 'dropped') expect.fail(result.reason);
  const event = await result.event;
  if (event.kind !== 'statement' && event.kind !== 'suspect') expect.fail(event.kind);
  const { raw } = event.source;
  return raw === undefined ? undefined : Buffer.from(raw, 'base64').toString('latin1');
}

const whole = (columns: Partial<Columns>): string => csvRecord(columns).slice(0, -1);

describe.each([null, 'LATIN1'])('with encoding %s', encoding => {
  test.each([
    ['a statement', STATEMENT],
    ['a suspect', SUSPECT],
    [
      'a suspect with a statement around it',
      { ...SUSPECT, query: "DO $$BEGIN RAISE LOG 'AUDIT: Kåre'; END$$" },
    ],
  ])('%s without a secret has its bytes', async (_name, columns) => {
    expect(await rawOf(columns, encoding)).toBe(whole(columns));
  });

  test('a record in UTF-8 has none', async () => {
    expect(await rawOf({ message: writeMessage('UPDATE t') }, encoding)).toBeUndefined();
  });

  const COLUMNS = ['detail', 'hint', 'internalQuery', 'context', 'query', 'location', 'application'] as const;
  test.each(COLUMNS)('a secret in the %s is not in the raw record', async column => {
    for (const secret of [
      'password=S3CR3T',
      "ALTER USER x PASSWORD 'S3CR3T'",
      'postgres://u:S3CR3T@h/db',
      `UPDATE t SET "løsenord"='S3CR3T'`,
      'api_nøkkel: S3CR3T',
      'kode på 123456',
    ])
      expect(await rawOf({ ...SUSPECT, [column]: secret }, encoding)).toBeUndefined();
  });

  test.each([
    ['application_name', { ...STATEMENT, application: 'postgres://u:S3CR3T@h/db' }],
    ['user', { ...STATEMENT, user: 'Zpassword=S3CR3T' }],
    ['database', { ...STATEMENT, database: 'password=S3CR3T' }],
    ['parameters', { message: writeMessage("UPDATE t SET a='Kåre', password=$1", ['S3CR3T']) }],
    ['parameters of a Nordic name', { message: writeMessage('UPDATE t SET løsenord=$1', ['S3CR3T']) }],
    ['message', { ...SUSPECT, message: 'AUDIT: Kåre\nPassword: S3CR3T' }],
  ])('a secret in a statement’s %s is not in the raw record', async (_name, columns) => {
    expect(await rawOf(columns, encoding)).toBeUndefined();
  });

  test('nor is a parameter that only a number names', async () => {
    const context = "portal with parameters: $1 = 'S3CR3T'\nPL/pgSQL function f() line 1 at RAISE";
    expect(await rawOf({ ...SUSPECT, context, query: 'SELECT f($1)' }, encoding)).toBeUndefined();
  });
});

test('one column may be UTF-8, whatever the record is and the database should be', async () => {
  const utf8 = (text: string): string => Buffer.from(text).toString('latin1');
  const written = {
    message: writeMessage(utf8('INSERT INTO u (a, løsenord) VALUES ($1, $2)'), ['Kåre', 'S3CR3T']),
  };
  for (const encoding of [null, 'LATIN1']) {
    expect(await rawOf({ ...SUSPECT, detail: utf8('løsenord=S3CR3T') }, encoding)).toBeUndefined();
    expect(await rawOf(written, encoding)).toBeUndefined();
  }
});

test('a text is also read in the database’s encoding', async () => {
  // `ключ 123456` in KOI8R.
  const detail = Buffer.from('cbccc0de20313233343536', 'hex').toString('latin1');
  expect(await rawOf({ ...SUSPECT, detail }, 'KOI8R')).toBeUndefined();
});
