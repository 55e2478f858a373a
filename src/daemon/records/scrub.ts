/** Removes secrets from texts that need not be SQL: applications' names, and what clients raise. */

import { parsePayload } from '../../audit/payload.js';
import type { Audit } from '../../event/audit.js';
import { messageOf } from '../../event/pgaudit-message.js';
import type { Redact } from '../../redact/redact.js';

export interface Scrubbed {
  readonly text: string;
  /** How many secrets were replaced. */
  readonly count: number;
}

/** `PASSWORD 'x'` is a secret in a statement, `password=x` in a value: the text is read as both. */
export function scrubText(text: string, redact: Redact): Scrubbed {
  const asStatement = redact({ statement: text, parameters: null });
  const asValue = redact({ statement: null, parameters: [asStatement.statement ?? ''] });
  return { text: asValue.parameters?.[0] ?? '', count: asStatement.count + asValue.count };
}

const AUDIT = 'AUDIT: ';

/**
 * A message that begins like pgAudit's, or another one. One with a payload like pgAudit's is redacted like one: only the
 * statement shows which parameter is a secret.
 */
export function scrubMessage(message: string, redact: Redact): Scrubbed {
  const payload = parsePayload(message.slice(AUDIT.length));
  return scrubParsed(message, 'suspect' in payload ? null : payload.audit, redact);
}

/** @param audit the payload of the message, if it has one */
export function scrubParsed(message: string, audit: Audit | null, redact: Redact): Scrubbed {
  if (audit === null) return scrubOther(message, redact);
  const { statement, parameters, count } = redact(audit);
  // Whoever makes up a payload need not put SQL into it.
  const value = redact({ statement: null, parameters: statement === null ? [] : [statement] });
  const scrubbed = { ...audit, statement: value.parameters?.[0] ?? null, parameters };
  const all = count + value.count;
  return { text: all === 0 ? message : messageOf(scrubbed), count: all };
}

/** `Password: x` is not recognized behind another key. */
function scrubOther(message: string, redact: Redact): Scrubbed {
  if (!message.startsWith(AUDIT)) return scrubText(message, redact);
  const { text, count } = scrubText(message.slice(AUDIT.length), redact);
  return { text: AUDIT + text, count };
}
