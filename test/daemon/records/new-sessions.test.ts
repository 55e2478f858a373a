/** Sessions that begin, and end, in records that are skipped: nothing is known of them but by the scanner. */

import { parse } from 'csv-parse/sync';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { timeReader } from '../../../src/audit/time.js';
import { SessionFacts } from '../../../src/session/facts.js';
import { auditMessage, type Columns, csvRecord } from '../../support/csvlog.js';
import { cut } from '../../support/frames.js';
import { cnpgText, criLines, jsonlogLine } from '../../support/json-lines.js';
import { compare, type Outcome, outcomeOf } from '../../support/skipped.js';

/** 2026-11-21 20:40:01 UTC, as session ids have it. */
const FIRST_SECOND = 0x6b0201a1;

interface Connection {
  readonly user: string;
  readonly pid: number;
  /** Of its start, from the first second on; a minute at most. */
  readonly second: number;
  /** Zone of the start, and how its second is written. */
  readonly started?: string;
}

function clock(second: number): string {
  return `2026-11-21 20:40:${String(1 + second).padStart(2, '0')}`;
}

function line(
  { user, pid, second, started }: Connection,
  sessionLine: number,
  columns: Partial<Columns>,
): string {
  return csvRecord({
    logTime: `${clock(second)}.5${String(sessionLine).padStart(2, '0')} UTC`,
    ...{ user, pid, sessionLine },
    sessionId: `${(FIRST_SECOND + second).toString(16)}.${pid.toString(16)}`,
    sessionStart: started ?? `${clock(second)} UTC`,
    ...columns,
  });
}

const received: Partial<Columns> = {
  ...{ user: null, database: null, commandTag: '', application: '', virtualTransactionId: '' },
  ...{ message: 'connection received: host=127.0.0.1 port=33764', backendType: 'not initialized' },
};
const authenticated: Partial<Columns> = {
  ...{ commandTag: 'authentication', application: '' },
  message: 'connection authenticated: identity="kari" method=cert (hba:1)',
};
const authorized: Partial<Columns> = {
  ...{ commandTag: 'authentication', application: '', message: 'connection authorized: user=x' },
};
const disconnected = (commandTag = 'idle'): Partial<Columns> => ({
  ...{ commandTag, virtualTransactionId: '', message: 'disconnection: session time: 0:00:00.003' },
});
const audit = (auditClass: string, statement: number, text = 'SELECT 1'): Partial<Columns> => ({
  message: auditMessage(['SESSION', String(statement), '1', auditClass, 'SELECT', '', '', text, '<none>']),
});

/** A service's session as `pgbench -C` makes it. */
function short(connection: Connection): string[] {
  const work = ['READ', 'WRITE', 'MISC'].map((name, index) => audit(name, index + 1));
  return [received, authorized, ...work, disconnected()].map((columns, index) =>
    line(connection, index + 1, columns),
  );
}

/** So many sessions, one after the other. */
function many(count: number, perSecond: number, from = 0): string[] {
  return Array.from({ length: count }, (_, index) => {
    const second = from + Math.floor(index / perSecond);
    return short({ user: 'app', pid: 1000 + index, second }).join('');
  });
}

/** A record of a session that began before the file did: from then on it is known which ones are new. */
const BEFORE = [3, 4]
  .map(n =>
    line({ user: 'app', pid: 7, second: -1, started: '2026-11-21 20:39:00 UTC' }, n, {
      ...audit('READ', n),
      logTime: '2026-11-21 20:40:00.100 UTC',
    }),
  )
  .join('');

async function expectSame(
  log: string,
  places: readonly number[] = [],
  options: Parameters<typeof compare>[1] = {},
): Promise<number> {
  const { skipping, plain, skipped } = await compare(cut(Buffer.from(log), places), options);
  expect(skipping).toEqual(plain);
  expect(JSON.stringify(skipping.facts)).toBe(JSON.stringify(Reflect.get(plain, 'facts')));
  return skipped;
}

