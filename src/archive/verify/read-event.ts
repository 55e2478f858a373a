/** Checks an event by itself. There are millions of lines: only fields that a check needs are read. */

import { z } from 'zod';
import { envelopeSchema } from '../../event/event.js';
import { gapSchema } from '../../event/gap.js';
import { lifecycleSchema } from '../../event/lifecycle.js';
import { statementReader } from '../../event/plain-statement.js';
import { unauditedRolesSchema } from '../../event/population.js';
import { rowSchema } from '../../event/row.js';
import { sessionSchema, sourceSchema } from '../../event/session.js';
import { isoReader, UTC } from '../../lib/clock.js';
import { parseJson } from '../../lib/json.js';
import { Broken } from './result.js';

/** If there are more names than an event may have, the first ones suffice. */
const unauditedRoles = unauditedRolesSchema.extend({
  names: z.array(z.string()).transform(names => names.slice(0, 100)),
});
const { lifecycle } = lifecycleSchema.shape;
const { gap } = gapSchema.shape;
const { row } = rowSchema.shape;

/** More may be said of it. */
const change = z.object({ what: z.string(), name: z.string(), after: z.string().nullable() });

/** Kinds and reasons may be added. */
const readEventSchema = envelopeSchema.extend({
  kind: z.string(),
  receivedAt: z.string().optional(),
  /** A row's has no line. */
  session: sessionSchema.pick({ id: true }).extend({ line: sessionSchema.shape.line.optional() }).optional(),
  source: sourceSchema.pick({ fileId: true, offset: true, length: true }).optional(),
  database: z.string().nullable().optional(),
  row: row.pick({ system: true, timeline: true, transaction: true }).optional(),
  gap: gap.pick({ reason: true, after: true, before: true }).optional(),
  population: z.object({ unaudited: unauditedRoles }).optional(),
  config: z
    .object({
      since: z.iso.datetime().optional(),
      unaudited: unauditedRoles.optional(),
      changes: z.array(change).optional().catch(undefined),
    })
    .optional(),
  lifecycle: lifecycle
    .omit({ version: true })
    .extend({ action: z.string(), reason: z.string().optional() })
    .optional(),
  signature: z.string().optional(),
});

export type ReadEvent = z.infer<typeof readEventSchema> & {
  /** The whole line as parsed JSON; parsed when it is asked for. */
  readonly whole: unknown;
  /** A field that events of this kind must have, and this one does not; `null` if it has all. */
  readonly lacks: string | null;
  /** Milliseconds since the epoch. */
  readonly at: number;
  /** Milliseconds since the epoch when it was read, or made if nothing was read. */
  readonly receivedAtMs: number;
};

/** Kinds that describe one record of the log, and the field that each must have besides the envelope. */
const LOG_KINDS: ReadonlyMap<string, string> = new Map([
  ['statement', 'audit'],
  ['suspect', 'suspect'],
  ['failure', 'failure'],
]);

/** Whether events of this kind describe a record of the log. */
export function isOfLog(kind: string): boolean {
  return LOG_KINDS.has(kind);
}

/** Whether it counts as a shipped record. A failure that comes from another event's record has its own id. */
export function isOfRecord(event: WithId): boolean {
  return isOfLog(event.kind) && (event.kind !== 'failure' || hasIdOfRecord(event));
}

type WithId = Pick<ReadEvent, 'kind' | 'id' | 'instance' | 'session'>;

/** PostgreSQL's key of the record makes the id. The texts are compared where they are: joining them takes longer. */
function hasIdOfRecord({ id, instance, session }: WithId): boolean {
  if (session?.line === undefined || !id.startsWith(instance)) return false;
  const [ofSession, ofLine] = [instance.length + 1, instance.length + session.id.length + 2];
  return (
    id[ofSession - 1] === '/' &&
    id.startsWith(session.id, ofSession) &&
    id[ofLine - 1] === '/' &&
    isLine(id.slice(ofLine), session.line)
  );
}

/** A letter says that the session's lines were numbered otherwise before: the log's format changed. */
function isLine(written: string, line: number): boolean {
  return written === String(line) || written === `j${line}` || written === `c${line}`;
}

/** Kinds whose record may have another event, too. */
const SECOND_KINDS = ['failure', 'suspect', 'unaudited'];

/** Throws Broken if the line is not one of our events. */
export function readEvent(line: Buffer): ReadEvent {
  return readPlain(line) ?? readAny(line);
}

/** The same as `readEvent`, by parsing the whole line. */
export function readAny(line: Buffer): ReadEvent {
  const whole = parseJson(line);
  const parsed = readEventSchema.safeParse(whole);
  if (!parsed.success) throw notAnEvent(parsed.error);
  const { time, receivedAt = time } = parsed.data;
  const times = { at: checkedTime(time), receivedAtMs: checkedTime(receivedAt) };
  return { ...parsed.data, whole, lacks: lackOf(parsed.data, whole), ...times };
}

