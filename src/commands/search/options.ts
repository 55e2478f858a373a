/** The arguments of `search`, and the query they make. */

import { type Command, InvalidArgumentError, Option } from 'commander';
import { AskedRow } from '../../archive/search/asked-row.js';
import { GROUP_KEYS, type GroupKey } from '../../archive/search/groups.js';
import { EVERYTHING, type Query } from '../../archive/search/query.js';
import type { EventKind } from '../../event/event.js';
import { AUDIT_CLASSES } from '../../event/names.js';
import { parseHours, usualZone, type WorkingHours, type Zone, zoneNamed } from '../../lib/zone.js';
import { UsageError } from '../verify/usage.js';
import { type Moment, parseDay, parseMoment, parsePeriod } from './moments.js';

/** How rows are printed, or written to a file. */
export const FORMATS = ['table', 'long', 'csv', 'xlsx', 'json'] as const;
export type Format = (typeof FORMATS)[number];

const KINDS: Readonly<Record<EventKind | 'config', true>> = {
  statement: true,
  failure: true,
  suspect: true,
  gap: true,
  seal: true,
  lifecycle: true,
  config: true,
  unaudited: true,
  population: true,
  row: true,
  alert: true,
};

/** The arguments as commander parses them. */
export interface SearchArguments {
  readonly user?: string;
  readonly actor?: string;
  readonly since?: Moment;
  readonly until?: Moment;
  readonly in?: Moment;
  readonly compare?: readonly Period[];
  readonly timezone?: Zone;
  readonly outsideHours?: WorkingHours;
  readonly weekdays?: true;
  readonly withoutWhere?: true;
  readonly id?: string;
  readonly row?: AskedRow;
  readonly archivedUntil?: string;
  readonly class?: readonly string[];
  readonly command?: readonly string[];
  readonly object?: string;
  readonly session?: string;
  readonly text?: string;
  readonly kind?: readonly string[];
  readonly failed?: true;
  readonly sensitive?: true;
  readonly limit?: number;
  readonly json?: true;
  readonly format?: Format;
  readonly out?: string;
  readonly objects?: true;
  readonly groupBy?: readonly GroupKey[];
  readonly having?: number;
  readonly instance?: string;
  readonly node?: string;
  readonly endpoint?: string;
}

/** One of two that are compared. */
export interface Period {
  /** As it was given. */
  readonly name: string;
  readonly stretch: Moment;
}

/** Gives the command its arguments. */
export function addSearchOptions(command: Command): Command {
  const options = [
    new Option('--user <role>', 'login role; * matches anything').argParser(notEmpty),
    new Option('--actor <text>', "part of the person's id, name or e-mail, in any case").argParser(notEmpty),
    new Option('--id <id>', 'the one event with this id, of any kind').argParser(notEmpty),
    new Option(
      '--row <row>',
      "the history of a row, by its table and key: 'konto id=4'; with the statements that changed it",
    )
      .argParser(parseRow)
      .conflicts(['kind', 'failed', 'sensitive', 'withoutWhere']),
    new Option('--since <time>', 'day or time (of --timezone), or how long ago (24h, 7d)').argParser(
      parseMoment,
    ),
    new Option('--until <time>', 'the same, included').argParser(parseMoment),
    new Option('--in <period>', 'an ISO week (2026-W42), a month (2026-10) or a day')
      .argParser(parsePeriod)
      .conflicts(['since', 'until']),
    new Option(
      '--timezone <zone>',
      'of days and hours (default: TZ if it is set, else Europe/Oslo)',
    ).argParser(readZone),
    new Option('--outside-hours <from-to>', 'only what happened outside these hours (07:00-17:00)').argParser(
      readHours,
    ),
    new Option('--weekdays', 'with --outside-hours: the hours of Monday to Friday; weekends are outside'),
    new Option('--without-where', 'only UPDATE and DELETE without WHERE').conflicts('kind'),
    new Option(
      '--archived-until <day>',
      'skip the objects of later days: quicker, but misses events that came late',
    ).argParser(parseDay),
    new Option('--class <classes>', `any of ${AUDIT_CLASSES.join(', ')}`).argParser(
      listOf(AUDIT_CLASSES, upperCase),
    ),
    new Option('--command <commands>', 'such as DELETE,TRUNCATE*; * matches anything').argParser(
      parseCommands,
    ),
    new Option('--object <name>', 'relation or other object, with or without schema').argParser(notEmpty),
    new Option('--session <id>', "PostgreSQL's session id").argParser(notEmpty),
    new Option('--text <text>', 'part of the statement or its parameters, in any case').argParser(notEmpty),
    new Option(
      '--kind <kinds>',
      `any of ${Object.keys(KINDS).join(', ')}, or all (default: statement)`,
    ).argParser(parseKinds),
    new Option('--failed', 'only statements whose transaction failed later').conflicts('kind'),
    new Option('--sensitive', 'only statements that touch what is audited or logged').conflicts('kind'),
    new Option('--group-by <keys>', `count by ${GROUP_KEYS.join(', ')}`).argParser(listOf(GROUP_KEYS)),
    new Option('--having <n>', 'only groups of at least this many events').argParser(parseCount),
    new Option('--limit <n>', 'at most this many events or groups').argParser(parseCount),
    new Option('--compare <periods...>', 'two months, weeks or days: counts of both, by --group-by')
      .argParser(collectPeriod)
      .conflicts(['since', 'until', 'in']),
    new Option(
      '--format <format>',
      'table is usual on a terminal, json in a pipe; long has all of each event',
    ).choices(FORMATS),
    new Option('--out <file>', 'write to this file; it appears when it is whole'),
    new Option('--json', "NDJSON, the archive's own lines, as in a pipe").conflicts('format'),
    new Option('--objects', 'only the names of the objects that hold what is found').conflicts([
      'format',
      'json',
      'groupBy',
    ]),
    new Option(
      '--instance <name>',
      'only the objects of this instance (instance=… in the archive)',
    ).argParser(notEmpty),
    new Option('--node <name>', 'only the objects of this node').argParser(notEmpty),
    new Option('--endpoint <url>', 'another server for Cloud Storage, as archive.endpoint').argParser(
      notEmpty,
    ),
  ];
  for (const option of options) command.addOption(option);
  return command;
}

