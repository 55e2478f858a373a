/**
 * Finds the lines that may match without a look at each: in a piece of some hundred lines most searches find none. Like
 * the prefilter, it may find a line that does not match, and never misses one that does.
 */

import { isAscii } from 'node:buffer';
import { asInLine, member } from '../../event/line.js';
import { escaped } from './pattern.js';
import { inUpperCase, mayBeRows, memberLike } from './prefilter.js';
import type { Query } from './query.js';

/** For a piece: the first place, from a place on, that is in a line that may match; -1 if there is none. */
export type Finder = (piece: Buffer) => (from: number) => number;

/** `null` if the query has no condition that one text decides. */
export function finderOf(query: Query): Finder | null {
  const { kinds, user, session, commands, classes, id } = query;
  const [kind, otherKind] = kinds;
  const [command, otherCommand] = commands;
  const [auditClass, otherClass] = classes;
  if (id !== null) return exactly(member('id', id));
  if (session !== null) return exactly(`"${asInLine(session)}"`);
  // Nearly every line is a statement.
  if (kind !== undefined && otherKind === undefined && kind !== 'statement')
    return exactly(member('kind', kind));
  if (user !== null && !user.startsWith('*')) return exactly(memberLike('user', user));
  const runs = inUpperCase(query)
    .map(([form = '', ...others]) => (others.length === 0 ? longestAscii(form) : ''))
    .sort((a, b) => b.length - a.length);
  if (runs[0] !== undefined && runs[0] !== '') return inAnyCase(runs[0]);
  if (command !== undefined && otherCommand === undefined && !command.startsWith('*') && !mayBeRows(query))
    return exactly(memberLike('command', command));
  if (auditClass !== undefined && otherClass === undefined) return exactly(member('class', auditClass));
  return null;
}

function exactly(text: string): Finder {
  const bytes = Buffer.from(text).toString('latin1');
  return piece => inWindows(piece, new RegExp(escaped(bytes), 'g'), bytes.length);
}

function longestAscii(text: string): string {
  const runs = text.match(/[ -~]+/g) ?? [];
  return runs.reduce((longest, run) => (run.length > longest.length ? run : longest), '');
}

/** Letters beyond ASCII whose upper case contains ASCII, in UTF-8 as latin1: \u00df \u0131 \u0149 \u017f \u01f0, \u1e96 to \u1e9a, \ufb00 to \ufb06. */
const BECOMES_ASCII = /\xc3\x9f|\xc4\xb1|\xc5[\x89\xbf]|\xc7\xb0|\xe1\xba[\x96-\x9a]|\xef\xac[\x80-\x86]/;

/** @param text in ASCII; only ASCII counts as another case of it */
function inAnyCase(text: string): Finder {
  return piece => {
    if (!isAscii(piece) && BECOMES_ASCII.test(piece.toString('latin1')))
      return from => (from < piece.length ? from : -1);
    return inWindows(piece, new RegExp(escaped(text), 'gi'), text.length);
  };
}

/** Bytes that are made a string at once: it is cheap while it fits into V8's young memory. */
const WINDOW = 32 * 1024;

/** Finds what the expression matches, `length` bytes as latin1: faster than Node.js finds bytes. */
function inWindows(piece: Buffer, expression: RegExp, length: number): ReturnType<Finder> {
  let [start, window] = [0, ''];
  return from => {
    for (let at = from; at < piece.length; at = start + WINDOW) {
      if (window === '' || at >= start + WINDOW) {
        start = at;
        window = piece.toString('latin1', start, start + WINDOW + length - 1);
      }
      expression.lastIndex = at - start;
      const found = expression.exec(window);
      if (found !== null) return start + found.index;
    }
    return -1;
  };
}
