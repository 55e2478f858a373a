/** The arguments of `report`, as the command line gives them and as they are meant. */

import { type Command, Option } from 'commander';
import { DURATION_UNITS } from '../../config/units.js';
import { isDay } from '../../lib/day.js';
import { countDays, parseHours, usualZone, type WorkingHours, type Zone, zoneNamed } from '../../lib/zone.js';
import type { Period } from '../../report/findings.js';
import { LANGUAGES, type Language, type Words } from '../../report/words/words.js';
import type { EvidenceArguments } from '../verify/evidence.js';
import { addEvidenceOptions } from '../verify/evidence-options.js';
import { UsageError } from '../verify/usage.js';

export interface ReportArguments extends EvidenceArguments {
  /** Days in the time zone, both included. */
  readonly since: string;
  readonly until: string;
  /** The file to write. */
  readonly out: string;
  /** How much of the end does not have to be covered yet. */
  readonly grace?: string;
  readonly bulk?: string;
  readonly hours?: string;
  readonly timezone?: string;
  readonly language?: string;
}

export interface Asked {
  readonly period: Period;
  readonly zone: Zone;
  /** As given, `07:00-17:00`. */
  readonly hours: string;
  readonly workingHours: WorkingHours;
  readonly bulk: number;
  readonly words: Words;
}

const BULK = '100';
const HOURS = '07:00-17:00';
/** An archive is kept for eleven years. */
const MOST_DAYS = 25 * 366;

export function addReportOptions(command: Command): Command {
  addEvidenceOptions(
    command
      .requiredOption('--since <day>', 'first day of the period, such as 2026-11-01')
      .requiredOption('--until <day>', 'last day of the period')
      .requiredOption('--out <file>', 'the HTML file to write'),
  );
  return command
    .option(
      '--bulk <n>',
      'a bulk change: at least this many statements or rows by one person on one object in a day',
      BULK,
    )
    .option('--hours <from-to>', 'working hours, Monday to Friday', HOURS)
    .option(
      '--timezone <zone>',
      'time zone of the days and hours (default: TZ if it is set, else Europe/Oslo)',
    )
    .addOption(new Option('--language <code>', 'of the page').choices(Object.keys(LANGUAGES)).default('en'))
    .option(
      '--grace <duration>',
      `how much of the end does not have to be covered yet, as for verify (${DURATION_UNITS})`,
    )
    .option('--instance <name>', 'only this instance')
    .option('--node <name>', 'only this node')
    .option('--endpoint <url>', 'another server for Cloud Storage, as archive.endpoint');
}

/** Throws a UsageError that says what is wrong. */
export function readArguments(given: ReportArguments): Asked {
  const { since, until, bulk = BULK, hours = HOURS, language = 'en' } = given;
  const period = { since: readDay(since), until: readDay(until) };
  if (period.since > period.until) throw new UsageError('--since is after --until');
  if (countDays(period.since, period.until) > MOST_DAYS)
    throw new UsageError('the period is too long for one report');
  if (!/^[1-9]\d{0,9}$/.test(bulk)) throw new UsageError('--bulk is a whole number of at least 1');
  const zone = readZone(given.timezone);
  return {
    period,
    zone,
    hours,
    workingHours: readHours(hours),
    bulk: Number(bulk),
    words: readLanguage(language),
  };
}

function readDay(text: string): string {
  if (!isDay(text)) throw new UsageError('a day is given as 2026-11-21');
  return text;
}

function readZone(given: string | undefined): Zone {
  const zone = zoneNamed(given ?? usualZone());
  if (zone !== null) return zone;
  const what = given === undefined ? 'TZ' : '--timezone';
  throw new UsageError(`${what} is a time zone of the tz database, such as Europe/Oslo`);
}

function readLanguage(code: string): Words {
  if (isLanguage(code)) return LANGUAGES[code];
  throw new UsageError(`--language is one of ${Object.keys(LANGUAGES).join(', ')}`);
}

function isLanguage(code: string): code is Language {
  return Object.hasOwn(LANGUAGES, code);
}

function readHours(text: string): WorkingHours {
  const hours = parseHours(text);
  if (hours === null) throw new UsageError('--hours is given as 07:00-17:00');
  return hours;
}
