/** Checks an event by itself. There are millions of lines: only fields that a check needs are read. */

import { z } from 'zod';
import { envelopeSchema } from '../../event/event.js';
import { gapSchema } from '../../event/gap.js';
import { lifecycleSchema } from '../../event/lifecycle.js';
import { unauditedRolesSchema } from '../../event/population.js';
import { sessionSchema, sourceSchema } from '../../event/session.js';
import { parseJson } from '../../lib/json.js';
import { Broken } from './result.js';

/** If there are more names than an event may have, the first ones suffice. */
const unauditedRoles = unauditedRolesSchema.extend({
  names: z.array(z.string()).transform(names => names.slice(0, 100)),
});
const { lifecycle } = lifecycleSchema.shape;
const { gap } = gapSchema.shape;

/** Kinds and reasons may be added. */
const readEventSchema = envelopeSchema.extend({
  kind: z.string(),
  receivedAt: z.string().optional(),
  session: sessionSchema.pick({ id: true, line: true }).optional(),
  source: sourceSchema.pick({ fileId: true, offset: true, length: true }).optional(),
  gap: gap.pick({ reason: true, after: true, before: true }).optional(),
  population: z.object({ unaudited: unauditedRoles }).optional(),
  config: z.object({ since: z.iso.datetime().optional(), unaudited: unauditedRoles.optional() }).optional(),
  lifecycle: lifecycle
    .omit({ version: true })
    .extend({ action: z.string(), reason: z.string().optional() })
    .optional(),
  signature: z.string().optional(),
});

export type ReadEvent = z.infer<typeof readEventSchema> & {
  /** The whole line as parsed JSON. */
  readonly whole: unknown;
  /** Milliseconds since the epoch. */
  readonly at: number;
  /** Milliseconds since the epoch when it was read, or made if nothing was read. */
  readonly receivedAtMs: number;
};

/** Kinds that describe one record of the log, and the field that each must have besides the envelope. */
const LOG_KINDS: Readonly<Record<string, string>> = {
  statement: 'audit',
  suspect: 'suspect',
  failure: 'failure',
};

/** Whether events of this kind describe a record of the log. */
export function isOfLog(kind: string): boolean {
  return Object.hasOwn(LOG_KINDS, kind);
}

/** Whether it counts as a shipped record. A failure that comes from another event's record has its own id. */
export function isOfRecord(event: Pick<ReadEvent, 'kind' | 'id' | 'instance' | 'session'>): boolean {
  return isOfLog(event.kind) && (event.kind !== 'failure' || event.id === idOfRecord(event));
}

/** PostgreSQL's key of the record. */
function idOfRecord({ instance, session }: Pick<ReadEvent, 'instance' | 'session'>): string | null {
  return session === undefined ? null : `${instance}/${session.id}/${session.line}`;
}

/** Kinds whose record may have another event, too. */
const SECOND_KINDS = ['failure', 'suspect', 'unaudited'];

/** Throws Broken if the line is not one of our events. */
export function readEvent(line: Buffer): ReadEvent {
  const whole = parseJson(line);
  const parsed = readEventSchema.safeParse(whole);
  if (!parsed.success) throw notAnEvent(parsed.error);
  const { time, receivedAt = time } = parsed.data;
  return { ...parsed.data, whole, at: readTime(time), receivedAtMs: readTime(receivedAt) };
}

/** @param error names the wrong fields; their contents are not shown */
export function notAnEvent(error: z.ZodError): Broken {
  const path = (error.issues[0]?.path ?? []).map(String);
  const isOurs = path.every(part => /^[A-Za-z0-9]{1,20}$/.test(part));
  if (path.length === 0 || !isOurs) return new Broken('format', 'the line is not an event');
  return new Broken('format', `the field ${path.join('.')} is not valid for an event`);
}

const UTC = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;

/** UTC with milliseconds, as `toISOString` writes it. */
function readTime(text: string): number {
  const time = UTC.test(text) ? Date.parse(text) : Number.NaN;
  // `2026-02-30` parses, as another day.
  if (new Date(time).getUTCDate() !== Number(text.slice(8, 10)))
    throw new Broken('time', 'a time of the event is not in UTC with milliseconds');
  return time;
}

/** Kinds that describe the chain itself; all others may belong to one of several servers. */
const CHAIN_KINDS = ['seal', 'lifecycle'];

/** The id comes from PostgreSQL's key of the record, or from the event's place in the chain. */
export function checkIdentity(event: ReadEvent, place: { instance: string; node: string }): void {
  const { instance, node, kind, chain, seq } = event;
  const isElsewhere = instance !== place.instance && CHAIN_KINDS.includes(kind);
  if (isElsewhere || node !== place.node)
    throw new Broken('misplaced', "the event belongs to an instance or node other than its folder's");
  const content = kind === 'unaudited' ? kind : LOG_KINDS[kind];
  if (content !== undefined) checkOfLog(event, content);
  const ofRecord = idOfRecord(event);
  const ofPlace = `${instance}/${chain}/${seq}`;
  const isOfPlace = event.id === ofPlace && (ofRecord === null || SECOND_KINDS.includes(kind));
  // The record of an unaudited statement is not an event itself.
  if ((event.id !== ofRecord || kind === 'unaudited') && !isOfPlace)
    throw new Broken('id', 'the id does not match its session or its place in the chain');
}

function checkOfLog({ session, source, receivedAt, whole }: ReadEvent, content: string): void {
  const { actor, [content]: ofKind }: Record<string, unknown> = Object(whole);
  for (const [name, value] of Object.entries({ session, source, receivedAt, actor, [content]: ofKind }))
    if (value === undefined || value === null) throw new Broken('format', `the event has no ${name}`);
}
