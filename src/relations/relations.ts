/**
 * The relations that a statement changes: from pgAudit, else from PostgreSQL's own parser.
 *
 * The parser runs in a thread of its own, with a time limit. Imports `event/`, `lib/`, and types of the stages before it.
 */

import type { LRUCache } from 'lru-cache';
import type { Audit } from '../event/audit.js';
import type { AuditClass } from '../event/names.js';
import { textCache } from '../lib/lru.js';
import { andThen } from '../lib/settled.js';
import { isQuotingInDoubt, withEscapes } from '../lib/sql/quoting-doubt.js';
import { hasNoQuery } from '../lib/sql/statements.js';
import type { Bounds } from './bounds.js';
import type { Marks } from './marks.js';
import { mayWrite } from './may-write.js';
import { type Answer, ParserThread, type Unparsable } from './thread.js';
import type { Change } from './tree.js';

/** UTF-8 bytes. Larger statements are not parsed. */
const LARGEST_STATEMENT = 256 * 1024;
/** Milliseconds. A statement of 256 KiB needs up to 100, and the machine may be busy. */
const TIME_LIMIT = 500;
const CACHE = { most: 2 * 1024 * 1024, longest: 16 * 1024, entry: 1000 };

export interface RelationParser {
  /**
   * The statements of a text that write; `null` if it cannot be parsed. Immediate if the answer is cached, else a
   * promise, which never rejects; it settles within the time limit of its turn (plus the time to load the parser, if
   * necessary). Texts that are asked at the same time are parsed one after the other.
   */
  changes(statement: string): readonly Change[] | null | Promise<readonly Change[] | null>;
  /**
   * pgAudit's class of each statement of a text that changes something; otherwise like `changes`. A text that cannot be
   * parsed is not reported: no shipped event depends on it.
   */
  classes(statement: string): readonly AuditClass[] | null | Promise<readonly AuditClass[] | null>;
  /** Which UPDATE and DELETE of a text have a WHERE; `null` also without the option. Not reported either. */
  bounds(statement: string): readonly Bounds[] | null | Promise<readonly Bounds[] | null>;
  /** Ends the parser's thread; later answers are `null`. */
  close(): Promise<void>;
}

export interface MarkParser extends RelationParser {
  /** What a reviewer asks of a text; otherwise like `classes`. */
  marks(statement: string): Marks | null | Promise<Marks | null>;
}

export interface RelationParserOptions {
  /** Called for each statement that cannot be parsed, even if the answer comes from the cache. */
  readonly unparsable?: (reason: Unparsable) => void;
  /** Milliseconds that one statement may take. */
  readonly timeLimit?: number;
  /** Answers have `bounds` and `marks`, too. */
  readonly forReview?: boolean;
}

/**
 * Parses in a separate thread, so that no statement can stop or end this one; the thread starts with the first
 * statement. The grammar is that of PostgreSQL 18 with standard_conforming_strings on.
 */
export function createRelationParser(options: RelationParserOptions = {}): MarkParser {
  const { unparsable, timeLimit = TIME_LIMIT, forReview = false } = options;
  const thread = new ParserThread(timeLimit, forReview);
  const cache = textCache<Answer | Promise<Answer>>(CACHE);
  const settled = (answer: Answer): readonly Change[] | null => {
    if (typeof answer !== 'string') return answer.changes;
    unparsable?.(answer);
    return null;
  };
  const answerOf = (statement: string) => cache.get(statement) ?? ask(statement, thread, cache);
  return {
    changes: statement => andThen(answerOf(statement), settled),
    classes: statement =>
      andThen(answerOf(statement), answer => (typeof answer === 'string' ? null : answer.classes)),
    bounds: statement =>
      andThen(answerOf(statement), answer => (typeof answer === 'string' ? null : answer.bounds)),
    marks: statement =>
      andThen(answerOf(statement), answer => (typeof answer === 'string' ? null : answer.marks)),
    close: () => thread.close(),
  };
}

async function ask(
  statement: string,
  thread: ParserThread,
  cache: LRUCache<string, Answer | Promise<Answer>>,
): Promise<Answer> {
  if (Buffer.byteLength(statement) > LARGEST_STATEMENT) return 'size';
  // The parser would read it as the statement's end; PostgreSQL's texts never contain it.
  if (statement.includes('\0')) return 'syntax';
  const asked = thread.ask(statement);
  cache.set(statement, asked);
  const answer = await asked;
  // A busy machine, or a thread that was ended from outside, says nothing about the statement.
  if (answer === 'time' || answer === 'crash' || answer === 'unavailable') cache.delete(statement);
  else if (cache.get(statement) === asked) cache.set(statement, answer);
  return answer;
}

type Objects = Pick<Audit, 'objects' | 'objectsFrom'>;

/**
 * The relations of a WRITE: pgAudit's own if it names one (`pgaudit.log_relation`, object auditing; never for
 * TRUNCATE, PREPARE and EXPLAIN), else the parser's. Empty for other classes, and if the parser finds none: a function
 * with an SQL body is logged without its text. Never rejects. Must get the statement before redaction: `<redacted>`
 * does not parse.
 */
export function relationsOf(audit: Audit, parser: RelationParser): Objects | Promise<Objects> {
  if (audit.class !== 'WRITE') return {};
  const { objectName, statement } = audit;
  if (objectName !== null) return { objects: [objectName], objectsFrom: 'pgaudit' };
  if (statement === null) return {};
  return andThen(parser.changes(statement), changes => {
    if (!isQuotingInDoubt(statement)) return objectsOf(audit, changes ?? [], true);
    return andThen(parser.changes(withEscapes(statement)), others =>
      objectsOf(audit, [...(changes ?? []), ...(others ?? [])], false),
    );
  });
}

/**
 * Before PostgreSQL 17 a string of several statements is logged whole with each of them: only statements with the
 * record's command belong to it. If none is left (a rule may have written elsewhere), or several that differ, or if the
 * server may have read the quotes differently, the names are `ambiguous`: those of all statements, in both readings.
 */
function objectsOf({ command }: Audit, changes: readonly Change[], isCertain: boolean): Objects {
  const own = changes.filter(({ commands }) => commands.includes(command));
  const isOwn = own.length > 0;
  const candidates = isOwn ? own : changes;
  const objects = [...new Set(candidates.flatMap(({ relations }) => relations))].sort();
  if (objects.length === 0) return {};
  const areSame = candidates.every(({ relations }) => relations.length === objects.length);
  return { objects, objectsFrom: isCertain && isOwn && areSame ? 'parsed' : 'ambiguous' };
}

/**
 * Whether a record that pgAudit logged as READ or MISC changes data nevertheless: with `pgaudit.log_relation` off,
 * pgAudit logs a WITH that changes data under a SELECT, and MERGE (before pgAudit 17), in this way. `unknown` if the
 * parser cannot say: also if there is no text, or if a rule made a SELECT of its only statement. Never rejects.
 */
export function isWrite(
  audit: Audit,
  parser: RelationParser,
): boolean | 'unknown' | Promise<boolean | 'unknown'> {
  const { class: auditClass, command, statement } = audit;
  if (!mayWrite(audit)) return false;
  if (!statement) return 'unknown';
  const own = auditClass === 'READ' ? command : 'MERGE';
  return andThen(parser.changes(statement), changes => {
    if (changes?.some(({ commands }) => commands.includes(own))) return true;
    if (changes === null || isQuotingInDoubt(statement)) return 'unknown';
    return changes.length > 0 && hasNoQuery(statement) ? 'unknown' : false;
  });
}
