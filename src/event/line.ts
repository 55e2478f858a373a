/**
 * How an event is laid out as a line of NDJSON, and what can be read off a line's bytes without parsing it. Nothing else
 * knows the layout:
 *
 * - JSON as `JSON.stringify` writes it, without white space. A quote within a text is always written `\"`, so a name with
 *   its quotes and colon is never part of a text. Only the columns of a row have names that a client chose.
 * - `v`, `chain`, `seq`, `previousHash`, `kind` and `id` come first, then `time`: nothing that a client chose comes before
 *   them, but for a session's user and texts within `id` (which is made of numbers and configured names).
 * - A seal's signature is its last field, over the line without that field.
 */

import { createHash, hash, type KeyObject, verify } from 'node:crypto';
import { type LargeText, PARAMETERS } from '../lib/large-text.js';
import type { AuditEvent, EventKind, NewEvent } from './event.js';
import { type AlertSeverity, AUDIT_CLASSES, type AuditClass } from './names.js';

/** An event without its place in the chain, in JSON in UTF-8, which takes far less memory than the event itself. */
export interface EventJson {
  readonly kind: EventKind;
  /** If it has no id of its own: its place in the chain and this make one. */
  readonly instance: string | null;
  /** What the line holds after what the chain adds, without the opening brace. */
  readonly json: Buffer;
  /** What follows in a large one: texts in UTF-8 that are never made strings, and what is between them. */
  readonly rest?: readonly (string | Buffer)[];
  /** Of a statement: its time in the log (ISO). */
  readonly loggedAt?: string;
  /** Called with its id once it has its place in the chain: what it returns follows it at once. */
  readonly following?: (id: string) => readonly EventJson[];
}

export function jsonOf(event: NewEvent): EventJson {
  return jsonFrom(event, Buffer.from(jsonInOrder(event)));
}

function jsonFrom(event: NewEvent, json: Buffer): EventJson {
  if (event.id === undefined) return { kind: event.kind, instance: event.instance, json };
  const made = { kind: event.kind, instance: null, json };
  return event.kind === 'statement' ? { ...made, loggedAt: event.time } : made;
}

function jsonInOrder(event: NewEvent): string {
  const json = JSON.stringify(event);
  if (json.startsWith(`{"kind":"${event.kind}","id":`)) return json.slice(1);
  const { kind, id, ...rest } = event;
  return JSON.stringify(id === undefined ? rest : { kind, id, ...rest }).slice(1);
}

const NOTHING = Buffer.alloc(0);

/** @param texts what the JSON gets in place of their tokens */
export function jsonWith(event: NewEvent, texts: readonly LargeText[]): EventJson {
  if (texts.length === 0) return jsonOf(event);
  return { ...jsonFrom(event, NOTHING), rest: texts.reduce(insert, [jsonInOrder(event)]) };
}

/** A token is in a JSON once, within its quotes, or not at all. */
function insert(parts: readonly (string | Buffer)[], { token, json }: LargeText): (string | Buffer)[] {
  // A list of texts has quotes of its own.
  const mark = token === PARAMETERS ? `"${token}"` : token;
  return parts.flatMap(part => {
    if (typeof part !== 'string') return [part];
    const at = part.indexOf(mark);
    return at === -1 ? [part] : [part.slice(0, at), ...json, part.slice(at + mark.length)];
  });
}

/** An event's place in its chain. */
export interface ChainPlace {
  readonly chain: string;
  readonly seq: number;
  /** SHA-256 (hex) of the line before. */
  readonly previousHash: string;
}

/** How the line at this place in a chain begins. */
export function startOfLine({ chain, seq, previousHash }: ChainPlace): string {
  return `{"v":1,"chain":"${chain}","seq":${seq},"previousHash":"${previousHash}",`;
}

