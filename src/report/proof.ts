/** What `verify` proved, what it could not know, and how anybody can check it. */

import type { ChainResult, Failure, PartResult } from '../archive/verify/result.js';
import { type Html, html, type Part } from '../lib/html.js';
import { separated } from './parts.js';
import { quoted, type Report, verdictOf } from './report.js';
import { number, stranger } from './table.js';

const MOST_LACKS = 10;

/** The first element of the page. */
export function verdict(report: Report): Html {
  const { verified, reading, words } = report;
  const { broken, investigate, whole } = words.verdict;
  const name = verdictOf(report);
  if (name === 'whole')
    return html`<div class="verdict">${whole(serversOf(report), proved(report))} ${covered(report)}</div>`;
  if (name === 'incomplete') return incomplete(report);
  return html`<div class="verdict broken" role="alert">${broken}
${verified.parts.map(({ instance, node, failure }) =>
  failure === null ? null : fault(report, failure, words.verdict.place(stranger(instance), stranger(node))),
)}
${verified.failure !== null && verified.parts.every(part => part.failure === null) ? fault(report, verified.failure, null) : null}
${reading.damages.map(({ object, what }) => html`<p>${stranger(object)}: ${what}.</p>`)}
<p>${investigate}</p></div>`;
}

/** Intact, and what is missing with names and times. */
function incomplete(report: Report): Html {
  const { words, lacks: missing } = report;
  const shown = missing.slice(0, MOST_LACKS);
  const more = missing.length - shown.length;
  return html`<div class="verdict incomplete" role="alert">${words.verdict.incomplete(proved(report))}
<ul lang="en">${shown.map(lack => html`<li>${stranger(lack)}</li>`)}</ul>${
    more > 0 ? html`<p>${words.verdict.more(number(more))}</p>` : null
  }<p>${covered(report)}</p></div>`;
}

function serversOf({ verified }: Report): Html {
  return stranger(verified.instances.map(({ instance }) => instance).join(', '));
}

/** At most this many servers are named in the verdict; the others are in the section on the proof. */
const MOST_SERVERS = 10;

function covered({ verified, words, zone }: Report): Part {
  const named = verified.instances.slice(0, MOST_SERVERS).map(({ instance, coveredUntil }) => {
    const until = coveredUntil === null ? null : words.moment(zone.text(Date.parse(coveredUntil)));
    return words.verdict.coveredUntil(stranger(instance), until);
  });
  const more = verified.instances.length - named.length;
  return [separated(named, ' '), more > 0 ? ` (${words.more(number(more))})` : null];
}

function proved(report: Report): Html {
  const { warnings, instances } = report.verified;
  const { proved: say, unknownAudit, warnings: thereAre } = report.words.verdict;
  const unknown = instances.filter(({ isAuditKnown }) => !isAuditKnown);
  const servers = stranger(unknown.map(one => one.instance).join(', '));
  return html`${say(hasGoodSignatures(report))}
${unknown.length > 0 ? unknownAudit(servers) : null}
${warnings.length > 0 ? thereAre : null}`;
}

function fault({ words }: Report, { object, line, seq, what, fits }: Failure, prefix: Part): Html {
  const { line: atLine, event, fits: thisFits } = words.verdict;
  const where = [line === null ? null : atLine(line), seq === null ? null : event(seq)].filter(
    one => one !== null,
  );
  return html`<p>${prefix}${english(what)}.${object === null ? null : html` ${stranger(object)}${where.length === 0 ? null : html`, ${where.join(', ')}`}.`}
${thisFits} ${english(fits)}.</p>`;
}

/** What `verify` says is in English. */
function english(text: string): Html {
  return html`<span lang="en">${text}</span>`;
}

function hasGoodSignatures({ verified }: Report): boolean {
  return (
    verified.parts.length > 0 &&
    verified.parts.every(({ seals }) => seals.total > 0 && seals.checked === seals.total)
  );
}

