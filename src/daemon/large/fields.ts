/**
 * Splits CSV in place, as bytes: strings in between would take many times a large record's memory. The rules are those
 * of `splitCsv`; in every encoding of a PostgreSQL server, quotes, commas and line breaks are as in ASCII.
 */

const QUOTE = 0x22;
const COMMA = 0x2c;
const NEWLINE = 0x0a;
const RETURN = 0x0d;

/**
 * The fields as they are written; `null` if the bytes break the rule. If there are more than `most`, only one more is
 * returned.
 */
export function splitFields(bytes: Buffer, most: number): Buffer[] | null {
  const fields: Buffer[] = [];
  for (let start = 0; ; ) {
    const end = bytes[start] === QUOTE ? endOfQuoted(bytes, start) : endOfPlain(bytes, start);
    if (end === -1 || (end < bytes.length && bytes[end] !== COMMA)) return null;
    if (fields.length <= most) fields.push(bytes.subarray(start, end));
    if (end === bytes.length) return fields;
    start = end + 1;
  }
}

/** The offset after the closing quote; -1 if there is none. */
function endOfQuoted(bytes: Buffer, start: number): number {
  for (let i = start + 1; i < bytes.length; i++) {
    if (bytes[i] !== QUOTE) continue;
    if (bytes[i + 1] !== QUOTE) return i + 1;
    i++;
  }
  return -1;
}

/** The next comma or the end; -1 if a character before it would have been quoted. */
function endOfPlain(bytes: Buffer, start: number): number {
  for (let i = start; i < bytes.length; i++) {
    const byte = bytes[i];
    if (byte === COMMA) return i;
    if (byte === QUOTE || byte === NEWLINE || byte === RETURN) return -1;
  }
  return bytes.length;
}

/** A field's value: without its quotes, and with one quote for two. Overwrites the bytes. */
export function unquote(field: Buffer): Buffer {
  if (field[0] !== QUOTE) return field;
  const inside = field.subarray(1, -1);
  let length = 0;
  for (let i = 0; i < inside.length; i++) {
    const byte = inside[i] ?? 0;
    inside[length++] = byte;
    if (byte === QUOTE) i++;
  }
  return inside.subarray(0, length);
}

/** Turns CR LF back into the server's newlines. Overwrites the bytes. */
export function withoutReturns(bytes: Buffer): Buffer {
  let length = 0;
  for (let i = 0; i < bytes.length; i++) {
    if (bytes[i] === RETURN && bytes[i + 1] === NEWLINE) continue;
    bytes[length++] = bytes[i] ?? 0;
  }
  return bytes.subarray(0, length);
}
