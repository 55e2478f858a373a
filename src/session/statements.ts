/** Remembers statements, for records that say `<previously logged>` (`pgaudit.log_statement_once`). */

import { z } from 'zod';
import type { LargeStatement, Payload } from '../audit/payload.js';
import type { Audit } from '../event/audit.js';
import { sizeOf as sizeOfLarge } from '../lib/large-text.js';

const textSchema = z.object({
  statement: z.string().nullable(),
  parameters: z.array(z.string()).readonly().nullable(),
  redacted: z.number().exactOptional(),
  escrow: z.string().exactOptional(),
});
interface Text extends Pick<Audit, 'statement' | 'parameters' | 'redacted' | 'escrow'> {
  /** It is of a large record: a restart forgets it. */
  readonly large?: LargeStatement;
}

/** For each session the latest statement, with the text of each of its substatements. */
const remembered = z.object({
  session: z.string(),
  statementId: z.number(),
  texts: z.array(z.tuple([z.number(), textSchema])),
});
export const savedStatements = z.array(remembered);
export type SavedStatements = z.infer<typeof savedStatements>;

/**
 * Characters of SQL and parameters that are remembered over all sessions together, besides the latest text. As many go
 * into the checkpoint: a larger text is lost only by a restart between two records of one statement.
 */
const MOST_CHARACTERS = 1 << 20;

/** What is kept of a session. */
interface Kept {
  readonly statementId: number;
  readonly texts: Map<number, Text>;
  size: number;
  /** In place of the texts. */
  readonly unread?: UnreadStatement;
}

/** A record of a statement, as it is in the log. */
export interface UnreadStatement {
  readonly bytes: Buffer;
  /** Its payload without secrets; `null` if there is none after all. */
  readonly read: (bytes: Buffer) => Payload | null;
}

/**
 * pgAudit says `<previously logged>` only within one statement and substatement of a session, so the
 * latest statement of each session is enough. Sessions that were quiet longest are forgotten first, and of one
 * session the substatements that were logged first: a loop has millions of them.
 */
export class Statements {
  readonly #bySession = new Map<string, Kept>();
  #size = 0;

  constructor(saved: SavedStatements = []) {
    for (const { session, statementId, texts } of saved) {
      for (const [substatementId, text] of texts) this.#remember(session, statementId, substatementId, text);
    }
  }

  /** Notes the session's statement, which is read when it is needed: nearly none is. Until then all its bytes count. */
  noteUnread(session: string, unread: UnreadStatement): void {
    this.#forget(session);
    this.#keep(session, { statementId: 0, texts: new Map(), size: unread.bytes.length, unread });
  }

  #read(session: string): void {
    const kept = this.#bySession.get(session);
    if (kept?.unread === undefined) return;
    this.#size -= kept.size;
    const payload = kept.unread.read(kept.unread.bytes);
    if (payload === null) return void this.#bySession.delete(session);
    const { statementId, substatementId } = payload.audit;
    const text = textOf(payload);
    const read = { statementId, texts: new Map([[substatementId, text]]), size: sizeOf(text) };
    // Its place among the sessions stays.
    this.#bySession.set(session, read);
    this.#size += read.size;
  }

  /** Notes the session's statement, or puts the remembered one in its place. */
  restore(session: string, payload: Payload): Pick<Payload, 'audit' | 'large'> {
    this.#read(session);
    const { audit, isPreviouslyLogged } = payload;
    const { statementId, substatementId } = audit;
    if (!isPreviouslyLogged) {
      this.#remember(session, statementId, substatementId, textOf(payload));
      return payload;
    }
    const known = this.#bySession.get(session);
    const text = known?.statementId === statementId ? known.texts.get(substatementId) : undefined;
    if (text === undefined) return { audit: { ...audit, statementMissing: 'previously-logged' } };
    const { large: remembered, ...own } = text;
    return { audit: { ...audit, ...own }, ...(remembered !== undefined && { large: remembered }) };
  }

  /** Plain data for the checkpoint: the session used last comes last. */
  get saved(): SavedStatements {
    for (const [session, { unread }] of this.#bySession) if (unread !== undefined) this.#read(session);
    return [...this.#bySession]
      .filter(([, { size }]) => size <= MOST_CHARACTERS)
      .map(([session, { statementId, texts }]) => ({ session, statementId, texts: [...texts] }));
  }

  #remember(session: string, statementId: number, substatementId: number, text: Text): void {
    const known = this.#bySession.get(session);
    const kept =
      known?.statementId === statementId ? known : { statementId, texts: new Map<number, Text>(), size: 0 };
    this.#forget(session);
    const before = kept.texts.get(substatementId);
    kept.texts.delete(substatementId);
    kept.texts.set(substatementId, text);
    kept.size += sizeOf(text) - (before === undefined ? 0 : sizeOf(before));
    for (const [oldest, one] of kept.texts) {
      if (kept.size <= MOST_CHARACTERS || oldest === substatementId) break;
      kept.texts.delete(oldest);
      kept.size -= sizeOf(one);
    }
    this.#keep(session, kept);
  }

  #keep(session: string, kept: Kept): void {
    this.#bySession.set(session, kept);
    this.#size += kept.size;
    for (const oldest of this.#bySession.keys()) {
      if (this.#size <= MOST_CHARACTERS || oldest === session) break;
      this.#forget(oldest);
    }
  }

  #forget(session: string): void {
    this.#size -= this.#bySession.get(session)?.size ?? 0;
    this.#bySession.delete(session);
  }
}

function textOf({ audit, large }: Payload): Text {
  const { statement, parameters, redacted, escrow } = audit;
  return {
    statement,
    parameters,
    ...(redacted !== undefined && { redacted }),
    ...(escrow !== undefined && { escrow }),
    ...(large !== undefined && { large }),
  };
}

/** A large one counts as too much for the checkpoint, however little is left of it. */
function sizeOf({ statement, parameters, escrow = '', large }: Text): number {
  if (large !== undefined) return MOST_CHARACTERS + 1 + sizeOfLarge(large.texts);
  const characters = (statement?.length ?? 0) + (parameters ?? []).reduce((sum, one) => sum + one.length, 0);
  return characters + escrow.length + 64;
}