/** What a connection logs; numbers of statements are made when they are written. */
const step = fc.oneof(
  { weight: 6, arbitrary: fc.constantFrom('READ', 'WRITE', 'MISC', 'DDL') },
  {
    weight: 1,
    arbitrary: fc.constantFrom(
      ...['ROLE', 'error', 'duration', 'statement', 'previously', 'further', 'suspect', 'heartbeat'],
    ),
  },
);
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

function columnsOf(one: Step, statement: number): Partial<Columns> {
  switch (one) {
    case 'error':
      return { severity: 'ERROR', sqlState: '23505', message: 'duplicate key' };
    case 'duration':
      return { message: 'duration: 0.3 ms  statement: UPDATE t SET a=1' };
    case 'statement':
      return { commandTag: 'idle', message: 'statement: UPDATE t SET a=1' };
    case 'previously':
      return audit('WRITE', statement, '<previously logged>');
    case 'further':
      return audit('READ', statement + 2);
    case 'suspect':
      return { ...audit('WRITE', statement), context: 'PL/pgSQL function' };
    case 'heartbeat':
      return { message: 'pgaudit-shipper 1234' };
    default:
      return audit(one, statement);
  }
}

const connection = fc.record({
  user: fc.constantFrom('app_a', 'app_a', 'app_a', 'app_b', 'APP_A', 'Z990001', 'postgres'),
  /** The same one again within a second, and one that comes back, have the same id. */
  pid: fc.constantFrom(...[20, 21, 22, 23, 24, 25, 0x1f0c40]),
  jitter: fc.constantFrom(0, 0, 0, 0, 1, -1, 9),
  started: fc.constantFrom(undefined, undefined, undefined, undefined, '2026-11-21 20:39:00 UTC', 'x'),
  starts: fc.constantFrom<Partial<Columns>[]>(
    [received, authorized],
    [received, authenticated, authorized],
    [authorized],
    [],
  ),
  steps: fc.array(step, { maxLength: 5 }),
  ends: fc.constantFrom<Partial<Columns>[]>([disconnected()], [disconnected('idle in transaction')], []),
  /** Lines that are not in the log, in front of these. */
  lost: fc.oneof(
    { weight: 12, arbitrary: fc.constant<number[]>([]) },
    { weight: 1, arbitrary: fc.array(fc.nat(4), { maxLength: 2 }) },
  ),
});
type ConnectionValue = typeof connection extends fc.Arbitrary<infer T> ? T : never;

function linesOf(value: ConnectionValue, second: number): string[] {
  const { user, pid, started, starts, steps, ends, lost } = value;
  const one = { user, pid, second, ...(started !== undefined && { started }) };
  let statement = 0;
  const work = steps.map(name => {
    const columns = columnsOf(name, name === 'previously' ? statement : statement + 1);
    statement = Number(/^AUDIT: SESSION,(\d+)/.exec(columns.message ?? '')?.[1] ?? statement);
    return columns;
  });
  let number = 0;
  return [...starts, ...work, ...ends].map((columns, index) => {
    number += lost.includes(index) ? 2 : 1;
    return line(one, number, columns);
  });
}

const log = fc
  .record({
    connections: fc.array(connection, { minLength: 3, maxLength: 40, size: 'max' }),
    perSecond: fc.constantFrom(1, 4, 40),
    /** Which of the connections that are open logs next. */
    turns: fc.array(fc.nat(2), { maxLength: 200, size: 'max' }),
    isWhole: fc.boolean(),
  })
  .map(({ connections, perSecond, turns, isWhole }) => {
    const waiting = connections.map((one, index) =>
      linesOf(one, Math.max(0, Math.floor(index / perSecond) + one.jitter)),
    );
    const open: string[][] = [];
    const written: string[] = [];
    for (let turn = 0; ; turn++) {
      while (open.length < 3 && waiting.length > 0) open.push(waiting.shift() ?? []);
      if (open.length === 0) break;
      const which = (turns[turn] ?? 0) % open.length;
      const next = open[which]?.shift();
      if (next === undefined) open.splice(which, 1);
      else written.push(next);
    }
    return (isWhole ? '' : BEFORE) + written.join('');
  });
