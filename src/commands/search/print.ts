/** Prints what is found, in the form that is asked for, and counts it. */

import type { Writable } from 'node:stream';
import { type Group, Groups } from '../../archive/search/groups.js';
import type { Found } from '../../archive/search/search.js';
import { harmless } from '../../lib/terminal-text.js';
import type { Zone } from '../../lib/zone.js';
import { eventSheet, groupSheet, type Sheet } from './columns.js';
import { eventForm, type Form, type FormOptions, type Grouping, groupForm } from './forms.js';
import type { SearchArguments } from './options.js';
import type { Output } from './output.js';
import { lineSink, type OutFile, type Sink, workbookSink } from './sink.js';

const USUAL_WIDTH = 100;

export interface Place {
  readonly zone: Zone;
  readonly stdout: Writable & { isTTY?: boolean; columns?: number; hasColors?: () => boolean };
  /** `null`: standard output. */
  readonly file: OutFile | null;
  readonly output: Output;
  /** What is beyond the limit is counted. */
  readonly isCounted: boolean;
  /** An object's whole name. */
  readonly addressOf: (path: string) => string;
}

export interface Printed {
  readonly shown: number;
  /** Those beyond the limit included, if they are counted. */
  readonly total: number;
  /** Shown rows of which something was cut off. */
  readonly cut: number;
  readonly what: 'event' | 'group' | 'object';
}

export async function print(
  events: AsyncIterable<Found[]>,
  given: SearchArguments,
  place: Place,
): Promise<Printed> {
  const { objects, groupBy, compare = [] } = given;
  const options = optionsOf(given, place);
  if (objects === true) {
    const isTerminal = options.isTerminal;
    const form: Form<string> = { header: null, line: name => (isTerminal ? harmless(name) : name) };
    const sink = lineSink(form, place.output, false);
    return { ...(await printRows(objectsOf(events, place), sink, given, place)), what: 'object' };
  }
  if (groupBy === undefined) {
    const sink = await sinkOf(given, place, eventSheet(place.zone), () => eventForm(options));
    return { ...(await printRows(events, sink, given, place)), what: 'event' };
  }
  const grouping = { keys: groupBy, periods: compare.map(({ name }) => name) };
  const sheet = groupSheet(grouping.keys, grouping.periods);
  const sink = await sinkOf(given, place, sheet, () => groupForm(grouping, options));
  return {
    ...(await printRows(groupsOf(events, grouping, given, place), sink, given, place)),
    what: 'group',
  };
}

function optionsOf({ json, format }: SearchArguments, { zone, stdout, file }: Place): FormOptions {
  const isTerminal = file === null && stdout.isTTY === true;
  const usual = isTerminal ? 'table' : 'json';
  const asked = json === true ? 'json' : (format ?? usual);
  return {
    zone,
    isTerminal,
    format: asked === 'xlsx' ? 'csv' : asked,
    width: stdout.columns || USUAL_WIDTH,
    hasColors: isTerminal && (stdout.hasColors?.() ?? false),
  };
}

async function sinkOf<T>(
  { format }: SearchArguments,
  { file, output }: Place,
  sheet: Sheet<T>,
  toForm: () => Form<T>,
): Promise<Sink<T>> {
  if (format === 'xlsx' && file !== null) return await workbookSink(sheet, file.stream);
  return lineSink(toForm(), output, format === 'csv');
}

async function* groupsOf(
  events: AsyncIterable<Found[]>,
  { keys, periods }: Grouping,
  { having = 1, compare = [] }: SearchArguments,
  { zone }: Place,
): AsyncGenerator<Group[]> {
  const groups = new Groups(keys, zone, Math.max(1, periods.length));
  const stretches = compare.map(({ stretch }) => stretch(zone));
  for await (const some of events)
    for (const found of some) {
      const time = stretches.length === 0 ? 0 : Date.parse(found.event.time);
      if (stretches.length === 0) groups.add(found);
      for (const [period, { start, end }] of stretches.entries())
        if (time >= start && time < end) groups.add(found, period);
    }
  yield groups.atLeast(having);
}

/** The events of an object come one after the other. */
async function* objectsOf(events: AsyncIterable<Found[]>, { addressOf }: Place): AsyncGenerator<string[]> {
  let last = '';
  for await (const some of events) {
    const names: string[] = [];
    for (const { object } of some) {
      if (object.path === last) continue;
      last = object.path;
      names.push(object.path, ...(object.stamp === null ? [] : [object.stamp]));
    }
    yield names.map(addressOf);
  }
}

/** Ends when the reader closes the pipe, and at the limit if nobody wants to know what is beyond it. */
async function printRows<T>(
  rows: AsyncIterable<T[]>,
  sink: Sink<T>,
  { limit = Number.POSITIVE_INFINITY }: SearchArguments,
  { isCounted }: Place,
): Promise<Omit<Printed, 'what'>> {
  let [shown, total] = [0, 0];
  for await (const some of rows) {
    total += some.length;
    for (const row of some.slice(0, Math.max(0, limit - shown))) {
      await sink.write(row);
      shown += 1;
      if (sink.isClosed) break;
    }
    if (sink.isClosed || (shown >= limit && !isCounted)) break;
  }
  await sink.end();
  return { shown, total, cut: sink.cut };
}
