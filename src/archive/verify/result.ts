/** The result of verifying an archive. It never contains SQL, parameters or other text of an event (I8). */

import type { RecordCounts } from '../../event/counts.js';

/**
 * `whole`: intact, and everything that is expected is covered. `incomplete`: intact, but something is not covered or
 * not audited, or may not belong to the archive. `broken`: not what was written.
 */
export type VerdictName = 'whole' | 'incomplete' | 'broken';

export interface VerifyResult {
  readonly verdict: VerdictName;
  readonly isIntact: boolean;
  /** The first fault, in the first part that has one. */
  readonly failure: Failure | null;
  readonly parts: readonly PartResult[];
  /** Each server of the archive. */
  readonly instances: readonly InstanceResult[];
  /** What makes it incomplete apart from the instances, in sentences. */
  readonly doubts: readonly string[];
  readonly warnings: readonly Warning[];
  /** What this verification could not know, in sentences. */
  readonly limits: readonly string[];
  readonly period: AskedPeriod;
  /** What was not read, because an earlier verification had proved it; `null`: nothing. */
  readonly taken: Taken | null;
}

/** The time that had to be covered, up to `grace` milliseconds before its end. Times are UTC. */
export interface AskedPeriod {
  /** `null`: from the beginning of the archive. */
  readonly from: string | null;
  readonly to: string;
  readonly grace: number;
}

/** What is taken from a bookmark. */
export interface Taken {
  /** When that verification ended. */
  readonly madeAt: string;
  /** Its first UTC day; `null`: from the beginning. */
  readonly since: string | null;
  /** Everything that was expected until then was covered. */
  readonly until: string;
  /** Everything up to these seals was proved, and they are still in the archive. */
  readonly seals: readonly {
    readonly instance: string;
    readonly node: string;
    readonly chain: string;
    readonly seq: number;
    /** SHA-256 (hex) of its line. */
    readonly hash: string;
  }[];
}

/** What the archive has of one server in the period that was asked for. Times are UTC. */
export interface InstanceResult {
  readonly instance: string;
  readonly nodes: readonly string[];
  /** Everything that its log contained until then is in the archive; `null` if nothing is. */
  readonly coveredUntil: string | null;
  /** Stretches that the archive does not cover. */
  readonly missing: readonly MissingStretch[];
  /** Stretches in which persons were not audited. */
  readonly notAudited: readonly UnauditedStretch[];
  /** Stretches in which changes of a table's rows were not recorded, though it was under watch. */
  readonly notRecorded: readonly {
    readonly from: string;
    readonly to: string;
    readonly table: string;
    /** As row_history.state names it. */
    readonly why: string;
  }[];
  /** Changes that pgAudit did not log (kind `unaudited`). */
  readonly unaudited: { readonly count: number; readonly first: string | null; readonly last: string | null };
  /** Whether anybody looked at who is audited; false if no database is configured, or it could not be read. */
  readonly isAuditKnown: boolean;
  /** Stretches of over a day during which nobody looked. */
  readonly notLookedAt: readonly { readonly from: string; readonly to: string }[];
}

export interface MissingStretch {
  readonly node: string | null;
  /** `null`: the beginning is unknown. */
  readonly from: string | null;
  readonly to: string;
  readonly why: string;
}

export interface UnauditedStretch {
  readonly from: string;
  readonly to: string;
  /** How many persons, and the first hundred of them. */
  readonly count: number;
  readonly names: readonly string[];
}

/** One daemon's part of the archive, up to its first failure. */
export interface PartResult {
  readonly instance: string;
  readonly node: string;
  readonly chains: readonly ChainResult[];
  readonly objects: number;
  /** Of the objects, as they are stored. */
  readonly bytes: number;
  /** By kind. */
  readonly events: Readonly<Record<string, number>>;
  /** The earliest and the latest time of an event; `null` if there is none. */
  readonly from: string | null;
  readonly to: string | null;
  /** What was read from the log to make it. */
  readonly source: { readonly files: number; readonly bytes: number; readonly records: RecordCounts };
  /** What was read of each server's history of rows, and until when; `source` names one of several servers. */
  readonly rows: readonly {
    readonly source?: string;
    readonly readUntil: string;
    readonly records: RecordCounts;
  }[];
  /** Declared gaps by reason. */
  readonly gaps: Readonly<Record<string, number>>;
  readonly seals: {
    readonly total: number;
    readonly signed: number;
    readonly checked: number;
    /** Seals that are the same in Cloud Logging. */
    readonly anchored: number;
    /** Seals that are the same at the witness. */
    readonly witnessed: number;
    /** Time stamps over seals, all of which were checked. */
    readonly stamped: number;
  };
  /** `null` if it was not asked for. */
  readonly logFiles: LogFilesResult | null;
  readonly failure: Failure | null;
}

export interface ChainResult {
  readonly chain: string;
  readonly firstSeq: number;
  readonly lastSeq: number;
  /** SHA-256 (hex) of its last line. */
  readonly lastHash: string;
  /** UTC day under which its last object is stored. */
  readonly lastDay: string;
  readonly objects: number;
  /** Why it began; `null` if its beginning is not in the range. */
  readonly reason: string | null;
}

