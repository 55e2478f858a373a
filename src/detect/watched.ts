/** An archived event, as far as rules look at it. */

import { z } from 'zod';
import { failureSchema, statementSchema } from '../event/audit.js';
import { configSchema } from '../event/config.js';
import { envelopeSchema } from '../event/event.js';
import { sessionSchema, sourceSchema } from '../event/session.js';
import { parseJson } from '../lib/json.js';

const { actor, audit, database, receivedAt } = statementSchema.shape;

/** Kinds may be added, and fields of other versions may be missing. */
const watchedEvent = envelopeSchema.pick({ id: true, instance: true, node: true }).extend({
  kind: z.string(),
  time: z.iso.datetime(),
  receivedAt: receivedAt.exactOptional(),
  database: database.exactOptional(),
  actor: actor.exactOptional(),
  audit: audit
    .pick({ class: true, command: true, objectName: true, statement: true, statementId: true })
    .extend(
      audit.pick({ substatementId: true, rows: true, objects: true, sensitive: true, redacted: true }).shape,
    )
    .exactOptional(),
  session: sessionSchema.pick({ id: true }).exactOptional(),
  source: sourceSchema.pick({ length: true }).exactOptional(),
  failure: failureSchema.shape.failure.pick({ outcome: true }).exactOptional(),
  config: configSchema.shape.config.pick({ changes: true }).exactOptional(),
});

export type ArchivedEvent = z.output<typeof watchedEvent>;

/** `null` if the line is not an event. */
export function readWatched(line: Buffer): ArchivedEvent | null {
  const parsed = watchedEvent.safeParse(parseJson(line));
  return parsed.success ? parsed.data : null;
}
