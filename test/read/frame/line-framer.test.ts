/** Records that are one line each become the rows that the same server wrote, or would have written, into csvlog. */

import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { anyColumns, auditMessage, fieldsOf } from '../../support/csvlog.js';
import { cut, type Framed, framedBy } from '../../support/frames.js';
import { cnpgText, criLines, jsonlogLine } from '../../support/json-lines.js';

const SAMPLES = new URL('../../fixtures/jsonlog/', import.meta.url);

/** The rows of two logs of one server are the same: these sessions were logged in both from their first line on. */
test.each(['pg17', 'pg18'])('%s: a row is, byte by byte, what the server wrote into csvlog', name => {
  const rowsOf = (format: 'csvlog' | 'jsonlog', end: string) =>
    framedBy(format, [readFileSync(new URL(`${name}.${end}`, SAMPLES))]).map(({ row }) => row);
  const rows = rowsOf('jsonlog', 'json');
  expect(rows.length).toBeGreaterThan(40);
  expect(rows).toEqual(rowsOf('csvlog', 'csv'));
});

/** PostgreSQL's texts have no NUL. */
const anyRow = anyColumns.map(columns => fieldsOf(columns).map(field => field.replaceAll('\0', '')));
const anyChunks = fc.array(fc.nat(20_000), { maxLength: 20 });

describe('records of any content, under any chunking', () => {
  test('of jsonlog have their texts (I1)', () => {
    fc.assert(
      fc.property(fc.array(anyRow, { minLength: 1, maxLength: 5 }), anyChunks, (rows, cuts) => {
        const bytes = Buffer.from(rows.map(jsonlogLine).join(''));
        const framed = framedBy('jsonlog', cut(bytes, cuts));
        expect(framed.map(({ fields }) => fields)).toEqual(rows.map(withState));
        expect(adjoin(framed)).toBe(bytes.length);
      }),
    );
  });

  test('of CloudNativePG are put together of its parts (I1)', () => {
    const anyAudit = fc.tuple(...Array.from({ length: 9 }, () => anyField()));
    const any = fc.tuple(anyRow, fc.option(anyAudit), fc.integer({ min: 1, max: 400 }));
    fc.assert(
      fc.property(fc.array(any, { minLength: 1, maxLength: 4 }), anyChunks, (records, cuts) => {
        const lines = records.map(([row, audit, size]) =>
          Buffer.concat(criLines(cnpgText(row, audit), { size })),
        );
        const expected = records.map(([row, audit]) =>
          audit === null ? row : row.with(13, auditMessage(audit)),
        );
        const framed = framedBy('cnpg', cut(Buffer.concat(lines), cuts));
        expect(framed.map(({ fields }) => fields)).toEqual(expected.map(withState));
        expect(framed.map(({ length }) => length)).toEqual(lines.map(({ length }) => length));
      }),
    );
  });
});

/** What is left out means success. */
function withState(row: readonly string[]): string[] {
  return row.map((field, column) => (column === 12 && field === '' ? '00000' : field));
}

/** Texts as JSON and Go write them: without NUL and halves of pairs. */
function anyField(): fc.Arbitrary<string> {
  return fc.string({ unit: 'grapheme' }).map(text => text.toWellFormed().replaceAll('\0', ''));
}

/** Each frame begins where the one before ends; returns the last end. */
function adjoin(framed: readonly Framed[]): number {
  let end = 0;
  for (const { offset, length } of framed) {
    expect(offset).toBe(end);
    end += length;
  }
  return end;
}

const LINE = jsonlogLine(fieldsOf({ sessionLine: 1 }));
const NEXT = jsonlogLine(fieldsOf({ sessionLine: 2 }));

function summary(format: 'jsonlog' | 'cnpg', bytes: Buffer | string, maxRecordSize = 1 << 20): string {
  const framed = framedBy(format, [Buffer.from(bytes)], { finish: true, maxRecordSize });
  return framed.map(one => one.fields?.[6] ?? `${one.reason} ${one.offset}+${one.length}`).join(', ');
}

describe('what a crash leaves', () => {
  const half = LINE.slice(0, 100);
  test.each([
    ['half a line, and the next record behind it', `${half}${NEXT}`, 'torn 0+100, 2'],
    ['half a line of its own', `${half}\n${NEXT}`, 'torn 0+101, 2'],
    ['zeros before a record', `${LINE}${'\0'.repeat(512)}${NEXT}`, `1, torn ${LINE.length}+512, 2`],
    ['a line without its end', `${LINE}${NEXT.slice(0, 50)}`, `1, torn ${LINE.length}+50`],
    ['two records in one line', `${LINE.trim()}${NEXT}`, `torn 0+${LINE.length - 1}, 2`],
    ['empty lines', `${LINE}\n\n${NEXT}`, `1, torn ${LINE.length}+2, 2`],
  ])('%s', (_, bytes, expected) => expect(summary('jsonlog', bytes)).toBe(expected));

  test('a head in a text is none: its quotes are escaped', () => {
    const line = jsonlogLine(fieldsOf({ sessionLine: 1, message: `x${NEXT.trim()}` }));
    expect(summary('jsonlog', `${line.slice(0, -30)}\n${LINE}`)).toBe(`torn 0+${line.length - 29}, 1`);
  });
});

