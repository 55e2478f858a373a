/** Values from a history of rows: each as PostgreSQL wrote it. */

import type { RowValues } from '../../event/row.js';

/**
 * Whole numbers are numbers up to 2^53. All others become texts, so that none of their digits is lost, and a column's
 * values are of one kind: `100.00`, `100.05`, `12345678901234567890`. Throws if it is not the JSON of an object.
 */
export function readValues(json: string): RowValues {
  const values: unknown = JSON.parse(json, exact);
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
