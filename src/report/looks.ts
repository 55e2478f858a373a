/** What a reader with ten minutes should look at: statements by the reason why, the weightiest of each. */

import type { Class, When } from './amount.js';
import { Weightiest } from './bounded.js';
import type { Listed } from './listed.js';
import type { Marked } from './marked.js';

/** In the order of the page. */
export const REASONS = [
  'auditing',
  'withoutWhere',
  'destroyed',
  'programs',
  'files',
  'roles',
  'offHours',
  'scrubbed',
] as const;
export type Reason = (typeof REASONS)[number];

/** At most this many of each are listed. */
const MOST_LISTED = 10;

/** What the reasons are found by. */
export interface Looked {
  readonly class: Class;
  readonly command: string;
  readonly statement: string | null;
  readonly when: When;
  /** Changed rows, if the log says. */
  readonly rows: number;
  readonly isSensitive: boolean;
  readonly redacted: number;
  readonly isUnknown: boolean;
  readonly marked: Marked;
}

export class Looks {
  readonly #lists = new Map(REASONS.map(reason => [reason, new Weightiest<Listed>(MOST_LISTED)]));
  /** Statements that may lack a WHERE: their text does not parse, is missing, or holds several. */
  undecided = 0;

  add(looked: Looked, hash: string, make: () => Listed): void {
    if (['maybe', 'unknown'].includes(looked.marked.withoutWhere)) this.undecided += 1;
    for (const reason of REASONS)
      if (HOLDS[reason](looked)) this.of(reason).add(weightOf(reason, looked), hash, make);
  }

  of(reason: Reason): Weightiest<Listed> {
    const list = this.#lists.get(reason);
    if (list === undefined) throw new Error(`no list of ${reason}`);
    return list;
  }
}

const HOLDS: Readonly<Record<Reason, (looked: Looked) => boolean>> = {
  auditing: ({ isSensitive, marked }) => isSensitive && marked.copies === null,
  withoutWhere: ({ marked }) => marked.withoutWhere === 'yes',
  destroyed: ({ class: name, command }) =>
    (name === 'write' || name === 'ddl') && /^(?:TRUNCATE|DROP)\b/.test(command),
  programs: ({ marked }) => marked.copies === 'program',
  files: ({ marked }) => marked.copies === 'file',
  roles: ({ class: name }) => name === 'role',
  offHours: ({ class: name, when }) => when !== 'inside' && (name === 'ddl' || name === 'role'),
  scrubbed: ({ redacted }) => redacted > 0,
};

/** Powers that a role must not get unseen, the greatest first. */
const POWERS = [
  /\b(?:superuser|bypassrls|replication|createrole|pg_(?:write|read|execute)_[a-z_]{1,40}|rds_superuser|cloudsqlsuperuser)\b/i,
  /\bto\s+public\b/i,
  /\bwith\s+(?:admin|grant)\b/i,
  /\ball\b/i,
];
/** What is gone with it, the largest first. */
const LARGEST = [
  /^DROP DATABASE/,
  /^DROP (?:SCHEMA|OWNED)/,
  /^DROP EXTENSION/,
  /^TRUNCATE|^DROP TABLE/,
  /^DROP MATERIALIZED/,
];

/** Of two statements for one reason, the one to look at first is heavier. */
function weightOf(reason: Reason, looked: Looked): number {
  const who = (looked.isUnknown ? 4 : 0) + (looked.when === 'inside' ? 0 : 2);
  if (reason === 'roles') return 10 * rank(POWERS, looked.statement ?? '') + who;
  if (reason === 'destroyed') return 10 * rank(LARGEST, looked.command) + who;
  if (reason === 'offHours') return (looked.class === 'role' ? 10 : 0) + who;
  return 10 * looked.rows + who;
}

function rank(patterns: readonly RegExp[], text: string): number {
  const first = patterns.findIndex(pattern => pattern.test(text));
  return first === -1 ? 0 : patterns.length - first;
}
