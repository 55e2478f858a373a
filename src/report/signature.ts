/** Where a reviewer signs: with what the verdict rests on, and the page's own hash. */

import { type Html, html } from '../lib/html.js';
import type { Report } from './report.js';
import { number, table } from './table.js';

/** No text from elsewhere can look like it: every `<` of those is escaped. */
const OWN = '<code id="own">';

export function signature(report: Report): Html {
  const { sign, columns, page } = report.words;
  const chains = report.verified.parts.flatMap(({ chains: own }) => own);
  const seals = table(
    sign.rests,
    [
      {
        head: columns.chain,
        cell: ({ chain }: (typeof chains)[number]) => html`<code>${chain}</code>`,
        kind: 'main',
      },
      { head: columns.event, cell: ({ lastSeq }) => number(lastSeq), kind: 'number' },
      {
        head: columns.hash,
        cell: ({ lastHash }) => html`<code class="hash">${lastHash}</code>`,
        kind: 'wide',
      },
    ],
    chains,
  );
  const command = html`<code>sed 's/${OWN}[0-9a-f]*/${OWN}/' report.html | sha256sum</code>`;
  return html`<section id="sign"><h2>${page.sections.sign}</h2>
${chains.length === 0 ? null : seals}
<p>${sign.own(html`<code id="own"></code>`)}</p>
<p class="soft">${sign.ownHow(command)}</p>
<p>${sign.intro}</p>
<div class="sign"><div class="wide tall">${sign.findings}</div>
<div>${sign.name}</div><div>${sign.role}</div><div>${sign.date}</div><div>${sign.signature}</div>
<div>${sign.second}</div><div>${sign.signature}</div></div></section>`;
}

/**
 * @param after the end of the page
 * @param hash of the whole page without it
 */
export function withHash(after: string, hash: string): string {
  return after.replace(`${OWN}<`, `${OWN}${hash}<`);
}
