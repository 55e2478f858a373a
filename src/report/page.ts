/**
 * The page: one file that needs no other, runs no script, and can be printed and signed.
 *
 * This folder makes the page from events and a verdict that it is given: it reads nothing itself, and every text is made harmless.
 * Imports `event/`, `lib/`, and types of `archive/`.
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
import { moment } from './parts.js';
import { populationSection } from './population-section.js';
import { proofSection, verdict } from './proof.js';
import { type Report, verdictOf } from './report.js';
import { STYLE } from './style.js';
import { number, stranger } from './table.js';

/** Nothing is fetched, run or sent; only this one style sheet is allowed. */
const POLICY = `default-src 'none'; style-src 'sha256-${hash('sha256', STYLE, 'base64')}'; base-uri 'none'; form-action 'none'`;

const CONTENTS: Readonly<Record<string, string>> = {
  population: 'Population',
  days: 'By day',
  persons: 'By person',
  objects: 'By object',
  bulk: 'Bulk changes',
  ddl: 'Definitions and rights',
  redacted: 'Redacted statements',
  outside: 'Outside working hours',
  writes: 'Sample of writes',
  failures: 'Failures',
  suspects: 'Suspects',
  unaudited: 'Unaudited changes',
  gaps: 'Gaps',
  unresolved: 'Unresolved persons',
  settings: 'Audit settings',
  proof: 'What was verified',
  sign: 'Signature',
};

export function renderPage(report: Report): string {
  const { period } = report;
  const page = html`<!doctype html>
<html lang="en"><head><meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${POLICY}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="referrer" content="no-referrer"><meta name="robots" content="noindex">
<title>Review of direct changes, ${period.since} to ${period.until}</title>
<style>${constant(STYLE)}</style></head>
<body><header><h1>Review of direct changes in the database</h1>
<p>What persons changed in PostgreSQL outside the applications, ${period.since} to ${period.until}, for the periodic review that the
Norwegian rules for state finance (point 4.3.6) require.</p>
${verdict(report)}${facts(report)}
<p class="soft">This page contains names and SQL. Protect it as you protect the archive.</p>
<nav aria-label="Contents"><ul>${Object.entries(CONTENTS).map(
    ([id, name]) => html`<li><a href="#${id}">${name}</a></li>`,
  )}</ul></nav></header>
<main>${figures(report)}
${[populationSection, daySection, personSection, objectSection, bulkSection, definitionSection, redactedSection, outsideSection, writeSection].map(section => section(report))}
${[failureSection, suspectSection, unauditedSection, gapSection, unknownSection, settingsSection, proofSection].map(section => section(report))}
${signature()}</main></body></html>
`;
  return page.text;
}

function facts(report: Report): Html {
  const { archive, period, zone, hours, verified, madeAt, version } = report;
  const places = verified.parts.map(({ instance, node }) => html`${stranger(instance)} / ${stranger(node)}`);
  const chains = verified.parts.flatMap(part => part.chains);
  const rows: [string, Html | Html[] | string][] = [
    ['Period', `${period.since} to ${period.until}, both included, ${zone.name}`],
    [
      'Instance / node',
      places.length === 0 ? 'none' : places.map((place, index) => html`${index > 0 ? ', ' : ''}${place}`),
    ],
    ['Archive', stranger(archive)],
    ['Chains', chains.map(({ chain }, index) => html`${index > 0 ? ', ' : ''}<code>${chain}</code>`)],
    [
      verdictOf(report) === 'broken' ? 'Last good hash' : 'Last seal',
      chains.map(({ lastHash }) => html`<code>${lastHash}</code> `),
    ],
    ['Working hours', `${hours}, Monday to Friday`],
    ['Made', html`${moment(zone, madeAt)} by pgaudit-shipper ${version}`],
  ];
  return html`<dl class="facts">${rows.map(([name, fact]) => html`<dt>${name}</dt><dd>${fact}</dd>`)}</dl>`;
}

function figures(report: Report): Html {
  const { total, persons, definitions, suspects, unaudited, gaps, notResolved, settings, redacted } =
    report.findings;
  const all: [string, number, boolean][] = [
    ['persons', persons.size, false],
    ['statements', total.events, false],
    ['DDL and roles', definitions.total, false],
    ['bulk changes', bulkOf(report).length, true],
    ['outside hours', total.outside + total.weekend, false],
    ['failures', total.failed, false],
    ['suspects', suspects.total, true],
    ['unaudited changes', unaudited.total, true],
    ['gaps', gaps.total, true],
    ['roles not resolved', notResolved.size, true],
    ['audit settings changed', settings.total, true],
    ['secrets redacted', redacted, false],
  ];
  return html`<ul class="figures">${all.map(
    ([name, value, isForLooking]) =>
      html`<li class="${isForLooking && value > 0 ? 'look' : 'plain'}"><b>${number(value)}</b>${name}</li>`,
  )}</ul>`;
}

function signature(): Html {
  return html`<section id="sign"><h2>Review</h2>
<p>I have read this report and investigated what it shows.</p>
<div class="sign"><div class="wide tall">Findings, and what was done about them</div>
<div>Name</div><div>Role</div><div>Date</div><div>Signature</div>
<div>Second person: name, date</div><div>Signature</div></div></section>`;
}
