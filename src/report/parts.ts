/** Small pieces that several sections show. */

import { type Html, html, type Part } from '../lib/html.js';
import type { When } from './amount.js';
import type { Person } from './event.js';
import type { Heavy } from './heavy.js';
import type { Reader } from './report.js';
import { type Column, number, stranger, table } from './table.js';

export function nameOf({ words }: Reader, { name, id, isClaimed, isUnresolved }: Person): Part {
  const { claimed, unresolved } = words.lists;
  const idPart = id !== null && id !== name ? html` <span class="soft">${stranger(id)}</span>` : null;
  return html`${stranger(name)}${idPart}${isClaimed ? html` <span class="mark">${claimed}</span>` : null}${isUnresolved ? html` <span class="mark">${unresolved}</span>` : null}`;
}

export function objectName({ words }: Reader, object: string | null): Html {
  return object === null
    ? html`<span class="soft">${words.unknownObject}</span>`
    : html`<code>${stranger(object)}</code>`;
}

export function moment({ words, zone }: Reader, at: number): Html {
  return html`<time datetime="${new Date(at).toISOString()}">${words.moment(zone.text(at))}</time>`;
}

export function dayOf({ words }: Reader, day: string): Html {
  return html`<time class="day" datetime="${day}">${words.day(day)}</time>`;
}

export function whenMark({ words }: Reader, when: When): Part {
  if (when === 'inside') return null;
  return html`<span class="mark">${words.lists[when]}</span>`;
}

export function separated(parts: readonly Part[], by = ', '): Part {
  return parts.map((part, index) => [index > 0 ? by : '', part]);
}

/** @param command finds all of them */
export function whatIsMore(report: Reader, shown: number, total: number, command: string): Part {
  if (total <= shown) return null;
  return html`<p class="more">${report.words.lists.more(number(shown), number(total))}</p><pre>${command}</pre>`;
}

/** A warning if counts are not exact. */
export function notExact({ words }: Reader, { error }: Heavy<{ events: number }>): Part {
  if (error === 0) return null;
  return html`<p class="warn">${words.lists.notExact(number(error))}</p>`;
}

interface Capped<T> {
  readonly items: readonly T[];
  /** Of which these are the weightiest. */
  readonly total: number;
  readonly caption: string;
  readonly columns: readonly Column<T>[];
  /** Finds all. */
  readonly command: string;
}

/** A table of what weighs most, of how many it is, and the command for all. */
export function cappedTable<T>(report: Reader, { items, total, caption, columns, command }: Capped<T>): Part {
  if (total === 0) return html`<p>${report.words.none}</p>`;
  return [table(caption, columns, items), whatIsMore(report, items.length, total, command)];
}
