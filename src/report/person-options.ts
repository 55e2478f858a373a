/** The options by which `search` finds what a person did. */

import { harmless } from '../lib/terminal-text.js';
import type { Person } from './event.js';

export function personOptions({ id, isClaimed, user }: Person): string[] {
  return id === null || isClaimed ? userOptions(user) : ['--actor', id];
}

/** The page escapes characters that steer, and search would look for the escape: `*` stands for them. */
export function userOptions(user: string): string[] {
  return ['--user', Array.from(user, one => (harmless(one) === one ? one : '*')).join('')];
}
