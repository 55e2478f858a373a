/** Archives as the daemon writes them, with a test's own events. */

import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { EVERYTHING, type Query } from '../../src/archive/search/query.js';
import { type Found, search } from '../../src/archive/search/search.js';
import type { ArchiveStore } from '../../src/archive/store/store.js';
import type { Audit } from '../../src/event/audit.js';
import { noRecords } from '../../src/event/counts.js';
import type { NewEvent } from '../../src/event/event.js';
import type { SealFields } from '../../src/event/seal.js';
import type { Session } from '../../src/event/session.js';
import { ShipperError } from '../../src/lib/errors.js';
import { formatObjectName } from '../../src/lib/object-name.js';
import { sha256 } from './archive.js';

const PLACE = { instance: 'prod', node: 'pg-0' };

/** What a test defines of a statement; the rest is made up. */
export interface Said {
  /** `2026-11-21T20:40:01.123Z` */
  readonly time?: string;
  readonly user?: string;
  readonly name?: string;
  readonly email?: string;
  readonly database?: string | null;
  readonly audit?: Partial<Audit>;
  readonly session?: Partial<Session>;
  readonly instance?: string;
}

let made = 0;

export type NewStatement = Extract<NewEvent, { kind: 'statement' }> & { readonly id: string };

/** A WRITE by Kari, without named relations. Each has an id of its own. */
export function statement(said: Said = {}): NewStatement {
  const time = said.time ?? '2026-11-21T20:40:01.123Z';
  const instance = said.instance ?? PLACE.instance;
  const { user = 'Z990001', name = 'Kari Nordmann', email = 'kari.nordmann@nav.no' } = said;
  made += 1;
  const session: Session = {
    id: '6b0201a1.552d',
    line: made,
    startedAt: '2026-11-21T20:40:00.000Z',
    pid: 21805,
    client: '127.0.0.1',
    port: 57658,
    application: 'psql',
    transactionId: '0',
    virtualTransactionId: `3/${made}`,
    ...said.session,
  };
  const audit: Audit = {
    type: 'SESSION',
    statementId: made,
    substatementId: 1,
    class: 'WRITE',
    command: 'UPDATE',
    objectType: null,
    objectName: null,
    statement: 'UPDATE t SET a = 1',
    parameters: [],
    rows: null,
    ...said.audit,
  };
  return {
    kind: 'statement',
    id: `${instance}/${session.id}/${session.line}`,
    time,
    receivedAt: time,
    instance,
    node: PLACE.node,
    database: said.database === undefined ? 'hold' : said.database,
    actor: { user, status: 'resolved', id: user, name, email, resolvedBy: ['pattern'] },
    audit,
    session,
    source: { file: 'a.csv', fileId: 'f', offset: made * 100, length: 100 },
  };
}

/** The later error of a statement's transaction; it names the statement. */
export function failureOf(
  { audit: _, ...rest }: NewStatement,
  sqlState: string | null = '23505',
  outcome: 'failed' | 'undone' | 'caught' = sqlState === null ? 'undone' : 'failed',
): Extract<NewEvent, { kind: 'failure' }> {
  made += 1;
  const session = { ...rest.session, line: made };
  const id = `${rest.instance}/${session.id}/${session.line}`;
  return { ...rest, kind: 'failure', id, session, failure: { statement: rest.id, sqlState, outcome } };
}

export function unauditedOf({ audit: _, ...rest }: NewStatement): NewEvent {
  const unaudited = { class: 'WRITE', statement: 'UPDATE t SET a = 1', expected: 1, audited: 0 } as const;
  return { ...rest, kind: 'unaudited', id: `${rest.id}/unaudited`, unaudited };
}

export function alertOf({ id, time, receivedAt, instance, node, database, actor }: NewStatement): NewEvent {
  const alert = { rule: 'no-where', severity: 'warning', why: 'No WHERE.', ids: [id] } as const;
  return { kind: 'alert', time, receivedAt, instance, node, database, actor, alert };
}

export function suspectOf({ audit: _, ...rest }: NewStatement, message: string): NewEvent {
  return { ...rest, kind: 'suspect', suspect: { reason: 'context', message } };
}

export function gap(user: string, session: string, time = '2026-11-21T20:50:00.000Z'): NewEvent {
  const source = { file: 'a.csv', fileId: 'f', offset: 1, length: 1 };
  const missing = { reason: 'missing-lines', user, session, firstLine: 7, lastLine: 9 };
  return { kind: 'gap', time, receivedAt: time, ...PLACE, gap: missing, source };
}

export interface Segment {
  readonly date: string;
  readonly events: readonly NewEvent[];
  readonly prefix?: string;
  readonly instance?: string;
  readonly node?: string;
}

