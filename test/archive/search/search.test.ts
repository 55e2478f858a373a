/** What each condition of a search means: expectations by hand. */

import { describe, expect, test } from 'vitest';
import type { Query } from '../../../src/archive/search/query.js';
import type { NewEvent } from '../../../src/event/event.js';
import { rowEvent } from '../../support/row-event.js';
import {
  failureOf,
  gap,
  searchAll,
  statement,
  storeOf,
  suspectOf,
  textsOf,
  unauditedOf,
  writeArchive,
} from '../../support/search.js';

const OLA = { user: 'ola.nordmann@nav.no', name: 'Ola Nordmann', email: 'ola.nordmann@nav.no' };

/** Each statement's text is its own. */
const EVENTS: readonly NewEvent[] = [
  statement({
    audit: { statement: 'UPDATE konto SET a = 1', objects: ['public.konto'], objectsFrom: 'pgaudit' },
  }),
  statement({
    audit: {
      statement: 'UPDATE kunde SET b = 1',
      objects: ['crm.kunde', 'public.konto'],
      objectsFrom: 'pgaudit',
    },
  }),
  statement({
    ...OLA,
    time: '2026-11-21T23:59:59.999Z',
    audit: { command: 'DELETE', statement: 'DELETE FROM konto', objects: ['konto'], objectsFrom: 'parsed' },
  }),
  statement({
    ...OLA,
    time: '2026-11-22T00:00:00.000Z',
    audit: { command: 'TRUNCATE TABLE', statement: 'TRUNCATE arkiv.konto' },
  }),
  statement({
    time: '2026-11-22T08:00:00.000Z',
    database: 'regnskap',
    audit: {
      class: 'DDL',
      command: 'ALTER TABLE',
      objectType: 'TABLE',
      objectName: 'public."Konto"',
      statement: 'ALTER TABLE "Konto" ADD c int',
    },
  }),
  statement({
    user: 'v-oidc-Z990003-abc',
    name: 'Åse "Ås" Øye',
    email: 'ase.oye@nav.no',
    session: { id: '6b0201a2.0001' },
    audit: {
      statement: 'INSERT INTO kontoplan VALUES ($1)',
      command: 'INSERT',
      parameters: ['Blåbærsyltetøy', 'NULL'],
    },
  }),
  statement({
    ...OLA,
    time: '2026-11-23T10:00:00.000Z',
    database: null,
    audit: { class: 'ROLE', command: 'GRANT', statement: 'GRANT SELECT ON konto TO x', parameters: null },
  }),
  statement({
    time: '2026-11-23T11:00:00.000Z',
    audit: { statement: null, parameters: null, command: 'INSERT' },
  }),
];

async function find(query: Partial<Query>): Promise<(string | null | undefined)[]> {
  const objects = await writeArchive(null, [{ date: '2026-11-21', events: EVENTS }]);
  return textsOf(await searchAll(storeOf(objects), { kinds: ['statement'], ...query }));
}

const TEXTS = [
  'UPDATE konto SET a = 1',
  'UPDATE kunde SET b = 1',
  'DELETE FROM konto',
  'TRUNCATE arkiv.konto',
  'ALTER TABLE "Konto" ADD c int',
  'INSERT INTO kontoplan VALUES ($1)',
  'GRANT SELECT ON konto TO x',
  null,
] as const;

