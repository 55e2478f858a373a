/**
 * Removes secrets from the values of a row: a column's name says that its value is one, the value itself shows it, or another
 * column of the row names it: `{"key": "smtp_password", "value": "x"}`.
 */

import { z } from 'zod';
import type { RowValues } from '../event/row.js';
import { parseJson } from '../lib/json.js';
import { isValueColumn } from './elsewhere.js';
import { isKey } from './hints.js';
import { isSecretName, isSureName, SECRETS } from './names.js';
import { isPlain, looksRandom } from './plain.js';
import { MARK } from './ranges.js';
import type { Redact } from './redact.js';

interface Row {
  readonly key: RowValues | null;
  readonly old: RowValues | null;
  readonly new: RowValues | null;
  /** What the session says of its user: anything. */
  readonly claimed: string | null;
}

export interface RedactedRow extends Row {
  /** How many secrets were replaced; 0: nothing was changed. */
  readonly count: number;
}

/** Takes linear time; never throws. */
export function redactRow({ key, old, new: after, claimed }: Row, redact: Redact): RedactedRow {
  let count = 0;
  const named = [key, old, after].map(namesSecret);
  const isSure = named.includes('sure');
  const isNamed = isSure || named.includes('maybe');
  const scrubbed = (values: RowValues | null): RowValues | null => {
    if (values === null) return null;
    const columns = Object.entries(values).map(([name, value]) => {
      // By its key a row is found.
      const isPaired = isNamed && !Object.hasOwn(key ?? {}, name) && mayBeNamed(name, value, isSure);
      const found = isPaired ? { value: MARK, count: 1 } : redactValue(name, value, redact);
      count += found.count;
      return [name, found.value] as const;
    });
    return Object.fromEntries(columns);
  };
  const row = { key: scrubbed(key), old: scrubbed(old), new: scrubbed(after) };
  const text = claimed === null ? null : redactText(claimed, redact);
  return { ...row, claimed: text === null ? null : text.text, count: count + (text?.count ?? 0) };
}

/** Columns that have the names of values. */
const NAMES =
  /(?:^|_)(?:key|name|navn|nøkkel|nokkel|setting|parameter|param|property|option|egenskap|felt|field)s?$/i;
/** Columns that say which row it is, or who changed it. */
const WHICH = /(?:^|_)(?:id|uuid|av|by)$/i;

/**
 * Whether a value is the name of a secret, whose own value another column has then: `sure`, or `maybe` if it is a word
 * such as `PASS` or `token` that may mean something else, in a column that is not for names.
 */
function namesSecret(values: RowValues | null): 'sure' | 'maybe' | null {
  const found = Object.entries(values ?? {}).flatMap(([column, value]) =>
    textsIn(value)
      .filter(text => isKey(text, SECRETS))
      .map(text => NAMES.test(column) || /[^\p{L}]/u.test(text)),
  );
  if (found.length === 0) return null;
  return found.includes(true) ? 'sure' : 'maybe';
}

/**
 * As in a statement that has the name of a secret: what is not plain in a column for values, what looks random in others.
 * If it only may be a name, text of several words is none.
 */
function mayBeNamed(column: string, value: Value, isSure: boolean): boolean {
  if (value === MARK) return false;
  const texts = textsIn(value);
  if (isValueColumn(column)) return texts.some(text => !isPlain(text) && (isSure || !/\s/.test(text)));
  return isSure && !WHICH.test(column) && texts.some(looksRandom);
}

/** The texts in a value, however deep they are; a key within it names a secret by itself. */
function textsIn(value: Value): string[] {
  const texts: string[] = [];
  const left = [value];
  for (let one = left.pop(); one !== undefined; one = left.pop()) {
    if (typeof one === 'string') texts.push(one);
    else if (one !== null && typeof one === 'object')
      for (const inner of Object.values(one)) left.push(inner);
  }
  return texts;
}

type Value = RowValues[string];

interface RedactedValue {
  readonly value: Value;
  readonly count: number;
}

function redactValue(name: string, value: Value, redact: Redact): RedactedValue {
  if (value === null || value === '') return { value, count: 0 };
  if (isSecretName(name) && (typeof value !== 'boolean' || isSureName(name)))
    return value === MARK ? { value, count: 0 } : { value: MARK, count: 1 };
  if (typeof value !== 'object' && typeof value !== 'string') return { value, count: 0 };
  const { text, count } = redactText(typeof value === 'string' ? value : JSON.stringify(value), redact);
  if (typeof value === 'string') return { value: text, count };
  return { value: count === 0 ? value : asJson(text), count };
}

function redactText(text: string, redact: Redact): { readonly text: string; readonly count: number } {
  const { parameters, count } = redact({ statement: null, parameters: [text] });
  return { text: parameters?.[0] ?? text, count };
}

/** A secret that is a number leaves a text that is no JSON. */
function asJson(text: string): Value {
  const parsed = z.json().safeParse(parseJson(text));
  return parsed.success ? parsed.data : text;
}
