/** Small pieces that several sections show. */

import { type Html, html, type Part } from '../lib/html.js';
import type { When } from './amount.js';
import type { Person } from './event.js';
import type { Heavy } from './heavy.js';
import { number, stranger } from './table.js';
import type { Zone } from './zone.js';

export function nameOf({ name, id, isClaimed, isUnresolved }: Person): Part {
  const idPart = id !== null && id !== name ? html` <span class="soft">${stranger(id)}</span>` : null;
  return html`${stranger(name)}${idPart}${isClaimed ? html` <span class="mark">claimed by the client</span>` : null}${isUnresolved ? html` <span class="mark">unresolved</span>` : null}`;
}

export function objectName(object: string | null): Html {
  return object === null ? html`<span class="soft">(unknown)</span>` : html`<code>${stranger(object)}</code>`;
}

export function moment(zone: Zone, at: number): Html {
  return html`<time datetime="${new Date(at).toISOString()}">${zone.text(at)}</time>`;
}

export function whenMark(when: When): Part {
  if (when === 'inside') return null;
  return html`<span class="mark">${when === 'weekend' ? 'weekend' : 'outside working hours'}</span>`;
}

/** @param command shows all of them */
export function whatIsMore(count: number, command: string): Part {
  if (count <= 0) return null;
  return html`<p class="more">${number(count)} more are not shown here. This command finds all:</p><pre>${command}</pre>`;
}

/** A warning if counts are not exact. */
export function notExact({ error }: Heavy<{ events: number }>): Part {
  if (error === 0) return null;
  return html`<p class="warn">There are too many different values to count each exactly: every number above may be up to ${number(error)} too low.
Make the report for a shorter period to have them exact.</p>`;
}
