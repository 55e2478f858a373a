/** Which content a file holds: told by its first bytes, never by its name or inode. */

import { createHash } from 'node:crypto';
import type { FileHandle } from 'node:fs/promises';
import type { UnsupportedReason } from '../record.js';
import { isHead, TIME_LENGTH } from './head.js';

/** A first line holds a time in milliseconds, a session and a line number: enough to be alone in the world. */
const LONGEST_FIRST_LINE = 1024;
const NEWLINE = 0x0a;

export type Identity =
  | { readonly kind: 'content'; readonly fileId: string; readonly firstTime: string }
  /** No whole first line yet, so no record either; `fileId` changes while it grows. */
  | { readonly kind: 'partial'; readonly fileId: string; readonly firstTime: string }
  | { readonly kind: 'empty' }
  | { readonly kind: 'unsupported'; readonly reason: UnsupportedReason };

/** Reads the file's first bytes; `supportsZone` says whether a log_time with this zone can be read. */
export async function identify(file: FileHandle, supportsZone: (zone: string) => boolean): Promise<Identity> {
  const buffer = Buffer.alloc(LONGEST_FIRST_LINE);
  const { bytesRead } = await file.read(buffer, 0, buffer.length, 0);
  return identityOf(buffer.subarray(0, bytesRead), supportsZone);
}

/** The same, from the file's first 1024 bytes, or all where it has fewer. */
export function identityOf(bytes: Buffer, supportsZone: (zone: string) => boolean): Identity {
  if (isCompressed(bytes)) return { kind: 'unsupported', reason: 'compressed' };
  if (bytes.length === 0) return { kind: 'empty' };
  const newline = bytes.indexOf(NEWLINE);
  const kind = newline === -1 && bytes.length < LONGEST_FIRST_LINE ? 'partial' : 'content';
  const line = newline === -1 ? bytes : bytes.subarray(0, newline + 1);
  const hasHead = isHead(line, 0, line.length) === true;
  if (hasHead && !supportsZone(zoneOf(line))) return { kind: 'unsupported', reason: 'zone' };
  const fileId = createHash('sha256').update(line).digest('hex').slice(0, 32);
  return { kind, fileId, firstTime: hasHead ? line.toString('latin1', 0, TIME_LENGTH) : '' };
}

function zoneOf(line: Buffer): string {
  return line.toString('latin1', TIME_LENGTH + 1, line.indexOf(','));
}

/** The first bytes of gzip, zstd, xz and bzip2. */
const MAGIC_NUMBERS = ['1f8b', '28b52ffd', 'fd377a58', '425a68'].map(hex => Buffer.from(hex, 'hex'));

function isCompressed(bytes: Buffer): boolean {
  return MAGIC_NUMBERS.some(magic => bytes.subarray(0, magic.length).equals(magic));
}

/** SHA-256 over the last bytes that were read, to know them again. */
export function fingerprint(bytes: Buffer): { length: number; sha256: string } {
  return { length: bytes.length, sha256: createHash('sha256').update(bytes).digest('hex') };
}
