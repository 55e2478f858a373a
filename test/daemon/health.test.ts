/** Problems last from when they were first found, through restarts; only some of them keep the daemon from its job. */

import { expect, test } from 'vitest';
import { Health, PROBLEM_CODES, type Problem, problemTimes } from '../../src/daemon/health.js';

const NOT_AUDITED: Problem = { code: 'not-audited', what: '1 person', fix: 'fix it' };
const NO_LOG: Problem = { code: 'no-log', what: '/log', fix: 'wait' };

function healthAt(hour: { now: number }): Health {
  const health = new Health(() => Date.UTC(2026, 10, 21, hour.now));
  health.set('start', null);
  return health;
}

const reported = (health: Health): string[] =>
  health.problems.map(({ code, since }) => `${code} ${since.slice(11, 16)}`);

test('a lasting problem keeps its time; one that returns starts again', () => {
  const clock = { now: 8 };
  const health = healthAt(clock);
  health.set('audit', [NOT_AUDITED]);
  clock.now = 9;
  health.set('audit', [{ ...NOT_AUDITED, what: '2 persons' }]);
  expect(reported(health)).toEqual(['not-audited 08:00']);
  expect(health.problems[0]?.what).toBe('2 persons');
  health.set('audit', null);
  clock.now = 10;
  health.set('audit', NOT_AUDITED);
  expect(reported(health)).toEqual(['not-audited 10:00']);
});

test('others can fix it, and the daemon does its job', () => {
  const health = healthAt({ now: 8 });
  health.set('audit', NOT_AUDITED);
  expect(health.hindrances).toEqual([]);
  health.set('source', NO_LOG);
  expect(health.hindrances).toEqual(['source: /log: wait']);
  expect(reported(health)).toEqual(['no-log 08:00', 'not-audited 08:00']);
});

test('after a restart it keeps its time, if the first look finds it again', () => {
  const clock = { now: 8 };
  const first = healthAt(clock);
  let saved: unknown;
  first.recall([], () => {
    saved = { v: 1, problems: first.lasting };
  });
  first.set('audit', NOT_AUDITED);
  first.set('source b', NO_LOG);
  clock.now = 9;
  const second = healthAt(clock);
  second.recall(problemTimes.parse(saved).problems, () => undefined);
  expect(second.problems).toEqual([]);
  // A crash before the first look loses nothing.
  expect(second.lasting).toMatchObject([{ part: 'audit', code: 'not-audited' }]);
  second.set('audit', NOT_AUDITED);
  second.set('source b', NO_LOG);
  expect(reported(second)).toEqual(['no-log 09:00', 'not-audited 08:00']);
  second.set('audit', null);
  second.set('audit', NOT_AUDITED);
  expect(reported(second)).toEqual(['no-log 09:00', 'not-audited 09:00']);
});

test('it is written only if it changed', () => {
  let changes = 0;
  const health = healthAt({ now: 8 });
  health.recall([], () => {
    changes += 1;
  });
  for (const one of [NOT_AUDITED, NOT_AUDITED, null, null]) health.set('audit', one);
  health.set('journal', { code: 'journal-full', what: 'full', fix: 'wait' });
  expect(changes).toBe(2);
});

test('each code has its own name', () => {
  expect(new Set(PROBLEM_CODES).size).toBe(PROBLEM_CODES.length);
});