/** What comes before `json` in the event's line. */
export function headOfLine(place: ChainPlace, { kind, instance }: EventJson): string {
  const start = startOfLine(place);
  if (instance === null) return start;
  return `${start}"kind":"${kind}","id":${JSON.stringify(idByPlace(instance, place))},`;
}

/** The id of an event that is not of one record. */
export function idByPlace(instance: string, { chain, seq }: Pick<ChainPlace, 'chain' | 'seq'>): string {
  return `${instance}/${chain}/${seq}`;
}

/** SHA-256 (hex) of a line without its newline, in one or more pieces: what `sha256sum` prints for it. */
export function hashOf(...pieces: readonly Buffer[]): string {
  const [only] = pieces;
  if (pieces.length === 1 && only !== undefined) return hash('sha256', only, 'hex');
  const whole = createHash('sha256');
  for (const piece of pieces) whole.update(piece);
  return whole.digest('hex');
}

/** The JSON of a line with its signature (base64), which is over the line without it. */
export function signed(json: Buffer, signature: string): Buffer {
  return Buffer.concat([json.subarray(0, -1), Buffer.from(`,"signature":"${signature}"}`)]);
}

/** An Ed25519 signature has 64 bytes; one of P-256, in DER, up to 72: 88 to 96 characters in base64. */
const SIGNATURE = /,"signature":"([A-Za-z0-9+/]{86,96}={0,2})"\}$/;
const LONGEST_SIGNATURE = 120;

/** What of a seal's line is signed, and its signature; `null` if it has none at its end. */
export function readSignature(line: Buffer): { signed: Buffer; signature: Buffer } | null {
  const end = line.toString('latin1', Math.max(0, line.length - LONGEST_SIGNATURE));
  const [text, signature] = SIGNATURE.exec(end) ?? [];
  if (text === undefined || signature === undefined) return null;
  return {
    signed: Buffer.concat([line.subarray(0, -text.length), Buffer.from('}')]),
    signature: Buffer.from(signature, 'base64'),
  };
}

/** Whether a seal's line was signed with the private half of this key; `null` if it has no signature at its end. */
export function isSignedWith(line: Buffer, publicKey: KeyObject): boolean | null {
  const found = readSignature(line);
  if (found === null) return null;
  const hashed = publicKey.asymmetricKeyType === 'ed25519' ? null : 'sha256';
  return verify(hashed, found.signed, publicKey, found.signature);
}

/** How many bytes of a line hold its `previousHash`, at least. */
export const PREVIOUS_HASH_WITHIN = 256;
const PREVIOUS_HASH = /^\{"v":1,"chain":"[^"]*","seq":\d+,"previousHash":"([0-9a-f]{64})"/;

/** @param start the first bytes of a line, as latin1; `null` if they are not the start of an event's line */
export function previousHashIn(start: string): string | null {
  return PREVIOUS_HASH.exec(start)?.[1] ?? null;
}

