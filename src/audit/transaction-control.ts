/**
 * What a text says about the end of transactions: pgAudit's command alone does not say it, and the text may contain
 * several statements.
 */

import { hash } from 'node:crypto';
import type { Audit } from '../event/audit.js';
import { statementsIn } from '../lib/sql/statements.js';

/** `unclear`: the text has ROLLBACKs of both kinds, or none is found. */
export const ROLLBACKS = ['transaction', 'savepoint', 'unclear'] as const;
export type Rollback = (typeof ROLLBACKS)[number];

export interface Control {
  /** For a ROLLBACK: whether it undoes the whole transaction, or returns to a savepoint. */
  readonly rollback: Rollback | null;
  /** Hashes of the names in two-phase commands of the record's kind, in order: a name may be a secret. */
  readonly names: readonly string[];
}

const NONE: Control = { rollback: null, names: [] };
const TWO_PHASE = new Set(['PREPARE TRANSACTION', 'COMMIT PREPARED', 'ROLLBACK PREPARED']);

/** Such a command may end a transaction that another session prepared. */
export function endsPrepared({ class: auditClass, command }: Audit): boolean {
  return auditClass === 'MISC' && (command === 'COMMIT PREPARED' || command === 'ROLLBACK PREPARED');
}

/** Takes linear time. */
export function controlOf({ class: auditClass, command, statement }: Audit): Control {
  if (auditClass !== 'MISC' || statement === null) return NONE;
  if (command === 'ROLLBACK') return { rollback: rollbackIn(statement), names: [] };
  return TWO_PHASE.has(command) ? { rollback: null, names: namesIn(statement, command) } : NONE;
}

/** Tokens that suffice to classify a statement. */
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
