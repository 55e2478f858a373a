import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Change, Write } from '../../src/session/change.js';
import { join } from '../../src/session/joining.js';

interface Step {
  /** Microseconds before its message, until its record, until its rows, and after them. */
  readonly waits: readonly [number, number, number, number];
  readonly text: number;
  readonly rows: number;
}

const wait = fc.integer({ min: 1, max: 900 });
const step = (least: number): fc.Arbitrary<Step> =>
  fc.record({
    waits: fc.tuple(wait, wait, wait, wait),
    text: fc.integer({ min: 0, max: 2 }),
    rows: fc.integer({ min: least, max: 3 }),
  });

/** A session that sends one statement after the other: what the log and the history say of it, and which is whose. */
function happened(steps: readonly Step[], atEnd: boolean, textOf: (step: Step, index: number) => string) {
  const writes: Write[] = [];
  const changes: { readonly change: Change; readonly by: string }[] = [];
  let now = 1_000_000;
  for (const [index, one] of steps.entries()) {
    const [before, logged, changed, after] = one.waits;
    now += before;
    const began = now;
    const digest = textOf(one, index);
    const record = (): void => {
      const place = { session: 's', transaction: '3/1', time: Math.floor(now / 1000), line: index };
      writes.push({
        id: `w${index}`,
        ...place,
        number: index + 1,
        command: 'UPDATE',
        digest,
        tables: ['t'],
        ...(atEnd && { atEnd }),
      });
    };
    now += logged;
    if (!atEnd) record();
    for (let row = 0; row < one.rows; row++) {
      now += changed;
      const times = { began: began / 1000, changed: now / 1000 };
      const what = { operation: 'UPDATE', table: 'public.t', digest };
      changes.push({ change: { session: 's', transaction: '3/1', ...times, ...what }, by: `w${index}` });
    }
    now += after;
    if (atEnd) record();
  }
  return { writes, changes };
}

function found({ writes, changes }: ReturnType<typeof happened>): (readonly string[])[] {
  const all = join(
    changes.map(({ change }) => change),
    writes,
  );
  return changes.map(({ change }) => all.get(change) ?? []);
}

test.each([false, true])(
  'if each statement has rows, its rows are its own (logged at its end: %s)',
  atEnd => {
    fc.assert(
      fc.property(fc.array(step(1), { maxLength: 40 }), steps => {
        const made = happened(steps, atEnd, () => 'the same');
        expect(found(made)).toEqual(made.changes.map(({ by }) => [by]));
      }),
    );
  },
);

test.each([false, true])(
  'if their texts differ, too, whether all have rows or not (logged at its end: %s)',
  atEnd => {
    fc.assert(
      fc.property(fc.array(step(0), { maxLength: 40 }), steps => {
        const made = happened(steps, atEnd, (_, index) => `text ${index}`);
        expect(found(made)).toEqual(made.changes.map(({ by }) => [by]));
      }),
    );
  },
);

test.each([false, true])(
  'its own statement is always among the possible ones (logged at its end: %s)',
  atEnd => {
    fc.assert(
      fc.property(fc.array(step(0), { maxLength: 40 }), steps => {
        const made = happened(steps, atEnd, ({ text }) => String(text));
        const ids = found(made);
        const isOwn = made.changes.map(
          ({ by }, index) => ids[index]?.length === 0 || ids[index]?.includes(by),
        );
        // Two messages without rows between them may take each other's place, but never from afar.
        const far = made.changes.filter(({ by }, index) => {
          const own = made.writes.find(({ id }) => id === by);
          return (ids[index] ?? []).some(
            id => Math.abs((made.writes.find(one => one.id === id)?.time ?? 0) - (own?.time ?? 0)) > 4,
          );
        });
        expect(far).toEqual([]);
        expect(isOwn.length).toBe(made.changes.length);
      }),
    );
  },
);

test('a message that was not logged has no statement of another', () => {
  const change = {
    session: 's',
    transaction: '3/1',
    began: 5000.2,
    changed: 5000.9,
    operation: 'UPDATE',
    table: 'public.t',
    digest: 'x',
  };
  const write = {
    id: 'w',
    session: 's',
    transaction: '3/1',
    line: 1,
    number: 1,
    command: 'UPDATE',
    digest: 'x',
    tables: ['t'],
  };
  expect(join([change], [{ ...write, time: 4999 }]).get(change)).toEqual([]);
  expect(join([change], [{ ...write, time: 5001 }]).get(change)).toEqual([]);
  expect(join([change], [{ ...write, time: 5000 }]).get(change)).toEqual(['w']);
});

