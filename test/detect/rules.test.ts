/** What rules count, when they are silent, and what they know of persons. */

import { afterAll, describe, expect, test } from 'vitest';
import type { Detector } from '../../src/detect/detector.js';
import { DetectState } from '../../src/detect/state.js';
import type { NewEvent } from '../../src/event/event.js';
import { createRelationParser } from '../../src/relations/relations.js';
import { detectorOf, raisedBy } from '../support/detect.js';
import { type NewStatement, type Said, statement, unauditedOf } from '../support/search.js';

const parser = createRelationParser({ forReview: true });
afterAll(() => parser.close());

const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;
/** A Monday, 11 o'clock in Oslo. */
const START = Date.parse('2025-11-03T10:00:00.000Z');

function done(after: number, said: Said = {}): NewStatement {
  return statement({ time: new Date(START + after).toISOString(), ...said });
}

const bounded = { statement: 'UPDATE t SET a = 1 WHERE b' };

/** `rule`, and the places of the events that it rests on. */
async function raised(detector: Detector, events: readonly NewEvent[]): Promise<string[]> {
  const alerts = await raisedBy(detector, events, parser);
  const ids = events.map(({ id }) => id);
  return alerts.map(one => [one.rule, ...one.ids.map(id => ids.indexOf(id))].join(' '));
}

describe('bulk', () => {
  const limits = { statements: 3, rows: 0, relations: 0, within: '10m' };

  test('counts what one person does within the time', async () => {
    const events = [0, 4, 8, 9].map(minute => done(minute * MINUTE, { audit: bounded }));
    expect(await raised(detectorOf({ bulk: limits }), events)).toEqual(['bulk 0 2']);
    const slow = [0, 6, 12, 18].map(minute => done(minute * MINUTE, { audit: bounded }));
    expect(await raised(detectorOf({ bulk: limits }), slow)).toEqual([]);
    const several = ['Z990001', 'Z990002', 'Z990001'].map(user => done(0, { user, audit: bounded }));
    expect(await raised(detectorOf({ bulk: limits }), several)).toEqual([]);
  });

  test('counts what comes after the clock was set back, beside what comes before', async () => {
    const [HOUR, one] = [60 * MINUTE, { audit: bounded }];
    const back = [2 * HOUR, 0, MINUTE, 2 * MINUTE].map(after => done(after, one));
    expect(await raised(detectorOf({ bulk: limits }), back)).toEqual(['bulk 1 3']);
    // Two servers, one of them late: neither counts with the other, nor hides it.
    const both = [HOUR, 0, HOUR + 1, 1, 2, HOUR + 2].map(after => done(after, one));
    expect(await raised(detectorOf({ bulk: limits }), both)).toEqual(['bulk 1 4', 'bulk 0 5']);
    const apart = [3 * HOUR, 2 * HOUR, HOUR, 0].map(after => done(after, one));
    expect(await raised(detectorOf({ bulk: limits }), apart)).toEqual([]);
  });

  test('counts a person with two login roles as one', async () => {
    const events = ['Z990001', 'Z990001-admin', 'Z990001-b'].map(user => {
      const made = done(0, { user, audit: bounded });
      return { ...made, actor: { ...made.actor, id: 'Z990001' } };
    });
    expect(await raised(detectorOf({ bulk: limits }), events)).toEqual(['bulk 0 2']);
  });

  test('counts a statement once, however many records name its relations', async () => {
    const audit = { ...bounded, statementId: 7, substatementId: 1, rows: 60 };
    const events = ['a', 'b', 'c'].map(objectName => done(0, { audit: { ...audit, objectName } }));
    expect(await raised(detectorOf({ bulk: limits }), events)).toEqual([]);
    expect(await raised(detectorOf({ bulk: { ...limits, statements: 0, rows: 100 } }), events)).toEqual([]);
    const relations = { ...limits, statements: 0, relations: 3 };
    const named = ['a', 'b', 'c'].map(name => done(0, { audit: { ...audit, objects: [name] } }));
    expect(await raised(detectorOf({ bulk: relations }), named)).toEqual(['bulk 0 2']);
  });

  test('counts no rows and relations that were only read; a rule of its own may', async () => {
    const events = ['a', 'b', 'c'].map((objectName, n) =>
      done(0, {
        audit: {
          ...{ class: 'READ', command: 'SELECT', statement: 'SELECT 1', objectType: 'TABLE', objectName },
          ...{ statementId: 7 + n, rows: 50 },
        },
      }),
    );
    const none = { statements: 0, rows: 0, relations: 0, within: '10m' };
    expect(await raised(detectorOf({ bulk: { ...none, rows: 100 } }), events)).toEqual([]);
    expect(await raised(detectorOf({ bulk: { ...none, relations: 3 } }), events)).toEqual([]);
    expect(await raised(detectorOf({ bulk: { ...none, statements: 3 } }), events)).toEqual(['bulk 0 2']);
    const own = { name: 'mine', severity: 'error', when: { classes: ['read'] }, rows: 100, within: '10m' };
    expect(await raised(detectorOf({}, { own: [own] }), events)).toEqual(['mine 0 1']);
  });

  test('counts neither a plain EXPLAIN nor PREPARE', async () => {
    const plans = [
      { command: 'UPDATE', statement: 'EXPLAIN UPDATE t SET a = 1' },
      { command: 'PREPARE', statement: 'PREPARE p AS DELETE FROM t' },
      { command: 'EXPLAIN', statement: 'EXPLAIN ANALYZE DELETE FROM t' },
    ].map(audit => done(0, { audit }));
    expect(await raised(detectorOf({ bulk: limits, 'no-where': 'on' }), [...plans, ...plans])).toEqual([]);
  });

  test('is silent until the time is over, and counts on', async () => {
    const events = Array.from({ length: 40 }, (_, n) => done(n * MINUTE, { audit: bounded }));
    expect(await raised(detectorOf({ bulk: limits }), events)).toEqual([
      ...['bulk 0 2', 'bulk 3 12', 'bulk 13 22', 'bulk 23 32'],
    ]);
  });

  test('an old log that is read late does not count with newer work', async () => {
    const events = [0, 0, -DAY, -DAY].map(after => done(after, { audit: bounded }));
    expect(await raised(detectorOf({ bulk: limits }), events)).toEqual([]);
  });
});

