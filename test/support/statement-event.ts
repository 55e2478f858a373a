import type { AuditEvent } from '../../src/event/event.js';

/** With these texts; its id is `i/6b.1/4`. */
export function statementEvent(
  statement: string | null,
  parameters: readonly string[] | null,
  raw?: string,
): AuditEvent {
  return JSON.parse(
    JSON.stringify({
      v: 1,
      chain: 'c',
      seq: 7,
      previousHash: '0',
      kind: 'statement',
      id: 'i/6b.1/4',
      time: '2026-11-21T20:40:01.123Z',
      receivedAt: '2026-11-21T20:40:01.180Z',
      instance: 'i',
      node: 'n',
      database: 'd',
      actor: { user: 'Z990001', status: 'resolved', resolvedBy: ['pattern'] },
      audit: {
        type: 'SESSION',
        statementId: 1,
        substatementId: 1,
        class: 'WRITE',
        command: 'UPDATE',
        objectType: null,
        objectName: null,
        statement,
        parameters,
        rows: null,
      },
      session: { id: '6b.1', line: 4, virtualTransactionId: '3/1', transactionId: '0' },
      source: { file: 'f', fileId: 'x', offset: 0, length: 1, ...(raw === undefined ? {} : { raw }) },
    }),
  );
}
