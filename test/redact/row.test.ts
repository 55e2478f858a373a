import { expect, test } from 'vitest';
import { createRedactor } from '../../src/redact/redact.js';
import { redactRow } from '../../src/redact/row.js';

const redact = createRedactor([]);
const NOTHING = { key: null, old: null, new: null, claimed: null };

function redacted(values: Parameters<typeof redactRow>[0]['new']): [unknown, number] {
  const { new: after, count } = redactRow({ ...NOTHING, new: values }, redact);
  return [after, count];
}

test('by the name of the column', () => {
  expect(redacted({ passord: 'hemmelig', api_key: 12, token: true, password_changed: '2026-01-01' })).toEqual(
    [{ passord: '<redacted>', api_key: '<redacted>', token: true, password_changed: '2026-01-01' }, 2],
  );
});

test('in a value: a URL with a password, and JSON within', () => {
  expect(
    redacted({ url: 'postgres://app:s3cret@db/x', innhold: { user: 'ola', password: 's3cret', n: [1] } }),
  ).toEqual([
    { url: 'postgres://app:<redacted>@db/x', innhold: { user: 'ola', password: '<redacted>', n: [1] } },
    2,
  ]);
});

test('another column names it, as in a table of settings; its key and plain values stay', () => {
  const setting = { key: 'smtp_password', value: 's3cret!' };
  expect(redactRow({ ...NOTHING, key: { key: 'smtp_password' }, new: setting }, redact)).toMatchObject({
    key: { key: 'smtp_password' },
    new: { key: 'smtp_password', value: '<redacted>' },
    count: 1,
  });
  const update = {
    key: { navn: 'db.password' },
    old: { verdi: 'Sommer26' },
    new: { verdi: { v: 'Host26' } },
  };
  expect(redactRow({ ...NOTHING, ...update }, redact)).toMatchObject({
    old: { verdi: '<redacted>' },
    new: { verdi: '<redacted>' },
    count: 2,
  });
  expect(redacted({ id: 1, navn: 'API_KEY', tekst: 'for kart', annet: 'k4rt-9x', aktiv: true })).toEqual([
    { id: 1, navn: 'API_KEY', tekst: 'for kart', annet: '<redacted>', aktiv: true },
    1,
  ]);
  const key = { id: 'b8f9c125-c24b-4c9c-88a6-5bce5ab7a9c5' };
  const keyed = { key, old: null, new: { ...key, name: 'password', value: '' }, claimed: null };
  expect(redactRow(keyed, redact)).toEqual({ ...keyed, count: 0 });
  expect(redacted({ key: 'theme', value: 'm0rk-2' })).toEqual([{ key: 'theme', value: 'm0rk-2' }, 0]);
});

test('in lists, too', () => {
  expect(redacted({ name: ['smtp_user', 'smtp_password'], value: ['ola', 'hunter2'] })).toEqual([
    { name: ['smtp_user', 'smtp_password'], value: '<redacted>' },
    1,
  ]);
});

test('a word names it in a column that is not for names, too, if the value is one word that is not plain', () => {
  expect(redacted({ type: 'password', value: 'hunter2' })).toEqual([
    { type: 'password', value: '<redacted>' },
    1,
  ]);
  expect(redacted({ slag: 'token', verdi: 'a9!kQ' })).toEqual([{ slag: 'token', verdi: '<redacted>' }, 1]);
});

test.each([
  { dokumenttype: 'PASS', data: [], tekst: 'Avtalt i 2026' },
  { id: 7, tittel: 'Salt', innhold: 'Kjøkkensalt (NaCl) er et mineral, nr. 1 i 2026' },
  { id: 7, method: 'pin', sak: 'SAK-2026-00123' },
  { id: 7, type: 'password', user_id: 'a1b2c3d4e5f6' },
  { name: 'smtp_password', value: '', endret_av: 'srvabc12345' },
  { name: 'smtp_password', data: { side: 1, tekst: 'forside' } },
  { name: 'smtp_password', data: [] },
])('what is no secret’s name or value stays: %j', row => {
  expect(redacted(row)).toEqual([row, 0]);
});

test('key, old and new values alike; what is empty or scrubbed already stays', () => {
  const row = {
    key: { secret: 'a' },
    old: { passord: null },
    new: { passord: '', pwd: '<redacted>', __proto__: null },
    claimed: null,
  };
  expect(redactRow(row, redact)).toEqual({
    key: { secret: '<redacted>' },
    old: { passord: null },
    new: { passord: '', pwd: '<redacted>' },
    claimed: null,
    count: 1,
  });
});

test('a column named __proto__ is one like any other', () => {
  const values = JSON.parse('{"__proto__": "x", "passord": "y"}');
  const { new: after } = redactRow({ ...NOTHING, new: values }, redact);
  expect(JSON.stringify(after)).toBe('{"__proto__":"x","passord":"<redacted>"}');
});

test('in what the session says of its user', () => {
  const claimed = 'Kari, password=s3cret';
  expect(redactRow({ ...NOTHING, claimed }, redact)).toEqual({
    ...NOTHING,
    claimed: 'Kari, password=<redacted>',
    count: 1,
  });
});
