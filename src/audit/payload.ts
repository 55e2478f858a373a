/** Reads pgAudit's payload: the text after `AUDIT: `. */

import type { Audit } from '../event/audit.js';
import { AUDIT_CLASSES, type AuditClass, type SuspectReason } from '../event/names.js';
import type { LargeText } from '../lib/large-text.js';
import { splitCsv } from './csv.js';
import type { Control } from './transaction-control.js';

/** What pgAudit writes instead of a text (pgaudit.c, log_audit_event). */
const NONE = '<none>';
const NOT_LOGGED = '<not logged>';
const PREVIOUSLY_LOGGED = '<previously logged>';

export interface Payload {
  readonly audit: Audit;
  /** Statement and parameters are in an earlier record of the same substatement. */
  readonly isPreviouslyLogged: boolean;
  /** For a large record, whose texts are tokens in `audit`. Secrets are already redacted. */
  readonly large?: LargeStatement;
}

/** What later stages need to know of a statement without its text. Secrets are redacted. */
export interface LargeStatement {
  readonly texts: readonly LargeText[];
  readonly control: Control;
  /** The claims about its author. */
  readonly claims: readonly string[];
  readonly isSensitive: boolean;
  /** It may change data, whatever class pgAudit logged it under. */
  readonly mayWrite: boolean;
}

export type BrokenPayload = { readonly suspect: SuspectReason };

/**
 * `SESSION,7,1,WRITE,UPDATE,,,UPDATE t SET a=$1,5`: 9 fields, 10 with `pgaudit.log_rows`. If the genuine-record rule is
 * broken, returns the part that is.
 */
export function parsePayload(payload: string): Payload | BrokenPayload {
  const fields = splitCsv(payload);
  return fields === null ? { suspect: 'payload' } : payloadOf(fields, splitCsv);
}

/** @param split splits the parameters; returns `null` if they are not CSV */
export function payloadOf(
  fields: readonly string[],
  split: (parameter: string) => string[] | null,
): Payload | BrokenPayload {
  const [
    type,
    statementId,
    substatementId,
    auditClass,
    command,
    objectType,
    objectName,
    statement,
    parameter,
    rows,
  ] = fields;
  if (fields.length > 10 || parameter === undefined || statement === undefined) return { suspect: 'fields' };
  if (type !== 'SESSION' && type !== 'OBJECT') return { suspect: 'type' };
  if (!isWholeNumber(statementId) || !isWholeNumber(substatementId)) return { suspect: 'ids' };
  if (!isAuditClass(auditClass)) return { suspect: 'class' };
  if (rows !== undefined && !isWholeNumber(rows)) return { suspect: 'rows' };
  const isPreviouslyLogged = statement === PREVIOUSLY_LOGGED;
  // pgAudit writes the mark into both fields or neither: in the parameters alone it is a real parameter.
  const parameters = parseParameters(parameter, split);
  if (parameters === undefined) return { suspect: 'parameters' };
  return {
    isPreviouslyLogged,
    audit: {
      type,
      statementId: Number(statementId),
      substatementId: Number(substatementId),
      class: auditClass,
      command: command ?? '',
      objectType: objectType || null,
      objectName: objectName || null,
      statement: statement === NOT_LOGGED || isPreviouslyLogged ? null : statement,
      parameters: isPreviouslyLogged ? null : parameters,
      rows: rows === undefined ? null : Number(rows),
    },
  };
}

/** PARAMETER is CSV within CSV; an empty field is NULL or ''. Returns undefined if it is not CSV. */
function parseParameters(
  parameter: string,
  split: (parameter: string) => string[] | null,
): string[] | null | undefined {
  if (parameter === NONE) return [];
  if (parameter === NOT_LOGGED) return null;
  return split(parameter) ?? undefined;
}

function isWholeNumber(text: string | undefined): text is string {
  return text !== undefined && /^\d{1,15}$/.test(text);
}

function isAuditClass(text: string | undefined): text is AuditClass {
  return AUDIT_CLASSES.some(name => name === text);
}
