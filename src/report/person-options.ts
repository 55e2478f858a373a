/** The options by which `search` finds what a person did. */

import type { Person } from './event.js';

export function personOptions({ id, isClaimed, user }: Person): string[] {
  return id === null || isClaimed ? ['--user', user] : ['--actor', id];
}
