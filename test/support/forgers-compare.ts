/** Compares the outcome of an attempt with the expected one, and with what a naive reader makes of the same log. */

import type { ArchivedEvent } from './archive.js';
import { readNaively } from './forgers-naive.js';
import type { Executed, Expected } from './forgers-run.js';

/** The compared part of one statement or suspect. */
interface Came {
  readonly kind: string;
  readonly user: string;
  /** The person, if the whole name is a person's. */
  readonly person: string | null;
  readonly database: string | null;
  /** `*` if the attempt does not say which it must be. */
  readonly application: string | null;
  readonly authentication: unknown;
  readonly statement: string | null;
  readonly parameters: readonly string[] | null;
}

export interface Outcome {
  readonly attempt: string;
  readonly limit: string | undefined;
  readonly statements: number;
  readonly suspects: number;
  readonly gaps: number;
  readonly surprises: readonly string[];
  /** What is missing, and what should not be there. */
  readonly missing: readonly string[];
  readonly unexpected: readonly string[];
  /** How a naive reader errs; empty if it does not. */
  readonly naive: string;
}

const PERSON = /^[A-Z]\d{6}$/;
/** Characters of one event that a failed test shows. */
const SHOWN = 400;

/** `events` are all, `log` is the whole of it. */
export function outcomeOf(executed: Executed, events: readonly ArchivedEvent[], log: Buffer): Outcome {
  const { attempt, expected, surprises, from, to } = executed;
  const isTold = expected.some(({ application }) => application !== undefined);
  const here = events.filter(({ source }) => source && source.offset >= from && source.offset < to);
  const came = here.filter(({ kind }) => kind !== 'gap').map(event => cameOf(event, isTold));
  const gaps = here.length - came.length;
  const wanted = expected.map(wantedOf);
  const [isAt, mustBe] = [inOrder(came), inOrder(wanted)];
  const wrongGaps = gaps === (attempt.gaps ?? 0) ? [] : [`${gaps} gaps`];
  return {
    attempt: attempt.name,
    limit: attempt.limit,
    statements: came.filter(({ kind }) => kind === 'statement').length,
    suspects: came.filter(({ kind }) => kind === 'suspect').length,
    gaps,
    surprises,
    missing: differing(mustBe, isAt),
    unexpected: [...differing(isAt, mustBe), ...wrongGaps],
    naive: naiveErrors(
      log.toString('utf8', from, to),
      wanted.filter((_, index) => expected[index]?.isForged === false),
    ),
  };
}

function cameOf(event: ArchivedEvent, isTold: boolean): Came {
  const { kind, actor, audit, session, database } = event;
  return {
    kind,
    user: actor?.user ?? '',
    person: actor?.id ?? null,
    database: typeof database === 'string' ? database : null,
    application: isTold ? (session?.application ?? '') : '*',
    authentication: session !== undefined && 'authentication' in session ? session.authentication : null,
    statement: audit?.statement ?? null,
    parameters: audit?.parameters ?? null,
  };
}

function wantedOf({ user, database, application = '*', authentication, expected }: Expected): Came {
  return {
    kind: expected === null ? 'suspect' : 'statement',
    user,
    person: PERSON.test(user) ? user : null,
    database,
    application,
    authentication,
    statement: expected?.statement ?? null,
    parameters: expected?.parameters ?? null,
  };
}

/** In order for each name and kind: the order of several sessions is not defined. */
function inOrder(all: readonly Came[]): string[] {
  const groups = Map.groupBy(all, ({ kind, user }) => `${kind} ${user}`);
  return [...groups.keys()].sort().flatMap(key => (groups.get(key) ?? []).map(came => JSON.stringify(came)));
}

/** Items that are in one list and not, as often, in the other; all, shortened, if only the order differs. */
function differing(some: readonly string[], others: readonly string[]): string[] {
  const rest = [...others];
  const left = some.filter(one => {
    const index = rest.indexOf(one);
    if (index !== -1) rest.splice(index, 1);
    return index === -1;
  });
  const isOrder = left.length === 0 && rest.length === 0 && some.some((one, index) => one !== others[index]);
  return (isOrder ? some : left).map(one => (one.length > SHOWN ? `${one.slice(0, SHOWN)}…` : one));
}

function naiveErrors(log: string, wanted: readonly Came[]): string {
  const genuine = wanted.filter(({ kind }) => kind === 'statement');
  const found = readNaively(log, 'postgres');
  const wrong = found.filter(({ user, statement }) => {
    const index = genuine.findIndex(one => one.user === user && one.statement === statement);
    if (index !== -1) genuine.splice(index, 1);
    return index === -1;
  });
  const names = [...new Set(wrong.map(({ user }) => JSON.stringify(user)))].slice(0, 2).join(', ');
  return [
    wrong.length > 0 ? `${wrong.length} false, by ${names}` : '',
    genuine.length > 0 ? `${genuine.length} not found` : '',
  ]
    .filter(Boolean)
    .join('; ');
}

/** A table: each attempt, a naive reader's result, and ours. */
export function report(outcomes: readonly Outcome[], attempts: number): string {
  const rows = outcomes.map(one => [one.attempt, one.naive || 'right', resultOf(one)] as const);
  const widths = [0, 1].map(column => Math.max(...rows.map(row => row[column]?.length ?? 0)));
  const table = rows.map(([attempt, naive, here]) =>
    [attempt.padEnd(widths[0] ?? 0), naive.padEnd(widths[1] ?? 0), here].join(' | '),
  );
  const tried = outcomes.filter(({ limit }) => limit === undefined);
  const wrong = tried.filter(isWrong).length;
  const naive = outcomes.filter(one => one.naive !== '').length;
  const limits = outcomes.length - tried.length;
  return (
    `${table.join('\n')}\n${outcomes.length} of ${attempts} attempts made. ` +
    `A naive reader is wrong about ${naive}; here ${wrong}, and ${limits} that the log cannot show.\n`
  );
}

/** Whether the attempt was not made as described, or had another outcome than it must. */
export function isWrong({ surprises, missing, unexpected }: Outcome): boolean {
  return surprises.length + missing.length + unexpected.length > 0;
}

function resultOf(outcome: Outcome): string {
  const { statements, suspects, gaps, limit } = outcome;
  const counts = `${statements} statements, ${suspects} suspects${gaps > 0 ? `, ${gaps} gaps` : ''}`;
  if (isWrong(outcome)) return `WRONG: ${counts}`;
  return limit === undefined ? counts : `${counts}; the log cannot show it: ${limit}`;
}
