/** The options by which `search` finds what a person did. */

import type { Person } from './event.js';

/** @param user a login role of that person */
export function lookOptions({ id, isClaimed }: Person, user: string): string[] {
  return id === null || isClaimed ? ['--user', user] : ['--actor', id];
}
