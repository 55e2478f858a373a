/**
 * The long texts of one event. They stay in the line of the journal as they are, JSON in UTF-8; in the event, a short
 * reference replaces each. As strings they would take several times their size in memory, and parsing them would block
 * everything else.
 */

import { randomUUID } from 'node:crypto';
import { setImmediate } from 'node:timers/promises';
import { BEFORE_PARAMETERS, BEFORE_TEXT } from '../../event/line.js';
import { quotedField } from '../../event/pgaudit-message.js';
import { cutText } from './cut-text.js';

export interface Piece {
  readonly text: string;
  /** Bytes in UTF-8. */
  readonly size: number;
}

/** Cuts and quotes an event's texts, whether they are strings or references. */
export interface Texts {
  /** Pieces of at most `most` bytes of UTF-8, cut between characters; at least one. */
  cut(text: string, most: number): Piece[];
  /** As a CSV field, in quotes if it needs them. */
  quoted(field: string): string;
}

export const STRINGS: Texts = {
  cut: (text, most) => cutText(text, most).map(piece => ({ text: piece, size: Buffer.byteLength(piece) })),
  quoted: quotedField,
};

/** Bytes of JSON from which a text is long. Shorter ones are parsed: a record has at most 65,535 parameters. */
const LONG = 256;
/** Bytes scanned in one turn of the event loop. */
const TURN = 4 * 1024 * 1024;

const QUOTE = 0x22;
const COMMA = 0x2c;
const BACKSLASH = 0x5c;
const [LETTER_N, LETTER_R, LETTER_U] = Buffer.from('nru');
const CONTINUATION = 0x80;

/** Random, so that no SQL can contain a reference. */
const MARK = randomUUID();
const REFERENCE = new RegExp(`${MARK}:(\\d+):(\\d+):(\\d+):`);
/** How many parts `split` makes for each reference: the text before it, and its groups. */
const PARTS = 4;

/** A range inside a JSON string. */
interface Range {
  readonly bytes: Buffer;
  readonly start: number;
  readonly end: number;
}

export class LongTexts implements Texts {
  readonly #buffers: Buffer[] = [];
  readonly #quoted = new Map<string, string>();

  /** The line with references in place of its long texts; the search does not block the event loop. */
  async takenOut(line: Buffer): Promise<Buffer> {
    const index = this.#buffers.push(line) - 1;
    const pieces: Buffer[] = [];
    let rest = 0;
    for (const found of longTexts(line)) {
      if (found === null) await setImmediate();
      else {
        pieces.push(line.subarray(rest, found.start), Buffer.from(reference(index, found.start, found.end)));
        rest = found.end;
      }
    }
    return Buffer.concat([...pieces, line.subarray(rest)]);
  }

  cut(text: string, most: number): Piece[] {
    const found = REFERENCE.exec(text);
    if (found === null) return STRINGS.cut(text, most);
    // A reference with text around it becomes one new reference.
    if (found[0].length < text.length) return this.cut(this.#add(this.#jsonOf(text)), most);
    const [index, first, end] = referenceOf(found);
    const bytes = this.#buffer(index);
    const pieces: Piece[] = [];
    for (let start = first; start < end || pieces.length === 0; ) {
      const next = cutOff({ bytes, start, end }, most);
      pieces.push({ text: reference(index, start, next.end), size: next.size });
      start = next.end;
    }
    return pieces;
  }

  readonly quoted = (field: string): string => {
    if (!REFERENCE.test(field)) return STRINGS.quoted(field);
    const known = this.#quoted.get(field);
    if (known !== undefined) return known;
    const json = this.#jsonOf(field);
    const quoted = needsQuotes(json) ? this.#add(inQuotes(json)) : field;
    this.#quoted.set(field, quoted);
    return quoted;
  };

  /** The JSON of a value, with the texts in place of their references. */
  toJson(value: unknown): Buffer {
    return this.#resolve(JSON.stringify(value));
  }

  /** The text as JSON, without the outer quotes. */
  #jsonOf(text: string): Buffer {
    return this.#resolve(JSON.stringify(text).slice(1, -1));
  }

