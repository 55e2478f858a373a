/** Norwegian dates and plurals. */

import { number } from '../../table.js';

/** Norwegian nouns have their own plurals, and neuter ones often none. */
export function plural(count: number, one: string, many: string): string {
  return `${number(count)} ${count === 1 ? one : many}`;
}

/** `2025-11-12` to `12.11.2025`. */
export function day(iso: string): string {
  return iso.split('-').reverse().join('.');
}

export const MONTHS = [
  'jan.',
  'feb.',
  'mars',
  'april',
  'mai',
  'juni',
  'juli',
  'aug.',
  'sep.',
  'okt.',
  'nov.',
  'des.',
];
export const STEPS = { day: 'dag', week: 'uke', month: 'måned', year: 'år' };
export const MANY_STEPS = { day: 'dager', week: 'uker', month: 'måneder', year: 'år' };

export const statements = (count: number): string => plural(count, 'setning', 'setninger');
export const changes = (count: number): string => plural(count, 'endring', 'endringer');