/** The same records, one a line. */
function inLines(csv: string, format: 'jsonlog' | 'cnpg'): string {
  const rows: string[][] = parse(csv);
  return rows
    .map(row =>
      format === 'jsonlog' ? jsonlogLine(row) : criLines(cnpgText(row, fieldsIn(row[13] ?? ''))).join(''),
    )
    .join('');
}

/** pgAudit's fields, which CloudNativePG takes apart; `null` if the message is another one. */
function fieldsIn(message: string): string[] | null {
  if (!message.startsWith('AUDIT: ')) return null;
  const [fields]: string[][] = parse(message.slice('AUDIT: '.length));
  return fields ?? null;
}

const cuts = fc.array(fc.nat(20_000), { maxLength: 4 });

describe('with and without skipping', () => {
  test('any log of short sessions comes to the same (I1, I2, I3, I11)', async () => {
    let skipped = 0;
    await fc.assert(
      fc.asyncProperty(log, cuts, async (text, places) => {
        skipped += await expectSame(text, places);
      }),
      { numRuns: 500, endOnFailure: true },
    );
    expect(skipped).toBeGreaterThan(5000);
  });

  test.each(['jsonlog', 'cnpg'] as const)('so does it as %s', async format => {
    let skipped = 0;
    await fc.assert(
      fc.asyncProperty(log, cuts, async (text, places) => {
        skipped += await expectSame(inLines(text, format), places, { format });
      }),
      { numRuns: 200, endOnFailure: true },
    );
    expect(skipped).toBeGreaterThan(2000);
  });

  test('so does one with bytes that are lost or put in', async () => {
    const damage = fc.record({
      at: fc.nat(40_000),
      removed: fc.nat(2),
      put: fc.constantFrom('', '"', ',', '1', '\n'),
    });
    await fc.assert(
      fc.asyncProperty(
        log,
        fc.array(damage, { minLength: 1, maxLength: 3 }),
        cuts,
        async (text, all, places) => {
          let damaged = text;
          for (const { at, removed, put } of all) {
            const place = at % (damaged.length + 1);
            damaged = damaged.slice(0, place) + put + damaged.slice(place + removed);
          }
          await expectSame(damaged, places);
        },
      ),
      { numRuns: 500, endOnFailure: true },
    );
  });

  test('so does one whose reading was killed, and goes on from what was saved', async () => {
    const read = async (text: string, at: number, isSkipping: boolean): Promise<Outcome[]> => {
      const lines = text.split(/(?<=\n)/);
      const parts = [lines.slice(0, at), lines.slice(at)].map(part => [Buffer.from(part.join(''))]);
      const before = await outcomeOf(parts[0] ?? [], isSkipping);
      const saved = JSON.parse(JSON.stringify(before.facts));
      const facts = new SessionFacts(timeReader(undefined), saved, 0);
      return [before, await outcomeOf(parts[1] ?? [], isSkipping, { facts })];
    };
    await fc.assert(
      fc.asyncProperty(log, fc.nat(100), async (text, at) => {
        const strip = ({ decided: _, ...all }: Outcome): object => all;
        const [skipping, plain] = [await read(text, at, true), await read(text, at, false)];
        expect(skipping.map(strip)).toEqual(plain.map(strip));
      }),
      { numRuns: 300, endOnFailure: true },
    );
  });

  test("so does one in which a person has the id of a service's session", async () => {
    const service = { user: 'app', pid: 50, second: 9 };
    const person = { ...service, user: 'Z990001' };
    const update = { message: 'duration: 0.3 ms  statement: UPDATE t SET a=1' };
    const announced = { commandTag: 'idle', message: 'statement: UPDATE t SET a=1' };
    const begun =
      BEFORE + many(20, 2).join('') + line(service, 1, received) + line(service, 2, audit('WRITE', 1));
    const after = [authenticated, audit('MISC', 1), update, update].map((columns, index) =>
      line(person, index + 2, columns),
    );
    await expectSame(begun + line(service, 3, disconnected()) + after.join(''));
    const between =
      line(person, 3, announced) + line(service, 4, audit('READ', 2)) + line(service, 5, update);
    await expectSame(begun + between + line(person, 6, disconnected()));
  });

  test('so does one with more sessions than are remembered, also of sessions that come back', async () => {
    const open = [0, 1, 2].map(n => line({ user: 'app', pid: 900 + n, second: 0 }, 1, received));
    const back = (n: number, to: number): string =>
      line({ user: 'app', pid: 900 + n, second: 0 }, to, audit('READ', to - 1));
    const text = [
      ...[BEFORE, ...open, ...many(2490, 300, 1), back(0, 2), ...many(40, 300, 12)],
      ...[back(0, 3), back(1, 2), ...many(600, 300, 14), back(2, 2), back(2, 3), ...many(3000, 300, 20)],
    ].join('');
    expect(await expectSame(text)).toBeGreaterThan(36_000);
    await expectSame(text, [500_000, 1_000_000, 1_500_000]);
  });

  test('so does one in which more sessions begin and stay than are remembered', async () => {
    const begun = Array.from({ length: 9000 }, (_, n) =>
      line({ user: 'app', pid: 1000 + n, second: Math.floor(n / 200) }, 1, received),
    );
    expect(await expectSame(BEFORE + begun.join(''))).toBeGreaterThan(8900);
  });
});

