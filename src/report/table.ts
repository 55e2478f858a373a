/** Tables that become lists of cards on a phone. */

import { type Html, html, type Part } from '../lib/html.js';

export interface Column<T> {
  readonly head: string;
  readonly cell: (row: T) => Part;
  /** `number`: flush right. `main`: what the row is about. `wide`: a line of its own on a phone. */
  readonly kind?: 'number' | 'main' | 'wide';
}

/** Roles are said in full: styles that lay a table out otherwise take them from it. */
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

/** Nothing where it is 0: what is there stands out. */
export function numberOrNothing(value: number): string {
  return value === 0 ? '' : number(value);
}

export function plural(count: number, what: string): string {
  return `${number(count)} ${what}${count === 1 ? '' : 's'}`;
}

/** Text of strangers, which may run from right to left: what stands beside it stays where it is. */
export function stranger(text: string): Html {
  return html`<bdi>${text}</bdi>`;
}
