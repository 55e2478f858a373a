/** The options by which `search` finds what a person did. */

import { visible } from '../lib/html.js';
import { harmless } from '../lib/terminal-text.js';
import type { Person } from './event.js';

export function personOptions({ id, isClaimed, user }: Person): string[] {
  return id === null || isClaimed || !isAsShown(id) ? userOptions(user) : ['--actor', id];
}

export function objectOptions(object: string | null): string[] {
  return object === null || !isAsShown(object) ? [] : ['--object', object];
}

/** The page escapes characters that steer, and search would look for the escape. */
function isAsShown(text: string): boolean {
  return visible(text) === text;
}

/** `*` stands for characters that the page escapes. */
export function userOptions(user: string): string[] {
  return ['--user', Array.from(user, one => (harmless(one) === one ? one : '*')).join('')];
}
