/** `search`: finds events in an archive, and shows or counts them. */

import { resolve } from 'node:path';
import type { Writable } from 'node:stream';
import type { Command } from 'commander';
import { type Found, searchInBatches } from '../../archive/search/search.js';
import { withStatements } from '../../archive/search/statements.js';
import { openArchive, withoutDaemon } from '../../archive/store/location.js';
import { patientStore } from '../../archive/store/patient.js';
import { whyUnreadable } from '../../archive/store/unreadable.js';
import { hasCode } from '../../lib/errors.js';
import { oneLine } from '../../lib/terminal-text.js';
import type { Zone } from '../../lib/zone.js';
import { UsageError } from '../verify/usage.js';
import { addSearchOptions, misuseOf, type SearchArguments, toQuery, zoneOf } from './options.js';
import { Output } from './output.js';
import { type Printed, print } from './print.js';
import { Progress } from './progress.js';
import { OutFile } from './sink.js';
import { counted, Looked } from './summary.js';
import { onlyWithoutWhere } from './without-where.js';

/** Objects that are opened before they are needed: this many requests to Cloud Storage run at once. */
const AHEAD_IN_CLOUD = 8;

/** The streams that a search writes to; `process` has them. */
export interface SearchStreams {
  readonly stdout: Writable & { isTTY?: boolean; columns?: number; hasColors?: () => boolean };
  readonly stderr: Writable & { isTTY?: boolean };
}

/** Adds `search` to the program. */
export function addSearch(program: Command): void {
  const command = program
    .command('search')
    .description('find events in an archive: gs://bucket/prefix or file:folder')
    .argument('<archive>');
  addSearchOptions(command).action(async (archive: string, given: SearchArguments) => {
    const misuse = misuseOf(given);
    if (misuse !== null) command.error(`error: ${misuse}`);
    process.exitCode = await searchArchive(archive, given);
  });
}

/**
 * Prints a table on a terminal, else NDJSON, or the format that is asked for: events, or groups of them. Returns the exit
 * code: 1 if the archive cannot be read or something in it is damaged, 2 on bad usage.
 */
export async function searchArchive(
  archive: string,
  given: SearchArguments,
  streams: SearchStreams = process,
): Promise<number> {
  const progress = new Progress(streams.stderr);
  const said = { isDamaged: false };
  const say = (text: string): void => {
    progress.hide();
    streams.stderr.write(`${oneLine(text)}\n`);
  };
  try {
    await searchOpened(archive, given, { streams, progress, say, said });
    return said.isDamaged ? 1 : 0;
  } catch (error) {
    say(error instanceof UsageError ? error.message : `${archive}: ${whyUnreadable(error)}`);
    return error instanceof UsageError || hasCode(error, 'usage') ? 2 : 1;
  }
}

interface Surroundings {
  readonly streams: SearchStreams;
  readonly progress: Progress;
  readonly say: (text: string) => void;
  readonly said: { isDamaged: boolean };
}

async function searchOpened(archive: string, given: SearchArguments, around: Surroundings): Promise<void> {
  const { streams, progress } = around;
  const zone = zoneOf(given);
  const looked = new Looked();
  const events = eventsOf(archive, given, { ...around, zone, looked });
  const file = given.out === undefined ? null : await OutFile.create(given.out);
  try {
    const output = new Output(file?.stream ?? streams.stdout, () => progress.hide());
    // What a program reads ends at the limit; a person wants to know of how many.
    const isCounted = !isForProgram(given, streams);
    const addressOf = (path: string): string => addressIn(archive, path);
    const place = { zone, stdout: streams.stdout, file, output, isCounted, addressOf };
    const printed = await print(events, given, place);
    await file?.finish();
    progress.hide();
    if (isCounted && !output.isClosed) sayWhatWasFound(printed, looked, around.say);
    if (looked.undecided > 0) around.say(looked.undecidedText());
  } catch (error) {
    await file?.remove();
    throw error;
  }
}

/** Throws a UsageError or ShipperError at once if the arguments are wrong. */
function eventsOf(
  archive: string,
  given: SearchArguments,
  { zone, looked, progress, say, said }: Surroundings & { readonly zone: Zone; readonly looked: Looked },
): AsyncIterable<Found[]> {
  const query = toQuery(given, zone);
  const opened = openArchive(archive, given);
  const location = { ...opened, store: patientStore(opened.store) };
  const watch = {
    reached: (day: string, share: number) => progress.show(day, share),
    read: (day: string, lines: number) => looked.add(day, lines),
    damaged: (path: string, what: string) => {
      said.isDamaged = true;
      say(
        `${path}: ${what}. The rest of the archive, and what can be read of it, are searched; verify says more.`,
      );
    },
  };
  const ahead = archive.startsWith('gs://') ? AHEAD_IN_CLOUD : 1;
  const found = searchInBatches(location, query, { watch, ahead });
  if (query.row !== null) {
    const quiet = { reached: watch.reached, damaged: () => undefined };
    return withStatements(found, location, { watch: quiet, ahead });
  }
  return given.withoutWhere ? onlyWithoutWhere(found, () => looked.leaveUndecided()) : found;
}

function sayWhatWasFound(
  { shown, total, cut, what }: Printed,
  looked: Looked,
  say: (text: string) => void,
): void {
  if (total === 0) say('nothing found');
  say(`${shown.toLocaleString('en-US')} of ${counted(total, what)} shown; ${looked.text()}`);
  if (cut > 0) say(`${counted(cut, 'row')} did not fit: --format long shows all of each`);
}

/** NDJSON in a pipe, with nobody who reads along. */
function isForProgram({ format, json, out }: SearchArguments, { stdout, stderr }: SearchStreams): boolean {
  const isJson = json === true || format === 'json' || (format === undefined && stdout.isTTY !== true);
  return isJson && out === undefined && stderr.isTTY !== true;
}

/** An object as `gcloud storage` or a shell takes it. */
function addressIn(archive: string, path: string): string {
  if (archive.startsWith('gs://')) return `gs://${archive.slice('gs://'.length).split('/')[0] ?? ''}/${path}`;
  return resolve(withoutDaemon(resolve(archive.replace(/^file:/, ''))), path);
}