const fieldsOf = statementReader(
  ...(['chain', 'seq', 'previousHash', 'id', 'time', 'receivedAt', 'instance', 'node'] as const),
  ...(['session', 'line', 'fileId', 'offset', 'length'] as const),
);

/** Nearly every line is a statement: its fields can be read without parsing it. `null` if that is not so simple. */
function readPlain(line: Buffer): ReadEvent | null {
  const fields = fieldsOf(line);
  if (fields === null) return null;
  const event = new PlainStatement(line, fields);
  return Number.isNaN(event.at) || Number.isNaN(event.receivedAtMs) ? null : event;
}

class PlainStatement implements ReadEvent {
  readonly v = 1;
  readonly kind = 'statement';
  readonly lacks = null;
  readonly chain: string;
  readonly seq: number;
  readonly previousHash: string;
  readonly id: string;
  readonly time: string;
  readonly receivedAt: string;
  readonly instance: string;
  readonly node: string;
  readonly session: NonNullable<ReadEvent['session']>;
  readonly source: NonNullable<ReadEvent['source']>;
  readonly at: number;
  readonly receivedAtMs: number;
  readonly #line: Buffer;

  constructor(line: Buffer, fields: readonly string[]) {
    this.#line = line;
    this.chain = fields[1] ?? '';
    this.seq = Number(fields[2]);
    this.previousHash = fields[3] ?? '';
    this.id = fields[4] ?? '';
    this.time = fields[5] ?? '';
    this.receivedAt = fields[6] ?? '';
    this.instance = fields[7] ?? '';
    this.node = fields[8] ?? '';
    this.session = { id: fields[9] ?? '', line: Number(fields[10]) };
    this.source = { fileId: fields[11] ?? '', offset: Number(fields[12]), length: Number(fields[13]) };
    this.at = readTime(this.time);
    this.receivedAtMs = readReceivedAt(this.receivedAt);
  }

  get whole(): unknown {
    return parseJson(this.#line);
  }
}

/** @param error names the wrong fields; their contents are not shown */
export function notAnEvent(error: z.ZodError): Broken {
  const path = (error.issues[0]?.path ?? []).map(String);
  const isOurs = path.every(part => /^[A-Za-z0-9]{1,20}$/.test(part));
  if (path.length === 0 || !isOurs) return new Broken('format', 'the line is not an event');
  return new Broken('format', `the field ${path.join('.')} is not valid for an event`);
}

/** Both times of an event are near those of the event before, and apart from each other. */
const readTime = isoReader();
const readReceivedAt = isoReader();

function checkedTime(text: string): number {
  const time = UTC.test(text) ? readTime(text) : Number.NaN;
  if (Number.isNaN(time)) throw new Broken('time', 'a time of the event is not in UTC with milliseconds');
  return time;
}

/** Whether it describes the chain itself; others may belong to one of several servers. */
function isOfChain({ kind, lifecycle: life }: ReadEvent): boolean {
  return kind === 'seal' || (kind === 'lifecycle' && life?.action !== 'found' && life?.action !== 'retired');
}

/** The id comes from PostgreSQL's key of the record, or from the event's place in the chain. */
export function checkIdentity(event: ReadEvent, place: { instance: string; node: string }): void {
  const { instance, node } = event;
  const isElsewhere = instance !== place.instance && isOfChain(event);
  if (isElsewhere || node !== place.node)
    throw new Broken('misplaced', "the event belongs to an instance or node other than its folder's");
  if (event.lacks !== null) throw new Broken('format', `the event has no ${event.lacks}`);
  if (!isOwnId(event)) throw new Broken('id', 'the id does not match its session or its place in the chain');
}

/** A row's uuid, in lower case. */
const UUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** The uuid of a row's event; `null` if its id is of another form. */
export function uuidOf({ id, instance }: WithId): string | null {
  const start = `${instance}/row/`;
  const uuid = id.slice(start.length);
  return id.startsWith(start) && UUID.test(uuid) ? uuid : null;
}

function isOwnId(event: ReadEvent): boolean {
  const { id, kind, instance, chain, seq } = event;
  if (kind === 'row') return uuidOf(event) !== null;
  // The record of an unaudited statement is not an event itself.
  if (hasIdOfRecord(event) && kind !== 'unaudited') return true;
  return id === `${instance}/${chain}/${seq}` && (event.session === undefined || SECOND_KINDS.includes(kind));
}

/** What an event of the log, or about a record of it or a row, lacks besides the envelope. */
function lackOf(
  { kind, session, source, receivedAt }: Pick<ReadEvent, 'kind' | 'session' | 'source' | 'receivedAt'>,
  whole: unknown,
): string | null {
  const content = kind === 'unaudited' || kind === 'row' ? kind : LOG_KINDS.get(kind);
  if (content === undefined) return null;
  const { actor, [content]: ofKind }: Record<string, unknown> = Object(whole);
  const needed = {
    session: kind === 'row' ? session?.id : session?.line,
    ...(kind !== 'row' && { source }),
    receivedAt,
    actor,
    [content]: ofKind,
  };
  return Object.entries(needed).find(([, value]) => value === undefined || value === null)?.[0] ?? null;
}
