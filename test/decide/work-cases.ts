/** The work that `filter.test.ts` counts. */

import { Filter, type FilterRules } from '../../src/decide/filter.js';
import { Users } from '../../src/decide/users.js';
import { Expression } from '../../src/lib/expression.js';

/** Rules with persons only, by one expression. */
export function rulesOf(expression: string): FilterRules {
  return {
    classes: new Set(['WRITE']),
    users: new Users({ personalUsers: [new Expression(expression)], serviceUsers: [], memberships: null }),
    otherUsers: 'drop',
    backgroundWorkers: 'ship',
    rows: 'ship',
  };
}

/** Decides names that differ in a number at their end. */
export function decide(expression: string, name: string, times: number): () => unknown {
  const { users } = new Filter(rulesOf(expression));
  return () => {
    for (let n = 0; n < times; n++) users.kindOf(`${name}${n}`, () => 0);
  };
}
