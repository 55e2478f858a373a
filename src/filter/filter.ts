/** Decides which genuine records are shipped. */

import type { AuditClass } from '../event.js';
import { type UserKind, type UserRules, userKinds } from './users.js';

export interface FilterRules extends UserRules {
  readonly classes: ReadonlySet<AuditClass>;
  /** What becomes of users that neither list names. */
  readonly otherUsers: 'drop' | 'ship';
}

/** Why a genuine record is not shipped. */
export type DropReason = 'service-user' | 'other-user' | 'class';

export interface Decision {
  readonly isShipped: boolean;
  readonly reason: DropReason | 'shipped';
  readonly userKind: UserKind;
}

/** Decides by the login role and the statement's class. */
export type Filter = (user: string, auditClass: AuditClass) => Decision;

export function createFilter(rules: FilterRules): Filter {
  const kindOf = userKinds(rules);
  const drop = (reason: DropReason, userKind: UserKind): Decision => ({ isShipped: false, reason, userKind });
  return (user, auditClass) => {
    const userKind = kindOf(user);
    if (userKind === 'service') return drop('service-user', userKind);
    if (userKind === 'other' && rules.otherUsers === 'drop') return drop('other-user', userKind);
    if (!rules.classes.has(auditClass)) return drop('class', userKind);
    return { isShipped: true, reason: 'shipped', userKind };
  };
}