  #resolve(json: string): Buffer {
    const parts = json.split(REFERENCE);
    const pieces: Buffer[] = [];
    for (let at = 0; at < parts.length; at += PARTS) {
      pieces.push(Buffer.from(parts[at] ?? ''));
      const [index, start, end] = parts.slice(at + 1, at + PARTS).map(Number);
      if (index !== undefined) pieces.push(this.#buffer(index).subarray(start, end));
    }
    return Buffer.concat(pieces);
  }

  #add(json: Buffer): string {
    return reference(this.#buffers.push(json) - 1, 0, json.length);
  }

  #buffer(index: number): Buffer {
    const buffer = this.#buffers[index];
    if (buffer === undefined) throw new RangeError('the text is of another event');
    return buffer;
  }
}

function reference(index: number, start: number, end: number): string {
  return `${MARK}:${index}:${start}:${end}:`;
}

function referenceOf([, index, start, end]: RegExpExecArray): [number, number, number] {
  return [Number(index), Number(start), Number(end)];
}

/** The ranges of the long texts, in order; `null` whenever other work should get its turn. */
function* longTexts(line: Buffer): Generator<{ start: number; end: number } | null> {
  let turn = TURN;
  for (const { key, found } of keysIn(line)) {
    let start = found + key.length;
    for (let at = start; at < line.length; at++) {
      if (at > turn) {
        yield null;
        turn = at + TURN;
      }
      if (line[at] === BACKSLASH) at++;
      else if (line[at] === QUOTE) {
        if (at - start >= LONG) yield { start, end: at };
        if (key !== BEFORE_PARAMETERS || line[at + 1] !== COMMA) break;
        // Skips the comma and the next parameter's opening quote.
        start = at + 3;
        at = start - 1;
      }
    }
  }
}

function keysIn(line: Buffer): { key: Buffer; found: number }[] {
  const keys = [...BEFORE_TEXT, BEFORE_PARAMETERS].map(key => ({ key, found: line.indexOf(key) }));
  return keys.filter(({ found }) => found !== -1).sort((a, b) => a.found - b.found);
}

/** The end, and the size in UTF-8, of the longest piece of at most `most` bytes. */
function cutOff({ bytes, start, end }: Range, most: number): { end: number; size: number } {
  let at = Math.min(start + most, end);
  let size = at - start;
  if (bytes.subarray(start, at).includes(BACKSLASH))
    for (at = start, size = 0; at < end && size < most; size++)
      at += bytes[at] === BACKSLASH ? lengthOfEscape(bytes[at + 1]) : 1;
  for (; at < end && ((bytes[at] ?? 0) & 0xc0) === CONTINUATION; size--) at--;
  return { end: at, size };
}

/** Length of an escape sequence for one byte: only control characters are written as numbers. */
function lengthOfEscape(letter: number | undefined): number {
  return letter === LETTER_U ? '\\u0000'.length : '\\n'.length;
}

/** Whether it contains a comma, a quote or a line end. */
function needsQuotes(json: Buffer): boolean {
  if (json.includes(COMMA) || json.includes(QUOTE)) return true;
  const first = json.indexOf(BACKSLASH);
  for (let at = first === -1 ? json.length : first; at < json.length; at++) {
    if (json[at] !== BACKSLASH) continue;
    const letter = json[++at];
    if (letter === LETTER_N || letter === LETTER_R) return true;
  }
  return false;
}

const ESCAPED_QUOTE = Buffer.from('\\"');

/** The text in CSV quotes. In JSON, each quote is written `\"`. */
function inQuotes(json: Buffer): Buffer {
  if (!json.includes(QUOTE)) return Buffer.concat([ESCAPED_QUOTE, json, ESCAPED_QUOTE]);
  let quotes = 2;
  for (let at = 0; at < json.length; at++) if (json[at] === QUOTE) quotes++;
  const quoted = Buffer.allocUnsafe(json.length + quotes * ESCAPED_QUOTE.length);
  let to = ESCAPED_QUOTE.copy(quoted);
  for (let at = 0; at < json.length; at++) {
    quoted[to++] = json[at] ?? 0;
    if (json[at] === QUOTE) to += ESCAPED_QUOTE.copy(quoted, to);
  }
  ESCAPED_QUOTE.copy(quoted, to);
  return quoted;
}