export function proofSection(report: Report): Html {
  const { warnings, limits, parts } = report.verified;
  const { proof, page } = report.words;
  return html`<section id="proof"><h2>${page.sections.proof}</h2>
<p>${proof.intro} ${proof.verifyWords}</p>
${parts.map(part => partFacts(part, report))}
${warnings.map(
  ({ what, object, seq, times }) =>
    html`<p class="warn"><strong>${proof.warning}</strong> ${english(what)}${times > 1 ? proof.times(number(times)) : ''}${
      object === null ? null : proof.firstIn(stranger(object))
    }${seq === null ? null : `, ${report.words.verdict.event(seq)}`}.</p>`,
)}
${limits.length === 0 ? null : html`<h3>${proof.limits}</h3><ul lang="en">${limits.map(limit => html`<li>${limit}</li>`)}</ul>`}
${howToCheck(report)}</section>`;
}

function partFacts(part: PartResult, report: Report): Html {
  const { proof } = report.words;
  const { instance, node, objects, events, source, seals, from, to, logFiles } = part;
  const { read, shipped, dropped, rejected } = source.records;
  const n = number;
  const bytes = [source.files, n(source.bytes), read, n(shipped), n(sum(dropped)), n(sum(rejected))] as const;
  const { total, signed, checked, anchored, witnessed, stamped } = seals;
  const facts: [string, string][] = [
    [proof.objects, proof.objectsFact(n(objects), sum(events))],
    [proof.events, proof.eventsFact(from ?? '–', to ?? '–')],
    [proof.log, proof.logFact(...bytes)],
    [proof.seals, proof.sealsFact(n(total), n(signed), n(checked), n(anchored), n(witnessed), n(stamped))],
  ];
  if (logFiles !== null) {
    const { matched, files, missing, changed } = logFiles;
    facts.push([proof.logFiles, proof.logFilesFact(n(matched), files, n(missing), n(changed))]);
  }
  const upTo = part.failure === null ? null : html` <span class="mark">${proof.upToFault}</span>`;
  return html`<h3>${proof.instance(stranger(instance), stranger(node))}${upTo}</h3>
<dl class="facts">${facts.map(([name, fact]) => html`<dt>${name}</dt><dd>${fact}</dd>`)}</dl>
${part.chains.map(chain => chainFacts(chain, report))}`;
}

function chainFacts(
  { chain, firstSeq, lastSeq, lastHash, reason }: ChainResult,
  { words, reading }: Report,
): Html {
  const { proof } = words;
  const newest = reading.newest.get(chain) ?? null;
  const begun = reason === null ? proof.begunBefore : proof.begun(reason);
  return html`<dl class="facts"><dt>${proof.chain}</dt><dd><code>${chain}</code></dd>
<dt>${proof.chainEvents}</dt><dd>${proof.chainEventsFact(number(firstSeq), number(lastSeq), begun)}</dd>
<dt>${proof.lastHash}</dt><dd><code>${lastHash}</code></dd>
<dt>${proof.lastObject}</dt><dd>${newest === null ? proof.noObject : html`<code>${stranger(newest)}</code>`}</dd></dl>`;
}

function howToCheck({ archive, verifyCommand, reading, words }: Report): Html {
  const [newest = '…'] = [...reading.newest.values()].slice(-1);
  const isCloud = archive.startsWith('gs://');
  const object = isCloud
    ? `${archive.split('/').slice(0, 3).join('/')}/${newest}`
    : `${archive.replace(/^file:/, '').replace(/\/$/, '')}/${newest}`;
  const read = isCloud
    ? `gcloud storage cat ${quoted(object)} | gunzip`
    : `gunzip --stdout ${quoted(object)}`;
  return html`<h3>${words.proof.check}</h3>
<p>${words.proof.repeat}</p>
<pre>${verifyCommand}</pre>
<p>${words.proof.byHand}</p>
<pre>${read} | tail -n 1 | tr -d '\\n' | sha256sum</pre>`;
}

function sum(counts: Readonly<Record<string, number>>): number {
  return Object.values(counts).reduce((total, count) => total + count, 0);
}
