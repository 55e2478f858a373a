import type { Expression } from '../lib/expression.js';
import { isEmail, personIn } from './groups.js';
import type { Person } from './person.js';
import type { Resolver } from './resolver.js';

/** What the database's catalogs say about roles. */
export interface RoleComments {
  /**
   * Whether the role exists; reads the catalogs first if that may help. Never rejects, and settles within two seconds.
   */
  knows(user: string, time: number): boolean | Promise<boolean>;
  /** `null` if the role is unknown or has no comment. */
  commentOf(user: string): string | null;
  /** Whether the role could have written its own comment. */
  mayCommentItself(user: string): boolean;
  /** The answers are old, because the database cannot be read. */
  readonly isStale: boolean;
}

/**
 * Finds the person in the role's comment (`COMMENT ON ROLE`): by the groups of the first expression that matches.
 * Without expressions the comment is `Name <email>`, an e-mail address, or else the name. It is the present comment,
 * not that of the event's time. If the role could have written it itself, the person is only claimed.
 *
 * @param redact removes secrets: some people keep a password there
 */
export function databaseResolver(
  roles: RoleComments,
  expressions: readonly Expression[],
  redact: (text: string) => string = text => text,
): Resolver {
  return {
    name: 'database',
    async resolve({ user, time }) {
      if (!(await roles.knows(user, time))) return null;
      const written = roles.commentOf(user)?.trim();
      if (!written) return null;
      const comment = redact(written);
      const person = expressions.length > 0 ? personIn(comment, expressions) : personOf(comment);
      return person && { person, isStale: roles.isStale, isClaimed: roles.mayCommentItself(user) };
    },
  };
}

function personOf(comment: string): Person {
  const [, name = '', email = ''] = /^([^<]*)<([^<>]+)>$/.exec(comment) ?? [];
  if (isEmail(email)) return { ...(name.trim() && { name: name.trim() }), email };
  return isEmail(comment) ? { email: comment } : { name: comment };
}
