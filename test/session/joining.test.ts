import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type Change, join, type Write } from '../../src/session/joining.js';

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
  const write = { session: 's', transaction: '3/1', time: 5001, command: 'INSERT' };
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
