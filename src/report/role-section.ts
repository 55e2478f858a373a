/** Every statement on roles and rights: as many as there are, so each is written as it comes, and none is kept. */

import { type Html, html } from '../lib/html.js';
import { text } from './changes.js';
import type { Listed } from './listed.js';
import { moment, nameOf, whenMark } from './parts.js';
import type { Reader, Report } from './report.js';
import { stranger } from './table.js';

export function roleRow(reader: Reader, { at, when, person, user, place, audit, id }: Listed): Html {
  const { as: asWord } = reader.words.lists;
  const as = user === person.id || user === person.name ? null : html` ${asWord} ${stranger(user)}`;
  return html`<li><div class="head"><strong>${moment(reader, at)}</strong>
<span>${nameOf(reader, person)}${as}</span><span class="soft">${stranger(place)}</span>${whenMark(reader, when)}
<span class="soft id">${stranger(id)}</span></div>${text(reader, audit)}</li>
`;
}

/** What is before the rows, and what after. */
export function roleSection({ words, roleCount }: Report): { before: Html; after: Html } {
  const { page, roles, none } = words;
  return {
    before: html`<section id="roles"><h2>${page.sections.roles}</h2>
<p>${roleCount === 0 ? none : roles.intro(roleCount)}</p>
<ol class="statements roles">`,
    after: html`</ol></section>`,
  };
}
