import { afterEach, describe, expect, test } from 'vitest';
import type { Audit } from '../../src/event/audit.js';
import { createRelationParser, type RelationParser, relationsOf } from '../../src/relations/relations.js';
import type { Unparsable } from '../../src/relations/thread.js';
import { written } from '../support/relations.js';

const reasons: Unparsable[] = [];
const parsers: RelationParser[] = [];

function startParser(): RelationParser {
  const parser = createRelationParser({ unparsable: reason => reasons.push(reason) });
  parsers.push(parser);
  return parser;
}

afterEach(async () => {
  await Promise.all(parsers.splice(0).map(parser => parser.close()));
  reasons.length = 0;
});

function audit(changes: Partial<Audit>): Audit {
  return {
    type: 'SESSION',
    statementId: 1,
    substatementId: 1,
    class: 'WRITE',
    command: 'UPDATE',
    objectType: null,
    objectName: null,
    statement: 'UPDATE konto SET a = 1',
    parameters: [],
    rows: null,
    ...changes,
  };
}

describe('the relations of a statement', () => {
  test('are what pgAudit names, without asking the parser', () => {
    const named = audit({ objectType: 'TABLE', objectName: 'public.konto', statement: 'not SQL' });
    expect(relationsOf(named, startParser())).toEqual({
      objects: ['public.konto'],
      objectsFrom: 'pgaudit',
    });
    expect(reasons).toEqual([]);
  });

  test('are what the statement names, if pgAudit names none', async () => {
    const truncate = audit({ command: 'TRUNCATE TABLE', statement: 'TRUNCATE s.b, a' });
    expect(await relationsOf(truncate, startParser())).toEqual({
      objects: ['a', 's.b'],
      objectsFrom: 'parsed',
    });
  });

  test.each<[string, Partial<Audit>, Unparsable[]]>([
    ['of another class', { class: 'READ', objectType: 'TABLE', objectName: 'public.konto' }, []],
    ['that was not logged', { statement: null }, []],
    // A function with an SQL body is logged so.
    ['without text', { statement: '' }, []],
    ['that is not SQL', { statement: 'UPDATE' }, ['syntax']],
    ['that is too large', { statement: `UPDATE t SET a='${'x'.repeat(300_000)}'` }, ['size']],
  ])('are none for one %s', async (_name, changes, counted) => {
    expect(await relationsOf(audit(changes), startParser())).toEqual({});
    expect(reasons).toEqual(counted);
  });
});

test('a statement that cannot be parsed counts on each request', async () => {
  const parser = startParser();
  expect(await written(parser, 'UPDATE')).toBeNull();
  expect(await written(parser, 'UPDATE')).toBeNull();
  expect(reasons).toEqual(['syntax', 'syntax']);
});

test('concurrent statements each get their own answer', async () => {
  const parser = startParser();
  const tables = Array.from({ length: 500 }, (_, i) => `t${i % 250}`);
  const answers = await Promise.all(tables.map(table => written(parser, `DELETE FROM ${table}`)));
  expect(answers).toEqual(tables.map(table => [table]));
});

test('a closed parser answers null, also to earlier requests', async () => {
  const parser = startParser();
  await written(parser, 'SELECT 1');
  const slow = written(parser, `${'/*'.repeat(6e4)}${'*/'.repeat(6e4)}`);
  const next = written(parser, 'UPDATE konto SET a = 1');
  await new Promise(resolve => setImmediate(resolve));
  await parser.close();
  expect(await Promise.all([slow, next, written(parser, 'UPDATE a SET a = 1')])).toEqual([null, null, null]);
  expect(reasons).toEqual(['crash', 'unavailable', 'unavailable']);
  await parser.close();
});

test('an unused parser closes at once', () => startParser().close());
