/** What holds a history of rows back, and what it waits for: with a real server, and a clock of the test's. */

import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { ThrowawayPostgres } from '../../../demo/postgres.js';
import { KnownRows } from '../../../src/daemon/rows/known.js';
import { RowReader, type RowSurroundings, type RowsReport } from '../../../src/daemon/rows/reader.js';
import { RowHistory } from '../../../src/database/rows/history.js';
import type { RowPosition } from '../../../src/event/row.js';
import { type Clock, systemClock } from '../../../src/lib/clock.js';
import { Disk } from '../../../src/lib/disk.js';
import { KARI, serverWithHistory } from '../../support/rows.js';
import { temporaryFolder } from '../../support/temp.js';

const HOUR = 60 * 60_000;
const TABLE = ['CREATE TABLE t (n int)', "SELECT row_history.watch('t')"];
const NEVER = new AbortController().signal;

class Life {
  readonly heldBack: (string | null)[] = [];
  readonly shipped: unknown[] = [];
  readonly forgotten: number[] = [];
  readonly pages: number[] = [];
  /** Milliseconds that the clock is ahead of the real one. */
  ahead = 0;
  readonly around: RowSurroundings;
  readonly reader: RowReader;

  readonly again: string[] = [];
  /** What was committed last. */
  position: RowPosition | null;

  constructor(postgres: ThrowawayPostgres, folder: string, position: RowPosition | null = null) {
    this.position = position;
    const clock: Clock = { now: () => Date.now() + this.ahead, after: systemClock.after };
    const known = new KnownRows(new Disk(), [join(folder, 'a'), join(folder, 'b')]);
    const history = new RowHistory(`postgres://shipper@127.0.0.1:${postgres.port}/postgres`);
    const report: RowsReport = {
      rowsFailed: error => expect.fail(String(error)),
      rowsElsewhere: () => expect.fail('a standby'),
      rowsReadUntil: () => undefined,
      rowsRead: () => undefined,
      rowsReadAgain: since => this.again.push(since),
      rowsHeldBack: by => this.heldBack.push(by),
    };
    this.reader = new RowReader({ history, known, position, clock, report });
    this.around = {
      readUntil: () => Number.POSITIVE_INFINITY,
      decide: async rows => {
        this.pages.push(rows.length);
        for (const { new: values } of rows) this.shipped.push(values?.n);
        return rows.map(() => ({ outcome: 'dropped', reason: 'test' }));
      },
      append: async (_events, { position }) => {
        this.position = position;
      },
      waitForRoom: async () => true,
      forgetBefore: time => this.forgotten.push(time),
    };
  }

  async read(): Promise<void> {
    expect(await this.reader.read(NEVER, this.around)).toBe(true);
  }
}

test('a prepared transaction is named after a quarter of an hour, and any other one, too', async () => {
  const postgres = await serverWithHistory(TABLE, { max_prepared_transactions: '2' });
  const life = new Life(postgres, await temporaryFolder());
  await life.read();
  await postgres.query(KARI, 'BEGIN', 'INSERT INTO t VALUES (1)', "PREPARE TRANSACTION 'p'");
  await postgres.query(KARI, 'INSERT INTO t VALUES (2)');
  await life.read();
  life.ahead = HOUR;
  await life.read();
  expect(life.shipped).toEqual([]);
  expect(life.heldBack.at(-1)).toBe('prepared');
  await postgres.query(KARI, "ROLLBACK PREPARED 'p'");
  const open = await postgres.connect(KARI);
  await open.query('BEGIN');
  await open.query('INSERT INTO t VALUES (3)');
  await postgres.query(KARI, 'INSERT INTO t VALUES (4)');
  await life.read();
  await life.read();
  life.ahead = 2 * HOUR;
  await life.read();
  expect(life.heldBack.at(-1)).toBe('transaction');
  expect(life.shipped).toEqual([2]);
  await open.query('COMMIT');
  await open.end();
  await life.read();
  expect(life.heldBack.at(-1)).toBe(null);
  expect(life.shipped).toEqual([2, 3, 4]);
  // What was logged an hour before all that has ended is not needed any more.
  expect(life.forgotten.length).toBeGreaterThan(0);
  await life.reader.close();
});

