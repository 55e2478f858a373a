/** The languages of the page. */

import { en, type Words } from './en/en.js';
import { nb } from './nb/nb.js';

export type { Words } from './en/en.js';

export const LANGUAGES: Readonly<Record<'en' | 'nb', Words>> = { en, nb };
export type Language = keyof typeof LANGUAGES;
