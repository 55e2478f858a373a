/** Other people's text in a spreadsheet's cell: it is never taken for a formula, and nothing in it is invisible. */

import { harmlessLines } from './terminal-text.js';

/** What Excel, LibreOffice and Google Sheets take for a formula's start, or skip before one (OWASP, CSV injection). */
const FORMULA = /^[\s\u200b\ufeff]*[=+\-@\uff1d\uff0b\uff0d\uff20]|^[\t\r\n]/u;

/**
 * Lines stay lines; characters that steer are escaped (`\u001b`); a text that could be a formula begins with an
 * apostrophe.
 */
export function shownInSheet(text: string): string {
  const whole = harmlessLines(text);
  return FORMULA.test(text) ? `'${whole}` : whole;
}

/** A run of what ends a cell or a line if `;` or a tab separates cells, with quotes and spaces, and what follows. */
const PERHAPS_NEW_CELL = /([;\s"\u200b\ufeff]+)([=+\-@\uff1d\uff0b\uff0d\uff20]?)/gu;

/**
 * Where the list separator is `;`, as in Norway, Excel splits a csv file there, and at line ends, also inside of quotes:
 * what would then begin a cell gets an apostrophe, too. The run is matched whatever follows, so that time is linear.
 */
export function harmlessIfSplit(text: string): string {
  return text.replace(PERHAPS_NEW_CELL, (whole, run: string, sign: string) =>
    sign !== '' && /[;\t\r\n]/.test(run) ? `${run}'${sign}` : whole,
  );
}