describe('is no record of jsonlog', () => {
  const pair = '"txid":0';
  test.each([
    ['a key that PostgreSQL does not write', `${pair},"color":"red"`],
    ['a key twice', `${pair},${pair}`],
    ['an object within', `${pair},"hint":{"a":1}`],
    ['a list within', `${pair},"hint":["a"]`],
    ['a deep one', `${pair},"hint":${'['.repeat(100_000)}`],
    ['a raw control character', `${pair},"hint":"a\tb"`],
    ['an escape that is none', `${pair},"hint":"\\x41"`],
    ['half an escape', `${pair},"hint":"\\u00"`],
    ['a NUL', `${pair},"hint":"\\u0000"`],
    ['a missing comma', `${pair} "hint":"a"`],
    ['a comma too many', `${pair},`],
    ['a word that is none', '"txid":nul'],
  ])('%s', (_, instead) => {
    const line = LINE.replace(pair, instead);
    expect(line).not.toBe(LINE);
    expect(summary('jsonlog', `${line}${NEXT}`)).toBe(`torn 0+${line.length}, 2`);
  });

  test('a longer one than allowed: hashed, and the next one is read', () => {
    const long = jsonlogLine(fieldsOf({ hint: 'x'.repeat(300_000) }));
    expect(summary('jsonlog', `${long}${NEXT}`, 100_000)).toBe(`oversize 0+${long.length}, 2`);
  });
});

test('bytes that somebody changed are a record only if JSON.parse, too, reads them so', () => {
  const anyByte = fc.constantFrom(...Buffer.from('"\\\\{}[]:,0189-.eE+ untfx/\0\t\x7f'));
  const anyChange = fc.tuple(fc.nat(LINE.length - 2), anyByte, fc.constantFrom('set', 'insert', 'remove'));
  fc.assert(
    fc.property(fc.array(anyChange, { minLength: 1, maxLength: 3 }), changes => {
      const bytes = [...Buffer.from(LINE.trim())];
      for (const [at, byte, how] of changes)
        bytes.splice(at, how === 'insert' ? 0 : 1, ...(how === 'remove' ? [] : [byte]));
      const line = Buffer.from(bytes);
      const [framed] = framedBy('jsonlog', [line, Buffer.from('\n')], { finish: true });
      if (framed?.fields === undefined || framed.offset > 0) return;
      const parsed: Record<string, string | number> = JSON.parse(line.toString());
      expect(framed.fields[13]).toBe(String(parsed.message ?? ''));
      expect(Number(framed.fields[25] ?? 0)).toBe(Number(parsed.query_id ?? 0));
    }),
    { numRuns: 20_000 },
  );
});

test('spaces between JSON tokens, and letters as escapes, are JSON, too', () => {
  const parsed: unknown = JSON.parse(LINE);
  const spaced = JSON.stringify(parsed, null, 1).replaceAll('\n', '').replace('UPDATE', '\\u0055PDATE');
  expect(framedBy('jsonlog', [Buffer.from(`${spaced}\n`)])[0]?.row).toBe(
    framedBy('jsonlog', [Buffer.from(LINE)])[0]?.row,
  );
});

