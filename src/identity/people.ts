/** Reads a file of people: CSV with a header line, or a YAML list with the same fields. */

import { isUtf8 } from 'node:buffer';
import { readFile } from 'node:fs/promises';
import { parse as parseCsv } from 'csv-parse/sync';
import { parse as parseYaml } from 'yaml';
import { z } from 'zod';
import { codeOf, ShipperError } from '../lib/errors.js';
import type { Person } from './resolver.js';

/** One person, or one person's time with a shared role. */
export interface PersonEntry {
  /** The login role that this entry is for. Without it, the entry is found by id or e-mail. */
  readonly user: string | null;
  readonly person: Person;
  /** Milliseconds since the epoch: valid from the first to before the second. */
  readonly validFrom: number;
  readonly validTo: number;
}

const FIELDS = ['user', 'id', 'email', 'name', 'unit', 'validFrom', 'validTo'] as const;
const DAY = 24 * 60 * 60 * 1000;
const NOBODY = '/dev/null';

const text = z.preprocess(
  value => (typeof value === 'number' ? String(value) : (value ?? '')),
  z.string().trim(),
);
const row = z.object({
  user: text,
  id: text,
  email: text,
  name: text,
  unit: text,
  validFrom: text.refine(isTime, 'is not a date or time in ISO 8601'),
  validTo: text.refine(isTime, 'is not a date or time in ISO 8601'),
});

/**
 * Fields are found by name, in any case and order; unknown ones are ignored. Times are ISO 8601, and UTC unless they
 * say otherwise; a `validTo` without a time of day includes that day. Throws a ShipperError that names the entry's
 * number and field, never the value; also if two entries name different persons for one role, id or e-mail at the same
 * time.
 */
export function readPeople(path: string, content: string): PersonEntry[] {
  // An empty file may still be being written; this one never is.
  if (path === NOBODY) return [];
  if (content.trim() === '')
    throw peopleError(path, 'is empty: a file without people has its header line, or is []');
  const entries = rowsOf(path, content).map((raw, index) => {
    const parsed = row.safeParse(withFieldNames(raw));
    if (!parsed.success) {
      const issue = parsed.error.issues[0];
      throw peopleError(path, `entry ${index + 1}: ${issue?.path.join('.')} ${issue?.message}`);
    }
    const { user, id, email, name, unit, validFrom, validTo } = parsed.data;
    if (!user && !id && !email)
      throw peopleError(path, `entry ${index + 1}: needs a user, an id or an email`);
    return {
      user: user || null,
      person: { ...(id && { id }), ...(name && { name }), ...(email && { email }), ...(unit && { unit }) },
      validFrom: validFrom ? readTime(validFrom) : Number.NEGATIVE_INFINITY,
      validTo: validTo ? readTime(validTo) + (isDateOnly(validTo) ? DAY : 0) : Number.POSITIVE_INFINITY,
    };
  });
  for (const keyOf of [keyOfUser, keyOfId, keyOfEmail]) refuseTwoAnswers(path, entries, keyOf);
  return entries;
}

const keyOfUser = ({ user }: PersonEntry): string | null => user;
const keyOfId = ({ user, person: { id } }: PersonEntry): string | null =>
  user === null && id !== undefined ? folded(id) : null;
const keyOfEmail = ({ user, person: { email } }: PersonEntry): string | null =>
  user === null && email !== undefined ? folded(email) : null;

type Numbered = PersonEntry & { readonly number: number };

function refuseTwoAnswers(
  path: string,
  entries: readonly PersonEntry[],
  keyOf: (entry: PersonEntry) => string | null,
): void {
  const numbered = entries.map((entry, index): Numbered => ({ ...entry, number: index + 1 }));
  for (const [key, group] of Map.groupBy(numbered, keyOf)) {
    const two = key === null ? null : twoAtOneTime(group);
    if (two === null) continue;
    const numbers = two.sort((a, b) => a - b).join(' and ');
    throw peopleError(
      path,
      `entries ${numbers}: two different persons at the same time; end one with validTo`,
    );
  }
}

