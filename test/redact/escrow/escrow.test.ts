/** If an original cannot be encrypted, its record becomes a gap, and what follows is shipped. */

import { createHash } from 'node:crypto';
import { expect, onTestFinished, test } from 'vitest';
import { Escrow } from '../../../src/redact/escrow/escrow.js';
import { createRedactor } from '../../../src/redact/redact.js';
import { csvRecord, writeMessage } from '../../support/csvlog.js';
import { outcomeOf } from '../../support/skipped.js';

/** An invalid key: its thread dies of any text. */
function brokenEscrow(): (original: string) => Promise<string> {
  const escrow = new Escrow(['no key']);
  onTestFinished(() => escrow.close());
  return original => escrow.seal(original);
}

test('a redacted record is not shipped without its original, and what follows is', async () => {
  const secret = csvRecord({
    sessionLine: 1,
    message: writeMessage('UPDATE u SET password = $1', ['S3CR3T']),
  });
  const forged = csvRecord({
    sessionLine: 2,
    message: writeMessage("SET password = 'S3CR3T'"),
    context: 'PL',
  });
  const plain = csvRecord({ sessionLine: 3, message: writeMessage('UPDATE konto SET a = 1', [], 3) });
  const { counts, events } = await outcomeOf([Buffer.from(secret + forged + plain)], false, {
    redact: createRedactor([]),
    escrow: brokenEscrow(),
  });
  expect(counts).toMatchObject({ read: 3, shipped: 1, rejected: { unreadable: 2 } });
  expect(events).toMatchObject([{ kind: 'gap' }, { kind: 'gap' }, { kind: 'statement' }]);
  expect(events[0]).toMatchObject({
    gap: { reason: 'unreadable', line: '1', sha256: createHash('sha256').update(secret).digest('hex') },
  });
  expect(JSON.stringify(events)).not.toContain('S3CR3T');
});
