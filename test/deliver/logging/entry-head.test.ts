/** What is read off a line's bytes is what parsing it gives, or nothing. */

import fc from 'fast-check';
import { expect, test } from 'vitest';
import { headOf, readHead } from '../../../src/deliver/logging/entry-head.js';
import type { AuditEvent } from '../../../src/event/event.js';
import { contentOf, link, newChain } from '../../../src/journal/chain.js';
import { Lines } from '../../../src/lib/line-buffer.js';

/** Texts that look like what is searched for, among others. */
const tricky = fc.constantFrom(
  '","session":{"id":"x",',
  ',"audit":{"type":"SESSION","statementId":1,"substatementId":1,"class":"DDL","command":"X",',
  ',"virtualTransactionId":"9/9"',
  '\\","session":{"id":"x",\\',
  '}}\n,"kind":"seal"',
  'Kåre',
  '',
);
const texts = fc.oneof(
  { weight: 3, arbitrary: fc.stringMatching(/^[a-z_0-9 ]{0,12}$/) },
  tricky,
  fc.string({ unit: 'binary', maxLength: 12 }),
);

const statements = fc.record({
  user: texts,
  database: fc.option(texts),
  command: texts,
  statement: fc.option(texts),
  parameters: fc.option(fc.array(texts)),
  application: fc.option(texts),
  virtualTransactionId: fc.option(texts),
  name: texts,
  identity: fc.option(texts),
});

function lineOf(fields: typeof statements extends fc.Arbitrary<infer T> ? T : never): Buffer {
  const { user, database, command, statement, parameters, application, virtualTransactionId, name } = fields;
  const lines = new Lines();
  const content = contentOf({
    kind: 'statement',
    id: `i/6b.1/4`,
    time: '2026-11-21T20:40:01.123Z',
    receivedAt: '2026-11-21T20:40:01.180Z',
    instance: 'i',
    node: 'n',
    database,
    actor: { user, status: 'resolved', name, resolvedBy: [] },
    audit: {
      type: 'SESSION',
      statementId: 1,
      substatementId: 1,
      class: 'WRITE',
      command,
      objectType: null,
      objectName: null,
      statement,
      parameters,
      rows: null,
    },
    session: {
      id: '6b.1',
      line: 4,
      startedAt: null,
      pid: 1,
      client: null,
      port: null,
      application,
      transactionId: '0',
      virtualTransactionId,
      authentication: { identity: fields.identity, method: 'cert' },
    },
    source: { file: 'a.csv', fileId: 'f', offset: 0, length: 1 },
  });
  link(newChain(0), content, lines);
  return Buffer.concat(lines.chunks).subarray(0, -1);
}

test('of any statement', () => {
  let read = 0;
  fc.assert(
    fc.property(statements, fields => {
      const line = lineOf(fields);
      const event: AuditEvent = JSON.parse(line.toString());
      const head = readHead(line);
      if (head !== null) read += 1;
      expect(head ?? headOf(event)).toEqual(headOf(event));
    }),
    { numRuns: 2000 },
  );
  expect(read).toBeGreaterThan(100);
});

test('other kinds, and what is no line, are left to the parser', () => {
  for (const text of ['', '{}', '{"v":1,"chain":"c","seq":1,"previousHash":"","kind":"seal","id":"i"}'])
    expect(readHead(Buffer.from(text))).toBeNull();
});
