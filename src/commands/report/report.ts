/** `report`: one page for the periodic review of what persons changed. */

import { SingleBar } from 'cli-progress';
import type { Command } from 'commander';
import { ahead } from '../../archive/store/ahead.js';
import { type ArchiveLocation, openArchive, withoutDaemon } from '../../archive/store/location.js';
import { ALL_DAEMONS, type Days, type OnlyDaemons } from '../../archive/store/walk.js';
import { conclude } from '../../archive/verify/conclude.js';
import { lacks } from '../../archive/verify/lacks.js';
import type { VerifyResult } from '../../archive/verify/result.js';
import { examineArchive, type VerifyOptions } from '../../archive/verify/verify.js';
import { ShipperError } from '../../lib/errors.js';
import { VERSION } from '../../lib/version.js';
import { addDays } from '../../lib/zone.js';
import { createRelationParser, type MarkParser } from '../../relations/relations.js';
import { Findings } from '../../report/findings.js';
import type { Listed } from '../../report/listed.js';
import { renderPage } from '../../report/page.js';
import { noReading, type Reading, type ReadLine } from '../../report/reading.js';
import { quoted, type Report, verdictOf } from '../../report/report.js';
import { roleRow } from '../../report/role-section.js';
import { type Evidence, readEvidence } from '../verify/evidence.js';
import { UsageError } from '../verify/usage.js';
import { EXIT_CODES, isBadUsage, readGrace } from '../verify/verify.js';
import { type Asked, addReportOptions, type ReportArguments, readArguments } from './arguments.js';
import { markedOf } from './marks.js';
import { readEvents } from './read.js';
import { Spool } from './spool.js';
import { cannotWrite, writePage } from './write.js';

export type { ReportArguments } from './arguments.js';

const FAILED = 1;
const BAD_USAGE = 2;

/** Texts that are with the parser at once. */
const PARSED_AHEAD = 64;

/** Adds `report` to the program. */
export function addReport(program: Command): void {
  const command = program
    .command('report')
    .description('one page for the periodic review: who changed what and how much, and what verify proved')
    .argument('<archive>', 'gs://bucket/prefix or file:folder');
  addReportOptions(command).action(async (archive: string, given: ReportArguments) => {
    process.exitCode = await report(archive, given);
  });
}

/** Writes the page and returns the exit code: that of `verify` if a page was written. */
export async function report(archive: string, given: ReportArguments, now = Date.now()): Promise<number> {
  try {
    const asked = readArguments(given);
    const evidence = await readEvidence(given);
    const { made, hash } = await writeReport(archive, given, { ...asked, evidence, now });
    process.stdout.write(`${hash}  ${given.out}\n`);
    const name = verdictOf(made);
    return name === 'whole'
      ? EXIT_CODES.whole
      : fail(`the archive is ${name}, and the report says how`, EXIT_CODES[name]);
  } catch (error) {
    if (!(error instanceof UsageError || error instanceof ShipperError)) throw error;
    return fail(error.message, isBadUsage(error) ? BAD_USAGE : FAILED);
  }
}

function fail(message: string, exitCode: number): number {
  process.stderr.write(`${message}\n`);
  return exitCode;
}

interface Wanted extends Asked {
  readonly evidence: Evidence;
  readonly now: number;
}

async function writeReport(
  archive: string,
  given: ReportArguments,
  wanted: Wanted,
): Promise<{ made: Report; hash: string }> {
  const { out } = given;
  const spool = await Spool.beside(out).catch((error: unknown) => {
    throw cannotWrite(out, error);
  });
  try {
    const made = await makeReport(archive, given, wanted, spool);
    const hash = await writePage(out, renderPage(made), spool).catch((error: unknown) => {
      throw cannotWrite(out, error);
    });
    return { made, hash };
  } finally {
    await spool.close();
  }
}

