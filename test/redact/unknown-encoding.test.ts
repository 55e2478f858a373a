/** Names of secrets in a database whose encoding is unknown. */

import { expect, test } from 'vitest';
import { createRedactor } from '../../src/redact/redact.js';

const redact = createRedactor([]);

/** As a text comes from a log that is not UTF-8: each letter of LATIN1 that is not ASCII becomes U+FFFD. */
const fromLatin1 = (text: string): string => Buffer.from(text, 'latin1').toString('utf8');

test.each([
  ...['løsenord', 'lösenord', 'LØSENORD', 'løyndord', 'aðgangsorð', 'contraseña', 'nytt_løsenord_2'],
  ...['api_nøkkel', 'krypteringsnøgle', 'åtkomstnyckel', 'säkerhetsnyckel', 'pääsykoodi', 'api_schlüssel'],
])('%s in LATIN1 names a secret', name => {
  const read = fromLatin1(`UPDATE t SET "${name}"='S3CR3T', a='{"${name}": "S3CR3T"}', ${name} = $1`);
  const { statement, parameters } = redact({ statement: read, parameters: ['S3CR3T'] });
  expect(statement).not.toContain('S3CR3T');
  expect(parameters).toEqual(['<redacted>']);
  expect(redact({ statement: null, parameters: [fromLatin1(`${name}=S3CR3T`)] }).count).toBe(1);
});

test('the name may come as a value itself', () => {
  const statement = 'INSERT INTO setting (name, value) VALUES ($1, $2)';
  const { parameters } = redact({ statement, parameters: [fromLatin1('api_nøkkel'), 'S3CR3T'] });
  expect(parameters?.[1]).toBe('<redacted>');
});

test('other words with such letters are no secrets', () => {
  const text = fromLatin1(
    "UPDATE t SET blåbær='S3CR3T', nøkkelord='S3CR3T', løsning='S3CR3T' WHERE å='S3CR3T'",
  );
  expect(redact({ statement: text, parameters: null }).count).toBe(0);
  // As Windows-1251 writes Cyrillic: nothing is left of a name.
  const cyrillic = Buffer.concat([Buffer.from('UPDATE t SET '), Buffer.from('efe0f0eeebfc', 'hex')]);
  const read = `${cyrillic.toString('utf8')} = 'S3CR3T'`;
  expect(redact({ statement: read, parameters: null }).count).toBe(0);
});
