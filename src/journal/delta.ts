/** The difference between two values of plain JSON, as plain JSON: small if the values have most in common. */

import { z } from 'zod';

export type Delta =
  /** Another value. */
  | { readonly value: unknown }
  /** The same object with these fields changed and those removed. */
  | { readonly fields: Readonly<Record<string, Delta>>; readonly without: readonly string[] }
  /** The elements [from, to) of each pair, then more: a list that drops elements and gets new ones at its end. */
  | { readonly kept: readonly (readonly [number, number])[]; readonly more: readonly unknown[] };

export const deltaSchema: z.ZodType<Delta> = z.lazy(() =>
  z.union([
    z.strictObject({ value: z.unknown() }),
    z.strictObject({ fields: z.record(z.string(), deltaSchema), without: z.array(z.string()) }),
    z.strictObject({
      kept: z.array(z.tuple([z.number(), z.number()])),
      more: z.array(z.unknown()),
    }),
  ]),
);

/** `apply(before, deltaOf(before, after))` equals `after`. Neither value may contain itself. */
export function deltaOf(before: unknown, after: unknown): Delta {
  if (Array.isArray(before) && Array.isArray(after)) return listDelta(before, after);
  if (isRecord(before) && isRecord(after)) return recordDelta(before, after);
  return { value: after };
}

/** Throws a TypeError if the delta was not made from this value. */
export function apply(before: unknown, delta: Delta): unknown {
  if ('value' in delta) return delta.value;
  if ('kept' in delta) {
    if (!Array.isArray(before)) throw new TypeError('the delta is of a list');
    return [...delta.kept.flatMap(([from, to]) => before.slice(from, to)), ...delta.more];
  }
  if (!isRecord(before)) throw new TypeError('the delta is of an object');
  const gone = new Set(delta.without);
  const after = Object.entries(before).filter(([name]) => !gone.has(name));
  const changed = Object.entries(delta.fields).map(([name, one]) => [name, apply(before[name], one)]);
  return Object.fromEntries([...after, ...changed]);
}

function recordDelta(before: Record<string, unknown>, after: Record<string, unknown>): Delta {
  const fields: [string, Delta][] = [];
  for (const [name, value] of Object.entries(after))
    if (!Object.hasOwn(before, name) || !isSame(before[name], value))
      fields.push([name, deltaOf(before[name], value)]);
  const without = Object.keys(before).filter(name => !Object.hasOwn(after, name));
  return { fields: Object.fromEntries(fields), without };
}

function listDelta(before: readonly unknown[], after: readonly unknown[]): Delta {
  const kept: [number, number][] = [];
  let next = 0;
  // Thousands of elements at each commit: no object for each.
  for (let index = 0; index < before.length && next < after.length; index++) {
    if (!isSame(before[index], after[next])) continue;
    next += 1;
    const last = kept.at(-1);
    if (last?.[1] === index) last[1] += 1;
    else kept.push([index, index + 1]);
  }
  return { kept, more: after.slice(next) };
}

/** Compares as JSON. An undefined field differs from a missing one, which costs some bytes and does no harm. */
function isSame(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  if (Array.isArray(a) && Array.isArray(b))
    return a.length === b.length && a.every((value, index) => isSame(value, b[index]));
  if (!isRecord(a) || !isRecord(b)) return false;
  const names = Object.keys(a);
  return (
    names.length === Object.keys(b).length &&
    names.every(name => Object.hasOwn(b, name) && isSame(a[name], b[name]))
  );
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
