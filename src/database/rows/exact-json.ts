/** Values from a history of rows: each as PostgreSQL wrote it. */

import type { RowValues } from '../../event/row.js';

/**
 * Arrays and objects within one value; Cloud Logging takes about 30, and whoever may write to a table could nest thousands, too
 * many for any reader.
 */
const DEEPEST = 16;

/**
 * Whole numbers are numbers up to 2^53. All others become texts, so that none of their digits is lost, and a column's
 * values are of one kind: `100.00`, `100.05`, `12345678901234567890`. JSON that is nested too deep becomes a text, too.
 * Throws if it is not the JSON of an object.
 */
export function readValues(json: string): RowValues {
  const values: unknown = JSON.parse(flat(json), exact);
  if (isValues(values)) return values;
  throw new TypeError('the values of a row are not an object');
}

/** Zod would leave out a column that is called `__proto__`. */
function isValues(value: unknown): value is RowValues {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** @param context has the text that was parsed to the value (ECMAScript 2026) */
function exact(_key: string, value: unknown, context?: { source?: string }): unknown {
  if (typeof value !== 'number' || context?.source === undefined) return value;
  return Number.isSafeInteger(value) && String(value) === context.source ? value : context.source;
}

/** The JSON of the same row, with a text for each value that is nested too deep. */
function flat(json: string): string {
  const parts: string[] = [];
  let [depth, deepest, start, copied] = [0, 0, 0, 0];
  for (let at = 0; at < json.length; at += 1) {
    const char = json[at];
    if (char === '"') at = endOfText(json, at);
    else if (char === '{' || char === '[') {
      depth += 1;
      deepest = depth === 2 ? 1 : Math.max(deepest, depth - 1);
      if (depth === 2) start = at;
    } else if (char === '}' || char === ']') {
      depth -= 1;
      if (depth !== 1 || deepest <= DEEPEST) continue;
      parts.push(json.slice(copied, start), JSON.stringify(json.slice(start, at + 1)));
      copied = at + 1;
    }
  }
  return copied === 0 ? json : parts.join('') + json.slice(copied);
}

/** Where the text's closing quote is. */
function endOfText(json: string, start: number): number {
  let end = json.indexOf('"', start + 1);
  while (isEscaped(json, end)) end = json.indexOf('"', end + 1);
  return end === -1 ? json.length : end;
}

/** Whether an odd number of backslashes comes before. */
function isEscaped(json: string, at: number): boolean {
  let first = at;
  while (json[first - 1] === '\\') first -= 1;
  return (at - first) % 2 === 1;
}
