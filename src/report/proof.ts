/** What `verify` proved, what it could not know, and how anybody can check it. */

import type { ChainResult, Failure, PartResult } from '../archive/verify/result.js';
import { type Html, html } from '../lib/html.js';
import { quoted, type Report, verdictOf } from './report.js';
import { number, plural, stranger } from './table.js';

/** The first element of the page. */
export function verdict(report: Report): Html {
  const { verified, reading } = report;
  const name = verdictOf(report);
  if (name === 'whole')
    return html`<div class="verdict"><strong>The archive is whole.</strong> Everything that the log of ${serversOf(report)} contained in this
period is in it, and ${proved(report)}</div>`;
  if (name === 'incomplete') return incomplete(report);
  return html`<div class="verdict broken" role="alert"><strong>The archive is broken. Do not rely on what follows.</strong>
${verified.parts.map(({ instance, node, failure }) => (failure === null ? null : broken(failure, `Instance ${instance}, node ${node}: `)))}
${verified.failure !== null && verified.parts.every(part => part.failure === null) ? broken(verified.failure, '') : null}
${reading.damages.map(({ object, what }) => html`<p>${stranger(object)}: ${what}.</p>`)}
<p>Find out what happened before anybody signs. What can still be read is shown below; it may be incomplete or forged.</p></div>`;
}

/** Intact, and what is missing with names and times. */
function incomplete(report: Report): Html {
  const missing = report.lacks;
  const shown = missing.slice(0, MOST_LACKS);
  return html`<div class="verdict incomplete" role="alert"><strong>The archive is incomplete.</strong> What is in it is intact:
${proved(report)} What is missing (times are UTC):
<ul>${shown.map(lack => html`<li>${stranger(lack)}</li>`)}</ul>${
    missing.length > shown.length
      ? html`<p>And ${number(missing.length - shown.length)} more, which <code>verify</code> names.</p>`
      : null
  }</div>`;
}

const MOST_LACKS = 50;

function serversOf({ verified }: Report): Html {
  const names = verified.instances.map(({ instance }) => instance);
  return html`${stranger(names.join(', '))}`;
}

function proved(report: Report): Html {
  const { warnings, instances } = report.verified;
  const unknown = instances.filter(({ isAuditKnown }) => !isAuditKnown);
  return html`everything below was read from events whose hash chain is
unbroken${hasGoodSignatures(report) ? ', and whose seals are signed with the given key' : ''}.
${unknown.length > 0 ? html`Whether every person was audited is <strong>not known</strong> for ${stranger(unknown.map(one => one.instance).join(', '))}: no database is configured, or it could not be read.` : null}
${warnings.length > 0 ? html`There are <a href="#proof">warnings</a>.` : null}`;
}

function broken({ object, line, seq, what, fits }: Failure, prefix: string): Html {
  const where = [line === null ? null : `line ${line}`, seq === null ? null : `event ${seq}`].filter(
    one => one !== null,
  );
  return html`<p>${prefix}${what}.${object === null ? null : html` ${stranger(object)}${where.length === 0 ? null : html`, ${where.join(', ')}`}.`}
This fits: ${fits}.</p>`;
}

function hasGoodSignatures({ verified }: Report): boolean {
  return (
    verified.parts.length > 0 &&
    verified.parts.every(({ seals }) => seals.total > 0 && seals.checked === seals.total)
  );
}

export function proofSection(report: Report): Html {
  const { warnings, limits, parts } = report.verified;
  return html`<section id="proof"><h2>What was verified</h2>
<p>Each event of the archive names the SHA-256 of the event before; each object ends with a seal that counts its events and
the bytes of the log that were read for them. All of this was checked from the days of the period to the newest object.</p>
${parts.map(part => partFacts(part, report))}
${warnings.map(
  ({ what, object, seq, times }) =>
    html`<p class="warn"><strong>Warning:</strong> ${what}${times > 1 ? `, ${number(times)} times` : ''}${
      object === null ? null : html`; first in ${stranger(object)}`
    }${seq === null ? null : `, event ${seq}`}.</p>`,
)}
${limits.length === 0 ? null : html`<h3>What this does not prove</h3><ul>${limits.map(limit => html`<li>${limit}</li>`)}</ul>`}
${howToCheck(report)}</section>`;
}

function partFacts(part: PartResult, { reading }: Report): Html {
  const { instance, node, objects, events, source, seals, from, to } = part;
  const { read, shipped, dropped, rejected } = source.records;
  const facts: [string, Html | string][] = [
    ['Objects', `${number(objects)}, ${plural(sum(events), 'event')}`],
    ['Events from', `${from ?? '–'} to ${to ?? '–'} (UTC)`],
    [
      'Log behind them',
      `${plural(source.files, 'file')}, ${number(source.bytes)} bytes: ${plural(read, 'record')} read = ${number(shipped)} shipped + ${number(sum(dropped))} dropped + ${number(sum(rejected))} rejected`,
    ],
    [
      'Seals',
      `${number(seals.total)}; ${number(seals.signed)} signed, ${number(seals.checked)} signatures checked and good, ${number(seals.anchored)} as in Cloud Logging`,
    ],
  ];
  return html`<h3>Instance ${stranger(instance)}, node ${stranger(node)}${part.failure === null ? null : html` <span class="mark">up to the fault</span>`}</h3>
<dl class="facts">${facts.map(([name, fact]) => html`<dt>${name}</dt><dd>${fact}</dd>`)}</dl>
${part.chains.map(chain => chainFacts(chain, reading.newest.get(chain.chain) ?? null))}`;
}

function chainFacts(
  { chain, firstSeq, lastSeq, lastHash, reason }: ChainResult,
  newest: string | null,
): Html {
  const begun = reason === null ? 'begun before these days' : `begun there, because: ${reason}`;
  return html`<dl class="facts"><dt>Chain</dt><dd><code>${chain}</code></dd>
<dt>Its events</dt><dd>${number(firstSeq)} to ${number(lastSeq)}, ${begun}</dd>
<dt>Hash of its last seal</dt><dd><code>${lastHash}</code></dd>
<dt>Its last object</dt><dd>${newest === null ? 'none is readable' : html`<code>${stranger(newest)}</code>`}</dd></dl>`;
}

function howToCheck({ archive, verifyCommand, reading }: Report): Html {
  const [newest = '…'] = [...reading.newest.values()].slice(-1);
  const isCloud = archive.startsWith('gs://');
  const object = isCloud
    ? `${archive.split('/').slice(0, 3).join('/')}/${newest}`
    : `${archive.replace(/^file:/, '').replace(/\/$/, '')}/${newest}`;
  const read = isCloud
    ? `gcloud storage cat ${quoted(object)} | gunzip`
    : `gunzip --stdout ${quoted(object)}`;
  return html`<h3>Check it yourself</h3>
<p>With read access to the archive, this repeats the verification, and must name the same last hashes if nothing was added:</p>
<pre>${verifyCommand}</pre>
<p>The hash of the last seal can be checked without our program. Its line is the last one of the last object:</p>
<pre>${read} | tail -n 1 | tr -d '\\n' | sha256sum</pre>
<p>Keep this page's own SHA-256 with the signed copy: <code>sha256sum</code> of the file. <code>report</code> printed it.</p>`;
}

function sum(counts: Readonly<Record<string, number>>): number {
  return Object.values(counts).reduce((total, count) => total + count, 0);
}
