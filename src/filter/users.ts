/** Whose statements are shipped. */

import type { Expression } from '../expression.js';

export type UserKind = 'service' | 'personal' | 'other';

export interface UserRules {
  readonly serviceUsers: readonly Expression[];
  readonly personalUsers: readonly Expression[];
}

/** Role names are few; more than this at once is somebody playing. */
const MOST_CACHED = 10_000;

/** Returns a function that tells a login role's kind. A role that fits both lists is a service user. */
export function userKinds(rules: UserRules): (user: string) => UserKind {
  const known = new Map<string, UserKind>();
  return user => {
    const cached = known.get(user);
    if (cached !== undefined) return cached;
    if (known.size >= MOST_CACHED) known.clear();
    const kind = kindOf(user, rules);
    known.set(user, kind);
    return kind;
  };
}

function kindOf(user: string, rules: UserRules): UserKind {
  if (rules.serviceUsers.some(expression => expression.test(user))) return 'service';
  return rules.personalUsers.some(expression => expression.test(user)) ? 'personal' : 'other';
}
