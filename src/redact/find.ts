/** Finds the secrets in a statement or a parameter. */

import { type Found, look } from './look.js';
import { mayHoldSecrets } from './names.js';
import { type Range, union } from './ranges.js';
import { sweep } from './sweep.js';

export interface Secrets {
  /** In order, none touching another. */
  readonly ranges: readonly Range[];
  /** Numbers of parameters that hold a secret, from 1. */
  readonly parameters: ReadonlySet<number>;
}

const NONE: Secrets = { ranges: [], parameters: new Set() };

/** `code`: the text is SQL, whatever it looks like. Takes linear time; throws nothing. */
export function findSecrets(text: string, code: boolean): Secrets {
  if (!mayHoldSecrets(text)) return NONE;
  const readings = read(text, code);
  const lost = readings.some(({ held }) => held)
    ? readings.filter(({ held }) => held).flatMap(found => found.lost)
    : [{ start: 0, end: text.length }];
  const swept = union(lost).flatMap(range => sweep(text, range));
  return {
    ranges: union([...readings.flatMap(({ secrets }) => secrets), ...swept]),
    parameters: new Set(readings.flatMap(({ parameters }) => [...parameters])),
  };
}

/**
 * Only `\'` is read differently with `standard_conforming_strings = off` (PostgreSQL manual, 19.13.1), which
 * the log does not tell: a statement that has it is read both ways, and a reading that comes to an
 * end where there should be none is not the server's.
 */
function read(text: string, code: boolean): Found[] {
  const standard = look(text, { code, depth: 0, backslashes: false });
  if (!text.includes("\\'")) return [standard];
  const other = look(text, { code, depth: 0, backslashes: true });
  return other.held ? [standard, other] : [standard];
}
