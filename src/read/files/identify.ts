/** Identifies a file's content by its first bytes, never by name or inode. */

import { createHash } from 'node:crypto';
import { readSync } from 'node:fs';
import type { FileHandle } from 'node:fs/promises';
import type { LogFormat } from '../../lib/log-format.js';
import { TIME_LENGTH } from '../frame/record-head.js';
import type { UnsupportedReason } from '../record.js';
import { beginningOf, isBeginning } from './beginning.js';
import { startOfPacked } from './packed.js';

/** A record's first line has a time in milliseconds, a session and a line number: enough to be unique. */
const LONGEST_FIRST_LINE = 1024;
/** Bytes in which the first record is searched, if a file begins with something else. */
const WINDOW = 1024 * 1024;
const NEWLINE = 0x0a;

/** Reads log_time. */
export interface LogTimes {
  knowsZone(text: string): boolean;
  /** Milliseconds since the epoch. */
  read(text: string): number | null;
}

export type Identity =
  /** `firstTime`: log_time of the first record; of CloudNativePG's lines, when the first was written. */
  | {
      readonly kind: 'content';
      readonly contentId: string;
      readonly firstTime: number | null;
      readonly format: LogFormat;
    }
  /** One incomplete line; `contentId` changes while it grows. */
  | {
      readonly kind: 'partial';
      readonly contentId: string;
      readonly firstTime: number | null;
      readonly format: LogFormat;
    }
  | { readonly kind: 'empty' }
  | {
      readonly kind: 'unsupported';
      readonly reason: UnsupportedReason;
      /** For a compressed file: its content, if known. */
      readonly packed?: {
        readonly contentId: string;
        readonly firstTime: number | null;
        readonly format: LogFormat;
      };
    };

/** Reads the file's beginning. */
export async function identify(file: FileHandle, times: LogTimes): Promise<Identity> {
  const readStart = async (most: number): Promise<Buffer> => {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(most), 0, most, 0);
    return buffer.subarray(0, bytesRead);
  };
  const short = await readStart(LONGEST_FIRST_LINE);
  return identityOf(isEnough(short) ? short : await readStart(WINDOW), times);
}

/**
 * The same for a file that is being read. Its beginning is in the page cache: another thread would take far longer than
 * reading here.
 */
export function identifyNow({ fd }: FileHandle, times: LogTimes): Identity {
  const readStart = (most: number): Buffer => {
    const bytes = Buffer.alloc(most);
    return bytes.subarray(0, readSync(fd, bytes, 0, most, 0));
  };
  const short = readStart(LONGEST_FIRST_LINE);
  return identityOf(isEnough(short) ? short : readStart(WINDOW), times);
}

function isEnough(start: Buffer): boolean {
  return start.length < LONGEST_FIRST_LINE || isBeginning(start);
}

/** The same from the file's first bytes: as many as the first record's first line needs, or all. */
function identityOf(bytes: Buffer, times: LogTimes): Identity {
  if (bytes.length === 0) return { kind: 'empty' };
  if (isCompressed(bytes)) return compressed(bytes, times);
  const beginning = beginningOf(bytes);
  if (beginning === null) {
    const isWhole = bytes.includes(NEWLINE) || bytes.length >= WINDOW;
    if (isWhole) return { kind: 'unsupported', reason: 'format' };
    return { kind: 'partial', contentId: idOf(bytes), firstTime: null, format: 'csvlog' };
  }
  const { format, at, time } = beginning;
  if (typeof time === 'string' && !times.knowsZone(time)) return { kind: 'unsupported', reason: 'zone' };
  const newline = bytes.indexOf(NEWLINE, at);
  const isPartial = newline === -1 && bytes.length < at + LONGEST_FIRST_LINE;
  const end = Math.min(newline === -1 ? bytes.length : newline + 1, at + LONGEST_FIRST_LINE);
  return {
    kind: isPartial ? 'partial' : 'content',
    contentId: idOf(bytes.subarray(0, end)),
    firstTime: typeof time === 'string' ? times.read(time) : time,
    format,
  };
}

function compressed(bytes: Buffer, times: LogTimes): Identity {
  const start = startOfPacked(bytes);
  const packed = start === null || isCompressed(start) ? null : identityOf(start, times);
  if (packed?.kind !== 'content') return { kind: 'unsupported', reason: 'compressed' };
  const { contentId, firstTime, format } = packed;
  return { kind: 'unsupported', reason: 'compressed', packed: { contentId, firstTime, format } };
}

/** The zone of a log_time. */
export function zoneOf(time: string): string {
  return time.slice(TIME_LENGTH + 1);
}

/** SHA-256 in hex, shortened: long enough to be unique. */
export function idOf(bytes: Buffer | string): string {
  return createHash('sha256').update(bytes).digest('hex').slice(0, 32);
}

/** The first bytes of gzip, zstd, xz and bzip2. */
const MAGIC_NUMBERS = ['1f8b', '28b52ffd', 'fd377a58', '425a68'].map(hex => Buffer.from(hex, 'hex'));

function isCompressed(bytes: Buffer): boolean {
  return MAGIC_NUMBERS.some(magic => bytes.subarray(0, magic.length).equals(magic));
}

/** SHA-256 over the last bytes that were read, to recognize them. */
export function fingerprint(bytes: Buffer): { length: number; sha256: string } {
  return { length: bytes.length, sha256: createHash('sha256').update(bytes).digest('hex') };
}
