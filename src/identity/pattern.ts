import type { Expression } from '../expression.js';
import type { Resolver } from './resolver.js';

/** Takes the person out of the role's own name: the groups of the first expression that matches. */
export function patternResolver(expressions: readonly Expression[]): Resolver {
  return {
    name: 'pattern',
    resolve({ user }) {
      for (const expression of expressions) {
        const groups = expression.groups(user);
        if (groups !== null && Object.keys(groups).length > 0) return groups;
      }
      return null;
    },
  };
}
