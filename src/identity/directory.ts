import { stat } from 'node:fs/promises';
import { type Clock, sleep } from '../lib/clock.js';
import { codeOf } from '../lib/errors.js';
import { emailKey, idKey, userKey } from './people/entry.js';
import { loadPeople } from './people/load.js';
import type { People } from './people/people.js';
import { isOnlyRole, isOtherPerson } from './person.js';
import type { Answer, Question, Resolver } from './resolver.js';

/** Milliseconds between checks of the file. */
const RELOAD_INTERVAL = 2000;

export interface DirectoryReport {
  directoryLoaded(path: string, people: number): void;
  /** The file cannot be used now; the people read before stay. */
  directoryFailed(path: string, error: unknown): void;
}

/** Finds people in a file, by login role, id or e-mail, as of the event's time. */
export class Directory implements Resolver {
  readonly name = 'directory';
  readonly #path: string;
  readonly #report: DirectoryReport;
  #people: People;
  /** Of the file that was read last. */
  #version: string;
  /** Version that the previous check saw. */
  #seen: string;

  private constructor(path: string, report: DirectoryReport, people: People, version: string) {
    this.#path = path;
    this.#report = report;
    this.#people = people;
    this.#version = version;
    this.#seen = version;
  }

  /** Throws a ShipperError if the file cannot be read or parsed. */
  static async load(path: string, report: DirectoryReport): Promise<Directory> {
    const version = await versionOf(path);
    const { people } = await loadPeople(path);
    report.directoryLoaded(path, people.count);
    return new Directory(path, report, people, version);
  }

  /** Looks for the person who is known, then for the role's: that may be somebody else. */
  resolve({ user, time, known }: Question): Answer | null {
    const own = [known.id && idKey(known.id), known.email && emailKey(known.email)];
    for (const key of [...own, userKey(user), idKey(user), emailKey(user)]) {
      const person = key ? this.#people.find(key, time) : null;
      if (person !== null && (!isOtherPerson(known, person) || isOnlyRole(known, user))) return { person };
    }
    return null;
  }

  /** Reads the file again whenever it has changed and is no longer changing, until the signal aborts. */
  async follow(clock: Clock, signal: AbortSignal): Promise<void> {
    for (;;) {
      await sleep(clock, RELOAD_INTERVAL, signal);
      if (signal.aborted) return;
      await this.#reload(signal);
    }
  }

  async #reload(signal: AbortSignal): Promise<void> {
    const version = await versionOf(this.#path);
    const isSettled = version === this.#seen;
    this.#seen = version;
    // Half of a list is a valid list, too: a file that is still being written is not read.
    if (version === this.#version || !isSettled) return;
    try {
      const { people } = await loadPeople(this.#path, signal);
      if ((await versionOf(this.#path)) !== version) return;
      this.#version = version;
      this.#people.release();
      this.#people = people;
      this.#report.directoryLoaded(this.#path, people.count);
    } catch (error) {
      if (signal.aborted) return;
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
