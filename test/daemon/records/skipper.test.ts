/** What is skipped is what would have been dropped, and nothing of it is missed. */

import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { cuts, event, log, write } from '../../support/any-log.js';
import { auditMessage, type Columns, csvRecord, quote } from '../../support/csvlog.js';
import { cut } from '../../support/frames.js';
import { expectSame, outcomeOf } from '../../support/skipped.js';

const SAMPLES = fileURLToPath(new URL('../../../demo/recorded/', import.meta.url));

describe('with and without skipping', () => {
  test('any log comes to the same: events, counts, what is remembered, and the position (I1, I2, I3)', async () => {
    let skipped = 0;
    await fc.assert(
      fc.asyncProperty(log, cuts, async ([events, columns], places) => {
        skipped += await expectSame(cut(Buffer.from(write(events, columns).join('')), places));
      }),
      { numRuns: 500, endOnFailure: true },
    );
    expect(skipped).toBeGreaterThan(2000);
  });

  test('so does one with bytes that are torn, swapped, lost or put in', async () => {
    const damage = fc.record({
      at: fc.nat(60_000),
      removed: fc.constantFrom(0, 1, 1, 1, 2, 40),
      put: fc.constantFrom(
        ...['', '"', '""', ',', '\n', '\r', '\u0000', '0', '9', 'x', 'å', 'AUDIT: ', ',,', ' '],
      ),
    });
    const damages = fc.array(damage, { minLength: 1, maxLength: 4 });
    await fc.assert(
      fc.asyncProperty(log, damages, cuts, async ([events, columns], all, places) => {
        let bytes: Buffer = Buffer.from(write(events, columns).join(''));
        for (const { at, removed, put } of all) {
          const place = at % (bytes.length + 1);
          bytes = Buffer.concat([
            bytes.subarray(0, place),
            Buffer.from(put),
            bytes.subarray(Math.min(place + removed, bytes.length)),
          ]);
        }
        await expectSame(cut(bytes, places));
      }),
      { numRuns: 500, endOnFailure: true },
    );
  });

  test('so does one with other numbers of columns, and with records that are too large', async () => {
    const mixed = fc.array(
      fc.tuple(fc.array(event, { maxLength: 40, size: 'max' }), fc.constantFrom(26, 24, 23)),
      {
        maxLength: 4,
      },
    );
    await fc.assert(
      fc.asyncProperty(
        mixed,
        cuts,
        fc.constantFrom(300, 400, 1 << 26),
        async (parts, places, maxRecordSize) => {
          const bytes = Buffer.from(parts.flatMap(([events, columns]) => write(events, columns)).join(''));
          await expectSame(cut(bytes, places), { maxRecordSize });
        },
      ),
      { numRuns: 300, endOnFailure: true },
    );
  });

  test('so does one of which any byte is another one, is missing, or is one too many', async () => {
    const record = (sessionLine: number, columns: Partial<Columns>): string =>
      csvRecord({ user: 'app', sessionLine, application: 'a', queryId: '-7', ...columns });
    const quoted = auditMessage(['SESSION', '1', '1', 'WRITE', 'INSERT', '', '', 'a,"b"', '1,"a""b","",c']);
    const plain = 'AUDIT: OBJECT,1,1,DDL,DROP,TABLE,t,DROP t,<none>,3';
    for (const message of [quoted, plain, 'connection "received"']) {
      const before = Buffer.from([1, 2, 3].map(line => record(line, { message })).join(''));
      const target = Buffer.from(record(4, { message }));
      const after = Buffer.from(record(5, { message }) + record(6, { message }));
      for (let at = 0; at < target.length; at++) {
        const start = Buffer.concat([before, target.subarray(0, at)]);
        const others = ['', ...'"",\n\r09aA.'].map(byte => Buffer.from(byte));
        for (const other of others) {
          await expectSame([Buffer.concat([start, other, target.subarray(at + 1), after])]);
          if (other.length > 0) await expectSame([Buffer.concat([start, other, target.subarray(at), after])]);
        }
      }
    }
  });

  test('so does one with more sessions than are remembered', async () => {
    const first = (pid: number, sessionLine: number): string =>
      csvRecord({ user: 'app', pid, sessionId: `6b0201a1.${pid.toString(16)}`, sessionLine });
    const lines = (pid: number, from: number): string[] => [0, 1, 2].map(more => first(pid, from + more));
    const others = Array.from({ length: 2600 }, (_, index) => first(1000 + index, 1));
    await expectSame([Buffer.from([...lines(7, 1), ...others, ...lines(7, 4), ...lines(7, 7)].join(''))]);
  });

  test('so does one whose times run back by a second and more', async () => {
    const record = (user: string, sessionLine: number, second: number): string => {
      const logTime = `2026-11-21 20:40:0${second}.${500 + ((sessionLine * 7) % 3)} CET`;
      return csvRecord({ user, sessionId: user === 'app' ? '1.1' : '1.2', sessionLine, logTime });
    };
    const seconds = [1, 1, 2, 1, 2, 2, 1, 0, 3, 2, 3, 3, 1, 1];
    // After any record, one of any second that is decided the long way.
    for (let decided = 2; decided < seconds.length; decided++) {
      for (const other of [0, 1, 2, 3, 4]) {
        const records = seconds.map((second, index) => record('app', index + 1, second));
        records.splice(decided, 0, record('Z990001', 1, other));
        for (const more of [2, 3, 4])
          await expectSame([Buffer.from(records.slice(0, decided + more).join(''))]);
      }
    }
  });

  test('so does one in which persons log in and out', async () => {
    const line = (sessionLine: number, message: string, commandTag = 'startup'): string =>
      csvRecord({ user: 'postgres', sessionLine, message, commandTag, application: '' });
    const received = [1, 2, 3].map(n => line(n, `connection received: host=${n}`));
    const authenticated = line(
      4,
      'connection authenticated: identity="kari" method=cert (x)',
      'authentication',
    );
    const more = [5, 6, 7].map(n => line(n, 'duration: 1 ms'));
    const login = [...received, authenticated, ...more];
    expect(await expectSame([Buffer.from(login.join(''))])).toBeGreaterThan(2);
    const { facts } = await outcomeOf([Buffer.from(login.join(''))], true);
    expect(facts).toMatchObject({ logins: [['6b0201a1.552d', { identity: 'kari', method: 'cert' }]] });
    await expectSame([
      Buffer.from([...login, line(8, 'disconnection: session time: 1'), line(9, 'x')].join('')),
    ]);
  });

  test.each([
    [26, 24],
    [24, 23],
  ])('so does one that two servers wrote by turns, with %i and %i columns', async (...counts) => {
    const records = Array.from({ length: 120 }, (_, index) => {
      const turn = Math.floor(index / 3);
      const server = turn % 2;
      const sessionLine = 1 + Math.floor(turn / 2) * 3 + (index % 3);
      const columns = { user: 'app', pid: 20 + server, sessionId: `6b0201a1.${server}`, sessionLine };
      return csvRecord(columns, counts[server]);
    });
    const bytes = Buffer.from(records.join(''));
    for (let at = 0; at < bytes.length; at += 197) await expectSame(cut(bytes, [at]));
    const { counts: read } = await outcomeOf([bytes], true);
    expect(read).toMatchObject({ read: 120, dropped: { 'service-user': 120 } });
  });

  test.each(readdirSync(SAMPLES).filter(name => name.endsWith('.csv')))('so does %s', async name => {
    const bytes = readFileSync(`${SAMPLES}${name}`);
    await expectSame([bytes]);
    await expectSame(
      cut(
        bytes,
        Array.from({ length: bytes.length / 100 }, (_, index) => index * 100),
      ),
    );
  });
});

