/** Whether a record of pgAudit's is an UPDATE or DELETE without WHERE. */

import type { Audit } from '../event/audit.js';
import { andThen } from '../lib/settled.js';
import type { Bounds } from './bounds.js';
import type { RelationParser } from './relations.js';

/**
 * `maybe`: another statement of the same text has none, or the text does not parse and holds no WHERE; `unknown`: it does
 * not parse, or was not logged.
 */
export type WithoutWhere = 'yes' | 'no' | 'maybe' | 'unknown';

type Said = Pick<Audit, 'class' | 'command' | 'objectName' | 'statement'>;

/** What EXPLAIN ANALYZE and EXECUTE run has a record of its own, with another command. */
export const PLANS = ['EXPLAIN', 'PREPARE'];

const BOUNDED = /\b(?:update|delete)\b/i;

/** A record of PREPARE or EXPLAIN, which pgAudit files as WRITE, is none of a change. Never rejects. */
export function withoutWhere(said: Said, parser: RelationParser): WithoutWhere | Promise<WithoutWhere> {
  const { class: auditClass, command, statement } = said;
  if (auditClass !== 'WRITE' || PLANS.includes(command)) return 'no';
  if (statement === null) return BOUNDED.test(command) ? 'unknown' : 'no';
  if (!BOUNDED.test(statement)) return 'no';
  return andThen(parser.bounds(statement), bounds => {
    if (bounds === null) return /\bwhere\b/i.test(statement) ? 'unknown' : 'maybe';
    const own = bounds.filter(one => isOwn(one, said));
    if (own.every(({ hasWhere }) => hasWhere)) return 'no';
    return own.some(({ hasWhere }) => hasWhere) ? 'maybe' : 'yes';
  });
}

/** With `pgaudit.log_relation` each relation has a record of its own, under the command that changes it. */
function isOwn({ command: inner }: Bounds, { command, objectName }: Said): boolean {
  return BOUNDED.test(command) ? command === inner : objectName === null;
}
