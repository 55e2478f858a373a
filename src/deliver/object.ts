/** Turns a sealed segment into an object of the archive. */

import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import type { ArchiveObject } from './destination.js';

/** What of a segment goes into its object's name and metadata. */
export interface SegmentInfo {
  readonly date: string;
  readonly chain: string;
  readonly firstSeq: number;
  readonly lastSeq: number;
  readonly path: string;
}

export interface ArchivePlace {
  readonly prefix: string;
  readonly instance: string;
  readonly node: string;
}

const NEWLINE = 0x0a;
const compress = promisify(gzip);

/** Reads the segment, a file of complete lines. The same segment makes the same bytes: gzip's header holds no time. */
export async function packSegment(segment: SegmentInfo, place: ArchivePlace): Promise<ArchiveObject> {
  const lines = await readFile(segment.path);
  const sha256 = sha256Of(lines);
  const first = lines.subarray(0, lines.indexOf(NEWLINE));
  const last = lines.subarray(lines.lastIndexOf(NEWLINE, -2) + 1, -1);
  return {
    name: objectName(segment, place, sha256),
    body: await compress(lines, { level: 6 }),
    metadata: {
      'pgaudit-shipper-version': '1',
      sha256,
      'first-seq': String(segment.firstSeq),
      'last-seq': String(segment.lastSeq),
      'first-hash': sha256Of(first),
      'last-hash': sha256Of(last),
      events: String(segment.lastSeq - segment.firstSeq + 1),
    },
  };
}

/** `<prefix>/instance=<i>/node=<n>/date=<day>/<chain>-<first>-<last>-<hash>.ndjson.gz` */
function objectName(segment: SegmentInfo, { prefix, instance, node }: ArchivePlace, sha256: string): string {
  const { date, chain, firstSeq, lastSeq } = segment;
  const range = [firstSeq, lastSeq].map(seq => String(seq).padStart(16, '0')).join('-');
  const file = `${chain}-${range}-${sha256.slice(0, 16)}.ndjson.gz`;
  return [prefix, `instance=${instance}`, `node=${node}`, `date=${date}`, file].filter(Boolean).join('/');
}

function sha256Of(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex');
}
