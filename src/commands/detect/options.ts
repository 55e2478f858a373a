/** The arguments of `detect`. */

import { type Command, Option } from 'commander';
import type { Zone } from '../../lib/zone.js';
import { type Moment, parseMoment, parsePeriod, type Stretch } from '../search/moments.js';
import { UsageError } from '../verify/usage.js';

export interface DetectArguments {
  readonly replay: string;
  readonly since?: Moment;
  readonly until?: Moment;
  readonly in?: Moment;
  readonly format?: 'table' | 'json';
  readonly instance?: string;
  readonly node?: string;
  readonly endpoint?: string;
}

export function addDetectOptions(command: Command): Command {
  const options = [
    new Option('--replay <archive>', 'gs://bucket/prefix or file:folder').makeOptionMandatory(),
    new Option('--since <time>', 'day or time (of detect.timezone), or how long ago (24h, 7d)').argParser(
      parseMoment,
    ),
    new Option('--until <time>', 'the same, included').argParser(parseMoment),
    new Option('--in <period>', 'an ISO week (2026-W42), a month (2026-10) or a day')
      .argParser(parsePeriod)
      .conflicts(['since', 'until']),
    new Option('--format <format>', 'table is usual on a terminal, json in a pipe').choices([
      'table',
      'json',
    ]),
    new Option('--instance <name>', 'only this instance'),
    new Option('--node <name>', 'only this node'),
    new Option('--endpoint <url>', 'another server for Cloud Storage, as archive.endpoint'),
  ];
  for (const option of options) command.addOption(option);
  return command;
}

/** In milliseconds since the epoch; open where nothing was given. Throws a UsageError if it ends before it begins. */
export function stretchOf({ since, until, in: period }: DetectArguments, zone: Zone): Stretch {
  const start = (period ?? since)?.(zone).start ?? Number.NEGATIVE_INFINITY;
  const end = (period ?? until)?.(zone).end ?? Number.POSITIVE_INFINITY;
  if (start >= end) throw new UsageError('--since is after --until');
  return { start, end };
}
