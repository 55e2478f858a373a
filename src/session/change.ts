/** What the log says of a statement, and a history of a row that it may have changed. */

import { z } from 'zod';

/** One that was shipped. Without names of tables it may have changed any. */
export const write = z.object({
  id: z.string(),
  session: z.string(),
  transaction: z.string(),
  /** Of its record, in milliseconds since the epoch, and its number in the session. */
  time: z.number(),
  line: z.number(),
  command: z.string(),
  /** pgAudit's number of the client's statement: those within functions have that of the one that called them. */
  number: z.number(),
  /** MD5 (hex) of its text. */
  digest: z.string(),
  tables: z.array(z.string()).exactOptional(),
  /** Its record was written when it ended, with the number of its rows (`pgaudit.log_rows`). */
  atEnd: z.literal(true).exactOptional(),
});
export type Write = z.infer<typeof write>;

/** A change of a row. Times in milliseconds since the epoch, with fractions. */
export interface Change {
  readonly session: string;
  readonly transaction: string;
  /** When its message reached the server, and when it was recorded. */
  readonly began: number;
  readonly changed: number;
  readonly operation: string;
  readonly table: string;
  /** MD5 (hex) of the message's text, `null` if unknown. */
  readonly digest: string | null;
}