describe('of sessions that a service begins for each request', () => {
  const decidedOf = async (text: string): Promise<Pick<Outcome, 'decided' | 'counts'>> =>
    await outcomeOf([Buffer.from(`${text}${'x'.repeat(600)}`)], true);

  test('hardly any record is decided the long way, and each is counted', async () => {
    const { decided, counts } = await decidedOf(BEFORE + many(400, 100).join(''));
    expect(counts).toMatchObject({
      read: 2 + 400 * 6 + 1,
      dropped: { 'service-user': 2 + 400 * 3, 'not-audit': 400 * 3 },
    });
    // One role, a few seconds, and what is torn at the end.
    expect(decided).toBeLessThan(20);
  });

  test.each<[string, string]>([
    ['is missing', line({ user: 'app', pid: 50, second: 9 }, 2, authorized)],
    [
      'is numbered otherwise',
      line({ user: 'app', pid: 50, second: 9 }, 1, received).replace(',1,""', ',01,""'),
    ],
  ])('one whose first line %s is not begun as new', async (_what, first) => {
    const rest = [3, 4].map(n => line({ user: 'app', pid: 50, second: 9 }, n, audit('READ', n + 2))).join('');
    await expectSame(BEFORE + many(10, 1).join('') + first + rest);
  });

  test('a person between them is shipped, with how he logged in (I1)', async () => {
    const person = { user: 'Z990001', pid: 77, second: 1 };
    const own = [received, authenticated, authorized, audit('WRITE', 1), disconnected()].map(
      (columns, index) => line(person, index + 1, columns),
    );
    const text = BEFORE + many(150, 100).join('') + own.join('') + many(150, 100, 2).join('');
    await expectSame(text);
    const { events } = await outcomeOf([Buffer.from(text)], true);
    expect(events).toMatchObject([
      { kind: 'statement', actor: { user: 'Z990001' }, session: { authentication: { identity: 'kari' } } },
    ]);
  });

  test('a role whose name differs in case alone is another one', async () => {
    const text = BEFORE + many(50, 100).join('') + short({ user: 'APP', pid: 5, second: 0 }).join('');
    const { counts } = await outcomeOf([Buffer.from(text)], true);
    expect(counts).toMatchObject({ dropped: { 'other-user': 3, 'service-user': 2 + 50 * 3 } });
  });

  test('lines that are missing in one that the scanner began are missed (I11)', async () => {
    const hole = short({ user: 'app', pid: 5, second: 1 });
    hole.splice(3, 1);
    const text = BEFORE + many(150, 100).join('') + hole.join('');
    await expectSame(text);
    const { facts } = await outcomeOf([Buffer.from(text)], true);
    expect(facts).toMatchObject({ sessions: { missing: [{ lines: { firstLine: 4, lastLine: 4 } }] } });
  });
});
