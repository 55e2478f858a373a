/** The look at a line's bytes spares work, and never an event. */

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { finderOf } from '../../../src/archive/search/finder.js';
import { readEvent } from '../../../src/archive/search/found-event.js';
import { folded } from '../../../src/archive/search/pattern.js';
import { prefilter } from '../../../src/archive/search/prefilter.js';
import { EVERYTHING, matcher, type Query } from '../../../src/archive/search/query.js';
import { linesAt } from '../../../src/archive/store/object-lines.js';
import type { NewEvent } from '../../../src/event/event.js';
import type { AuditClass } from '../../../src/event/names.js';
import { failureOf, gap, statement, suspectOf, writeArchive } from '../../support/search.js';

/** What is hard about texts, JSON and case. */
const piece = fc.oneof(
  fc.constantFrom(
    'konto',
    'KONTO',
    'Kåre',
    '"',
    '\\',
    '\n',
    '*',
    '.',
    'ß',
    'Σς',
    'İ',
    '"user":"x"',
    '"kind":"gap"',
    '\u001b',
  ),
  fc.string({ unit: 'grapheme', maxLength: 4 }),
);
const text = fc.array(piece, { minLength: 1, maxLength: 3 }).map(parts => parts.join(''));
/** Around the number of bytes that are looked at in one go. */
const sizes = fc.oneof(fc.nat(50), fc.integer({ min: 31_500, max: 32_800 }));
const moment = fc
  .integer({ min: Date.UTC(2026, 10, 20), max: Date.UTC(2026, 10, 22) })
  .map(time => new Date(time).toISOString());

const anyEvent: fc.Arbitrary<NewEvent> = fc
  .record({
    kind: fc.constantFrom('statement', 'statement', 'failure', 'suspect', 'gap'),
    time: moment,
    user: text,
    name: text,
    email: text,
    class: fc.constantFrom<AuditClass>('WRITE', 'DDL', 'ROLE'),
    command: fc.constantFrom('UPDATE', 'DELETE', 'TRUNCATE TABLE'),
    statement: fc.option(text, { nil: null }),
    parameters: fc.option(fc.array(text, { maxLength: 2 }), { nil: null }),
    objects: fc.option(fc.array(text, { minLength: 1, maxLength: 2 }), { nil: undefined }),
    objectName: fc.option(text, { nil: null }),
    session: text,
  })
  .map(({ kind, time, user, name, email, session, objects, ...audit }) => {
    const said = { ...audit, ...(objects !== undefined && { objects }) };
    const made = statement({ time, user, name, email, audit: said, session: { id: session } });
    if (kind === 'failure') return failureOf(made);
    if (kind === 'suspect') return suspectOf(made, audit.statement ?? '');
    return kind === 'gap' ? gap(user, session, time) : made;
  });

/** A part of what the event holds, so that it often matches. */
function asked(event: NewEvent): fc.Arbitrary<Partial<Query>> {
  const audit = 'audit' in event ? event.audit : null;
  const part = (whole: string | null | undefined): fc.Arbitrary<string | null> =>
    fc.tuple(fc.nat(3), fc.nat(6), fc.constantFrom('', 'case')).map(([start, length, form]) => {
      // Whole characters: no command line gives a half.
      const some = [...(whole ?? 'x')].slice(start, start + length).join('');
      if (some === '') return null;
      return form === '' ? some : some.toUpperCase();
    });
  const maybe = <T>(value: T): fc.Arbitrary<T | null> => fc.constantFrom(value, null, null);
  const user = 'actor' in event ? event.actor.user : '';
  return fc.record({
    kinds: fc.constantFrom([], ['statement'], [event.kind], [event.kind, 'seal']),
    user: fc.constantFrom(null, null, user || null, `${[...user].slice(0, 2).join('')}*`, '*'),
    actor: fc.oneof(fc.constant(null), part('actor' in event ? event.actor.name : null)),
    since: maybe(event.time),
    before: maybe(new Date(Date.parse(event.time) + 1).toISOString()),
    classes: fc.constantFrom([], ['DDL', 'WRITE']),
    commands: fc.constantFrom([], ['DEL*', 'UPDATE']),
    object: fc.oneof(fc.constant(null), part(audit?.objects?.[0] ?? audit?.objectName ?? audit?.statement)),
    session: maybe('session' in event ? event.session.id : ''),
    text: fc.oneof(fc.constant(null), part(audit?.statement), part(audit?.parameters?.[0])),
  });
}

describe('a line that matches', () => {
  test('passes, whatever is asked and whatever the event holds', async () => {
    const cases = anyEvent.chain(event => fc.tuple(fc.constant(event), asked(event), sizes));
    let [matched, finders] = [0, 0];
    await fc.assert(
      fc.asyncProperty(cases, async ([event, some, size]) => {
        const query = { ...EVERYTHING, ...some };
        const [object] = await writeArchive(null, [{ date: '2026-11-21', events: [event] }]);
        const line = Buffer.from(object?.lines[0] ?? '');
        const read = readEvent(line);
        expect(read).not.toBeNull();
        if (read === null || matcher(query)(read) === null) return;
        matched += 1;
        expect(prefilter(query)(line)).toBe(true);
        // Among other lines, in a piece larger than what is looked at in one go.
        const finder = finderOf(query);
        const before = Buffer.from(`${'x'.repeat(size)}\n`);
        const content = Buffer.concat([before, line, Buffer.from('\nå\n')]);
        if (finder === null) return;
        finders += 1;
        expect([...linesAt(content, finder(content))].map(String)).toContain(String(line));
      }),
      { numRuns: 3000 },
    );
    expect(matched).toBeGreaterThan(200);
    expect(finders).toBeGreaterThan(100);
  });
});

test('letters whose upper case is ASCII are found by their own form, too', () => {
  for (let code = 0x80; code <= 0x10ffff; code += 1) {
    const letter = String.fromCodePoint(code);
    for (const ascii of folded(letter).match(/[ -~]/g) ?? []) {
      const finder = finderOf({ ...EVERYTHING, text: ascii });
      const piece = Buffer.from(`${letter}\n`);
      expect([...linesAt(piece, finder?.(piece) ?? (() => -1))].map(String)).toEqual([letter]);
    }
  }
});

describe('a line that cannot match', () => {
  test.each<[string, Partial<Query>]>([
    ['kind', { kinds: ['failure'] }],
    ['user', { user: 'Z990002' }],
    ['start of a user', { user: 'Y*' }],
    ['time', { since: '2026-11-22T00:00:00.000Z' }],
    ['time before', { before: '2026-11-21T00:00:00.000Z' }],
    ['class', { classes: ['DDL', 'ROLE'] }],
    ['command', { commands: ['DELETE', 'TRUNCATE*'] }],
    ['session', { session: '1.1' }],
    ['text', { text: 'kunde' }],
    ['person', { actor: 'Ola' }],
    ['relation', { object: 'crm.kunde' }],
  ])('by its %s is not read as JSON', async (_what, some) => {
    const [object] = await writeArchive(null, [{ date: '2026-11-21', events: [statement()] }]);
    expect(prefilter({ ...EVERYTHING, ...some })(Buffer.from(object?.lines[0] ?? ''))).toBe(false);
  });
});
