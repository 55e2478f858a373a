/** The arguments of `search`, and the query they make. */

import { type Command, InvalidArgumentError, Option } from 'commander';
import { GROUP_KEYS, type GroupKey } from '../../archive/search/groups.js';
import { EVERYTHING, type Query } from '../../archive/search/query.js';
import { parseDuration } from '../../config/units.js';
import type { EventKind } from '../../event/event.js';
import { AUDIT_CLASSES } from '../../event/names.js';

const DAY = 24 * 60 * 60 * 1000;

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
};

/** The arguments as commander parses them. */
export interface SearchArguments {
  readonly user?: string;
  readonly actor?: string;
  readonly since?: Moment;
  readonly until?: Moment;
  readonly archivedUntil?: string;
  readonly class?: readonly string[];
  readonly command?: readonly string[];
  readonly object?: string;
  readonly session?: string;
  readonly text?: string;
  readonly kind: readonly string[];
  readonly failed?: true;
  readonly limit?: number;
  readonly json?: true;
  readonly groupBy?: readonly GroupKey[];
  readonly having?: number;
  readonly instance?: string;
  readonly node?: string;
  readonly endpoint?: string;
}

/** Milliseconds since the epoch; a day has a start and an end, a time is one millisecond long. */
interface Moment {
  readonly start: number;
  readonly end: number;
}

/** Gives the command its arguments. */
export function addSearchOptions(command: Command): Command {
  const options = [
    new Option('--user <role>', 'login role; * matches anything').argParser(notEmpty),
    new Option('--actor <text>', "part of the person's id, name or e-mail, in any case").argParser(notEmpty),
    new Option(
      '--since <time>',
      'day, ISO time (UTC unless it says otherwise), or how long ago (24h, 7d)',
    ).argParser(parseMoment),
    new Option('--until <time>', 'the same, included').argParser(parseMoment),
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
    new Option('--kind <kinds>', `any of ${Object.keys(KINDS).join(', ')}, or all`)
      .argParser(parseKinds)
      .default(['statement'], 'statement'),
    new Option('--failed', 'only statements whose transaction failed later').conflicts('kind'),
    new Option('--group-by <keys>', `count by ${GROUP_KEYS.join(', ')}`).argParser(listOf(GROUP_KEYS)),
    new Option('--having <n>', 'only groups of at least this many events').argParser(parseCount),
    new Option('--limit <n>', 'at most this many events or groups').argParser(parseCount),
    new Option('--json', "NDJSON, the archive's own lines, as in a pipe"),
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

export function toQuery(given: SearchArguments): Query {
  const { since, until } = given;
  return {
    ...EVERYTHING,
    kinds: given.kind,
    user: given.user ?? null,
    actor: given.actor ?? null,
    since: since === undefined ? null : new Date(since.start).toISOString(),
    before: until === undefined ? null : new Date(until.end).toISOString(),
    archivedUntil: given.archivedUntil ?? null,
    classes: given.class ?? [],
    commands: given.command ?? [],
    object: given.object ?? null,
    session: given.session ?? null,
    text: given.text ?? null,
    isFailed: given.failed ?? false,
  };
}

/** Days and times are UTC; `24h` is that long before `now`. Throws an InvalidArgumentError for any other text. */
export function parseMoment(text: string, _previous: unknown, now = Date.now()): Moment {
  const ago = parseDuration(text);
  if (ago !== null) return { start: now - ago, end: now - ago + 1 };
  const [, day, time = null, zone = 'Z'] =
    /^(\d{4}-\d\d-\d\d)(?:[T ](\d\d:\d\d(?::\d\d(?:\.\d+)?)?)(Z|[+-]\d\d:\d\d)?)?$/.exec(text) ?? [];
  const start =
    day === undefined || !isDay(day) ? Number.NaN : Date.parse(`${day}T${time ?? '00:00'}${zone}`);
  if (Number.isNaN(start))
    throw new InvalidArgumentError(
      'Give a day (2026-11-21), a time (2026-11-21T20:40:00Z) or how long ago (24h, 7d).',
    );
  return { start, end: time === null ? start + DAY : start + 1 };
}

function parseDay(text: string): string {
  if (/^\d{4}-\d\d-\d\d$/.test(text) && isDay(text)) return text;
  throw new InvalidArgumentError('Give a day: 2026-11-21.');
}

/** Date.parse reads 30 February as 2 March. */
function isDay(text: string): boolean {
  const time = Date.parse(`${text}T00:00Z`);
  return !Number.isNaN(time) && new Date(time).toISOString().startsWith(text);
}

function parseKinds(text: string): string[] {
  return text === 'all' ? [] : listOf(Object.keys(KINDS))(text);
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
