import type { Expression } from '../lib/expression.js';
import { personIn } from './groups.js';
import type { Resolver } from './resolver.js';

/** Characters of a claim that are read: a comment may be megabytes long, and a name is at its start. */
const MOST_CHARACTERS = 1000;

/**
 * Finds the person in what the client wrote about itself, the first claim first. Anybody can write anything there:
 * `identifyBy` uses this only if nothing else is known, and marks the result `claimed`.
 */
export function commentResolver(expressions: readonly Expression[]): Resolver {
  return {
    name: 'comment',
    resolve({ claims }) {
      for (const claim of claims()) {
        const person = personIn(claim.slice(0, MOST_CHARACTERS), expressions);
        if (person !== null) return { person };
      }
      return null;
    },
  };
}
