/** Tables that become lists of cards on a phone. */

import { type Html, html, type Part } from '../lib/html.js';

export interface Column<T> {
  readonly head: string;
  readonly cell: (row: T) => Part;
  /** `number`: aligned right. `main`: what the row is about. `wide`: its own line on a phone. */
  readonly kind?: 'number' | 'main' | 'wide';
}

/** ARIA roles are explicit: CSS that changes a table's display removes the implicit ones. */
export function table<T>(caption: string, columns: readonly Column<T>[], rows: readonly T[]): Html {
  return html`<table role="table"><caption>${caption}</caption>
<thead role="rowgroup"><tr role="row">${columns.map(
    ({ head, kind }) => html`<th role="columnheader" scope="col" class="${kind ?? 'text'}">${head}</th>`,
  )}</tr></thead>
<tbody role="rowgroup">${rows.map(row => renderRow(columns, row))}</tbody></table>`;
}

function renderRow<T>(columns: readonly Column<T>[], row: T): Html {
  return html`<tr role="row">${columns.map(({ head, cell, kind }) => {
    const content = cell(row);
    if (content === null || content === '') return html`<td role="cell" class="${kind ?? 'text'}"></td>`;
    return html`<td role="cell" class="${kind ?? 'text'}" data-label="${head}">${content}</td>`;
  })}</tr>
`;
}

const NARROW_SPACE = '\u202f';

/** `12 345` */
export function number(value: number): string {
  return String(value).replace(/\B(?=(\d{3})+$)/g, NARROW_SPACE);
}

/** Empty for 0, so that other numbers stand out. */
export function numberOrNothing(value: number): string {
  return value === 0 ? '' : number(value);
}

/** Text from other people, which may be right-to-left: isolated, so that the text around it keeps its place. */
export function stranger(text: string): Html {
  // Words stay whole in print; only one that no column could hold may be broken.
  return LONG_WORD.test(text) ? html`<bdi class="long">${text}</bdi>` : html`<bdi>${text}</bdi>`;
}

const LONG_WORD = /[^\s-]{25}/;
