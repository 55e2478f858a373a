import type { Expression } from '../lib/expression.js';
import { lruOf } from '../lib/lru.js';
import { personIn } from './groups.js';
import type { Answer, Resolver } from './resolver.js';

/** Names whose answer is remembered: a person's statements come in their thousands. */
const MOST_NAMES = 1000;
const UNKNOWN = Symbol('nobody');

/** Finds the person in the role's own name: the groups of the first expression that matches. */
export function patternResolver(expressions: readonly Expression[]): Resolver {
  const answers = lruOf<Answer | typeof UNKNOWN>(MOST_NAMES);
  const answerOf = (user: string): Answer | typeof UNKNOWN => {
    const person = personIn(user, expressions);
    return person === null ? UNKNOWN : { person };
  };
  return {
    name: 'pattern',
    resolve({ user }) {
      let answer = answers.get(user);
      if (answer === undefined) {
        answer = answerOf(user);
        answers.set(user, answer);
      }
      return answer === UNKNOWN ? null : answer;
    },
  };
}
