/** `detect --replay`: what the rules of a configuration would have said of a past stretch. */

import { openArchive } from '../../archive/store/location.js';
import type { Config } from '../../config/schema.js';
import { rulesOf } from '../../daemon/detect/settings.js';
import { codeOf, hasCode, ShipperError } from '../../lib/errors.js';
import { fitted, oneLine, padded } from '../../lib/terminal-text.js';
import type { Zone } from '../../lib/zone.js';
import { createRelationParser } from '../../relations/relations.js';
import { UsageError } from '../verify/usage.js';
import { type DetectArguments, stretchOf } from './options.js';
import { lastDayOf, type Raised, replay } from './replay.js';

const FAILED = 1;
const BAD_USAGE = 2;
/** Without a terminal. */
const WIDTH = 160;

/** Returns the exit code: 1 if the archive cannot be read, or something in it is damaged. */
export async function detect({ detect: settings }: Config, given: DetectArguments): Promise<number> {
  if (settings === undefined) return fail('detect: is not in the configuration', BAD_USAGE);
  const counts = new Map<string, number>();
  const rules = rulesOf(settings);
  for (const { name } of rules.rules) counts.set(name, 0);
  let [events, isDamaged] = [0, false];
  const watch = {
    damaged(path: string, what: string): void {
      isDamaged = true;
      say(`${path}: ${what}. The rest is read; verify says more.`);
    },
    looked: () => {
      events += 1;
    },
  };
  const parser = createRelationParser({ forReview: true });
  try {
    const write = writerOf(given, settings.timezone);
    const location = openArchive(given.replay, given);
    const stretch = stretchOf(given, settings.timezone);
    for await (const raised of replay(location, rules, stretch, parser, watch)) {
      const { rule } = raised.alert;
      counts.set(rule, (counts.get(rule) ?? 0) + 1);
      write(raised);
    }
    sayCounts(counts, events);
    const lastDay = lastDayOf(stretch);
    if (lastDay !== null && lastDay < today())
      say(`What was read from the log after ${lastDay} (UTC) is left out.`);
    return isDamaged ? FAILED : 0;
  } catch (error) {
    return failOf(error, given.replay);
  } finally {
    await parser.close();
  }
}

/** A table on a terminal, else a JSON object for each alert. */
function writerOf({ format }: DetectArguments, zone: Zone): (raised: Raised) => void {
  const isTable = (format ?? (process.stdout.isTTY ? 'table' : 'json')) === 'table';
  const rowOf = isTable ? row : json;
  return raised => process.stdout.write(`${rowOf(raised, zone)}\n`);
}

function json({ sight: { event }, alert }: Raised): string {
  const { time, receivedAt = time, instance, node, database, actor } = event;
  return JSON.stringify({ time, receivedAt, instance, node, database, actor, alert });
}

/** The names in it are somebody else's text. */
function row({ sight: { event, time }, alert }: Raised, zone: Zone): string {
  const { rule, severity, why, ids } = alert;
  const person = event.actor?.name ?? event.actor?.id ?? event.actor?.user ?? event.instance;
  const cells = [
    zone.text(time),
    padded(severity, 9),
    padded(rule, 18),
    padded(fitted(person, 24), 24),
    padded(fitted(ids.at(-1) ?? '', 40), 40),
  ].join('  ');
  return `${cells}  ${fitted(why, Math.max(20, (process.stdout.columns ?? WIDTH) - cells.length))}`;
}

/** UTC. */
function today(): string {
  return new Date().toISOString().slice(0, 10);
}

function sayCounts(counts: ReadonlyMap<string, number>, events: number): void {
  const total = [...counts.values()].reduce((sum, count) => sum + count, 0);
  say(`${total.toLocaleString('en-US')} alerts of ${events.toLocaleString('en-US')} events`);
  for (const [rule, count] of counts)
    process.stderr.write(`${count.toLocaleString('en-US').padStart(9)}  ${rule}\n`);
}

function say(text: string): void {
  process.stderr.write(`${oneLine(text)}\n`);
}

function failOf(error: unknown, archive: string): number {
  if (error instanceof UsageError || hasCode(error, 'usage'))
    return fail(error instanceof Error ? error.message : '', BAD_USAGE);
  if (error instanceof ShipperError) return fail(error.message, FAILED);
  if (!hasCode(error, 'EACCES', 'EPERM', 'ENOTDIR', 'EIO', 'ENOENT')) throw error;
  return fail(`${archive} cannot be read (${codeOf(error)})`, FAILED);
}

function fail(message: string, code: number): number {
  say(message);
  return code;
}
