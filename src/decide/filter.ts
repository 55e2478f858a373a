/**
 * Decides which genuine records are shipped.
 *
 * This folder decides by class and role alone: no I/O, no clock. Imports `event/`, `lib/`, and types of the stages before it.
 */

import type { AuditClass } from '../event/names.js';
import type { UserKind, Users } from './users.js';

export interface FilterRules {
  /** Finds a login role's kind. */
  readonly users: Users;
  readonly classes: ReadonlySet<AuditClass>;
  /** What to do with users that neither list names. */
  readonly otherUsers: 'drop' | 'ship';
  /** What to do with records without a user. */
  readonly backgroundWorkers: 'drop' | 'ship';
  /** What to do with rows of a history. */
  readonly rows: 'drop' | 'ship';
}

/** Why a genuine record is not shipped. */
export type DropReason = 'service-user' | 'other-user' | 'background-worker' | 'class' | 'rows';

export interface Decision {
  readonly isShipped: boolean;
  readonly reason: DropReason | 'shipped';
}

export class Filter {
  readonly #rules: FilterRules;

  constructor(rules: FilterRules) {
    this.#rules = rules;
  }

  get users(): Users {
    return this.#rules.users;
  }

  /** A user of unknown kind is shipped: too much is better than too little. */
  decide(kind: UserKind, auditClass: AuditClass): Decision {
    const byUser = this.#byUser(kind);
    if (!byUser.isShipped) return byUser;
    return this.#rules.classes.has(auditClass) ? byUser : drop('class');
  }

  /** As `decide`, for a change of a row: it has no class. */
  decideRow(kind: UserKind): Decision {
    return this.#rules.rows === 'drop' ? drop('rows') : this.#byUser(kind);
  }

  #byUser(kind: UserKind): Decision {
    if (kind === 'service') return drop('service-user');
    if (kind === 'other' && this.#rules.otherUsers === 'drop') return drop('other-user');
    if (kind === 'nobody' && this.#rules.backgroundWorkers === 'drop') return drop('background-worker');
    return { isShipped: true, reason: 'shipped' };
  }
}

function drop(reason: DropReason): Decision {
  return { isShipped: false, reason };
}
