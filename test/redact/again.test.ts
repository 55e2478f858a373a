import fc from 'fast-check';
import { expect, test } from 'vitest';
import { findSecrets } from '../../src/redact/find.js';
import { createRedactor } from '../../src/redact/redact.js';

const statement = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 60 }),
  fc.constantFrom(
    'UPDATE t SET a = $1 WHERE b = $2',
    'UPDATE users SET password = $1 WHERE b = $2',
    "ALTER ROLE kari PASSWORD 'hunter2hunter'",
    'SELECT set_config($1, $2, false)',
    "INSERT INTO t VALUES ('x', $1)",
  ),
);
const parameter = fc.oneof(
  fc.stringMatching(/^[\d.-]{1,64}$/),
  fc.constantFrom('smtp.password', 'hunter2hunter', '{a,password}', 't', ''),
  fc.string({ unit: 'binary', maxLength: 20 }),
);

test('a text that was looked at before is redacted as if it were the first', () => {
  const used = createRedactor([]);
  const same = fc.property(statement, fc.array(parameter, { maxLength: 3 }), (text, parameters) => {
    for (const texts of [
      { statement: text, parameters },
      { statement: text, parameters: null },
    ])
      expect(used(texts)).toEqual(createRedactor([])(texts));
  });
  fc.assert(same, { numRuns: 3000 });
});

test('nothing in a number, a date or an address tells that it is a secret', () => {
  const plain = fc.property(fc.stringMatching(/^[\d.-]{1,64}$/), text => {
    for (const code of [true, false])
      expect(findSecrets(text, code)).toEqual({ ranges: [], parameters: new Map(), isFromName: false });
  });
  fc.assert(plain, { numRuns: 3000 });
});
