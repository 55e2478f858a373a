/** Reads an archive folder and checks independently everything that is promised of it. */

import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { expect } from 'vitest';
import type { PopulationFields } from '../../src/event/population.js';
import type { RowFields } from '../../src/event/row.js';

/** An event as parsed JSON; tests read the fields that they expect. */
export interface ArchivedEvent {
  readonly v: number;
  readonly chain: string;
  readonly seq: number;
  readonly previousHash: string;
  readonly kind: string;
  readonly id: string;
  readonly time: string;
  readonly receivedAt?: string;
  readonly actor?: {
    user: string;
    status: string;
    id?: string;
    name?: string;
    email?: string;
    unit?: string;
    resolvedBy: string[];
  };
  readonly audit?: {
    substatementId: number;
    class: string;
    command: string;
    statement: string | null;
    parameters: string[] | null;
    statementMissing?: string;
    redacted?: number;
    objects?: string[];
    objectsFrom?: string;
    classFrom?: string;
    escrow?: string;
    loggedClass?: string;
  };
  readonly session?: {
    id: string;
    line: number;
    application: string | null;
    authentication?: { identity: string | null; method: string };
  };
  readonly failure?: { statement: string; sqlState: string | null };
  readonly source?: { file: string; fileId: string; offset: number; length: number; raw?: string };
  readonly config?: { changes: unknown[]; unaudited?: { count: number; names: string[] } };
  readonly population?: PopulationFields['population'];
  readonly suspect?: { reason: string; message: string; escrow?: string };
  readonly gap?: {
    reason: string;
    user?: string;
    session?: string;
    line?: string;
    sha256?: string;
    firstLine?: number;
    lastLine?: number;
    firstStatement?: number;
    lastStatement?: number;
    after?: string;
    before?: string;
  };
  readonly row?: RowFields['row'];
  readonly alert?: { rule: string; severity: string; why: string; ids: string[] };
  readonly unaudited?: {
    class: string;
    statement: string;
    isCut?: boolean;
    redacted?: number;
    escrow?: string;
    expected: number;
    audited: number;
  };
  readonly lifecycle?: {
    action: string;
    newChain?: boolean;
    reason?: string;
    takenUpFromArchive?: boolean;
    retired?: boolean;
  };
  readonly seal?: Seal;
  readonly [other: string]: unknown;
}

interface Counts {
  readonly read: number;
  readonly shipped: number;
  readonly dropped: Record<string, number>;
  readonly rejected: Record<string, number>;
}

interface Seal {
  readonly reason: string;
  readonly firstSeq: number;
  readonly until?: readonly { readonly time: string }[];
  readonly events: Record<string, number>;
  readonly records: Counts;
  readonly coverage: readonly {
    source?: string;
    file: string;
    fileId: string;
    from: number;
    to: number;
    records: Counts;
  }[];
  readonly files: readonly { source?: string; fileId: string; offset: number }[];
}

/** The paths of all objects below the folder, by name. */
export async function objectsIn(folder: string): Promise<string[]> {
  const found = await readdir(folder, { recursive: true }).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return [];
    throw error;
  });
  const objects = found.filter(name => name.endsWith('.ndjson.gz')).map(name => join(folder, name));
  return objects.sort((a, b) => (basename(a) < basename(b) ? -1 : 1));
}

/** All events of an intact archive, in order. Fails the test if anything in it does not fit. */
export async function readArchive(folder: string): Promise<ArchivedEvent[]> {
  const paths = await objectsIn(folder);
  return checkArchive(
    await Promise.all(paths.map(async path => [basename(path), await readFile(path)] as const)),
  );
}

export function checkArchive(objects: readonly (readonly [name: string, body: Buffer])[]): ArchivedEvent[] {
  const events: ArchivedEvent[] = [];
  let hash = '0'.repeat(64);
  for (const [name, body] of objects) {
    const bytes = gunzipSync(body);
    const lines = bytes.toString('utf8').split('\n').slice(0, -1);
    const segment = lines.map((line): ArchivedEvent => JSON.parse(line));
    for (const [index, line] of lines.entries()) {
      expect(segment[index]?.previousHash).toBe(hash);
      hash = sha256(Buffer.from(line));
    }
    const [chain, first, last, content] =
      /^(\d{8}T\d{6}Z-[0-9a-f]{4})-(\d{16})-(\d{16})-([0-9a-f]{16})\.ndjson\.gz$/.exec(name)?.slice(1) ?? [];
    expect([chain, Number(first), Number(last), content]).toEqual([
      segment[0]?.chain,
      segment[0]?.seq,
      segment.at(-1)?.seq,
      sha256(bytes).slice(0, 16),
    ]);
    checkSeal(segment);
    events.push(...segment);
  }
  expect(events.map(event => event.seq)).toEqual(events.map((_event, index) => index + 1));
  expect(new Set(events.map(event => event.id)).size).toBe(events.length);
  checkCoverage(events);
  return events;
}

/** A failure from another event's record has an id of its own, and is not counted. */
function isOfRecord({ id, instance, session, kind }: ArchivedEvent): boolean {
  if (kind === 'failure') return id === `${instance}/${session?.id}/${session?.line}`;
  return kind === 'statement' || kind === 'suspect';
}

function checkSeal(segment: readonly ArchivedEvent[]): void {
  expect(segment.findIndex(event => event.kind === 'seal')).toBe(segment.length - 1);
  const seal = segment.at(-1)?.seal;
  expect(seal?.firstSeq).toBe(segment[0]?.seq);
  const kinds = segment.slice(0, -1).map(event => event.kind);
  expect(seal?.events).toEqual(
    Object.fromEntries([...new Set(kinds)].map(kind => [kind, kinds.filter(one => one === kind).length])),
  );
  expect(seal?.records.shipped).toBe(segment.filter(isOfRecord).length);
  const unread = segment.filter(({ kind, gap }) => kind === 'gap' && !gap?.reason.startsWith('missing-'));
  expect(sum(seal?.records.rejected)).toBe(unread.length);
}

/** read = shipped + dropped + rejected, and the ranges of each file of each server join without gaps. */
function checkCoverage(events: readonly ArchivedEvent[]): void {
  const ends = new Map<string, number>();
  for (const { seal } of events) {
    for (const { source = '', fileId, from, to, records } of seal?.coverage ?? []) {
      const file = `${source} ${fileId}`;
      expect(from).toBe(ends.get(file) ?? 0);
      expect(records.read).toBe(records.shipped + sum(records.dropped) + sum(records.rejected));
      ends.set(file, to);
    }
  }
}

export function sum(counts: Record<string, number> = {}): number {
  return Object.values(counts).reduce((total, count) => total + count, 0);
}

export function sha256(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex');
}
