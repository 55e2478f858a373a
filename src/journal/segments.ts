/** Names and reading of journal segments. A segment is an NDJSON file. */

import { type FileHandle, open, readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { readTimeIn } from '../event/line.js';
import { hasCode } from '../lib/errors.js';
import { paddedSeq } from '../lib/object-name.js';

/** Names a segment: the day on which it was opened, and where in the chain it begins. */
export interface SegmentName {
  /** UTC day on which it was opened. */
  readonly date: string;
  readonly chain: string;
  readonly firstSeq: number;
}

/** A segment and its durable length. */
export interface SegmentFile extends SegmentName {
  readonly bytes: number;
}

/** A segment that ends with its seal. */
export interface Sealed extends SegmentFile {
  readonly lastSeq: number;
  /** SHA-256 (hex) of its last line, which is the seal. */
  readonly lastHash: string;
}

const NAME = /^(\d{4}-\d\d-\d\d)_(\d{8}T\d{6}Z-[0-9a-f]{4})-(\d{16})\.ndjson$/;

/** `2026-11-21_20261121T203958Z-9f2c-0000000000000017.ndjson`: names sort in writing order. */
export function segmentFileName({ date, chain, firstSeq }: SegmentName): string {
  return `${date}_${chain}-${paddedSeq(firstSeq)}.ndjson`;
}

/** The segments in a folder, in writing order. */
export async function listSegments(folder: string): Promise<SegmentFile[]> {
  const segments: SegmentFile[] = [];
  for (const name of (await readdir(folder)).sort()) {
    const [, date, chain, firstSeq] = NAME.exec(name) ?? [];
    if (date === undefined || chain === undefined || firstSeq === undefined) continue;
    const { size } = await stat(join(folder, name));
    segments.push({ date, chain, firstSeq: Number(firstSeq), bytes: size });
  }
  return segments;
}

const NEWLINE = 0x0a;
const PIECE = 1024 * 1024;

/**
 * Reads whole lines (without their newlines) from byte `from`: at most `most`, and as many as fit into `room`, but at
 * least one. They are slices of `room`; a line that is larger than `room` gets a buffer of its own. `end` is the
 * segment's committed length.
 */
export async function readLines(
  path: string,
  range: { from: number; end: number },
  most: number,
  room: Buffer,
): Promise<Buffer[]> {
  const file = await open(path, 'r');
  try {
    const bytes = await readInto(room.subarray(0, range.end - range.from), file, range.from);
    const lines = splitLines(bytes, most);
    if (lines.length > 0 || range.from + bytes.length >= range.end) return lines;
    // A buffer of exactly its size: the line may take tens of megabytes.
    const end = await findLineEnd(file, range.from + bytes.length, range.end);
    return splitLines(await readInto(Buffer.allocUnsafeSlow(end - range.from), file, range.from), 1);
  } finally {
    await file.close();
  }
}

/** Bytes and lines that are read at once. */
const ROOM = 1024 * 1024;
const MOST_LINES = 10_000;

/** All lines of a segment up to byte `end`; those that come together are valid until the next ones are asked for. */
export async function* linesIn(path: string, end: number): AsyncGenerator<readonly Buffer[]> {
  const room = Buffer.allocUnsafeSlow(Math.min(ROOM, Math.max(end, 1)));
  for (let from = 0; from < end; ) {
    const lines = await readLines(path, { from, end }, MOST_LINES, room);
    if (lines.length === 0) break;
    yield lines;
    for (const line of lines) from += line.length + 1;
  }
}

async function readInto(room: Buffer, file: FileHandle, from: number): Promise<Buffer> {
  const { bytesRead } = await file.read(room, 0, room.length, from);
  return room.subarray(0, bytesRead);
}

/** The offset after the next newline; `end` if there is no newline before it. */
async function findLineEnd(file: FileHandle, from: number, end: number): Promise<number> {
  const piece = Buffer.allocUnsafe(PIECE);
  for (let at = from; at < end; ) {
    const { bytesRead } = await file.read(piece, 0, Math.min(PIECE, end - at), at);
    const newline = piece.subarray(0, bytesRead).indexOf(NEWLINE);
    if (newline !== -1) return at + newline + 1;
    if (bytesRead === 0) break;
    at += bytesRead;
  }
  return end;
}

function splitLines(bytes: Buffer, most: number): Buffer[] {
  const lines: Buffer[] = [];
  for (let start = 0; lines.length < most; ) {
    const end = bytes.indexOf(NEWLINE, start);
    if (end === -1) break;
    lines.push(bytes.subarray(start, end));
    start = end + 1;
  }
  return lines;
}

/** The first 4 KiB of the line at byte `from`, or the whole line if it is shorter. */
async function readHeader(path: string, from: number): Promise<string> {
  const file = await open(path, 'r');
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(4096), 0, 4096, from);
    return buffer.toString('latin1', 0, bytesRead).split('\n', 1)[0] ?? '';
  } finally {
    await file.close();
  }
}

/**
 * When the event at byte `from` was read, in milliseconds since the epoch; `null` if the segment was delivered and
 * deleted meanwhile.
 */
export async function readTime(path: string, from: number): Promise<number | null> {
  try {
    const time = readTimeIn(await readHeader(path, from));
    return time === null ? null : Date.parse(time);
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return null;
    throw error;
  }
}