async function makeReport(
  archive: string,
  given: ReportArguments,
  { period, zone, hours, workingHours, bulk, words, evidence, now }: Wanted,
  spool: Spool,
): Promise<Report> {
  const location = openArchive(archive, given);
  const only = optionsOf(location.only ?? ALL_DAEMONS);
  const days = daysOf(period);
  const onRole = (role: Listed): void => spool.add(roleRow({ words, zone }, role).text);
  const findings = new Findings({ period, zone, hours: workingHours, onRole });
  const reading = noReading();
  try {
    const asked = askedOf({ period, zone, now }, readGrace(given.grace));
    const verified = await readAll(
      location,
      { days, ...evidence, period: asked },
      { findings, reading, spool },
    );
    return {
      ...{ words, zone, archive: withoutDaemon(archive), only, period, hours, bulk, verified },
      lacks: lacks(verified),
      verifyCommand: verifyCommand(withoutDaemon(archive), only, period, given),
      ...{ reading, findings, roleCount: spool.count, madeAt: now, version: VERSION },
    };
  } finally {
    location.store.close();
  }
}

/**
 * An event is stored under the day on which it was read, which may be later than its own. Reading starts two days early
 * because of the time zone of the period and clocks that differ.
 */
function daysOf({ since }: Asked['period']): Days {
  return { since: addDays(since, -2), until: null };
}

/** The period in milliseconds since the epoch. */
function askedOf(
  { period: { since, until }, zone, now }: Pick<Wanted, 'period' | 'zone' | 'now'>,
  grace: number | null,
): NonNullable<VerifyOptions['period']> {
  return { from: zone.startOf(since), to: zone.startOf(addDays(until, 1)), now, grace };
}

function optionsOf({ instance, node }: OnlyDaemons): string[] {
  const named = { '--instance': instance, '--node': node };
  return Object.entries(named).flatMap(([option, name]) => (name === null ? [] : [option, name]));
}

type Given = VerifyOptions & { readonly days: Days; readonly warnings: Evidence['warnings'] };

interface Taking {
  readonly findings: Findings;
  readonly reading: Reading;
  readonly spool: Spool;
}

/** Verification is the first half of the progress bar. */
async function readAll(
  location: ArchiveLocation,
  given: Given,
  { findings, reading, spool }: Taking,
): Promise<VerifyResult> {
  const bar = new SingleBar({
    format: '{what} {bar} {percentage}%',
    stream: process.stderr,
    clearOnComplete: true,
    hideCursor: true,
  });
  bar.start(1000, 0, { what: 'verifying' });
  const parser = createRelationParser({ forReview: true });
  try {
    const found = await examineArchive(location, given, ({ share }) =>
      bar.update(Math.floor(share * 500), { what: 'verifying' }),
    );
    const verified = conclude({ ...found, warnings: [...found.warnings, ...given.warnings] });
    const total = verified.parts
      .flatMap(part => Object.values(part.events))
      .reduce((sum, one) => sum + one, 1);
    const lines = readEvents(location, given.days, verified, reading);
    for await (const { event, hash, marked } of ahead(lines, PARSED_AHEAD, line => marks(line, parser))) {
      findings.add(event, hash, marked);
      await spool.relieve();
      if (reading.lines % 10_000 === 0)
        bar.update(500 + Math.min(500, Math.floor((reading.lines / total) * 500)), { what: 'reading' });
    }
    return verified;
  } finally {
    bar.stop();
    await parser.close();
  }
}

async function marks({ event, hash }: ReadLine, parser: MarkParser) {
  const { kind, audit } = event;
  if (kind !== 'statement' || audit === undefined) return { event, hash };
  return { event, hash, marked: await markedOf(audit, parser) };
}

function verifyCommand(
  archive: string,
  only: readonly string[],
  { since, until }: Asked['period'],
  { publicKey = [], tsaCa = [], seals = [], witness, against = [], grace }: ReportArguments,
): string {
  const several = { '--public-key': publicKey, '--tsa-ca': tsaCa, '--seals': seals, '--against': against };
  const words = [
    'pgaudit-shipper',
    'verify',
    archive,
    ...['--since', since, '--until', until],
    ...only,
    ...Object.entries(several).flatMap(([option, values]) => values.flatMap(value => [option, value])),
    ...(witness === undefined ? [] : ['--witness', witness]),
    ...(grace === undefined ? [] : ['--grace', grace]),
  ];
  return words.map(quoted).join(' ');
}