describe('who is new', () => {
  const rules = { 'first-seen': { after: '30d' } };

  test('is not reported while too little is known', async () => {
    const events = [
      done(0, { user: 'Z1' }),
      done(29 * DAY, { user: 'Z2' }),
      done(30 * DAY, { user: 'Z3' }),
      done(59 * DAY, { user: 'Z2' }),
      done(60 * DAY, { user: 'Z1' }),
    ];
    expect(await raised(detectorOf(rules), events)).toEqual(['first-seen 2', 'first-seen 3', 'first-seen 4']);
  });

  test('is learned by the time of reading: an old log teaches nothing at once', async () => {
    const now = new Date(START + 100 * DAY).toISOString();
    const events = [done(0), done(60 * DAY, { user: 'Z2' })].map(one => ({ ...one, receivedAt: now }));
    expect(await raised(detectorOf(rules), events)).toEqual([]);
  });

  test('is not known if more persons come than are kept: then it learns again', async () => {
    const state = new DetectState();
    state.learnedFor(0);
    for (let n = 0; n < 150_000; n++) state.seen(`role ${n}`, { time: n, receivedAt: n });
    expect(state.learnedFor(150_000)).toBeLessThan(100);
    expect(state.toString().length).toBeLessThan(4e6);
  });
});

test('a statement that has a record for each of its relations raises an alert once', async () => {
  const audit = { statement: 'UPDATE t SET a = 1', statementId: 7, substatementId: 1 };
  const events = ['t', 't_1', 't_2'].map(objectName => done(0, { audit: { ...audit, objectName } }));
  const next = done(0, { audit: { ...audit, statementId: 8, objectName: 't' } });
  expect(await raised(detectorOf({ 'no-where': 'on' }), [...events, next])).toEqual([
    'no-where 0',
    'no-where 3',
  ]);
});

test('a rule that is raised without end is silent after twenty in an hour, and says so', async () => {
  const events = Array.from({ length: 30 }, (_, n) => done(n * 1000));
  const alerts = await raisedBy(detectorOf({ 'no-where': 'on' }), events, parser);
  expect(alerts).toHaveLength(20);
  expect(alerts.at(-2)?.why).toBe('An UPDATE or DELETE has no WHERE.');
  expect(alerts.at(-1)?.why).toContain('this rule is silent for this person for up to 1 hour');
  const later = [done(61 * MINUTE)];
  const detector = detectorOf({ 'no-where': 'on' });
  await raisedBy(detector, events, parser);
  expect(await raised(detector, later)).toEqual(['no-where 0']);
});

test('a temporary relation may be emptied, and one that is only called so may not', async () => {
  const truncated = [
    ...['pg_temp.arbeid', 'pg_temp_12.arbeid', '"pg_temp_3"."x"'],
    ...['pg_temp_konto', 'pg_temp', '"pg_temp.konto"', 'fag.pg_temp_konto'],
  ].map(name =>
    done(0, { audit: { command: 'TRUNCATE TABLE', statement: `TRUNCATE ${name}`, objects: [name] } }),
  );
  expect(await raised(detectorOf({ destroyed: 'on' }), truncated)).toEqual([
    ...['destroyed 3', 'destroyed 4', 'destroyed 5', 'destroyed 6'],
  ]);
});