/** Nothing before an event's `time` and `receivedAt` was written by a client. */
const TIMES = /^\{"v":[^{}]*?"time":"([^"]+)"(?:,"receivedAt":"([^"]+)")?/;

/**
 * When the event's record was read, or else the event's own time (ISO).
 *
 * @param start as for `previousHashIn`
 */
export function readTimeIn(start: string): string | null {
  const [, time, receivedAt = time] = TIMES.exec(start) ?? [];
  return receivedAt ?? null;
}

const QUOTE = 0x22;
const KIND = Buffer.from('"kind":"');
const ID = Buffer.from(',"id":"');
const TIME = Buffer.from('"time":"');
const LENGTH_OF_TIME = '2026-11-21T20:40:01.123Z'.length;

/** Empty if the line is not an event's. */
export function kindIn(line: Buffer): string {
  return textAfter(KIND, line, 0)?.text ?? '';
}

/** Its id, if JSON writes that as it is; else an empty text. */
export function idIn(line: Buffer): string {
  return textAfter(ID, line, 0)?.text ?? '';
}

/** Finds the line of the event with this id. */
export function hasId(id: string): (line: Buffer) => boolean {
  const named = Buffer.from(`,${member('id', id)},`);
  const within = PREVIOUS_HASH_WITHIN + named.length;
  return line => line.subarray(0, within).includes(named);
}

/** UTC with milliseconds. */
export function timeIn(line: Buffer): string {
  const start = line.indexOf(TIME) + TIME.length;
  return line.toString('latin1', start, start + LENGTH_OF_TIME);
}

/** The text of a member that has no escapes, and where it ends. */
function textAfter(member: Buffer, line: Buffer, from: number): { text: string; end: number } | null {
  const at = line.indexOf(member, from);
  if (at === -1) return null;
  const start = at + member.length;
  const end = line.indexOf(QUOTE, start);
  return { text: line.toString('latin1', start, end), end };
}

/** A member as a line has it. */
export function member(name: string, value: string): string {
  return `${JSON.stringify(name)}:${JSON.stringify(value)}`;
}

/** The beginning of a member whose value begins so. */
export function memberFrom(name: string, start: string): string {
  return member(name, start).slice(0, -1);
}

/** A text as it is within the texts of a line. */
export function asInLine(text: string): string {
  return JSON.stringify(text).slice(1, -1);
}

const INSTANCE = Buffer.from('"instance":"');
const SESSION = Buffer.from('"session":{"id":"');
const TRANSACTION = Buffer.from('"virtualTransactionId":"');

/** Names the transaction that a line's record belongs to; `null` if it belongs to none. */
export function transactionIn(line: Buffer): string | null {
  let [key, from] = ['', 0];
  for (const name of [INSTANCE, SESSION, TRANSACTION]) {
    const found = textAfter(name, line, from);
    if (found === null) return null;
    key += `${found.text}"`;
    from = found.end;
  }
  return key;
}

const CAUGHT = Buffer.from(member('outcome', 'caught'));
const UNCERTAIN = Buffer.from('"certain":false');

/** What a failure's line says of its transaction. */
export function outcomeIn(line: Buffer): 'failed' | 'caught' | 'unknown' {
  if (line.includes(UNCERTAIN)) return 'unknown';
  return line.includes(CAUGHT) ? 'caught' : 'failed';
}

const UNDONE = /"failure":\{"statement":"([^"\\]*)","sqlState":null/;

/**
 * The id of the latest statement that a rollback or the end of a session undid: such a record may be of no transaction, or
 * (ROLLBACK PREPARED) of another one. `null` for other failures.
 */
export function undoneIn(line: Buffer): string | null {
  return UNDONE.exec(line.toString('latin1'))?.[1] ?? null;
}

/** What precedes a text that may be long, and a list of such texts. */
export const BEFORE_TEXT = [',"statement":"', '"message":"', '"raw":"'].map(key => Buffer.from(key));
export const BEFORE_PARAMETERS = Buffer.from('"parameters":["');

const ESCROW = Buffer.from(',"escrow":"');

/** A row's comes before its values, whose columns may have any name. */
const ROW = Buffer.from('"row":{');
const ROW_ESCROW = Buffer.from('"row":{"escrow":"');

/** The encrypted original, which is base64, stays in the archive. */
export function withoutEscrow(line: Buffer): Buffer {
  if (kindIn(line) === 'row') return withoutRowEscrow(line);
  const start = line.indexOf(ESCROW);
  if (start === -1) return line;
  const end = line.indexOf(QUOTE, start + ESCROW.length);
  return Buffer.concat([line.subarray(0, start), line.subarray(end + 1)]);
}

function withoutRowEscrow(line: Buffer): Buffer {
  const start = line.indexOf(ROW);
  if (start === -1 || !line.subarray(start, start + ROW_ESCROW.length).equals(ROW_ESCROW)) return line;
  const end = line.indexOf(QUOTE, start + ROW_ESCROW.length);
  // With the comma before the next member.
  return Buffer.concat([line.subarray(0, start + ROW.length), line.subarray(end + 2)]);
}

