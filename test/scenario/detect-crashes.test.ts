/** Whichever step that makes something durable is the last: each alert is in the archive once, after its event. */

import { describe, expect, test } from 'vitest';
import type { ArchivedEvent } from '../support/archive.js';
import { choices } from '../support/choices.js';
import { range } from '../support/log.js';
import { liveForEach, liveWhole } from '../support/whole-life.js';

/** None of the log's statements has a WHERE; each third one completes a count. */
const DETECT = {
  rules: {
    bulk: 'off',
    'outside-hours': 'off',
  },
  own: [
    {
      name: 'three',
      severity: 'warning',
      when: { users: ['.'] },
      statements: 3,
      within: '10s',
      again: '0s',
    },
  ],
};

function expectAlerts(events: readonly ArchivedEvent[]): void {
  const done = events.filter(({ kind }) => kind === 'statement').map(({ id }) => id);
  const thirds = range(1, Math.floor(done.length / 3)).map(n => [done[3 * n - 3], done[3 * n - 1]]);
  const raised = (rule: string): unknown[] =>
    events.filter(({ alert }) => alert?.rule === rule).map(({ alert }) => alert?.ids);
  expect(raised('no-where')).toEqual(done.map(id => [id]));
  expect(raised('three')).toEqual(thirds);
  expect(events.filter(({ kind }) => kind === 'alert')).toHaveLength(done.length + thirds.length);
  for (const [index, { alert }] of events.entries())
    if (alert !== undefined) expect(events.slice(0, index).findLast(isStatement)?.id).toBe(alert.ids.at(-1));
}

const isStatement = ({ kind }: ArchivedEvent): boolean => kind === 'statement';
const watched = { more: { detect: DETECT }, expects: expectAlerts };
const points = range(1, await liveWhole(watched));

describe('each alert comes once', () => {
  test('kill -9 before it', () =>
    liveForEach(points, at => ({
      ...watched,
      onCall: (count, _call, fs) => count === at && fs.kill(),
    })));

  test('power loss before it, with a part of what is not synced gone', () =>
    liveForEach(points, at => ({
      ...watched,
      onCall: (count, _call, fs) => count === at && fs.kill(true),
      choose: choices(at),
    })));
});