export interface Written {
  readonly name: string;
  /** Without newlines. */
  readonly lines: readonly string[];
  readonly body: Buffer;
}

interface ChainEnd {
  readonly seq: number;
  readonly hash: string;
}

const CHAIN = '20261101T000000Z-0001';

/** Objects of one chain, each with its seal, in the order given; `root` is a folder, or `null` to write nothing. */
export async function writeArchive(root: string | null, segments: readonly Segment[]): Promise<Written[]> {
  let end: ChainEnd = { seq: 0, hash: '0'.repeat(64) };
  const written: Written[] = [];
  for (const segment of segments) {
    const made = makeObject(segment, end);
    end = made.end;
    written.push(made.object);
    if (root !== null) await writeObject(root, made.object);
  }
  return written;
}

export async function writeObject(
  root: string,
  { name, body }: Pick<Written, 'name' | 'body'>,
): Promise<void> {
  const path = join(root, name);
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, body);
}

function makeObject(segment: Segment, before: ChainEnd): { object: Written; end: ChainEnd } {
  const { date, events, prefix = '', instance = PLACE.instance, node = PLACE.node } = segment;
  let { seq, hash } = before;
  const lines: string[] = [];
  for (const { kind, id, ...rest } of [...events, sealOf(segment, seq + 1)]) {
    seq += 1;
    const head = {
      v: 1,
      chain: CHAIN,
      seq,
      previousHash: hash,
      kind,
      id: id ?? `${instance}/${CHAIN}/${seq}`,
    };
    const line = JSON.stringify({ ...head, ...rest, node });
    hash = sha256(Buffer.from(line));
    lines.push(line);
  }
  const content = Buffer.from(`${lines.join('\n')}\n`);
  const name = formatObjectName(
    { prefix, instance, node },
    { date, chain: CHAIN, firstSeq: before.seq + 1, lastSeq: seq, hash: sha256(content).slice(0, 16) },
  );
  return { object: { name, lines, body: gzipSync(content) }, end: { seq, hash } };
}

function sealOf({ date, instance = PLACE.instance }: Segment, firstSeq: number): NewEvent {
  const seal: SealFields['seal'] = {
    reason: 'age',
    firstSeq,
    events: {},
    records: noRecords(),
    coverage: [],
    files: [],
  };
  return { kind: 'seal', time: `${date}T23:00:00.000Z`, instance, node: PLACE.node, seal };
}

/** A store with these objects, which records what was requested. */
export function storeOf(
  objects: readonly Pick<Written, 'name' | 'body'>[],
): ArchiveStore & { asked: string[] } {
  const bodies = new Map(objects.map(({ name, body }) => [name, body]));
  const asked: string[] = [];
  const read = (name: string): Buffer => {
    asked.push(name);
    const body = bodies.get(name);
    if (body === undefined) throw new ShipperError('404', `${name} does not exist`);
    return body;
  };
  return {
    asked,
    async list(folder) {
      asked.push(folder);
      const below = [...bodies.keys()].filter(name => name.startsWith(folder));
      return [...new Set(below.map(name => folder + childOf(name.slice(folder.length))))].sort();
    },
    async entries(folder) {
      return (await this.list(folder)).map(name => ({ name, stored: null }));
    },
    async read(name, most) {
      const body = read(name);
      return body.length > most ? null : body;
    },
    async *open(name) {
      yield read(name);
    },
    describe: async name => ({ size: read(name).length, crc32c: null, metadata: null }),
    close: () => undefined,
  };
}

function childOf(path: string): string {
  const end = path.indexOf('/');
  return end === -1 ? path : path.slice(0, end + 1);
}

export interface Result {
  readonly lines: string[];
  readonly found: Found[];
  /** What was reported as damaged. */
  readonly damaged: [path: string, what: string][];
}

/** Searches to the end. */
export async function searchAll(
  store: ArchiveStore,
  query: Partial<Query>,
  { prefix = '', ahead = 1 }: { prefix?: string; ahead?: number } = {},
): Promise<Result> {
  const damaged: [string, string][] = [];
  const watch = {
    reached: () => undefined,
    damaged: (path: string, what: string) => damaged.push([path, what]),
  };
  const found: Found[] = [];
  for await (const one of search({ store, prefix }, { ...EVERYTHING, ...query }, { watch, ahead })) {
    found.push({ ...one, line: Buffer.from(one.line) });
  }
  return { found, lines: found.map(({ line }) => line.toString()), damaged };
}

/** The statements' texts, which identify them. */
export function textsOf({ found }: Result): (string | null | undefined)[] {
  return found.map(({ event }) => event.audit?.statement);
}
