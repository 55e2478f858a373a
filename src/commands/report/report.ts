/** `report`: one page for the periodic review of what persons changed. */

import { hash } from 'node:crypto';
import { rename, rm, writeFile } from 'node:fs/promises';
import { SingleBar } from 'cli-progress';
import { type Command, Option } from 'commander';
import { type ArchiveLocation, openArchive, withoutDaemon } from '../../archive/store/location.js';
import { ALL_DAEMONS, type Days, type OnlyDaemons } from '../../archive/store/walk.js';
import { lacks } from '../../archive/verify/lacks.js';
import type { VerifyResult } from '../../archive/verify/result.js';
import { type VerifyOptions, verifyArchive } from '../../archive/verify/verify.js';
import { codeOf, hasCode, ShipperError } from '../../lib/errors.js';
import { repeatable } from '../../lib/repeatable.js';
import { VERSION } from '../../lib/version.js';
import { Findings, type Period } from '../../report/findings.js';
import { renderPage } from '../../report/page.js';
import { noReading, type Reading } from '../../report/reading.js';
import { quoted, type Report, verdictOf } from '../../report/report.js';
import { addDays, countDays, type WorkingHours, Zone } from '../../report/zone.js';
import { readPublicKey } from '../verify/keys.js';
import { UsageError } from '../verify/usage.js';
import { EXIT_CODES, isBadUsage, readGrace } from '../verify/verify.js';
import { readEvents } from './read.js';

/** As the command line gives them. */
export interface ReportArguments {
  /** Days in the time zone, both included. */
  readonly since: string;
  readonly until: string;
  /** The file to write. */
  readonly out: string;
  /** `FILE[@[CHAIN/]SEQ]` */
  readonly publicKey?: readonly string[];
  /** How much of the end does not have to be covered yet. */
  readonly grace?: string;
  readonly bulk?: string;
  readonly hours?: string;
  readonly timezone?: string;
  /** Only these daemons, by the folders of their objects. */
  readonly instance?: string;
  readonly node?: string;
  /** A server other than Google's. */
  readonly endpoint?: string;
}

const FAILED = 1;
const BAD_USAGE = 2;

/** An archive is kept for eleven years. */
const MOST_DAYS = 25 * 366;

/** Adds `report` to the program. */
export function addReport(program: Command): void {
  program
    .command('report')
    .description('one page for the periodic review: who changed what and how much, and what verify proved')
    .argument('<archive>', 'gs://bucket/prefix or file:folder')
    .requiredOption('--since <day>', 'first day of the period, such as 2026-11-01')
    .requiredOption('--until <day>', 'last day of the period')
    .requiredOption('--out <file>', 'the HTML file to write')
    .addOption(
      repeatable(
        '--public-key <file[@[chain/]seq]>',
        'key (PEM) that the seals must be signed with, as for verify',
      ),
    )
    .option(
      '--bulk <n>',
      'a bulk change: at least this many statements or rows by one person on one object in a day',
      '100',
    )
    .option('--hours <from-to>', 'working hours, Monday to Friday', '07:00-17:00')
    .option('--timezone <zone>', 'time zone of the days and hours', 'Europe/Oslo')
    .option('--grace <duration>', 'how much of the end does not have to be covered yet, as for verify')
    .option('--instance <name>', 'only this instance')
    .option('--node <name>', 'only this node')
    .addOption(new Option('--endpoint <url>', 'another server for Cloud Storage, as archive.endpoint'))
    .action(async (archive: string, given: ReportArguments) => {
      process.exitCode = await report(archive, given);
    });
}

/** Writes the page and returns the exit code: that of `verify` if a page was written. */
export async function report(archive: string, given: ReportArguments, now = Date.now()): Promise<number> {
  try {
    const asked = readArguments(given);
    const made = await makeReport(archive, given, asked, now);
    const page = renderPage(made);
    await writePage(given.out, page);
    process.stdout.write(`${hash('sha256', page, 'hex')}  ${given.out}\n`);
    const name = verdictOf(made);
    return name === 'whole'
      ? EXIT_CODES.whole
      : fail(`the archive is ${name}, and the report says how`, EXIT_CODES[name]);
  } catch (error) {
    if (error instanceof UsageError || error instanceof ShipperError)
      return fail(error.message, isBadUsage(error) ? BAD_USAGE : FAILED);
    if (!hasCode(error, 'EACCES', 'EPERM', 'ENOTDIR', 'EIO')) throw error;
    return fail(`${archive} cannot be read (${codeOf(error)})`, FAILED);
  }
}

function fail(message: string, exitCode: number): number {
  process.stderr.write(`${message}\n`);
  return exitCode;
}

interface Asked {
  readonly period: Period;
  readonly zone: Zone;
  readonly hours: WorkingHours;
  readonly bulk: number;
}

