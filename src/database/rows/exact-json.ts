/** Values from a history of rows: each as PostgreSQL wrote it. */

import { z } from 'zod';
import type { RowValues } from '../../event/row.js';

const values = z.record(z.string(), z.json());

/**
 * Whole numbers are numbers up to 2^53. All others become texts, so that none of their digits is lost, and a column's values are
 * of one kind: `100.00`, `100.05`, `12345678901234567890`. Throws if it is not the JSON of an object.
 */
export function readValues(json: string): RowValues {
  return values.parse(JSON.parse(json, exact));
}

/** @param context has the text that was parsed to the value (ECMAScript 2026) */
function exact(_key: string, value: unknown, context?: { source?: string }): unknown {
  const source = context?.source ?? String(value);
  return typeof value === 'number' && !(Number.isSafeInteger(value) && String(value) === source)
    ? source
    : value;
}
