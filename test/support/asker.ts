import type { Actor } from '../../src/event/session.js';
import { type Asker, identifyBy, type Question, type Resolver } from '../../src/identity/resolver.js';

/** A question about a login role about which nothing else is known. */
export function question(user: string, about: Partial<Question> = {}): Question {
  const time = Date.parse('2026-11-21T20:40:01.123Z');
  return { user, time, authentication: null, claims: () => [], known: {}, ...about };
}

/** The resolvers' result for a login role. */
export async function whoIs(
  user: string,
  resolvers: readonly Resolver[],
  about: Partial<Asker> = {},
): Promise<Actor> {
  return await identifyBy(resolvers)(question(user, about));
}