/** What a log entry shows of its event, beside the event itself. */
export interface EventHead {
  readonly kind: EventKind;
  readonly id: string;
  readonly time: string;
  readonly receivedAt: string | null;
  readonly instance: string;
  readonly node: string;
  readonly database: string | null;
  readonly user: string | null;
  readonly class: AuditClass | null;
  readonly command: string | null;
  readonly session: string | null;
  readonly virtualTransactionId: string | null;
  readonly alert: { readonly rule: string; readonly severity: AlertSeverity } | null;
}

export function headOf(event: AuditEvent): EventHead {
  const { kind, id, time, instance, node } = event;
  const audit = event.kind === 'statement' ? event.audit : null;
  const happened = 'session' in event ? event : null;
  const done = 'actor' in event ? event : null;
  return {
    kind,
    id,
    time,
    receivedAt: 'receivedAt' in event ? event.receivedAt : null,
    instance,
    node,
    database: done?.database ?? null,
    user: done?.actor?.user ?? null,
    class: audit?.class ?? null,
    command: audit?.command ?? null,
    session: happened?.session.id ?? null,
    virtualTransactionId: happened?.session.virtualTransactionId ?? null,
    alert: event.kind === 'alert' ? event.alert : null,
  };
}

/** A text of printable ASCII that JSON writes as it is. */
const TEXT = '"([ !#-\\[\\]-~]*)"';
const START = new RegExp(
  `^\\{"v":1,"chain":"[^"]*","seq":\\d+,"previousHash":"[^"]*","kind":"statement","id":${TEXT},"time":${TEXT},"receivedAt":${TEXT},"instance":${TEXT},"node":${TEXT},"database":(?:${TEXT}|null),"actor":\\{"user":${TEXT},`,
);
const AUDIT =
  /,"audit":\{"type":"[A-Z]+","statementId":\d+,"substatementId":\d+,"class":"([A-Z]+)","command":"([ !#-[\]-~]*)",/y;
const SESSION_ID = new RegExp(`,"session":\\{"id":${TEXT},`, 'y');
const TRANSACTION_ID = new RegExp(`,"virtualTransactionId":(?:${TEXT}|null)[,}]`, 'y');

/** The head of a statement's line; `null` if its bytes alone do not show it. */
export function readHead(line: Buffer): EventHead | null {
  const text = line.toString('latin1');
  const start = START.exec(text);
  const audit = start && find(AUDIT, ',"audit":{', text, start[0].length - 1);
  const session = audit && find(SESSION_ID, ',"session":{', text, AUDIT.lastIndex - 1);
  const transaction =
    session && find(TRANSACTION_ID, ',"virtualTransactionId":', text, SESSION_ID.lastIndex - 1);
  if (start === null || audit === null || session === null || transaction === null) return null;
  const [, , time = '', receivedAt = '', instance = '', node = '', database = null, user = ''] = start;
  const [, auditClass = '', command = ''] = audit;
  if (!isClass(auditClass)) return null;
  return {
    kind: 'statement',
    // Not a part of the line's text, which would stay in memory as long as the id.
    id: idIn(line),
    time,
    receivedAt,
    instance,
    node,
    database,
    user,
    class: auditClass,
    command,
    session: session[1] ?? '',
    virtualTransactionId: transaction[1] ?? null,
    alert: null,
  };
}

function isClass(name: string): name is AuditClass {
  return AUDIT_CLASSES.some(one => one === name);
}

/** What the sticky expression matches at the first place, from `from` on, that begins with `key`. */
function find(expression: RegExp, key: string, text: string, from: number): RegExpExecArray | null {
  const at = text.indexOf(key, from);
  if (at === -1) return null;
  expression.lastIndex = at;
  return expression.exec(text);
}