test.each<[string, Partial<Query>, number[]]>([
  ['nothing', {}, [0, 1, 2, 3, 4, 5, 6, 7]],
  ['a user', { user: 'Z990001' }, [0, 1, 4, 7]],
  ['a user, whose case counts', { user: 'z990001' }, []],
  ['a user in part', { user: 'Z99' }, []],
  ['a user with a wildcard', { user: 'v-oidc-*' }, [5]],
  ['a user with wildcards all over', { user: '*@nav*' }, [2, 3, 6]],
  ['a user with signs of expressions', { user: 'ola.n.rdmann*' }, []],
  ['a person by name', { actor: 'kari' }, [0, 1, 4, 7]],
  ['a person by part of the e-mail', { actor: 'OLA.NORDMANN@' }, [2, 3, 6]],
  ['a person by id', { actor: 'z990003' }, [5]],
  ['a person with letters and quotes of JSON', { actor: 'åse "ås" øye' }, [5]],
  ['a person, not the login role alone', { actor: 'psql' }, []],
  ['a class', { classes: ['DDL'] }, [4]],
  ['two classes', { classes: ['DDL', 'ROLE'] }, [4, 6]],
  ['a command', { commands: ['DELETE'] }, [2]],
  ['commands with a wildcard', { commands: ['DELETE', 'TRUNCATE*'] }, [2, 3]],
  ['a session', { session: '6b0201a2.0001' }, [5]],
  ['a session in part', { session: '6b0201a2' }, []],
  ['a text of a statement', { text: 'set B' }, [1]],
  ['a text of a parameter', { text: 'BLÅBÆR' }, [5]],
  ['a text over two parameters', { text: 'tøyNULL' }, []],
  ['a text with quotes of JSON', { text: '"konto"' }, [4]],
  ['a text that only other fields hold', { text: 'psql' }, []],
  ['times from a moment', { since: '2026-11-22T00:00:00.000Z' }, [3, 4, 6, 7]],
  ['times before a moment', { before: '2026-11-22T00:00:00.000Z' }, [0, 1, 2, 5]],
  ['several conditions', { user: 'Z990001', classes: ['WRITE'], commands: ['UPDATE'], text: 'kunde' }, [1]],
])('%s', async (_what, query, expected) => {
  expect(await find(query)).toEqual(expected.map(index => TEXTS[index]));
});

test('what touches auditing is found by its mark, and not by a text that looks like it', async () => {
  const marked = (some: object): NewEvent =>
    statement({
      audit: { command: 'ALTER SYSTEM', statement: 'ALTER SYSTEM RESET ALL', sensitive: true, ...some },
    });
  const long = `SET x = '${'x'.repeat(70_000)}'`;
  const other = statement({ audit: { statement: '"sensitive":true', parameters: ['"sensitive":true'] } });
  const events = [marked({}), other, marked({ statement: long }), rowEvent({ new: { sensitive: true } })];
  const objects = await writeArchive(null, [{ date: '2026-11-21', events }]);
  const { found } = await searchAll(storeOf(objects), { isSensitive: true });
  expect(found.map(({ event }) => event.audit?.statement)).toEqual(['ALTER SYSTEM RESET ALL', long]);
});

test('what pgAudit did not log has a class and a text, too: a relation in it is a guess', async () => {
  const objects = await writeArchive(null, [{ date: '2026-11-21', events: [unauditedOf(statement())] }]);
  const store = storeOf(objects);
  const guesses = async (query: Partial<Query>): Promise<boolean[]> =>
    (await searchAll(store, { kinds: ['unaudited'], ...query })).found.map(({ isGuess }) => isGuess);
  expect(await guesses({ object: 'public.t' })).toEqual([true]);
  expect(await guesses({ object: 'public.u' })).toEqual([]);
  expect(await guesses({ classes: ['WRITE'] })).toEqual([false]);
  expect(await guesses({ classes: ['DDL'] })).toEqual([]);
});

test('a row has the command that changed it', async () => {
  const [changed, deleted] = [rowEvent({}), rowEvent({ operation: 'DELETE' })];
  const objects = await writeArchive(null, [
    { date: '2026-11-21', events: [changed, statement({ audit: { command: 'DELETE' } }), deleted] },
  ]);
  const kinds = async (query: Partial<Query>): Promise<string[]> =>
    (await searchAll(storeOf(objects), query)).found.map(({ event }) => event.kind);
  expect(await kinds({ commands: ['DELETE'] })).toEqual(['statement', 'row']);
  expect(await kinds({ commands: ['DEL*'], kinds: ['row'] })).toEqual(['row']);
  expect(await kinds({ commands: ['*E'], kinds: ['row'] })).toEqual(['row', 'row']);
  expect(await kinds({ commands: ['INSERT', 'UPDATE'] })).toEqual(['row']);
  expect(await kinds({ commands: ['TRUNCATE*'] })).toEqual([]);
});

test('a text of a row that JSON has as a list or an object, as tables show it', async () => {
  const changed = rowEvent({ new: { tags: { a: ['x"y', null] }, note: '{"b":1}' } });
  const store = storeOf(await writeArchive(null, [{ date: '2026-11-21', events: [changed] }]));
  const count = async (text: string, kinds: string[]): Promise<number> =>
    (await searchAll(store, { text, kinds })).found.length;
  for (const text of ['{"A":["x', 'x\\"y",null]', '{"b":1}', 'NOTE'])
    expect([text, await count(text, ['row']), await count(text, []), await count(text, ['gap'])]).toEqual(
      text === 'NOTE' ? [text, 0, 0, 0] : [text, 1, 1, 0],
    );
});

