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
