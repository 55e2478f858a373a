/**
 * Rules out lines by their bytes alone, so that only few are parsed as JSON. It relies on the form in which the journal
 * writes lines: JSON without white space. A line that passes may still not match.
 */

import { folded } from './search-pattern.js';
import type { Query } from './search-query.js';
import { AskedRelation } from './search-relation.js';

export type Prefilter = (line: Buffer) => boolean;

const KIND = Buffer.from('"kind":"');
const TIME = Buffer.from('"time":"');
const TIME_LENGTH = '2026-11-21T20:40:01.123Z'.length;
const QUOTE = 0x22;

/** Whether the line may match. */
export function prefilter(query: Query): Prefilter {
  const { kinds, user, classes, session } = query;
  const prefilters = [
    ofKinds(kinds),
    anyOf(user === null ? [] : [memberLike('user', user)]),
    timeWithin(query),
    anyOf(classes.map(one => member('class', one))),
    anyOf(query.commands.map(command => memberLike('command', command))),
    anyOf(session === null ? [] : [JSON.stringify(session)]),
    inAnyCase(query),
  ].filter(one => one !== null);
  return line => prefilters.every(passes => passes(line));
}

/** A member as JSON.stringify writes it. */
function member(name: string, value: string): string {
  return `${JSON.stringify(name)}:${JSON.stringify(value)}`;
}

/** The member up to the first `*` of the pattern. */
function memberLike(name: string, pattern: string): string {
  const [start = ''] = pattern.split('*');
  return start === pattern ? member(name, start) : member(name, start).slice(0, -1);
}

function anyOf(texts: readonly string[]): Prefilter | null {
  const [first, ...others] = texts.map(text => Buffer.from(text));
  if (first === undefined) return null;
  return line => line.includes(first) || others.some(other => line.includes(other));
}

/** An event's kind and time come before any text that a client chose. */
function ofKinds(kinds: readonly string[]): Prefilter | null {
  if (kinds.length === 0) return null;
  return line => {
    const start = line.indexOf(KIND) + KIND.length;
    return kinds.includes(line.toString('latin1', start, line.indexOf(QUOTE, start)));
  };
}

function timeWithin({ since, before }: Query): Prefilter | null {
  if (since === null && before === null) return null;
  return line => {
    const start = line.indexOf(TIME) + TIME.length;
    const time = line.toString('latin1', start, start + TIME_LENGTH);
    return (since === null || time >= since) && (before === null || time < before);
  };
}

function inAnyCase({ actor, text, object }: Query): Prefilter | null {
  const relation = object === null ? null : new AskedRelation(object).inEveryLine;
  const asked = [actor, text, relation].filter(one => one !== null).map(one => folded(escapedInJson(one)));
  if (asked.length === 0) return null;
  return line => {
    const whole = folded(line.toString());
    return asked.every(one => whole.includes(one));
  };
}

function escapedInJson(text: string): string {
  return JSON.stringify(text).slice(1, -1);
}
