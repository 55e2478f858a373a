/**
 * The page: one file that needs no other, runs no script, and can be printed and signed.
 *
 * This folder makes the page from events and a verdict that it is given: it reads nothing itself, and every text is made harmless.
 * Imports `event/`, `lib/`, and types of `relations/` and `archive/`.
 */

import { hash } from 'node:crypto';
import { constant, type Html, html } from '../lib/html.js';
import { daySection, objectSection, personSection } from './activity.js';
import {
  bulkOf,
  bulkSection,
  definitionSection,
  outsideSection,
  redactedSection,
  writeSection,
} from './changes.js';
import {
  failureSection,
  gapSection,
  settingsSection,
  suspectSection,
  unauditedSection,
  unknownSection,
} from './doubts.js';
import { lookSection } from './look-section.js';
import { moment } from './parts.js';
import { plotSection } from './plots.js';
import { populationSection } from './population-section.js';
import { proofSection, verdict } from './proof.js';
import type { Report } from './report.js';
import { roleSection } from './role-section.js';
import { rowSection } from './row-section.js';
import { signature } from './signature.js';
import { STYLE } from './style.js';
import { number, stranger } from './table.js';

/** Nothing is fetched, run or sent; only this one style sheet is allowed. */
const POLICY = `default-src 'none'; style-src 'sha256-${hash('sha256', STYLE, 'base64')}'; base-uri 'none'; form-action 'none'`;

/** The page without the rows of the section on roles, which come between these. */
export interface Page {
  readonly before: string;
  /** Its own hash is missing: `withHash` puts it in. */
  readonly after: string;
}

export function renderPage(report: Report): Page {
  const { before, after } = roleSection(report);
  const first = html`${head(report)}
<body><header>${opening(report)}</header>
<main>${plotSection(report)}
${lookSection(report)}
${figures(report)}
${[daySection, personSection, objectSection, bulkSection].map(section => section(report))}
${before}`;
  const rest = html`${after}
${[definitionSection, redactedSection, outsideSection, writeSection, rowSection, failureSection].map(section => section(report))}
${[suspectSection, unauditedSection, gapSection, unknownSection, settingsSection].map(section => section(report))}
${[populationSection, proofSection, signature].map(section => section(report))}</main></body></html>
`;
  return { before: first.text, after: rest.text };
}

function head({ words, period }: Report): Html {
  const title = words.page.title(words.day(period.since), words.day(period.until));
  return html`<!doctype html>
<html lang="${words.code}"><head><meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${POLICY}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="referrer" content="no-referrer"><meta name="robots" content="noindex">
<title>${title}</title>
<style>${constant(STYLE)}</style></head>`;
}

function opening(report: Report): Html {
  const { words, period, zone, archive, only, madeAt, version } = report;
  const { page } = words;
  return html`<h1>${page.heading}</h1>
<p>${page.intro(words.day(period.since), words.day(period.until), zone.name)}</p>
${verdict(report)}
<p class="soft">${page.archive} ${stranger([archive, ...only].join(' '))}. <span class="made">${page.made(moment(report, madeAt), version)}</span> ${page.protect}</p>
<nav aria-label="${page.contents}"><ul>${Object.entries(page.sections).map(
    ([id, name]) => html`<li><a href="#${id}">${name}</a></li>`,
  )}</ul></nav>`;
}

function figures(report: Report): Html {
  const { figures: names } = report.words;
  const { total, persons, definitions, signs, roles, rows, redacted } = report.findings;
  const all: (readonly [keyof typeof names, number, boolean])[] = [
    ['persons', persons.size, false],
    ['statements', total.events, false],
    ['definitions', definitions.total, false],
    ['roles', report.roleCount, false],
    ['bulk', bulkOf(report).length, true],
    ['outside', total.outside + total.weekend, false],
    ['failures', total.failed, false],
    ...(rows.sample.total === 0 ? [] : [['rows', rows.sample.total, false] as const]),
    ...(signs.alerts.total === 0 ? [] : [['alerts', signs.alerts.total, true] as const]),
    ['suspects', signs.suspects.total, true],
    ['unaudited', signs.unaudited.total, true],
    ['gaps', signs.gaps.total, true],
    ['unresolved', roles.notResolved.size, true],
    ['settings', signs.settings.total, true],
    ['redacted', redacted, false],
  ];
  return html`<ul class="figures">${all.map(
    ([name, value, isForLooking]) =>
      html`<li class="${isForLooking && value > 0 ? 'look' : 'plain'}"><b>${number(value)}</b>${names[name]}</li>`,
  )}</ul>`;
}
