/** What is read of a server's catalogs. */

import { z } from 'zod';

export const catalogs = z.object({
  v: z.literal(1),
  /** Host and port: roles are the server's, whatever its databases. */
  server: z.string(),
  /** When reading began; milliseconds since the epoch. */
  loadedAt: z.number(),
  roles: z.array(
    z.object({
      name: z.string(),
      comment: z.string().nullable(),
      /** The groups that it is in, directly and through other groups. */
      memberOf: z.array(z.string()),
      /** Whether it could have written its own comment; so it is taken where nobody has looked. */
      mayCommentItself: z.boolean().default(true),
    }),
  ),
  /** Login roles that a look showed in a group of persons, and when the last one did. */
  persons: z.array(z.object({ name: z.string(), seenAt: z.number() })).default([]),
  databases: z.array(
    z.object({
      name: z.string(),
      /** As PostgreSQL names it: UTF8, LATIN1, SQL_ASCII, … */
      encoding: z.string(),
    }),
  ),
});
export type Catalogs = z.infer<typeof catalogs>;