/** What is wrong with arguments together; `null` if nothing is. */
export function misuseOf(given: SearchArguments): string | null {
  const { having, groupBy, compare, weekdays, outsideHours, format, out } = given;
  if (having !== undefined && groupBy === undefined) return "option '--having <n>' needs '--group-by <keys>'";
  if (compare !== undefined && compare.length !== 2)
    return "option '--compare <periods...>' takes two periods, such as 2026-09 2026-10";
  if (compare !== undefined && groupBy === undefined)
    return "option '--compare <periods...>' needs '--group-by <keys>'";
  if (weekdays !== undefined && outsideHours === undefined)
    return "option '--weekdays' needs '--outside-hours <from-to>'";
  return format === 'xlsx' && out === undefined ? "option '--format xlsx' needs '--out <file>'" : null;
}

/** Throws a UsageError if the name in `TZ` is no time zone. */
export function zoneOf({ timezone }: SearchArguments): Zone {
  const zone = timezone ?? zoneNamed(usualZone());
  if (zone !== null) return zone;
  throw new UsageError('TZ is not a time zone of the tz database: give --timezone, such as Europe/Oslo');
}

/** Throws a UsageError if the period ends before it begins. */
export function toQuery(given: SearchArguments, zone = zoneOf(given)): Query {
  const { outsideHours, weekdays = false } = given;
  const { since, before } = periodOf(given, zone);
  const usualKinds = given.row !== undefined ? ['row'] : given.id === undefined ? ['statement'] : [];
  return {
    ...EVERYTHING,
    kinds: given.kind ?? usualKinds,
    user: given.user ?? null,
    actor: given.actor ?? null,
    since: since === null ? null : new Date(since).toISOString(),
    before: before === null ? null : new Date(before).toISOString(),
    archivedUntil: given.archivedUntil ?? null,
    classes: given.class ?? [],
    commands: given.command ?? [],
    object: given.object ?? null,
    session: given.session ?? null,
    text: given.text ?? null,
    isFailed: given.failed ?? false,
    isSensitive: given.sensitive ?? false,
    id: given.id ?? null,
    row: given.row ?? null,
    outside: outsideHours === undefined ? null : { zone, hours: outsideHours, weekdays },
  };
}

/** Of periods that are compared: from the start of the first to the end of the last. */
function periodOf(
  given: SearchArguments,
  zone: Zone,
): { readonly since: number | null; readonly before: number | null } {
  const compared = (given.compare ?? []).map(({ stretch }) => stretch(zone));
  if (compared.length > 0)
    return {
      since: Math.min(...compared.map(({ start }) => start)),
      before: Math.max(...compared.map(({ end }) => end)),
    };
  const since = (given.in ?? given.since)?.(zone).start ?? null;
  const before = (given.in ?? given.until)?.(zone).end ?? null;
  if (since !== null && before !== null && since >= before) throw new UsageError('--since is after --until');
  return { since, before };
}

function collectPeriod(name: string, before: readonly Period[] = []): Period[] {
  return [...before, { name, stretch: parsePeriod(name) }];
}

function readZone(name: string): Zone {
  const zone = zoneNamed(name);
  if (zone !== null) return zone;
  throw new InvalidArgumentError('Give a time zone of the tz database, such as Europe/Oslo.');
}

function readHours(text: string): WorkingHours {
  const hours = parseHours(text);
  if (hours !== null) return hours;
  throw new InvalidArgumentError('Give hours as 07:00-17:00.');
}

function parseKinds(text: string): string[] {
  return text === 'all' ? [] : listOf(Object.keys(KINDS))(text);
}

function parseRow(text: string): AskedRow {
  const row = AskedRow.parse(text);
  if (row !== null) return row;
  throw new InvalidArgumentError("Give a table, and columns with their values: 'konto id=4'.");
}

function parseCommands(text: string): string[] {
  return text.split(',').map(part => notEmpty(part.trim()).toUpperCase());
}

function parseCount(text: string): number {
  if (/^[1-9]\d{0,14}$/.test(text)) return Number(text);
  throw new InvalidArgumentError('Give a whole number of at least 1.');
}

function notEmpty(text: string): string {
  if (text !== '') return text;
  throw new InvalidArgumentError('Give a value that is not empty.');
}

/** Reads some of these names, separated by commas. */
function listOf<T extends string>(
  names: readonly T[],
  form = (text: string): string => text,
): (text: string) => T[] {
  return text => {
    const given = text.split(',').map(part => {
      const name = names.find(one => one === form(part.trim()));
      if (name === undefined) throw new InvalidArgumentError(`Give some of ${names.join(', ')}.`);
      return name;
    });
    return [...new Set(given)];
  };
}

function upperCase(text: string): string {
  return text.toUpperCase();
}
