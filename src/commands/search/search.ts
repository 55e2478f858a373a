/** `search`: finds events in an archive, and shows or counts them. */

import type { Writable } from 'node:stream';
import type { Command } from 'commander';
import { type Group, type GroupKey, Groups } from '../../archive/search/groups.js';
import { type Found, searchInBatches } from '../../archive/search/search.js';
import { openArchive } from '../../archive/store/location.js';
import { patientStore } from '../../archive/store/patient.js';
import { codeOf, hasCode, ShipperError } from '../../lib/errors.js';
import { oneLine } from '../../lib/terminal-text.js';
import { eventForm, type Form, groupForm } from './forms.js';
import { addSearchOptions, type SearchArguments, toQuery } from './options.js';
import { Output } from './output.js';
import { Progress } from './progress.js';

/** Objects that are opened before they are needed: this many requests to Cloud Storage run at once. */
const AHEAD_IN_CLOUD = 8;
const USUAL_WIDTH = 100;

/** The streams that a search writes to; `process` has them. */
export interface SearchStreams {
  readonly stdout: Writable & { isTTY?: boolean; columns?: number; hasColors?: () => boolean };
  readonly stderr: Writable;
}

/** Adds `search` to the program. */
export function addSearch(program: Command): void {
  const command = program
    .command('search')
    .description('find events in an archive: gs://bucket/prefix or file:folder')
    .argument('<archive>');
  addSearchOptions(command).action(async (archive: string, given: SearchArguments) => {
    if (given.having !== undefined && given.groupBy === undefined)
      command.error("error: option '--having <n>' needs '--group-by <keys>'");
    process.exitCode = await searchArchive(archive, given);
  });
}

/**
 * Prints a table on a terminal, else NDJSON: events as the archive stores them, or groups of them. Returns the exit
 * code: 1 if the archive cannot be read or something in it is damaged.
 */
export async function searchArchive(
  archive: string,
  given: SearchArguments,
  streams: SearchStreams = process,
): Promise<number> {
  const progress = new Progress(streams.stderr);
  const say = (text: string): void => {
    progress.hide();
    streams.stderr.write(`${oneLine(text)}\n`);
  };
  let isDamaged = false;
  const watch = {
    reached: (day: string, share: number) => progress.show(day, share),
    damaged: (path: string, what: string) => {
      isDamaged = true;
      say(
        `${path}: ${what}. The rest of the archive, and what can be read of it, are searched; verify says more.`,
      );
    },
  };
  try {
    const opened = openArchive(archive, given);
    const location = { ...opened, store: patientStore(opened.store) };
    const ahead = archive.startsWith('gs://') ? AHEAD_IN_CLOUD : 1;
    const output = new Output(streams.stdout, () => progress.hide());
    const events = searchInBatches(location, toQuery(given), { watch, ahead });
    const shown = await print(events, given, streams, output);
    progress.hide();
    if (shown === 0 && streams.stdout.isTTY === true) say('nothing found');
    return isDamaged ? 1 : 0;
  } catch (error) {
    say(`${archive}: ${fixOf(error)}`);
    return hasCode(error, 'usage') ? 2 : 1;
  }
}

/** Returns how many rows it printed. */
async function print(
  events: AsyncIterable<Found[]>,
  { limit = Number.POSITIVE_INFINITY, json, groupBy, having = 1 }: SearchArguments,
  { stdout }: SearchStreams,
  output: Output,
): Promise<number> {
  const options = {
    isTerminal: stdout.isTTY === true,
    isJson: json === true,
    width: stdout.columns || USUAL_WIDTH,
    hasColors: stdout.hasColors?.() ?? false,
  };
  return groupBy === undefined
    ? await printRows(events, eventForm(options), limit, output)
    : await printRows(groupsOf(events, groupBy, having), groupForm(groupBy, options), limit, output);
}

async function* groupsOf(
  events: AsyncIterable<Found[]>,
  keys: readonly GroupKey[],
  having: number,
): AsyncGenerator<Group[]> {
  const groups = new Groups(keys);
  for await (const some of events) for (const found of some) groups.add(found);
  yield groups.atLeast(having);
}

/** Ends at the limit, or when the reader closes the pipe. */
async function printRows<T>(
  rows: AsyncIterable<T[]>,
  { header, line }: Form<T>,
  limit: number,
  output: Output,
): Promise<number> {
  let count = 0;
  for await (const some of rows) {
    for (const row of some.slice(0, limit - count)) {
      if (count === 0 && header !== null) await output.write(header);
      await output.write(line(row));
      count += 1;
      if (output.isClosed) break;
    }
    if (count >= limit || output.isClosed) break;
  }
  await output.flush();
  return count;
}

function fixOf(error: unknown): string {
  if (error instanceof ShipperError) return error.message;
  if (hasCode(error, 'EACCES', 'EPERM'))
    return `no permission to read it (${codeOf(error)}): run this as a user who has it`;
  if (hasCode(error, 'ENOTDIR')) return 'it is not a folder: give the folder above instance=…';
  return `it cannot be read (${codeOf(error)}): try again, and check the network and the disk if it fails again`;
}
