/**
 * Reads a file of people: CSV with a header line, or a YAML list with the same fields. Runs in worker.ts: its imports
 * end in `.ts`.
 */

import { createReadStream } from 'node:fs';
import { pipeline, Readable } from 'node:stream';
import { parse as parseCsv } from 'csv-parse';
import { codeOf, ShipperError } from '../../lib/errors.ts';
import { conflictIn } from './conflicts.ts';
import { isYaml, MOST_YAML, type PersonEntry } from './entry.ts';
import { type ReadPeople, TableBuilder } from './table.ts';

const FIELDS = ['user', 'id', 'email', 'name', 'unit', 'validFrom', 'validTo'] as const;
type Field = (typeof FIELDS)[number];
const DAY = 24 * 60 * 60 * 1000;
/** Characters of one entry in CSV: a larger one could end the process, not only this thread. */
const MOST_RECORD = 1024 * 1024;
/** Unused fields that are kept: somebody will read them. */
const MOST_IGNORED = 100;

/**
 * Fields are found by name, in any case and order; unknown ones are ignored. Times are ISO 8601, and UTC unless they
 * say otherwise; a `validTo` without a time of day includes that day. Throws a ShipperError that names the entry's
 * number and field, never the value; also if two entries name different persons for one role, id or e-mail at the same
 * time.
 */
export async function readPeople(path: string): Promise<ReadPeople> {
  const builder = new TableBuilder();
  const ignored = new Set<string>();
  let number = 0;
  for await (const raw of rowsOf(path)) {
    number += 1;
    const fields = new Map(Object.entries(Object(raw)));
    for (const name of fields.keys()) if (!isField(name) && ignored.size < MOST_IGNORED) ignored.add(name);
    builder.add(entryOf(path, fields, number));
  }
  const table = builder.build();
  const two = conflictIn(table);
  if (two !== null) {
    const problem = `entries ${two.join(' and ')}: two different persons at the same time; end one with validTo`;
    throw peopleError(path, problem);
  }
  return { table, ignored: [...ignored] };
}

function entryOf(path: string, fields: ReadonlyMap<string, unknown>, number: number): PersonEntry {
  const fault = (what: string): ShipperError => peopleError(path, `entry ${number}: ${what}`);
  const text = (field: Field): string => {
    const value = fields.get(field) ?? '';
    if (typeof value !== 'string') throw fault(`${field} is not text`);
    return value.trim();
  };
  const time = (field: Field, none: number, ofDay: number): number => {
    const value = text(field);
    if (!isTime(value)) throw fault(`${field} is not a date or time in ISO 8601`);
    return value === '' ? none : readTime(value) + (isDateOnly(value) ? ofDay : 0);
  };
  const [user, id, name] = [text('user'), text('id'), text('name')];
  const [email, unit] = [text('email'), text('unit')];
  if (!user && !id && !email) throw fault('needs a user, an id or an email');
  return {
    user: user || null,
    person: { ...(id && { id }), ...(name && { name }), ...(email && { email }), ...(unit && { unit }) },
    validFrom: time('validFrom', Number.NEGATIVE_INFINITY, 0),
    validTo: time('validTo', Number.POSITIVE_INFINITY, DAY),
  };
}

async function* rowsOf(path: string): AsyncGenerator<unknown> {
  const parts = textOf(path);
  const { value: first = '' } = await parts.next();
  // It may still be being written.
  if (first.trim() === '')
    throw peopleError(path, 'is empty: a file without people has its header line, or is []');
  try {
    if (isYaml(path)) yield* await yamlRows(path, after(first, parts));
    else yield* csvRows(first, after(first, parts));
  } catch (error) {
    if (error instanceof ShipperError) throw error;
    throw peopleError(path, `is not well-formed (${codeOf(error)})`, error);
  }
}

/** In parts, of which only the last is empty. */
async function* textOf(path: string): AsyncGenerator<string> {
  const decoder = new TextDecoder('utf-8', { fatal: true });
  try {
    for await (const bytes of createReadStream(path)) yield decoder.decode(bytes, { stream: true });
    yield decoder.decode();
  } catch (error) {
    if (!(error instanceof TypeError))
      throw new ShipperError('directory', `${path} cannot be read (${codeOf(error)})`, error);
    throw peopleError(
      path,
      'is not UTF-8: save it as UTF-8 (in Excel as "CSV UTF-8"), otherwise names are damaged',
    );
  }
}

async function* after(first: string, rest: AsyncIterable<string>): AsyncGenerator<string> {
  yield first;
  yield* rest;
}

/** One part of the file after the other: all rows as objects would take twenty times its size. */
async function* csvRows(first: string, parts: AsyncIterable<string>): AsyncGenerator<unknown> {
  const parser = parseCsv({
    columns: (names: string[]) => names.map(fieldName),
    delimiter: delimiterOf(first),
    max_record_size: MOST_RECORD,
    skip_empty_lines: true,
    trim: true,
  });
  // An error of the file arrives as one of the parser.
  pipeline(Readable.from(parts), parser, () => undefined);
  yield* parser;
}

/** Every value is text: 0417 is a unit, not a number. */
async function yamlRows(path: string, parts: AsyncIterable<string>): Promise<unknown[]> {
  let content = '';
  for await (const part of parts) {
    content += part;
    if (content.length > MOST_YAML) throw peopleError(path, 'is over 4 MiB: save it as CSV');
  }
  const { parse: parseYaml } = await import('yaml');
  const list: unknown = parseYaml(content, { schema: 'failsafe' }) ?? [];
  if (!Array.isArray(list)) throw peopleError(path, 'is not a list of people');
  return list.map(withFieldNames);
}

/** Spreadsheets write semicolons if numbers have decimal commas; the header line contains no other text. */
function delimiterOf(content: string): string {
  const [header = ''] = content.trimStart().split('\n', 1);
  return header.includes(';') && !header.includes(',') ? ';' : ',';
}

function withFieldNames(raw: unknown): object {
  return Object.fromEntries(Object.entries(Object(raw)).map(([name, value]) => [fieldName(name), value]));
}

/** As it is, if it is not one of the fields. */
function fieldName(name: string): string {
  return FIELDS.find(field => field.toLowerCase() === name.trim().toLowerCase()) ?? name;
}

function isField(name: string): boolean {
  return FIELDS.some(field => field === name);
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
