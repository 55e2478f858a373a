import { describe, test } from 'vitest';
import { type Forgery, sealOf } from '../../support/forgery.js';
import { type Finding, realArchive } from '../../support/real-archive.js';

const { expectFound } = realArchive();

describe('the last seal is edited, and its object renamed', () => {
  test.each<[string, (forgery: Forgery) => void, Finding]>([
    [
      "it has another tree's root",
      forgery => {
        forgery.edit(3, 8, event => sealOf(event, { merkleRoot: '0'.repeat(64) }));
        forgery.rename(3);
      },
      { code: 'root', what: /Merkle root/, object: 3, line: 8 },
    ],
    [
      'it names another one before it',
      forgery => {
        forgery.edit(3, 8, event => sealOf(event, { previousSeal: { seq: 8, hash: '0'.repeat(64) } }));
        forgery.rename(3);
      },
      { code: 'previous-seal', what: /names another one/, object: 3, line: 8 },
    ],
    [
      'it names none before it',
      forgery => {
        forgery.edit(3, 8, event => sealOf(event, { previousSeal: undefined }));
        forgery.rename(3);
      },
      { code: 'previous-seal', what: /does not name/, object: 3, line: 8 },
    ],
  ])('%s', (_name, forge, finding) => expectFound(forge, finding));
});