describe('a node keeps what containers print', () => {
  const AUDIT = ['SESSION', '7', '1', 'WRITE', 'UPDATE', '', '', 'UPDATE t SET a=1, b="x"', '<none>'];
  const record = (line: number, audit: readonly string[] | null = AUDIT) =>
    cnpgText(fieldsOf({ sessionLine: line }), audit);
  const written = (lines: readonly (readonly Buffer[])[]) => Buffer.concat(lines.flat());

  test('other loggers and other texts are passed over', () => {
    const other = '{"level":"info","ts":1.5,"logger":"wal-archive","msg":"x","n":null,"b":true}';
    const early = '{"level":"info","logger":"postgres","msg":"LOG:  redirecting log output"}';
    const log = written([
      criLines(other),
      criLines(record(1)),
      criLines('plain text'),
      criLines(early),
      criLines(record(2)),
    ]);
    expect(summary('cnpg', log)).toBe('1, 2');
  });

  const cluster = '{"level":"info","logger":"instance-manager","Cluster":{"name":"pg","of":[{},[],[1,"}"]]}}';
  test.each([
    ['objects and lists', cluster, '1, 3'],
    ['a list that does not end', cluster.replace(']]', ']'), '1, torn, 3'],
    ['a comma too many', cluster.replace('{},', '{},,'), '1, torn, 3'],
    ['a deep one', cluster.replace('[]', `${'['.repeat(9000)}${']'.repeat(9000)}`), '1, torn, 3'],
    ['half of one, and a record behind it', `${cluster.slice(0, 60)}${record(2)}`, '1, torn, 2, 3'],
  ])('values of other loggers: %s', (_, text, expected) => {
    const log = written([criLines(record(1)), criLines(text), criLines(record(3))]);
    expect(summary('cnpg', log).replace(/ \d+\+\d+/, '')).toBe(expected);
  });

  test('a record of pgAudit without message and fields has nothing of the records before it', () => {
    const bare = criLines(JSON.stringify({ ...JSON.parse(record(2)), record: { log_time: 'x' } }));
    const empty = record(2).replace(/,"audit":\{.*\}(?=\}\}$)/, '');
    const before = cnpgText(fieldsOf({ sessionLine: 1, message: 'x "y"'.repeat(1000) }));
    const log = written([criLines(before), criLines(empty), bare, criLines(record(3))]);
    const framed = framedBy('cnpg', [log], { finish: true });
    expect(framed.map(({ fields }) => fields?.[13])).toEqual([
      'x "y"'.repeat(1000),
      'AUDIT: AUDIT: ',
      undefined,
      auditMessage(AUDIT),
    ]);
  });

  test.each(['x', '2026-11-29T12:00:00.000000001Z'])(
    'what is left of a line, %s, is not part of the next',
    left => {
      const log = written([criLines(record(1)), [Buffer.from(`${left}\n`)], criLines(record(2))]);
      const [before = Buffer.alloc(0)] = criLines(record(1));
      expect(summary('cnpg', log)).toBe(`1, torn ${before.length}+${left.length + 1}, 2`);
    },
  );

  test('lines of the other stream may be between the parts of a record', () => {
    const [first = Buffer.alloc(0), ...rest] = criLines(record(1), { size: 100 });
    const other = criLines('{"level":"info","logger":"x"}', { stream: 'stderr', size: 10 });
    const [otherFirst = Buffer.alloc(0), ...otherRest] = other;
    const log = written([
      [first, otherFirst],
      rest.slice(0, 2),
      otherRest,
      rest.slice(2),
      criLines(record(2)),
    ]);
    expect(summary('cnpg', log)).toBe('1, 2');
  });

  test('a part without its rest is torn, and the record behind it is read', () => {
    const parts = criLines(record(1), { size: 200 }).slice(0, 2);
    const log = written([parts, criLines(record(2)), criLines(record(3))]);
    expect(summary('cnpg', log)).toBe(`torn 0+${written([parts]).length}, 2, 3`);
  });

  test.each([
    ['pgAudit’s fields by the other logger', (text: string) => text.replace('"pgaudit"', '"postgres"')],
    ['a message beside them', (text: string) => text.replace('"audit":', '"message":"AUDIT: x","audit":')],
    ['its logger without them', (text: string) => text.replace(/,"audit":\{.*?\}/, ',"message":"x"')],
  ])('parts that disagree are no statement of pgAudit’s: %s', (_, change) => {
    const text = change(record(1));
    expect(text).not.toBe(record(1));
    const [framed] = framedBy('cnpg', criLines(text));
    expect(framed?.fields?.[13]).toMatch(/^AUDIT: AUDIT: /);
  });

  test('one that is too long, behind bytes in doubt, is in their gap: each byte is in one frame (I3)', () => {
    const long = criLines(cnpgText(fieldsOf({ hint: 'x'.repeat(300_000) })));
    const log = written([[Buffer.from('no line of a node\n')], long, criLines(record(2))]);
    const framed = framedBy('cnpg', [log], { finish: true, maxRecordSize: 100_000 });
    expect(adjoin(framed)).toBe(log.length);
    expect(framed.map(({ kind }) => kind)).toEqual(['gap', 'record']);
  });

  test('a record of many parts that is too long is hashed, and the next one is read', () => {
    const long = criLines(cnpgText(fieldsOf({ hint: 'x'.repeat(300_000) })));
    const log = written([long, criLines(record(2))]);
    expect(summary('cnpg', log, 100_000)).toBe(`oversize 0+${written([long]).length}, 2`);
  });
});
