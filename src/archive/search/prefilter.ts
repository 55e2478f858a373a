/**
 * Rules out lines by their bytes alone, so that only few are parsed as JSON. It relies on the form in which the journal
 * writes lines: JSON without white space. A line that passes may still not match.
 */

import { asInLine, idIn, kindIn, member, memberFrom, timeIn } from '../../event/line.js';
import { folded } from './pattern.js';
import type { Query } from './query.js';
import { AskedRelation } from './relation.js';

export type Prefilter = (line: Buffer) => boolean;

/** Whether the line may match. */
export function prefilter(query: Query): Prefilter {
  const { kinds, user, classes, session, isSensitive, id, ids } = query;
  const prefilters = [
    ofKinds(kinds),
    anyOf(user === null ? [] : [memberLike('user', user)]),
    timeWithin(query),
    anyOf(classes.map(one => member('class', one))),
    anyOf(query.commands.flatMap(command => COMMAND.map(name => memberLike(name, command)))),
    anyOf(session === null ? [] : [`"${asInLine(session)}"`]),
    anyOf(isSensitive ? ['"sensitive":true'] : []),
    anyOf(id === null ? [] : [member('id', id)]),
    ids && ((line: Buffer) => ids.has(idIn(line))),
    inAnyCase(query),
  ].filter(one => one !== null);
  return line => prefilters.every(passes => passes(line));
}

/** The members that hold a statement's command, and a row's. */
const COMMAND = ['command', 'operation'];

/** The member up to the first `*` of the pattern. */
export function memberLike(name: string, pattern: string): string {
  const [start = ''] = pattern.split('*');
  return start === pattern ? member(name, start) : memberFrom(name, start);
}

function anyOf(texts: readonly string[]): Prefilter | null {
  const [first, ...others] = texts.map(text => Buffer.from(text));
  if (first === undefined) return null;
  return line => line.includes(first) || others.some(other => line.includes(other));
}

/** An event's kind and time come before any text that a client chose. */
function ofKinds(kinds: readonly string[]): Prefilter | null {
  if (kinds.length === 0) return null;
  return line => kinds.includes(kindIn(line));
}

function timeWithin({ since, before }: Query): Prefilter | null {
  if (since === null && before === null) return null;
  return line => {
    const time = timeIn(line);
    return (since === null || time >= since) && (before === null || time < before);
  };
}

/** Rows are laid out in other ways than all else that has a text or a command. */
export function mayBeRows({ kinds }: Query): boolean {
  return kinds.length === 0 || kinds.includes('row');
}

/**
 * What every line that matches contains, in upper case: of each text, one of these forms. The value of a row's column may be JSON
 * itself, and is then in the line as it is.
 */
export function inUpperCase(query: Query): string[][] {
  const { actor, text, object } = query;
  const relation = object === null ? null : new AskedRelation(object).inEveryLine;
  const nested = mayBeRows(query) ? text : null;
  return [[actor], [text, nested], [relation]]
    .map(([asText = null, asJson = null]) => {
      const forms = [asText === null ? null : asInLine(asText), asJson].filter(one => one !== null);
      return [...new Set(forms.map(folded))];
    })
    .filter(forms => forms.length > 0);
}

function inAnyCase(query: Query): Prefilter | null {
  const asked = inUpperCase(query);
  if (asked.length === 0) return null;
  return line => {
    const whole = folded(line.toString());
    return asked.every(forms => forms.some(one => whole.includes(one)));
  };
}
