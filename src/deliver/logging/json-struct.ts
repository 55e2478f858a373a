/**
 * Writes JSON as google.protobuf.Struct in wire format, from the last byte to the first. Protobuf is written that way,
 * and JSON without white space can be read that way, so no values are built in between.
 */

import { StateError } from '../../lib/errors.js';
import { parseJson } from '../../lib/json.js';
import type { BackwardWriter } from './protobuf.js';

const QUOTE = 0x22;
const COMMA = 0x2c;
const ZERO = 0x30;
const NINE = 0x39;
const COLON = 0x3a;
const OPEN_LIST = 0x5b;
const BACKSLASH = 0x5c;
const CLOSE_LIST = 0x5d;
const OPEN_OBJECT = 0x7b;
const CLOSE_OBJECT = 0x7d;
const LAST_OF_NULL = 'l'.charCodeAt(0);
const LAST_OF_BOOLEAN = 'e'.charCodeAt(0);
const FIRST_OF_TRUE = 't'.charCodeAt(0);

/** Digits of a whole number up to which JavaScript's arithmetic is exact; most are far shorter. */
const MOST_DIGITS = 15;

/**
 * Writes the fields of the object in `json`, which must be UTF-8 as `JSON.stringify` writes it. Throws a StateError if
 * it is anything else.
 */
export function writeJsonStruct(writer: BackwardWriter, json: Buffer): void {
  if (json[json.length - 1] !== CLOSE_OBJECT || new JsonReader(json, writer).object(json.length) !== 0)
    fail();
}

/** Every method takes the offset at which a value ends, and returns the one at which it starts. */
class JsonReader {
  readonly #json: Buffer;
  readonly #writer: BackwardWriter;

  constructor(json: Buffer, writer: BackwardWriter) {
    this.#json = json;
    this.#writer = writer;
  }

  object(end: number): number {
    const writer = this.#writer;
    let at = end - 1;
    if (this.#json[at - 1] === OPEN_OBJECT) return at - 1;
    for (;;) {
      const inner = writer.length;
      const value = this.#value(at);
      writer.delimit(2, inner);
      at = this.#string(this.#expect(COLON, value), 1);
      writer.delimit(1, inner);
      if (this.#json[at - 1] === OPEN_OBJECT) return at - 1;
      at = this.#expect(COMMA, at);
    }
  }

  #list(end: number): number {
    const writer = this.#writer;
    let at = end - 1;
    if (this.#json[at - 1] === OPEN_LIST) return at - 1;
    for (;;) {
      const inner = writer.length;
      at = this.#value(at);
      writer.delimit(1, inner);
      if (this.#json[at - 1] === OPEN_LIST) return at - 1;
      at = this.#expect(COMMA, at);
    }
  }

  /** google.protobuf.Value: one of six fields. */
  #value(end: number): number {
    const writer = this.#writer;
    const inner = writer.length;
    let start: number;
    switch (this.#json[end - 1]) {
      case QUOTE:
        return this.#string(end, 3);
      case CLOSE_OBJECT:
        start = this.object(end);
        writer.delimit(5, inner);
        return start;
      case CLOSE_LIST:
        start = this.#list(end);
        writer.delimit(6, inner);
        return start;
      case LAST_OF_NULL:
        writer.number(1, 0);
        return end - 'null'.length;
      case LAST_OF_BOOLEAN:
        start = end - 'true'.length;
        if (this.#json[start] !== FIRST_OF_TRUE) start = end - 'false'.length;
        writer.number(4, this.#json[start] === FIRST_OF_TRUE ? 1 : 0);
        return start;
      default:
        return this.#number(end);
    }
  }

  #string(end: number, field: number): number {
    const json = this.#json;
    if (json[end - 1] !== QUOTE) fail();
    let isEscaped = false;
    let open = end - 2;
    for (; open >= 0; open--) {
      const byte = json[open];
      if (byte === BACKSLASH) isEscaped = true;
      else if (byte === QUOTE && !this.#isEscaped(open)) break;
    }
    if (open < 0) fail();
    if (isEscaped) this.#writer.text(field, textOf(json.subarray(open, end)));
    else this.#writer.utf8(field, json, open + 1, end - 1);
    return open;
  }

  /** Whether an odd number of backslashes precedes it. */
  #isEscaped(at: number): boolean {
    let first = at;
    while (this.#json[first - 1] === BACKSLASH) first--;
    return ((at - first) & 1) === 1;
  }

  #number(end: number): number {
    const json = this.#json;
    let start = end;
    let value = 0;
    for (let unit = 1; isDigit(json[start - 1]); unit *= 10) value += ((json[--start] ?? 0) - ZERO) * unit;
    const isWhole = !this.#isOfNumber(start - 1) && end - start <= MOST_DIGITS;
    while (this.#isOfNumber(start - 1)) start--;
    const number = isWhole ? value : Number(json.toString('latin1', start, end));
    if (start === end || Number.isNaN(number)) fail();
    this.#writer.double(2, number);
    return start;
  }

  #isOfNumber(at: number): boolean {
    const byte = this.#json[at];
    return isDigit(byte) || (byte !== undefined && NUMBER.includes(byte));
  }

  /** Requires this byte before `end`. */
  #expect(byte: number, end: number): number {
    if (this.#json[end - 1] !== byte) fail();
    return end - 1;
  }
}

/** The characters of a number besides digits. */
const NUMBER = Buffer.from('+-.eE');

function textOf(text: Buffer): string {
  const value = parseJson(text);
  return typeof value === 'string' ? value : fail();
}

function isDigit(byte: number | undefined): boolean {
  return byte !== undefined && byte >= ZERO && byte <= NINE;
}

function fail(): never {
  throw new StateError('The journal holds a line that is not an event: its disk is damaged.');
}
