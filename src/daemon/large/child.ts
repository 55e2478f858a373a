/**
 * The process for large records (started by child-process.ts). It has a memory limit, and any record may kill it. It
 * does one thing at a time, ends when its input ends, and keeps nothing from one record to the next.
 */

import { readSync, writeSync } from 'node:fs';
import type { Encrypter } from 'age-encryption';
import { Expression } from '../../lib/expression.js';
import { createRedactor } from '../../redact/redact.js';
import { base64Pieces, listPieces, textPieces } from './json.js';
import { frameHead, HEAD, type Question, READY, type Settings } from './protocol.js';
import { readMessage, scrubbed, type Understood } from './understand.js';

const STDIN = 0;
const STDOUT = 1;
const NOTHING = Buffer.alloc(0);

/** Returns `null` at the end of the input. */
function read(length: number): Buffer<ArrayBuffer> | null {
  const bytes = Buffer.allocUnsafeSlow(length);
  for (let done = 0; done < length; ) {
    const count = readSync(STDIN, bytes, done, length - done, null);
    if (count === 0) return null;
    done += count;
  }
  return bytes;
}

function readFrame(): string | null {
  const length = read(HEAD)?.readUInt32LE();
  return length === undefined ? null : (read(length)?.toString('utf8') ?? null);
}

function write(bytes: Buffer): void {
  for (let done = 0; done < bytes.length; ) done += writeSync(STDOUT, bytes, done);
}

function writeFrame(bytes: Buffer): void {
  write(frameHead(bytes.length));
  write(bytes);
}

async function encrypterTo(keys: readonly string[]): Promise<Encrypter> {
  const { Encrypter: Age } = await import('age-encryption');
  const made = new Age();
  for (const key of keys) made.addRecipient(key);
  return made;
}

function writePieces(pieces: Iterable<Buffer>): void {
  for (const piece of pieces) if (piece.length > 0) writeFrame(piece);
  writeFrame(NOTHING);
}

/** Memory is released as soon as possible: each text may be as large as the record. */
function understand(question: Question): Understood {
  const column = read(question.length) ?? process.exit(0);
  const said = readMessage(column, question);
  column.buffer.transfer(0);
  return scrubbed(said, redact, encrypter !== null);
}

async function writeEscrow(original: string | null): Promise<void> {
  const sealed = original === null ? undefined : await encrypter?.encrypt(original);
  writePieces(base64Pieces(sealed ?? NOTHING));
}

const { patterns, recipients }: Settings = JSON.parse(readFrame() ?? process.exit(0));
const encrypter = recipients.length === 0 ? null : await encrypterTo(recipients);
const redact = createRedactor(patterns.map(source => new Expression(source).compiled));
writeFrame(Buffer.from(READY));
for (;;) {
  const question: Question = JSON.parse(readFrame() ?? process.exit(0));
  const { answer, text, others, original } = understand(question);
  writeFrame(Buffer.from(JSON.stringify(answer)));
  writePieces(textPieces(text));
  writePieces(listPieces(others));
  await writeEscrow(original);
}