test('what the parser cannot read is never taken for harmless', async () => {
  const large = { source: { file: 'a.csv', fileId: 'f', offset: 0, length: 2 * 1024 ** 2 } };
  const unread = [
    done(0, { audit: { command: 'DELETE', statement: `DELETE FROM t /* ${'x'.repeat(300_000)} */` } }),
    done(0, { audit: { command: 'DELETE', statement: `DELETE FROM t /* where ${'x'.repeat(300_000)} */` } }),
    { ...done(0, { audit: { command: 'DELETE', statement: 'a token' } }), ...large },
  ];
  expect(await raised(detectorOf({ 'no-where': 'on' }), unread)).toEqual([0, 1, 2].map(n => `no-where ${n}`));
  const rights = [
    done(0, { audit: { class: 'ROLE', command: 'GRANT', statement: `GRANT a TO public ${'('.repeat(99)}` } }),
    { ...done(0, { audit: { class: 'ROLE', command: 'GRANT', statement: 'a token' } }), ...large },
  ];
  expect(await raised(detectorOf({ rights: 'on' }), rights)).toEqual(['rights 0', 'rights 1']);
  const sensitive = { sensitive: true, statement: "COPY t FROM '/tmp/x' ???" } as const;
  expect(await raised(detectorOf({ 'audit-off': 'on' }), [done(0, { audit: sensitive })])).toEqual([
    'audit-off 0',
  ]);
});

test('before pgAudit 17 a text is logged with each of its statements: rights are those of the ROLE record', async () => {
  const both = 'ALTER ROLE x SUPERUSER; INSERT INTO t VALUES (1)';
  const events = [
    done(0, { audit: { class: 'ROLE', command: 'ALTER ROLE', statement: both } }),
    done(0, { audit: { command: 'INSERT', statement: both } }),
  ];
  expect(await raised(detectorOf({ rights: 'on' }), events)).toEqual(['rights 0']);
});

describe("a rule of one's own", () => {
  const own = (rule: object) => ({ own: [{ name: 'mine', severity: 'error', ...rule }] });

  test('needs all of its conditions', async () => {
    const rule = {
      why: 'Pay was changed at night.',
      when: { relations: ['^hr\\.'], classes: ['write'], is: ['outside-hours', 'no-where'], users: ['^Z'] },
    };
    const night = 12 * 60 * MINUTE;
    const pay = { ...bounded, objects: ['hr.lonn'] };
    const events = [
      done(night, { audit: pay }),
      done(0, { audit: pay }),
      done(night, { audit: bounded }),
      done(night, { user: 'app', audit: pay }),
      done(0, { audit: { statement: 'UPDATE t SET a = 1', objects: ['hr.lonn'] } }),
      unauditedOf(done(night)),
    ];
    const alerts = await raisedBy(detectorOf({}, own(rule)), events, parser);
    expect(alerts.map(({ ids }) => events.findIndex(({ id }) => id === ids[0]))).toEqual([0, 4]);
    expect(alerts[0]).toMatchObject({ rule: 'mine', severity: 'error', why: 'Pay was changed at night.' });
  });

  test('may count', async () => {
    const rule = { when: { commands: ['^DELETE'] }, statements: 2, within: '1m' };
    const audit = { command: 'DELETE', statement: 'DELETE FROM t WHERE a' };
    const events = [done(0, { audit }), done(0, { audit: bounded }), done(0, { audit })];
    const [alert] = await raisedBy(detectorOf({}, own(rule)), events, parser);
    expect(alert?.ids).toEqual([events[0]?.id, events[2]?.id]);
    expect(alert?.why).toBe('At least 2 statements by one person that the rule describes, within 1 minute.');
  });
});

test('names that clients choose are never in an alert', async () => {
  const hostile = '"} \n{"kind":"alert"\u0000\u202e';
  const all = {
    bulk: { statements: 1 },
    'no-where': 'on',
    watched: { users: ['.'] },
    'shared-role': 'on',
    rights: 'on',
  };
  const made = done(0, { user: hostile, audit: { objects: [hostile], statement: 'UPDATE t SET a = 1' } });
  const events = [{ ...made, id: 'i', actor: { ...made.actor, status: 'unresolved' as const } }];
  const alerts = await raisedBy(detectorOf(all), events, parser);
  expect(alerts.map(({ rule }) => rule).sort()).toEqual(['bulk', 'no-where', 'shared-role', 'watched']);
  expect(JSON.stringify(alerts)).not.toContain('kind');
});
