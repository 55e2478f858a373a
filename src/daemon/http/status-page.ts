/** The status page: everything that somebody needs who was just woken up. */

import { hash } from 'node:crypto';
import { constant, type Html, html } from '../../lib/html.js';
import { barPlot } from '../../lib/plot.js';
import type { Minute, ProblemSample, SinkSample, StatusSample, StatusSubject } from './sample.js';
import { SCRIPT, STYLE } from './status-style.js';

export const STATUS_POLICY = [
  "default-src 'none'",
  `style-src '${digest(STYLE)}'`,
  `script-src '${digest(SCRIPT)}'`,
  "connect-src 'self'",
  'img-src data:',
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

function digest(text: string): string {
  return `sha256-${hash('sha256', text, 'base64')}`;
}

/** Minutes that the plots show. */
export const MINUTES = 60;

export function renderStatus(
  subject: StatusSubject,
  sample: StatusSample | null,
  ring: readonly Minute[],
): string {
  const { instance, node, version } = subject;
  const page = html`<!doctype html>
<html lang="en"><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<link rel="icon" href="data:,"><title>${mark(sample)} ${instance}: pgaudit-shipper</title>
<style>${constant(STYLE)}</style>
<noscript><meta http-equiv="refresh" content="10"></noscript></head>
<body><header><h1>${instance}</h1><p>node ${node}, pgaudit-shipper ${version}</p></header>
<p id="live" role="status"></p>
<main>${sample === null ? html`<p class="verdict bad"><strong>Starting.</strong> <a href="/internal/isready">isready</a> says what the daemon is waiting for.</p>` : content(sample, ring)}</main>
<script>${constant(SCRIPT)}</script></body></html>
`;
  return page.text;
}

/** Visible in the title of a tab. */
function mark(sample: StatusSample | null): string {
  if (sample === null || sample.problems.some(({ hinders }) => hinders)) return '✗';
  return sample.problems.length === 0 ? '✓' : '!';
}

function content(sample: StatusSample, ring: readonly Minute[]): Html {
  const { now, uptime, problems } = sample;
  return html`${verdict(problems, Object.values(sample.sinks).some(isSlow))}
<div class="cards">${[sourceCard(sample), journalCard(sample), sealCard(sample)]}${sinkCard('Cloud Logging', sample.sinks.logging)}${sinkCard('Archive', sample.sinks.archive)}${sample.sinks.witness === undefined ? null : sinkCard('Witness', sample.sinks.witness)}${sample.sinks.siem === undefined ? null : sinkCard('SIEM', sample.sinks.siem)}</div>
${lagPlot('logging', 'Cloud Logging', sample, ring)}${lagPlot('archive', 'Archive', sample, ring)}
<h2>Since the start</h2>${counts(sample)}
<p class="soft">Up for ${duration(uptime / 1000)}. As of ${time(now)} UTC. The same for programs: <a href="/internal/status.json">status.json</a>,
<a href="/internal/prometheus">prometheus</a>.</p>`;
}

function verdict(problems: readonly ProblemSample[], isBehind: boolean): Html {
  if (problems.length === 0)
    return html`<p class="verdict good"><strong>Ready.</strong> ${isBehind ? 'Deliveries are behind: see below.' : 'Everything works.'}</p>`;
  const isReady = !problems.some(({ hinders }) => hinders);
  // Only what fails to arrive is still in the journal; other problems lose evidence.
  const isKept = !isReady || problems.every(({ code }) => code === 'delivery-failing');
  const kept = html`Nothing is lost in the meantime: what was read is in the journal, and what was not yet read stays in the log
files, as long as these are kept.`;
  return html`<div class="verdict bad"><strong>${isReady ? 'Running, with problems.' : 'Not ready.'}</strong><ul>${problems.map(problemItem)}</ul>
<p><code>pgaudit-shipper check --config …</code> on this machine says more, and how to fix the problem. ${isKept ? kept : 'What is not audited or not logged in the meantime is missing in every archive.'}</p></div>`;
}

function problemItem({ part, code, what, fix, since }: ProblemSample): Html {
  return html`<li><b>${part}</b>: ${what}: ${fix} <span class="soft">(<code>${code}</code> since ${since.slice(0, 19).replace('T', ' ')} UTC)</span></li>`;
}

function card(name: string, state: 'good' | 'slow' | 'bad', word: string, facts: readonly string[]): Html {
  return html`<section class="card ${state}"><h2>${name}</h2><p class="state">${word}</p>${facts.map(fact => html`<p>${fact}</p>`)}</section>`;
}

function hasProblem({ problems }: StatusSample, part: string): boolean {
  return problems.some(problem => problem.part === part || problem.part.startsWith(`${part} `));
}

function sourceCard(sample: StatusSample): Html {
  const { files, bytes } = sample.source;
  const isBad = hasProblem(sample, 'source');
  const word = isBad ? 'cannot be read' : 'read';
  return card('Source', isBad ? 'bad' : 'good', word, [
    `${files} files found, ${size(bytes)} read since the start`,
    ...sample.sources.map(
      ({ instance, unread, isRead }) =>
        `${instance}: ${isRead ? `${size(unread)} not read yet` : 'cannot be read'}`,
    ),
  ]);
}

function journalCard(sample: StatusSample): Html {
  const { chain, lastSeq, bytes, maxBytes } = sample.journal;
  const isBad = hasProblem(sample, 'journal');
  return card('Journal', isBad ? 'bad' : 'good', isBad ? 'waits' : 'written', [
    `chain ${chain}, event ${lastSeq}`,
    `${size(bytes)} of at most ${size(maxBytes)}`,
  ]);
}

function sealCard({ seal }: StatusSample): Html {
  if (seal === null) return card('Last seal', 'slow', 'none yet', []);
  return html`<section class="card good"><h2>Last seal</h2><p class="state">${time(seal.at)} UTC</p>
<p>event ${seal.lastSeq}, SHA-256</p><p><code>${seal.hash}</code></p></section>`;
}

/** Being far behind the usual delay deserves attention; being very far behind needs somebody to act. */
function sinkCard(name: string, sink: SinkSample): Html {
  const { events, bytes, seconds, usualSeconds, to } = sink;
  const isBad = seconds > 10 * usualSeconds;
  const word = events === 0 ? 'everything is delivered' : `${duration(seconds)} behind`;
  const waiting = `${events} events (${size(bytes)}) wait`;
  const advice = isSlow(sink)
    ? ['Deliveries fail or are slow: see the log lines with the code delivery-failed. Nothing is lost.']
    : [];
  return card(name, isBad ? 'bad' : isSlow(sink) ? 'slow' : 'good', word, [to, waiting, ...advice]);
}

function isSlow({ seconds, usualSeconds }: SinkSample): boolean {
  return seconds > usualSeconds;
}

function lagPlot(
  sink: 'logging' | 'archive',
  name: string,
  { uptime, sinks }: StatusSample,
  ring: readonly Minute[],
): Html {
  const current = Math.floor(uptime / 60_000);
  const byMinute = new Map(ring.map(one => [one.minute, one[sink]]));
  const bars = Array.from({ length: MINUTES }, (_, index) => {
    const ago = MINUTES - 1 - index;
    return { label: ago === 0 ? 'now' : `${ago} min ago`, values: [byMinute.get(current - ago) ?? 0] };
  });
  const most = Math.max(0, ...ring.map(one => one[sink]));
  return barPlot({
    id: `lag-${sink}`,
    title: `${name}: lag in the last hour`,
    description: `Now ${duration(sinks[sink].seconds)}, at most ${duration(most)}.`,
    series: [{ name: 'lag', className: 'lag' }],
    bars,
    format: duration,
    scaleFor: highest => SCALES.find(scale => scale >= highest) ?? Math.ceil(highest / DAY) * DAY,
  });
}

function counts({ records, identities, unknownUsers, suspects, gaps, rejectedEntries }: StatusSample): Html {
  const rows: [string, number, boolean][] = [
    ...records.map(({ outcome, reason, count }): [string, number, boolean] => [
      `records ${outcome}: ${reason}`,
      count,
      outcome === 'rejected',
    ]),
    ...Object.entries(identities).map(([status, count]): [string, number, boolean] => [
      `persons ${status}`,
      count,
      status === 'unresolved',
    ]),
    ['users matched by neither list of the filter', unknownUsers, true],
    ['suspects', suspects, true],
    ['gaps', gaps, true],
    ['entries that Cloud Logging will never accept', rejectedEntries, true],
  ];
  return html`<table><thead><tr><th scope="col">What</th><th scope="col" class="number">Count</th></tr></thead><tbody>${rows.map(
    ([name, count, isForLooking]) =>
      html`<tr class="${isForLooking && count > 0 ? 'look' : 'plain'}"><td>${name}</td><td class="number">${grouped(count)}</td></tr>`,
  )}</tbody></table>`;
}

/** `12 345` */
function grouped(value: number): string {
  return String(value).replace(/\B(?=(\d{3})+$)/g, '\u202f');
}

function time(at: number): string {
  return new Date(at).toISOString().slice(0, 19).replace('T', ' ');
}

const DAY = 86_400;
/** Seconds at which a scale may end: half of each is a whole number, too. */
const SCALES = [2, 10, 60, 120, 600, 1200, 3600, 7200, 21_600, 43_200, DAY];

const STEPS: readonly [number, string][] = [
  [DAY, 'd'],
  [3600, 'h'],
  [60, 'min'],
];

/** `1.5 h` */
function duration(seconds: number): string {
  const [length, unit] = STEPS.find(([from]) => seconds >= from) ?? [1, 's'];
  const value = seconds / length;
  return `${value >= 10 || Number.isInteger(value) ? Math.round(value) : value.toFixed(1)} ${unit}`;
}

const UNITS = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];

function size(bytes: number): string {
  const power = Math.min(Math.floor(Math.log2(Math.max(bytes, 1)) / 10), UNITS.length - 1);
  return `${(bytes / 1024 ** power).toFixed(power === 0 ? 0 : 1)} ${UNITS[power]}`;
}
