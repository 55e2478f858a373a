import type { Expression } from '../lib/expression.js';
import { personIn } from './groups.js';
import type { Resolver } from './resolver.js';

/** Finds the person in the role's own name: the groups of the first expression that matches. */
export function patternResolver(expressions: readonly Expression[]): Resolver {
  return {
    name: 'pattern',
    resolve({ user }) {
      const person = personIn(user, expressions);
      return person && { person };
    },
  };
}
