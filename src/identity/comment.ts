import type { Expression } from '../lib/expression.js';
import { personIn } from './groups.js';
import type { Resolver } from './resolver.js';

/** Characters of a claim that are looked at: a comment may be megabytes long, and a name stands at its start. */
const MOST_CHARACTERS = 1000;

/**
 * Takes the person out of what the client wrote about itself, the first claim first. Anybody can write anything there:
 * `identify` asks this only where nothing else is known, and marks what comes of it `claimed`.
 */
export function commentResolver(expressions: readonly Expression[]): Resolver {
  return {
    name: 'comment',
    resolve({ claims }) {
      for (const claim of claims) {
        const person = personIn(claim.slice(0, MOST_CHARACTERS), expressions);
        if (person !== null) return { person };
      }
      return null;
    },
  };
}