test('rows wait until the log was read up to them', async () => {
  const postgres = await serverWithHistory(TABLE);
  const life = new Life(postgres, await temporaryFolder());
  await postgres.query(KARI, 'INSERT INTO t VALUES (1)');
  const { promise: asked, resolve } = Promise.withResolvers<void>();
  let until = 0;
  const stop = new AbortController();
  const around = {
    ...life.around,
    readUntil: () => {
      life.ahead = HOUR;
      if (life.heldBack.includes('log')) resolve();
      return until;
    },
  };
  const reading = life.reader.read(stop.signal, around);
  await asked;
  expect(life.shipped).toEqual([]);
  until = Date.now() + 2 * HOUR;
  await reading;
  expect(life.shipped).toEqual([1]);
  stop.abort();
  expect(await life.reader.read(stop.signal, around)).toBe(true);
  await life.reader.close();
});

test('what is committed after a look, while the log is read, waits for the next one', async () => {
  const postgres = await serverWithHistory(TABLE);
  const life = new Life(postgres, await temporaryFolder());
  await postgres.query(KARI, 'INSERT INTO t VALUES (1)');
  await life.reader.look();
  await postgres.query(KARI, 'INSERT INTO t VALUES (2)');
  await life.read();
  expect(life.shipped).toEqual([1]);
  await life.read();
  expect(life.shipped).toEqual([1, 2]);
  await life.reader.close();
});

test('a page is bounded by the bytes of its rows', async () => {
  const postgres = await serverWithHistory([
    'CREATE TABLE t (n int, a text)',
    "SELECT row_history.watch('t')",
  ]);
  const life = new Life(postgres, await temporaryFolder());
  const columns = Array.from({ length: 90 }, (_, n) => `c${n} text`).join(', ');
  await postgres.query(
    'postgres',
    `CREATE TABLE bred (n int, ${columns})`,
    "SELECT row_history.watch('bred')",
    'GRANT ALL ON bred TO PUBLIC',
  );
  await postgres.query(
    KARI,
    'INSERT INTO t SELECT n, repeat(md5(n::text), 2) FROM generate_series(1, 1200) n',
    `INSERT INTO bred SELECT n${', repeat(md5(n::text), 300)'.repeat(90)} FROM generate_series(1, 40) n`,
  );
  await life.read();
  expect(life.pages.slice(0, 3)).toEqual([500, 500, expect.any(Number)]);
  expect(life.pages.reduce((sum, rows) => sum + rows, 0)).toBe(1240);
  // Each row has 90 values of 9,600 characters: nine of them are over eight megabytes.
  expect(Math.max(...life.pages.slice(3))).toBeLessThanOrEqual(10);
  expect(new Set(life.shipped).size).toBe(1200);
  await life.reader.close();
});

test('after a failover without new rows, it is told once, and new rows are read whatever their numbers', async () => {
  const postgres = await serverWithHistory(TABLE);
  const history = new RowHistory(`postgres://shipper@127.0.0.1:${postgres.port}/postgres`);
  const frontier = await history.frontier();
  await history.close();
  const before = {
    ...{ system: frontier?.system ?? '', timeline: 7, database: { name: 'postgres', oid: 5 } },
    ...{ transaction: '4000000000', id: '01a22b93-4891-7c20-b27e-10a47d326b10' },
    time: new Date().toISOString(),
  };
  const life = new Life(postgres, await temporaryFolder(), before);
  await life.read();
  await life.read();
  await postgres.query(KARI, 'INSERT INTO t VALUES (1)');
  await life.read();
  await life.read();
  expect(life.again.length).toBe(1);
  expect(life.shipped).toEqual([1]);
  await life.reader.close();
});

test('a page is the last one after a signal; a database that is read again is not read twice for a crash in between', async () => {
  const postgres = await serverWithHistory(TABLE);
  const folder = await temporaryFolder();
  await postgres.query(KARI, 'INSERT INTO t SELECT generate_series(1, 1200)');
  const first = new Life(postgres, folder);
  await first.read();
  expect(first.shipped.length).toBe(1200);
  const elsewhere = first.position && { ...first.position, database: { name: 'annen', oid: 1 } };
  const second = new Life(postgres, folder, elsewhere);
  const stop = new AbortController();
  const append: RowSurroundings['append'] = async (events, progress) => {
    await second.around.append(events, progress);
    stop.abort();
  };
  expect(await second.reader.read(stop.signal, { ...second.around, append })).toBe(true);
  expect(second.pages).toEqual([0]);
  const third = new Life(postgres, folder, second.position);
  await third.read();
  expect(third.shipped).toEqual([]);
  for (const { reader } of [first, second, third]) await reader.close();
});
