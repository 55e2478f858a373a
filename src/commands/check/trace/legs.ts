/** The legs of a change's way, and how to see whether it has arrived there. */

import { open } from 'node:fs/promises';
import { gunzipOne } from '../../../archive/store/gzip.js';
import type { ArchiveLocation } from '../../../archive/store/location.js';
import { listParts, walkObjects } from '../../../archive/store/walk.js';
import { member } from '../../../event/line.js';
import { hasCode, ShipperError } from '../../../lib/errors.js';
import { discover } from '../../../read/files/discover.js';
import { CALL, withLogging } from '../logging-client.js';

export type LegName = 'csvlog' | 'journal' | 'logging' | 'archive';

export interface Leg {
  readonly name: LegName;
  /** Milliseconds between two looks. */
  readonly interval: number;
  /** Whether the change has arrived here. Rejects if that cannot be read. */
  look(marker: string): Promise<boolean>;
}

/**
 * Milliseconds. Reading local files is cheap, and the journal may keep the change only briefly; requests to a cloud
 * count against a quota.
 */
const LOCAL_INTERVAL = 25;
const CLOUD_INTERVAL = 2000;

/** Text before the marker on its line: other records of the log may contain the statement, too. */
const BEFORE_IT: Readonly<Partial<Record<LegName, readonly string[]>>> = { csvlog: ['AUDIT: ', '"audit":'] };
/** A change that the server logged and pgAudit did not has not arrived. */
const UNAUDITED = member('kind', 'unaudited');
/** Bytes of a line before the marker, at most. */
const LINE = 4096;

/** Files that only grow: their present content is skipped. */
export async function appendedFiles(name: LegName, patterns: readonly string[]): Promise<Leg> {
  const files = new Map((await discover(patterns)).files.map(({ path, size }) => [path, size]));
  return {
    name,
    interval: LOCAL_INTERVAL,
    async look(marker) {
      const listing = await discover(patterns);
      // A missing folder of the daemon's own has no content yet; a log may be on another machine.
      const fault = listing.faults.find(({ code }) => name === 'csvlog' || code !== 'ENOENT');
      if (listing.files.length === 0 && fault !== undefined) throw new ShipperError(fault.code, fault.path);
      for (const { path, size } of listing.files.filter(file => file.isFile)) {
        // The file may have been truncated since.
        const from = Math.min(files.get(path) ?? 0, size);
        const { isFound, to } = await search(path, from, line =>
          (BEFORE_IT[name] ?? ['']).some(before => holds(line, marker, before)),
        );
        if (isFound) return true;
        files.set(path, Math.max(from, to - LINE));
      }
      return false;
    },
  };
}

const PIECE = 1024 * 1024;
const NEWLINE = 0x0a;

function holds(text: Buffer, marker: string, beforeIt: string): boolean {
  for (let at = text.indexOf(marker); at !== -1; at = text.indexOf(marker, at + 1)) {
    const line = text.subarray(text.lastIndexOf(NEWLINE, at) + 1, at);
    if (line.includes(beforeIt) && !line.includes(UNAUDITED)) return true;
  }
  return false;
}

async function search(
  path: string,
  from: number,
  isIn: (text: Buffer) => boolean,
): Promise<{ isFound: boolean; to: number }> {
  try {
    const file = await open(path, 'r');
    try {
      const buffer = Buffer.alloc(PIECE);
      for (let at = from; ; at += PIECE - LINE) {
        const { bytesRead } = await file.read(buffer, 0, PIECE, at);
        if (isIn(buffer.subarray(0, bytesRead))) return { isFound: true, to: at };
        if (bytesRead < PIECE) return { isFound: false, to: at + bytesRead };
      }
    } finally {
      await file.close();
    }
  } catch (error) {
    // The journal removes delivered segments.
    if (!hasCode(error, 'ENOENT')) throw error;
    return { isFound: false, to: from };
  }
}

/** Objects that are stored from now on. */
export async function archiveObjects(
  { store, prefix }: ArchiveLocation,
  instance: string,
  isLocal: boolean,
): Promise<Leg> {
  const isOurs = (part: { instance: string }): boolean => part.instance === instance;
  const list = async (): Promise<string[]> => {
    const paths: string[] = [];
    for (const part of (await listParts(store, prefix)).filter(isOurs))
      for await (const { path } of walkObjects(store, part, recentDays())) paths.push(path);
    return paths;
  };
  // If the archive cannot be read, the first look says so.
  const seen = new Set(await list().catch(() => []));
  return {
    name: 'archive',
    interval: isLocal ? LOCAL_INTERVAL : CLOUD_INTERVAL,
    async look(marker) {
      for (const path of (await list()).filter(one => !seen.has(one))) {
        if (await contains(gunzipOne(store.open(path)), marker)) return true;
        seen.add(path);
      }
      return false;
    },
  };
}

/** A segment that is open now may be of yesterday, and the clocks may differ. */
function recentDays(): { since: string; until: null } {
  return { since: new Date(Date.now() - 2 * 24 * 60 * 60_000).toISOString().slice(0, 10), until: null };
}

async function contains(chunks: AsyncIterable<Buffer>, marker: string): Promise<boolean> {
  let before = Buffer.alloc(0);
  for await (const chunk of chunks) {
    const text = Buffer.concat([before, chunk]);
    if (holds(text, marker, '')) return true;
    before = Buffer.from(text.subarray(Math.max(0, text.length - LINE)));
  }
  return false;
}

/** Entries of Cloud Logging with the marker (`entries.list`; needs roles/logging.viewer). */
export function cloudEntries({ logName, endpoint }: { logName: string; endpoint: string | null }): Leg {
  const [, project] = logName.split('/');
  const since = new Date(Date.now() - 60 * 60_000).toISOString();
  return {
    name: 'logging',
    interval: CLOUD_INTERVAL,
    async look(marker) {
      const inStatement = ['jsonPayload.audit.statement', 'jsonPayload.sqlStatement'].map(
        field => `${field}:"${marker}"`,
      );
      const filter = `logName="${logName}" AND timestamp>="${since}" AND (${inStatement.join(' OR ')})`;
      const request = { resourceNames: [`projects/${project}`], filter, pageSize: 1 };
      return await withLogging(endpoint, async client => {
        const [entries] = await client.listLogEntries(request, { ...CALL, autoPaginate: false });
        return entries.length > 0;
      });
    },
  };
}
