/** The parts of a server's catalogs that are read. */

import { z } from 'zod';

export const catalogs = z.object({
  /** Version 1 listed groups through others, too, which gives the same answers. */
  v: z.union([z.literal(1), z.literal(2)]),
  /** Host and port: roles belong to the whole server. */
  server: z.string(),
  /** When reading began; milliseconds since the epoch. */
  loadedAt: z.number(),
  roles: z.array(
    z.object({
      name: z.string(),
      comment: z.string().nullable(),
      /** The groups that it was added to. */
      memberOf: z.array(z.string()),
      /** Whether it could have written its own comment; true until somebody has looked. */
      mayCommentItself: z.boolean().default(true),
    }),
  ),
  /** Login roles that a look showed in a group of persons, and when that was last. */
  persons: z.array(z.object({ name: z.string(), seenAt: z.number() })).default([]),
  databases: z.array(
    z.object({
      name: z.string(),
      /** PostgreSQL's name: UTF8, LATIN1, SQL_ASCII, … */
      encoding: z.string(),
    }),
  ),
});
export type Catalogs = z.infer<typeof catalogs>;
