/** What a text says about the ends of transactions: pgAudit's command alone does not tell, and the text may hold more. */

import { hash } from 'node:crypto';
import type { Audit } from '../event/audit.js';
import { statementsIn } from '../lib/sql/statements.js';

/** `unclear`: the text has ROLLBACKs of both kinds, or none that can be seen. */
export const ROLLBACKS = ['transaction', 'savepoint', 'unclear'] as const;
export type Rollback = (typeof ROLLBACKS)[number];

export interface Control {
  /** Of a ROLLBACK: whether it undoes the whole transaction, or goes back to a savepoint. */
  readonly rollback: Rollback | null;
  /** Hashes of the names that two-phase commands of the record's kind give, in their order: a name may be a secret. */
  readonly names: readonly string[];
}

const NONE: Control = { rollback: null, names: [] };
const TWO_PHASE = new Set(['PREPARE TRANSACTION', 'COMMIT PREPARED', 'ROLLBACK PREPARED']);

/** The transaction may have been prepared by somebody else. */
export function endsPrepared({ class: auditClass, command }: Audit): boolean {
  return auditClass === 'MISC' && (command === 'COMMIT PREPARED' || command === 'ROLLBACK PREPARED');
}

/** Takes time linear in the text. */
export function controlOf({ class: auditClass, command, statement }: Audit): Control {
  if (auditClass !== 'MISC' || statement === null) return NONE;
  if (command === 'ROLLBACK') return { rollback: rollbackIn(statement), names: [] };
  return TWO_PHASE.has(command) ? { rollback: null, names: namesIn(statement, command) } : NONE;
}

/** Of a statement, which tell what it is. */
const MOST_TOKENS = 4;

function rollbackIn(text: string): Rollback {
  const kinds = new Set<Rollback>();
  for (const [first, ...rest] of statementsIn(text, MOST_TOKENS)) {
    if ((first !== 'rollback' && first !== 'abort') || rest[0] === 'prepared') continue;
    const next = rest[0] === 'work' || rest[0] === 'transaction' ? rest[1] : rest[0];
    kinds.add(next === 'to' ? 'savepoint' : 'transaction');
  }
  const [kind, other] = kinds;
  return kind === undefined || other !== undefined ? 'unclear' : kind;
}

function namesIn(text: string, command: string): string[] {
  const [first, second] = command.toLowerCase().split(' ');
  const names: string[] = [];
  for (const [one, two, name] of statementsIn(text, MOST_TOKENS))
    if (one === first && two === second && name?.startsWith("'"))
      names.push(hash('sha256', name, 'hex').slice(0, 32));
  return names;
}
