import type { AuditEvent } from '../../src/event/event.js';
import type { RowFields } from '../../src/event/row.js';

/** The event of an UPDATE, with these values besides. */
export function rowEvent(values: Partial<RowFields['row']>): AuditEvent & RowFields {
  return {
    ...{ v: 1, chain: 'c', seq: 7, previousHash: '0', kind: 'row' },
    id: 'i/row/01a22b93-4891-7c20-b27e-10a47d326b10',
    time: '2026-11-30T08:30:02.385Z',
    receivedAt: '2026-11-30T08:30:02.762Z',
    ...{ instance: 'i', node: 'n', database: 'd' },
    actor: { user: 'Z990001', status: 'resolved', id: 'Z990001', resolvedBy: ['pattern'] },
    row: {
      ...{ system: '7713878953226769829', timeline: 1, transaction: '749', operation: 'UPDATE' },
      ...{ table: 'public.konto', key: { id: 4 }, old: { saldo: '1.00' }, new: { saldo: '2.00' } },
      statementAt: '2026-11-30T08:30:02.381Z',
      statement: 'i/6b0d340a.35b6/3',
      ...values,
    },
    session: { id: '6b0d340a.35b6', startedAt: null, pid: 1, virtualTransactionId: '3/21' },
  };
}