test('the table decides between a statement and one within a function that it calls', () => {
  const change = {
    session: 's',
    transaction: '3/1',
    began: 5000,
    changed: 5002,
    operation: 'INSERT',
    table: 'public.logg',
    digest: 'outer',
  };
  const write = { session: 's', transaction: '3/1', time: 5001, number: 1, command: 'INSERT' };
  const outer = { ...write, id: 'outer', line: 1, digest: 'outer', tables: ['public.konto'] };
  const inner = { ...write, id: 'inner', line: 2, digest: 'inner', tables: ['logg'] };
  expect(join([change], [outer, inner]).get(change)).toEqual(['inner']);
  expect(join([{ ...change, table: 'public.konto' }], [outer, inner]).size).toBe(1);
});

test('very many statements of one transaction take no more than their rows', () => {
  const steps = Array.from({ length: 20_000 }, (): Step => ({ waits: [3, 3, 3, 3], text: 0, rows: 1 }));
  const made = happened(steps, false, () => 'the same');
  expect(found(made).filter(ids => ids.length === 1).length).toBe(20_000);
});

test('very many statements and rows of one message take no more than their rows', () => {
  const writes = Array.from({ length: 20_000 }, (_, n) =>
    statement(`w${n}`, 5001 + n, { digest: 'inner', number: 1 }),
  );
  const rows = writes.map(({ time }): Change => ({ ...ROW, changed: time + 0.5 }));
  const found = join(rows, writes);
  expect(rows.slice(1).map(row => found.get(row)?.at(-1))).toEqual(writes.slice(1).map(({ id }) => id));
});

/** A row of a message that came at 5000.5, and a statement of its transaction. */
const ROW: Change = {
  ...{ session: 's', transaction: '3/1', began: 5000.5, changed: 5000.9 },
  ...{ operation: 'UPDATE', table: 'public.konto', digest: 'message' },
};
function statement(id: string, time: number, more: Partial<Write> = {}): Write {
  const line = Number(id.replace(/\D/g, ''));
  const place = { session: 's', transaction: '3/1', time, line, number: line };
  return { id, ...place, command: 'UPDATE', digest: 'message', tables: ['konto'], ...more };
}

test('in the millisecond of a row, the statement after it is as possible as the one before', () => {
  const of = (changed: number, atEnd: Partial<Write>): unknown => {
    const row = { ...ROW, changed };
    return join([row], [statement('w1', 5001, atEnd), statement('w2', 5002, atEnd)]).get(row);
  };
  expect(of(5001.9, {})).toEqual(['w1']);
  expect(of(5002.1, {})).toEqual(['w1', 'w2']);
  expect(of(5003.1, {})).toEqual(['w2']);
  expect(of(5000.9, { atEnd: true })).toEqual(['w1']);
  expect(of(5001.1, { atEnd: true })).toEqual(['w1', 'w2']);
  expect(of(5002.1, { atEnd: true })).toEqual(['w2']);
});

test("another statement of the same millisecond names the table, and is not the row's", () => {
  // A view, a cascade, or a function.
  const own = statement('w2', 5000, { tables: ['utsnitt'] });
  const before = statement('w1', 5000, { digest: 'other' });
  expect(join([ROW], [before, own]).get(ROW)).toEqual(['w2']);
  const within = statement('w3', 5000, { digest: 'inner', number: 2 });
  expect(join([ROW], [before, own, within]).get(ROW)).toEqual(['w3']);
});

test('one for which nothing speaks but its time is the only one of its message, or none', () => {
  const stranger = { digest: 'other', tables: ['annen'] };
  const row = { ...ROW, changed: 5002 };
  expect(join([row], [statement('w1', 5001, stranger)]).get(row)).toEqual(['w1']);
  expect(join([row], [statement('w1', 5000, stranger)]).get(row)).toEqual([]);
  expect(join([row], [statement('w1', 5001, stranger), statement('w2', 5001, stranger)]).get(row)).toEqual(
    [],
  );
});
