/** What a report counts as done, failed or undone, event by event. */

import { expect, test } from 'vitest';
import type { NewEvent } from '../../src/event/event.js';
import { type ReportedEvent, readEvent } from '../../src/report/event.js';
import { Outcomes } from '../../src/report/outcomes.js';
import { failureOf, statement } from '../support/search.js';

const session = { virtualTransactionId: '3/9' };

function reported(event: NewEvent): ReportedEvent {
  const read = readEvent(Buffer.from(JSON.stringify(event)));
  if (read === null) throw new Error('not an event');
  return read;
}

test('a transaction whose error is not certain goes on; what undoes it undoes all of it, but not the ROLLBACK', () => {
  const outcomes = new Outcomes();
  const [one, two] = [statement({ session }), statement({ session })];
  const error = failureOf(one);
  outcomes.statement(reported(one));
  outcomes.failure(reported({ ...error, failure: { ...error.failure, certain: false } }));
  expect(outcomes.counts).toEqual({ done: 0, failed: 0, undone: 0, unknown: 1 });
  outcomes.statement(reported(two));
  outcomes.failure(reported(failureOf(two, null)));
  outcomes.statement(reported(statement({ session, audit: { class: 'MISC', command: 'ROLLBACK' } })));
  expect(outcomes.counts).toEqual({ done: 1, failed: 0, undone: 2, unknown: 0 });
});
