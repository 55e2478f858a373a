/** Decides what becomes of one row of the history: an event, or the reason why there is none. */

import type { HistoryRow } from '../../database/rows/history.js';
import type { UserKind } from '../../decide/users.js';
import type { NewEvent } from '../../event/event.js';
import { rowEvent } from '../../event/make.js';
import type { RowFields, RowPosition, RowValues } from '../../event/row.js';
import { type RedactedRow, redactRow } from '../../redact/row.js';
import type { Change } from '../../session/change.js';
import type { Deciders } from '../records/outcome.js';

type RowDeciders = Pick<
  Deciders,
  'filter' | 'identify' | 'redact' | 'escrow' | 'facts' | 'telemetry' | 'daemon'
> & { readonly now: () => number };

export type RowOutcome =
  | { readonly outcome: 'shipped'; readonly reason: 'row'; readonly event: NewEvent }
  | { readonly outcome: 'dropped'; readonly reason: string };

/**
 * The outcomes of some rows, in their order.
 *
 * @param place the server and timeline that they were read from
 */
export async function decideRows(
  rows: readonly HistoryRow[],
  place: Pick<RowPosition, 'system' | 'timeline'>,
  deciders: RowDeciders,
): Promise<RowOutcome[]> {
  const statements = deciders.facts.writes.of(rows.map(changeOf));
  return await Promise.all(
    rows.map((row, index) => decideRow(row, statements[index] ?? [], place, deciders)),
  );
}

async function decideRow(
  row: HistoryRow,
  statements: readonly string[],
  place: Pick<RowPosition, 'system' | 'timeline'>,
  deciders: RowDeciders,
): Promise<RowOutcome> {
  const { filter, telemetry } = deciders;
  const kind = await filter.users.kindOf(row.login, () => row.changedAt);
  const { isShipped, reason } = filter.decideRow(kind);
  if (isUnlisted(kind)) telemetry.otherUser(row.login, isShipped);
  if (!isShipped) return { outcome: 'dropped', reason };
  return { outcome: 'shipped', reason: 'row', event: await eventOf(row, statements, place, deciders) };
}

function isUnlisted(kind: UserKind): boolean {
  return kind === 'other' || kind === 'unknown';
}

async function eventOf(
  row: HistoryRow,
  statements: readonly string[],
  { system, timeline }: Pick<RowPosition, 'system' | 'timeline'>,
  { identify, redact, escrow, facts, telemetry, daemon, now }: RowDeciders,
): Promise<NewEvent> {
  const id = sessionOf(row);
  const actor = await identify({
    user: row.login,
    time: row.changedAt,
    authentication: facts.logins.of(id),
    claims: () => [],
  });
  telemetry.identified(actor.status);
  const redacted = redactRow(row, redact);
  if (redacted.count > 0) telemetry.redacted(redacted.count);
  const sealed = redacted.count > 0 && escrow !== null ? await escrow(originalOf(row)) : null;
  const content: RowFields['row'] = {
    // Before anything that a client named: line.ts finds it there.
    ...(sealed !== null && { escrow: sealed }),
    system,
    timeline,
    transaction: row.transaction,
    operation: row.operation,
    table: row.table,
    ...(row.partition !== null && { partition: row.partition }),
    ...valuesOf(row, redacted),
    statementAt: new Date(row.statementAt).toISOString(),
    ...statementOf(statements),
    ...(redacted.claimed !== null && { claimed: redacted.claimed }),
    ...(redacted.count > 0 && { redacted: redacted.count }),
  };
  const session = {
    id,
    startedAt: new Date(row.sessionStart).toISOString(),
    pid: row.pid,
    virtualTransactionId: row.virtualTransaction,
  };
  const receivedAt = new Date(now()).toISOString();
  const fields = { kind: 'row', receivedAt, database: row.database, actor, row: content, session } as const;
  return rowEvent(fields, row.id, row.changedAt, daemon);
}

function valuesOf(
  { masked, shortened, estimatedRows }: HistoryRow,
  { key, old, new: after }: RedactedRow,
): Partial<RowFields['row']> & { key: RowValues | null } {
  return {
    key,
    ...(old !== null && { old }),
    ...(after !== null && { new: after }),
    ...(masked !== null && masked.length > 0 && { masked }),
    ...(shortened !== null && shortened.length > 0 && { shortened }),
    ...(estimatedRows !== null && { estimatedRows }),
  };
}

/** As csvlog has it: when the session began, in whole seconds, and its process, both in hexadecimal. */
function sessionOf({ sessionStart, pid }: HistoryRow): string {
  return `${Math.floor(sessionStart / 1000).toString(16)}.${pid.toString(16)}`;
}

function changeOf(row: HistoryRow): Change {
  return {
    session: sessionOf(row),
    transaction: row.virtualTransaction ?? '',
    began: row.statementAt,
    changed: row.changedAt,
    operation: row.operation,
    table: row.table,
    digest: row.digest,
  };
}

function statementOf(possible: readonly string[]): Pick<RowFields['row'], 'statement' | 'statements'> {
  const [only] = possible;
  if (only === undefined) return {};
  return possible.length === 1 ? { statement: only } : { statements: [...possible] };
}

function originalOf({ key, old, new: after, claimed }: HistoryRow): string {
  return JSON.stringify({ key, old, new: after, ...(claimed !== null && { claimed }) });
}