async function makeReport(
  archive: string,
  given: ReportArguments,
  { period, zone, hours, bulk }: Asked,
  now: number,
): Promise<Report> {
  const keys = await Promise.all((given.publicKey ?? []).map(readPublicKey));
  const location = openArchive(archive, given);
  const only = optionsOf(location.only ?? ALL_DAEMONS);
  const days = daysOf(period);
  const findings = new Findings({ period, zone, hours });
  const reading = noReading();
  try {
    const asked = askedOf(period, zone, now, readGrace(given.grace));
    const verified = await readAll(location, { days, keys, period: asked }, findings, reading);
    return {
      archive: withoutDaemon(archive),
      only,
      period,
      zone,
      hours: given.hours ?? '07:00-17:00',
      bulk,
      verified,
      lacks: lacks(verified),
      verifyCommand: verifyCommand(withoutDaemon(archive), only, days, given),
      reading,
      findings,
      madeAt: now,
      version: VERSION,
    };
  } finally {
    location.store.close();
  }
}

/**
 * An event is stored under the day on which it was read, which may be later than its own. Reading starts two days early
 * because of the time zone of the period and clocks that differ.
 */
function daysOf({ since }: Period): Days {
  return { since: addDays(since, -2), until: null };
}

/** The period in milliseconds since the epoch. */
function askedOf(
  { since, until }: Period,
  zone: Zone,
  now: number,
  grace: number | null,
): NonNullable<VerifyOptions['period']> {
  return { from: zone.startOf(since), to: zone.startOf(addDays(until, 1)), now, grace };
}

function optionsOf({ instance, node }: OnlyDaemons): string[] {
  const named = { '--instance': instance, '--node': node };
  return Object.entries(named).flatMap(([option, name]) => (name === null ? [] : [option, name]));
}

/** Verification is the first half of the progress bar. */
async function readAll(
  location: ArchiveLocation,
  given: VerifyOptions & { readonly days: Days },
  findings: Findings,
  reading: Reading,
): Promise<VerifyResult> {
  const bar = new SingleBar({
    format: '{what} {bar} {percentage}%',
    stream: process.stderr,
    clearOnComplete: true,
    hideCursor: true,
  });
  bar.start(1000, 0, { what: 'verifying' });
  try {
    const verified = await verifyArchive(location, given, ({ share }) =>
      bar.update(Math.floor(share * 500), { what: 'verifying' }),
    );
    const total = verified.parts
      .flatMap(part => Object.values(part.events))
      .reduce((sum, one) => sum + one, 1);
    for await (const { event, hash: lineHash } of readEvents(location, given.days, verified, reading)) {
      findings.add(event, lineHash);
      if (reading.lines % 10_000 === 0)
        bar.update(500 + Math.min(500, Math.floor((reading.lines / total) * 500)), { what: 'reading' });
    }
    return verified;
  } finally {
    bar.stop();
  }
}

function verifyCommand(
  archive: string,
  only: readonly string[],
  { since }: Days,
  { publicKey = [] }: ReportArguments,
): string {
  const keys = publicKey.flatMap(key => ['--public-key', key]);
  const words = [
    'pgaudit-shipper',
    'verify',
    archive,
    ...(since === null ? [] : ['--since', since]),
    ...only,
    ...keys,
  ];
  return words.map(quoted).join(' ');
}

/** The page appears whole or not at all. It contains names and SQL: only its owner may read it. */
async function writePage(path: string, page: string): Promise<void> {
  const unfinished = `${path}.tmp`;
  try {
    // A file with this name may belong to somebody else, be readable for all, or link to another place.
    await rm(unfinished, { force: true });
    await writeFile(unfinished, page, { mode: 0o600, flag: 'wx' });
    await rename(unfinished, path);
  } catch (error) {
    throw new ShipperError(codeOf(error), `${path} cannot be written (${codeOf(error)})`, error);
  }
}

/** Throws a UsageError that says what is wrong. */
function readArguments({
  since,
  until,
  bulk = '100',
  hours = '07:00-17:00',
  timezone = 'Europe/Oslo',
}: ReportArguments): Asked {
  const period = { since: readDay(since), until: readDay(until) };
  if (period.since > period.until) throw new UsageError('--since is after --until');
  if (countDays(period.since, period.until) > MOST_DAYS)
    throw new UsageError('the period is too long for one report');
  if (!/^[1-9]\d{0,9}$/.test(bulk)) throw new UsageError('--bulk is a whole number of at least 1');
  return { period, zone: readZone(timezone), hours: readHours(hours), bulk: Number(bulk) };
}

function readDay(text: string): string {
  const time = /^\d{4}-\d\d-\d\d$/.test(text) ? Date.parse(text) : Number.NaN;
  if (Number.isNaN(time) || !new Date(time).toISOString().startsWith(text))
    throw new UsageError('a day is given as 2026-11-21');
  return text;
}

function readZone(name: string): Zone {
  try {
    return new Zone(name);
  } catch {
    throw new UsageError('--timezone is a time zone of the tz database, such as Europe/Oslo');
  }
}

function readHours(text: string): WorkingHours {
  const [from, to] = text.split('-').map(readMinute);
  if (from == null || to == null || from === to || text.split('-').length !== 2)
    throw new UsageError('--hours is given as 07:00-17:00');
  return { from, to };
}

/** Minute of the day; `null` if the text is not a time of day. */
function readMinute(text: string): number | null {
  const [, hours, minutes] = /^(\d\d):(\d\d)$/.exec(text.trim()) ?? [];
  const minute = Number(hours ?? Number.NaN) * 60 + Number(minutes);
  return Number(minutes) < 60 && minute <= 24 * 60 ? minute : null;
}