describe('a relation', () => {
  async function matches(object: string): Promise<[number, boolean][]> {
    const objects = await writeArchive(null, [{ date: '2026-11-21', events: EVENTS }]);
    const { found } = await searchAll(storeOf(objects), { object });
    const texts: readonly (string | null)[] = TEXTS;
    return found.map(({ event, isGuess }) => [texts.indexOf(event.audit?.statement ?? null), isGuess]);
  }

  const [SURE, GUESS] = [false, true];

  test.each<[string, [number, boolean][]]>([
    // In any schema; what names no relation matches by the word alone, `kontoplan` never.
    [
      'konto',
      [
        [0, SURE],
        [1, SURE],
        [2, SURE],
        [3, GUESS],
        [4, SURE],
        [6, GUESS],
      ],
    ],
    [
      'KONTO',
      [
        [0, SURE],
        [1, SURE],
        [2, SURE],
        [3, GUESS],
        [4, SURE],
        [6, GUESS],
      ],
    ],
    // `konto` without a schema may be any: nobody knows the search_path.
    [
      'public.konto',
      [
        [0, SURE],
        [1, SURE],
        [2, GUESS],
        [3, GUESS],
        [4, SURE],
        [6, GUESS],
      ],
    ],
    ['crm.kunde', [[1, SURE]]],
    ['arkiv.kunde', []],
    [
      '"public"."Konto"',
      [
        [0, SURE],
        [1, SURE],
        [2, GUESS],
        [3, GUESS],
        [4, SURE],
        [6, GUESS],
      ],
    ],
    ['kontoplan', [[5, GUESS]]],
    ['kont', []],
    ['c', [[4, GUESS]]],
  ])('%s', async (object, expected) => {
    expect(await matches(object)).toEqual(expected);
  });

  test('with letters outside ASCII, dots and quotes in its name', async () => {
    const events = [
      statement({ audit: { objects: ['"a.b"."Ø""l"'], objectsFrom: 'pgaudit' } }),
      statement({ audit: { statement: 'UPDATE løyve SET x = 1' } }),
      statement({ audit: { statement: 'UPDATE løyvekø SET x = 1' } }),
    ];
    const store = storeOf(await writeArchive(null, [{ date: '2026-11-21', events }]));
    expect((await searchAll(store, { object: '"a.b"."ø""L"' })).found).toHaveLength(1);
    expect(textsOf(await searchAll(store, { object: 'LØYVE' }))).toEqual(['UPDATE løyve SET x = 1']);
  });
});

describe('kinds', () => {
  const one = statement();
  const events = [
    one,
    suspectOf(statement({ ...OLA }), 'AUDIT: forged'),
    failureOf(one),
    gap('Z990009', '6b0201a9.0009'),
  ];

  test.each<[string, Partial<Query>, string[]]>([
    ['one', { kinds: ['suspect'] }, ['suspect']],
    ['several', { kinds: ['failure', 'gap'] }, ['failure', 'gap']],
    ['all', { kinds: [] }, ['statement', 'suspect', 'failure', 'gap', 'seal']],
    ["a suspect's message", { kinds: [], text: 'FORGED' }, ['suspect']],
    ["a gap's user", { kinds: [], user: 'Z99000*' }, ['statement', 'failure', 'gap']],
    ["a gap's session", { kinds: [], session: '6b0201a9.0009' }, ['gap']],
    ['a condition that only statements can meet', { kinds: [], classes: ['WRITE'] }, ['statement']],
  ])('%s', async (_what, query, expected) => {
    const store = storeOf(await writeArchive(null, [{ date: '2026-11-21', events }]));
    const { found } = await searchAll(store, query);
    expect(found.map(({ event }) => event.kind)).toEqual(expected);
  });
});

test('lines come as they are in the archive, in writing order, one daemon after the other', async () => {
  const objects = await writeArchive(null, [
    { date: '2026-11-22', instance: 'a', node: '2', events: [statement(), statement()] },
    { date: '2026-11-21', instance: 'a', node: '10', events: [statement()] },
    { date: '2026-11-20', instance: 'b', node: '1', events: [statement()] },
    { date: '2026-11-23', instance: 'a', node: '10', events: [statement()] },
  ]);
  const [first, second, third, fourth] = objects.map(({ lines }) => lines);
  const { lines, damaged } = await searchAll(storeOf(objects), {});
  expect(lines).toEqual([second, fourth, first, third].flat());
  expect(damaged).toEqual([]);
});
