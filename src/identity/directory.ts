import { stat } from 'node:fs/promises';
import { type Clock, sleep } from '../lib/clock.js';
import { codeOf } from '../lib/errors.js';
import { folded, loadPeople, type PersonEntry } from './people.js';
import type { Answer, Question, Resolver } from './resolver.js';

/** Milliseconds between checks of the file. */
const RELOAD_INTERVAL = 2000;

export interface DirectoryReport {
  directoryLoaded(path: string, people: number): void;
  /** The file cannot be used now; the people read before stay. */
  directoryFailed(path: string, error: unknown): void;
}

/**
 * Finds people in a file, by login role, id or e-mail, as of the event's time. An e-mail that is too long for a role
 * name is also found by the part that PostgreSQL keeps, unless two people share that part.
 */
export class Directory implements Resolver {
  readonly name = 'directory';
  readonly #path: string;
  readonly #report: DirectoryReport;
  #entries: ReadonlyMap<string, readonly PersonEntry[]>;
  /** Of the file that was read last. */
  #version: string;
  /** Version that the previous check saw. */
  #seen: string;

  private constructor(
    path: string,
    report: DirectoryReport,
    entries: readonly PersonEntry[],
    version: string,
  ) {
    this.#path = path;
    this.#report = report;
    this.#entries = byKey(entries);
    this.#version = version;
    this.#seen = version;
  }

  /** Throws a ShipperError if the file cannot be read or parsed. */
  static async load(path: string, report: DirectoryReport): Promise<Directory> {
    const version = await versionOf(path);
    const entries = await loadPeople(path);
    report.directoryLoaded(path, entries.length);
    return new Directory(path, report, entries, version);
  }

  resolve({ user, time, known }: Question): Answer | null {
    const keys = [`user ${user}`, idKey(known.id ?? user), emailKey(known.email ?? user)];
    for (const key of keys) {
      const valid = (this.#entries.get(key) ?? []).filter(one => one.validFrom <= time && time < one.validTo);
      const latest = valid.reduce<PersonEntry | null>(
        (best, one) => (best && best.validFrom >= one.validFrom ? best : one),
        null,
      );
      if (latest !== null) return { person: latest.person };
    }
    return null;
  }

  /** Reads the file again whenever it has changed and is no longer changing, until the signal aborts. */
  async follow(clock: Clock, signal: AbortSignal): Promise<void> {
    for (;;) {
      await sleep(clock, RELOAD_INTERVAL, signal);
      if (signal.aborted) return;
      await this.#reload();
    }
  }

  async #reload(): Promise<void> {
    const version = await versionOf(this.#path);
    const isSettled = version === this.#seen;
    this.#seen = version;
    // Half of a list is a valid list, too: a file that is still being written is not read.
    if (version === this.#version || !isSettled) return;
    try {
      const entries = await loadPeople(this.#path);
      if ((await versionOf(this.#path)) !== version) return;
      this.#version = version;
      this.#entries = byKey(entries);
      this.#report.directoryLoaded(this.#path, entries.length);
    } catch (error) {
      this.#version = version;
      this.#report.directoryFailed(this.#path, error);
    }
  }
}

/** Changes if the file changes; never throws. */
async function versionOf(path: string): Promise<string> {
  try {
    const { ino, size, mtimeMs } = await stat(path);
    return `${ino} ${size} ${mtimeMs}`;
  } catch (error) {
    return codeOf(error);
  }
}

/** An entry for a role counts for that role only; the others are found by id and by e-mail. */
function byKey(entries: readonly PersonEntry[]): Map<string, PersonEntry[]> {
  const people = entries.filter(({ user }) => user === null);
  const byEmail = grouped(people, ({ person }) => person.email && emailKey(person.email));
  const byCutEmail = grouped(people, ({ person }) => person.email && cutEmailKey(person.email));
  const certain = [...byCutEmail].filter(([key, sharing]) => !byEmail.has(key) && areOnePerson(sharing));
  return new Map([
    ...grouped(entries, ({ user }) => user !== null && `user ${user}`),
    ...grouped(people, ({ person }) => person.id && idKey(person.id)),
    ...byEmail,
    ...certain,
  ]);
}

/** Entries without a key are left out. */
function grouped(
  entries: readonly PersonEntry[],
  keyOf: (entry: PersonEntry) => string | false | null | undefined,
): Map<string, PersonEntry[]> {
  const groups = Map.groupBy(entries, keyOf);
  return new Map([...groups].flatMap(([key, group]) => (key ? [[key, group] as const] : [])));
}

function idKey(id: string): string {
  return `id ${folded(id)}`;
}

function emailKey(email: string): string {
  return `email ${folded(email)}`;
}

/** `null` if the whole e-mail fits into a role name. */
function cutEmailKey(email: string): string | null {
  const whole = folded(email);
  const name = roleNameOf(whole);
  return name === whole ? null : emailKey(name);
}

/** As PostgreSQL truncates names: to 63 bytes (NAMEDATALEN), never within a character (pg_mbcliplen). */
function roleNameOf(text: string): string {
  const bytes = Buffer.from(text).subarray(0, 63);
  return new TextDecoder().decode(bytes, { stream: true });
}

/** Several entries may describe one person, each for its time. */
function areOnePerson(entries: readonly PersonEntry[]): boolean {
  const emails = new Set(entries.map(({ person }) => person.email && folded(person.email)));
  const ids = new Set(entries.map(({ person }) => person.id?.toLowerCase()));
  return emails.size === 1 || (ids.size === 1 && !ids.has(undefined));
}