/** The numbers of two entries that name different persons for overlapping times. */
function twoAtOneTime(group: readonly Numbered[]): [number, number] | null {
  let valid: Numbered[] = [];
  for (const next of group.toSorted((a, b) => a.validFrom - b.validFrom)) {
    valid = valid.filter(({ validTo }) => validTo > next.validFrom);
    const other = valid.find(one => !isSamePerson(one.person, next.person));
    if (other !== undefined && next.validFrom < next.validTo) return [other.number, next.number];
    valid.push(next);
  }
  return null;
}

/** One person may have two addresses, and an id in either case. */
function isSamePerson(a: Person, b: Person): boolean {
  if (a.id === undefined && a.name === undefined && a.email !== b.email) return false;
  return folded(a.id ?? '') === folded(b.id ?? '') && a.name === b.name && a.unit === b.unit;
}

/** An å is one character or two, depending on the keyboard and the program that wrote the file. */
export function folded(text: string): string {
  return text.normalize('NFC').toLowerCase();
}

/** Reads the file at `path`, as above. Also throws a ShipperError if it cannot be read, or is not UTF-8. */
export async function loadPeople(path: string): Promise<PersonEntry[]> {
  return readPeople(path, await textOf(path));
}

/** The names of fields that are not used, in the file's order. Throws like `loadPeople`. */
export async function ignoredFields(path: string): Promise<string[]> {
  const content = await textOf(path);
  if (content.trim() === '') return [];
  const names = rowsOf(path, content).flatMap(raw => Object.keys(Object(withFieldNames(raw))));
  return [...new Set(names)].filter(name => !FIELDS.some(field => field === name));
}

async function textOf(path: string): Promise<string> {
  let bytes: Buffer;
  try {
    bytes = await readFile(path);
  } catch (error) {
    throw new ShipperError('directory', `${path} cannot be read (${codeOf(error)})`, error);
  }
  if (!isUtf8(bytes))
    throw peopleError(
      path,
      'is not UTF-8: save it as UTF-8 (in Excel as "CSV UTF-8"), otherwise names are damaged',
    );
  return bytes.toString('utf8');
}

function rowsOf(path: string, content: string): unknown[] {
  try {
    if (!/\.ya?ml$/i.test(path))
      return parseCsv(content, {
        bom: true,
        columns: true,
        delimiter: delimiterOf(content),
        skip_empty_lines: true,
        trim: true,
      });
    // Every value is text: 0417 is a unit, not a number.
    const list: unknown = parseYaml(content, { schema: 'failsafe' }) ?? [];
    if (Array.isArray(list)) return list;
  } catch (error) {
    throw peopleError(path, `is not well-formed (${codeOf(error)})`, error);
  }
  throw peopleError(path, 'is not a list of people');
}

/** Spreadsheets write semicolons if numbers have decimal commas; the header line contains no other text. */
function delimiterOf(content: string): string {
  const [header = ''] = content.trimStart().split('\n', 1);
  return header.includes(';') && !header.includes(',') ? ';' : ',';
}

function withFieldNames(raw: unknown): unknown {
  if (typeof raw !== 'object' || raw === null) return raw;
  const entries = Object.entries(raw).map(([key, value]) => {
    const field = FIELDS.find(name => name.toLowerCase() === key.trim().toLowerCase());
    return [field ?? key, value];
  });
  return Object.fromEntries(entries);
}

function isTime(value: string): boolean {
  return value === '' || (/^\d{4}-\d\d-\d\d/.test(value) && !Number.isNaN(readTime(value)));
}

/** Milliseconds since the epoch; JavaScript would read a time of day without an offset as local time. */
function readTime(value: string): number {
  const hasOffset = isDateOnly(value) || /(Z|[+-]\d\d:?\d\d)$/i.test(value);
  return Date.parse(hasOffset ? value : `${value}Z`);
}

function isDateOnly(value: string): boolean {
  return /^\d{4}-\d\d-\d\d$/.test(value);
}

function peopleError(path: string, problem: string, cause?: unknown): ShipperError {
  return new ShipperError('directory', `${path}: ${problem}`, cause);
}