/** The result of comparing events with the log files that PostgreSQL wrote. */
export interface LogFilesResult {
  /** Events that match the log. */
  readonly matched: number;
  /** Events whose file no longer exists. */
  readonly missing: number;
  /** Events whose file was changed after it was read, according to the archive itself. */
  readonly changed: number;
  /** Files that events were compared with, and files that are missing. */
  readonly files: number;
  readonly filesMissing: number;
}

/** The first fault, and where it is. */
export interface Failure {
  readonly code: FailureCode;
  /** The object's name in the store; `null` if the fault is not in an object. */
  readonly object: string | null;
  /** From 1. */
  readonly line: number | null;
  readonly seq: number | null;
  readonly what: string;
  /** Which damage or tampering would cause this. */
  readonly fits: string;
}

export interface Warning {
  readonly code: WarningCode;
  readonly what: string;
  /** Where it was found first. */
  readonly object: string | null;
  readonly seq: number | null;
  readonly times: number;
}

export const WARNING_CODES = [
  'foreign',
  'clock',
  'new-chain',
  'metadata',
  'read-again',
  'seals',
  'log-files',
  'stamp',
] as const;
export type WarningCode = (typeof WARNING_CODES)[number];

/** Which damage or tampering would cause each fault. */
const FITS = {
  empty: 'a wrong address, or everything was removed',
  gzip: 'damage: flipped bits, or a copy or upload that ended early',
  trailing: 'bytes or a second gzip member were appended to the content, where lenient readers do not look',
  checksum: 'damage on the way here, or a store with wrong checksums',
  metadata: 'somebody other than the shipper wrote the object again, or edited its metadata',
  name: 'the content was edited and the name kept, or the object was renamed',
  misplaced: 'the object was moved or copied here from another place, or renamed',
  missing: 'one or more objects were removed, or moved to another folder',
  beginning: 'the first objects of the chain were removed',
  duplicate: 'an object was copied, or a forged one added',
  format: 'a line was edited by hand, or inserted',
  order: 'lines were removed, inserted, duplicated or put in another order',
  link: 'the line was edited, or replaced together with everything before it in the chain',
  announcement: 'a new trail was begun silently, or its first line was removed',
  id: 'the event was copied from elsewhere, or its id was edited',
  time: 'the time was edited',
  seal: 'the seal was removed or replaced, or a second one was inserted',
  counts: 'events were removed, inserted or changed in kind, or the seal was edited, and hashes recomputed',
  coverage: 'the seal was edited, or objects were replaced, and hashes recomputed',
  root: 'the seal was edited, or a line was replaced, and hashes recomputed',
  'previous-seal': 'a seal was removed, inserted or replaced together with its events, and hashes recomputed',
  source:
    'an event was inserted, duplicated or moved, or its position in the log edited, and hashes recomputed',
  unsigned: 'the signature was stripped, or the chain was rewritten by somebody without the key',
  signature:
    'the seal or something before it was edited and hashes recomputed, or it was signed with another key',
  anchor: 'the chain was rewritten with recomputed hashes, at this seal or before it',
  stamp: 'the stamp is of another seal or authority, or the seal was rewritten after it was stamped',
  tail: 'the newest objects were removed, or are not delivered yet',
  bookmark:
    'what the bookmark proved was rewritten or removed since then, or it belongs to another archive: verify without it; if retention removed it, with --since and another bookmark file',
  log: 'the event was edited and hashes recomputed, or the log file was edited after it was read',
} as const;

export type FailureCode = keyof typeof FITS;
export const FAILURE_CODES = Object.keys(FITS).filter(isFailureCode);

function isFailureCode(code: string): code is FailureCode {
  return Object.hasOwn(FITS, code);
}

export interface Place {
  readonly object?: string;
  readonly line?: number;
  readonly seq?: number;
}

/** Ends the verification of a part at the first fault. */
export class Broken extends Error {
  readonly code: FailureCode;
  readonly place: Place;

  constructor(code: FailureCode, what: string, place: Place = {}) {
    super(what);
    this.name = 'Broken';
    this.code = code;
    this.place = place;
  }

  /** The same, with this place for what is not known about it yet. */
  at(place: Place): Broken {
    return new Broken(this.code, this.message, { ...place, ...this.place });
  }

  toFailure(): Failure {
    const { place, code, message: what } = this;
    return {
      code,
      object: place.object ?? null,
      line: place.line ?? null,
      seq: place.seq ?? null,
      what,
      fits: FITS[code],
    };
  }
}

/** Warnings by text, each with its first place and how often it occurred. */
export class Warnings {
  readonly #byText = new Map<string, Warning>();

  add(code: WarningCode, what: string, { object, seq }: Place = {}): void {
    const { times = 0, ...first } = this.#byText.get(what) ?? {
      code,
      what,
      object: object ?? null,
      seq: seq ?? null,
    };
    this.#byText.set(what, { ...first, times: times + 1 });
  }

  get all(): Warning[] {
    return [...this.#byText.values()];
  }
}

/** A name from an event, if it has the form of our names; else a word that quotes nothing. */
export function plainName(text: string): string {
  return /^[a-z][a-z0-9-]{0,39}$/.test(text) ? text : 'other';
}

/** The name of a chain, if it has that form; else a word that quotes nothing. */
export function plainChain(name: string): string {
  return /^\d{8}T\d{6}Z-[0-9a-f]{4}$/.test(name) ? name : 'unknown';
}
