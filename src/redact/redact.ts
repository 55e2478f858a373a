/**
 * Removes secrets from a statement and its parameters, before any of it is stored.
 *
 * `look.ts` follows SQL's quoting; `scan-raw.ts` reads the raw text if it cannot be followed; `names.ts` knows what secrets are
 * called; `escrow/` keeps originals, encrypted. All take linear time. Imports `lib/` alone.
 */

import { textCache } from '../lib/lru.js';
import { nextOpening, skipPiece } from '../lib/sql/lexer.js';
import { findSecrets } from './find.js';
import { listsSecret, readsAsCode } from './hints.js';
import { isSecretName } from './names.js';
import { type Pattern, secretsOf } from './patterns.js';
import { isPlain } from './plain.js';
import { MARK, type Range, replace, union, unmarked } from './ranges.js';

export interface Texts {
  readonly statement: string | null;
  readonly parameters: readonly string[] | null;
}

export interface Redacted extends Texts {
  /** How many secrets were replaced; 0: both texts are unchanged. */
  readonly count: number;
}

export type Redact = (texts: Texts) => Redacted;

/** Texts without a secret: most statements, and the names of applications, come again and again. */
const CLEAN = { most: 1 << 20, longest: 4096, entry: 100 };
/** No name of an application is longer. */
const CLEAN_VALUES = { most: 1 << 17, longest: 63, entry: 100 };

interface InStatement {
  readonly text: string | null;
  readonly count: number;
  /** As in `Secrets`. */
  readonly parameters: ReadonlyMap<number, boolean>;
  /** Any parameter may be a secret. */
  readonly isUnknown: boolean;
}

/** Whether the statement numbers parameters, outside its literals and comments. */
function numbersAny(statement: string): boolean {
  for (let at = 0; at < statement.length; ) {
    const opening = nextOpening(statement, at, statement.length);
    if (/\$\d/.test(statement.slice(at, opening))) return true;
    at = opening < statement.length ? skipPiece(statement, opening, false) : opening;
  }
  return false;
}

/**
 * Each secret's value becomes `<redacted>`; its quotes stay. Takes linear time, apart from the patterns, which take
 * what RE2 takes; never throws.
 */
export function createRedactor(patterns: readonly Pattern[]): Redact {
  const clean = textCache<true>(CLEAN);
  const cleanValues = textCache<true>(CLEAN_VALUES);
  const inValue = (text: string): RedactedText => {
    if (cleanValues.has(text)) return { text, count: 0 };
    const redacted = redactParameter(text, patterns);
    if (redacted.count === 0) cleanValues.set(text, true);
    return redacted;
  };
  const inStatement = (statement: string | null): InStatement => {
    if (statement === null || clean.has(statement))
      return { text: statement, count: 0, parameters: NONE, isUnknown: false };
    const { ranges, parameters, isFromName } = findSecrets(statement, true);
    const redacted = redactText(statement, ranges, patterns);
    // In a function, pgAudit logs its variables as parameters, and the statement does not number them.
    const isUnknown = isFromName && !numbersAny(statement);
    if (redacted.count === 0 && parameters.size === 0 && !isUnknown) clean.set(statement, true);
    return { ...redacted, parameters, isUnknown };
  };
  return ({ statement, parameters }) => {
    const found = inStatement(statement);
    if (parameters === null || parameters.length === 0)
      return { statement: found.text, parameters, count: found.count };
    const paired = statement === null ? NONE : pairedParameters(statement, parameters);
    const others = parameters.map((text, index) =>
      isSecret(
        text,
        found.parameters.get(index + 1) ?? paired.get(index + 1) ?? (found.isUnknown ? false : undefined),
      )
        ? whole(text)
        : inValue(text),
    );
    const inParameters = others.reduce((sum, { count }) => sum + count, 0);
    return {
      statement: found.text,
      parameters: inParameters > 0 ? others.map(({ text }) => text) : parameters,
      count: found.count + inParameters,
    };
  };
}

const NONE: ReadonlyMap<number, boolean> = new Map();

/** A possible key that names a setting: `smtp.password`. */
const KEY = /^[\w.:\x80-\uffff-]{2,64}$/;

/** The path of a value in JSON, or a list of names. */
const PATH = /^\{[\w,.-]{2,200}\}$/;

/** The parameters that are assigned to the name of a secret, which is a parameter itself. */
function pairedParameters(statement: string, parameters: readonly string[]): ReadonlyMap<number, boolean> {
  const keys = parameters.map(
    text => (KEY.test(text) && isSecretName(text)) || (PATH.test(text) && listsSecret(text)),
  );
  if (!keys.includes(true)) return NONE;
  const written = statement.replace(/\$(\d{1,5})(?!\d)/g, (place, number) =>
    keys[Number(number) - 1] === true ? `'${parameters[Number(number) - 1]}'` : place,
  );
  return findSecrets(written, true).parameters;
}

/** `t` and `f` are truth values, as PostgreSQL logs them. */
function isSecret(parameter: string, sure: boolean | undefined): boolean {
  return sure === true || (sure === false && !isPlain(parameter) && !/^[tf]$/.test(parameter));
}

interface RedactedText {
  readonly text: string;
  readonly count: number;
}

/** A parameter that is a secret itself. An empty one is kept: it is NULL or `''`. */
function whole(text: string): RedactedText {
  return text === '' || text === MARK ? { text, count: 0 } : { text: MARK, count: 1 };
}

/** A number, a date or an address: nothing tells that it is a secret but its place. */
const NUMBER = /^[\d.-]{1,64}$/;

function redactParameter(text: string, patterns: readonly Pattern[]): RedactedText {
  if (NUMBER.test(text)) return redactText(text, [], patterns);
  return redactText(text, findSecrets(text, readsAsCode(text)).ranges, patterns);
}

function redactText(text: string, found: readonly Range[], patterns: readonly Pattern[]): RedactedText {
  const own = patterns.flatMap(pattern => secretsOf(pattern, text));
  const ranges = unmarked(text, union(found, own));
  return ranges.length === 0 ? { text, count: 0 } : { text: replace(text, ranges), count: ranges.length };
}
