/** One entry of a file of people, and what it is found by. Also runs in worker.ts: its imports end in `.ts`. */

import { folded, type Person, roleNameOf } from '../person.ts';

/** One person, or one person's time with a shared role. */
export interface PersonEntry {
  /** The login role that this entry is for. Without it, the entry is found by id or e-mail. */
  readonly user: string | null;
  readonly person: Person;
  /** Milliseconds since the epoch: valid from the first to before the second. */
  readonly validFrom: number;
  readonly validTo: number;
}

/** Characters of a list in YAML, which takes up to a hundred times its size of memory. */
export const MOST_YAML = 4 * 1024 * 1024;

export function isYaml(path: string): boolean {
  return /\.ya?ml$/i.test(path);
}

/** An entry for a role counts for that role only; the others are found by id and by e-mail. */
export function keysOf({ user, person: { id, email } }: PersonEntry): string[] {
  if (user !== null) return [userKey(user)];
  return [...(id === undefined ? [] : [idKey(id)]), ...(email === undefined ? [] : [emailKey(email)])];
}

/** The part of an e-mail that PostgreSQL keeps as a role's name; `null` if it keeps all of it. */
export function cutKeyOf({ user, person: { email } }: PersonEntry): string | null {
  if (user !== null || email === undefined) return null;
  const whole = folded(email);
  const name = roleNameOf(whole);
  return name === whole ? null : emailKey(name);
}

export function userKey(user: string): string {
  return `user ${user}`;
}

export function idKey(id: string): string {
  return `id ${folded(id)}`;
}

export function emailKey(email: string): string {
  return `email ${folded(email)}`;
}