describe('of a log that a service wrote', () => {
  const record = (line: number, columns: Partial<Columns> = {}): string =>
    csvRecord({ user: 'app', sessionLine: line, ...columns });
  const many = (from: number, to: number, columns: (line: number) => Partial<Columns> = () => ({})): string =>
    Array.from({ length: to - from + 1 }, (_, index) => record(from + index, columns(from + index))).join('');

  test('all but the first two records are passed over', async () => {
    const bytes = Buffer.from(many(1, 1000) + 'x'.repeat(600));
    const { decided, counts } = await outcomeOf([bytes], true);
    expect([counts.dropped, decided]).toEqual([{ 'service-user': 1000 }, 3]);
  });

  test('as many sessions at once as a server allows are', async () => {
    const lines = Array.from({ length: 20 * 500 }, (_, index) => {
      const pid = 100_000 + (index % 500);
      const sessionId = `6b0201a1.${pid.toString(16)}`;
      return record(1 + Math.floor(index / 500), {
        pid,
        sessionId,
        connectionFrom: `10.0.0.1:${pid % 30_000}`,
      });
    });
    const { decided } = await outcomeOf([Buffer.from(lines.join(''))], true);
    expect(decided).toBeLessThan(700);
  });

  test('quotes, commas and line breaks in statements and parameters are no reason to stop', async () => {
    const statements = ['INSERT INTO "t" VALUES ($1,\n$2)', 'x', '"', 'a,b', '""""'];
    const parameters = ['{"a":"b"}', 'a,"b"', '""', '\n', '"a","b"'];
    const columns = (line: number): Partial<Columns> => {
      const texts = [parameters[line % 5] ?? '', parameters[line % 3] ?? ''];
      const last = auditMessage(texts).slice('AUDIT: '.length);
      const payloadTexts = ['SESSION', String(line), '1', 'WRITE', 'INSERT', 'TABLE', 'public."t"'];
      return { message: auditMessage([...payloadTexts, statements[line % 4] ?? '', last]) };
    };
    const { decided } = await outcomeOf([Buffer.from(`${many(1, 1000, columns)}${'x'.repeat(600)}`)], true);
    expect(decided).toBe(3);
  });

  test.each<[string, Partial<Columns>]>([
    ['a context', { context: 'PL/pgSQL function' }],
    ['a query', { query: 'DO' }],
    ['another SQLSTATE', { sqlState: '38000' }],
    ['no transaction', { virtualTransactionId: '3/0' }],
    ['another place in the sources', { location: 'exec_stmt_raise, pl_exec.c:1' }],
    ['a class that is none', { message: 'AUDIT: SESSION,1,1,WRITES,UPDATE,,,x,<none>' }],
    ['a field too many', { message: 'AUDIT: SESSION,1,1,WRITE,UPDATE,,,x,<none>,1,2' }],
    ['a line break outside of quotes', { message: 'AUDIT: SESSION,1,1,WRITE,UPDATE,,,x,<none>\n' }],
    ['parameters that are no CSV', { message: `AUDIT: SESSION,1,1,WRITE,UPDATE,,,x,${quote('a"b,c')}` }],
  ])('a record with %s is a suspect all the same', async (_what, columns) => {
    const bytes = Buffer.from(many(1, 50) + record(51, columns) + many(52, 100));
    expect(await expectSame([bytes])).toBeGreaterThan(90);
    const { counts, events } = await outcomeOf([bytes], true);
    expect([counts.shipped, events]).toMatchObject([1, [{ kind: 'suspect', session: { line: 51 } }]]);
  });
});
