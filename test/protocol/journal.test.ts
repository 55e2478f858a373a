/** The journal's protocol, checked whole by Spin: `npm run soak` takes a larger log and more faults. */

import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { soakMinutes } from '../support/soak.js';
import { verify } from '../support/spin.js';

const MODEL = fileURLToPath(new URL('journal.pml', import.meta.url));
const isSoak = soakMinutes > 0;

const SMALL = { RECORDS: 2, KILLS: 1, CUTS: 1, LOSSES: 1 };
/** They grow fast: each takes a minute and 2 GB; three records with a lost state take more than 7 GB. */
const LARGE = [
  { RECORDS: 3, KILLS: 1, CUTS: 1, LOSSES: 0 },
  { RECORDS: 2, KILLS: 2, CUTS: 2, LOSSES: 1 },
];

/** What each planted fault leaves out of the protocol. */
const FAULTS = {
  NO_FSYNC: "the sync of the journal's lines",
  NO_FOLDER_SYNC: "the sync of the journal's folder",
  NO_STATE_SYNC: 'each sync of the state folder',
  NO_START_SYNC: 'the sync of the state folder at the start',
  NO_TAKE_UP_SYNC: 'the sync of the archive before a chain is taken up',
  PUBLISH_EARLY: 'that sinks see nothing before the commit',
  RELEASE_AFTER_ONE: 'that a segment is kept until both sinks have it',
  KEEP_DELIVERED: 'that a start removes what both sinks have',
};

test.each(isSoak ? LARGE : [SMALL])(
  'no order of steps, kills, power cuts and lost states breaks a promise: %o (I1, I4, I5, I6, I9)',
  { timeout: 3_600_000 },
  async size => {
    const defined = Object.entries(size).map(([name, value]) => `${name}=${value}`);
    const { violation, isExhaustive, states, output } = await verify(MODEL, defined, true);
    expect(violation).toBe(null);
    expect(isExhaustive, output).toBe(true);
    console.info(`${states} states of ${defined.join(' ')}`);
  },
);

describe('the model finds what is missing by what the outside or the next start sees', () => {
  test.each(Object.entries(FAULTS))('%s: %s', async fault => {
    const { violation } = await verify(MODEL, [fault, 'ONLY_CONSEQUENCES'], false);
    expect(violation).toMatch(/^assertion violated/);
  });
});
