/** A proof as a page, to read and print. */

import type { Proof } from '../../archive/prove/proof.js';
import { constant, type Html, html } from '../../lib/html.js';
import { parseJson } from '../../lib/json.js';

const STYLE = `
body { margin: 2rem auto; max-width: 50rem; padding: 0 1rem; font: 1rem/1.5 system-ui, sans-serif; overflow-wrap: anywhere; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .2rem 1.25rem; } dt { color: #59636e; } dd { margin: 0; }
pre { white-space: pre-wrap; background: #f4f6f8; padding: .6rem; font-size: .8rem; }
@media print { body { margin: 0; max-width: none; } }`;

export function renderProof(proof: Proof, howToCheck: string): string {
  const { line, seal, laterSeals, timestamp } = proof;
  const sealed = Object(parseJson(Buffer.from(seal)));
  return html`<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>Proof of one event</title><style>${constant(STYLE)}</style></head><body>
<h1>Proof of one event</h1>
${facts(Object(parseJson(Buffer.from(line))))}
<h2>What proves it</h2>
<p>The event is line ${proof.index + 1} of its segment. ${proof.path.length} hashes lead from it to the root in seal
${String(sealed.seq)}, which was written at ${String(sealed.time)} and ${signText(sealed.signature)}. ${stampText(laterSeals.length, timestamp)}</p>
<h2>The line</h2><pre>${line}</pre>
<h2>Its seal</h2><pre>${seal}</pre>
<h2>How to check it by hand</h2>
<p>With the proof's JSON file, the public key and the authority's certificates: <code>bash check-proof.sh proof.json
public.pem authority.pem</code>. This is check-proof.sh, which needs openssl, jq and coreutils:</p>
<pre>${howToCheck}</pre></body></html>`.text;
}

function signText(signature: unknown): string {
  return signature === undefined
    ? 'is not signed: only a time stamp, a witness or Cloud Logging can show that it was not made anew'
    : 'is signed: the public key shows by whom';
}

function stampText(seals: number, timestamp: string | undefined): string {
  if (timestamp === undefined) return 'There is no time stamp yet: make the proof again after the next one.';
  const which = seals === 0 ? 'it' : `the seal ${seals} after it, to which each names the one before it`;
  return `The time stamp is over ${which}.`;
}

/** What most readers want to know first. */
function facts(event: Record<string, unknown>): Html {
  const { id, kind, time, instance, database, actor, audit } = event;
  const { user, name, id: personId } = Object(actor);
  const { command, statement, parameters } = Object(audit);
  const rows: [string, unknown][] = [
    ['id', id],
    ['kind', kind],
    ['time', time],
    ['server', instance],
    ['database', database],
    ['login role', user],
    ['person', [personId, name].filter(Boolean).join(', ') || null],
    ['command', command],
    ['statement', statement],
    ['parameters', Array.isArray(parameters) && parameters.length > 0 ? JSON.stringify(parameters) : null],
  ];
  const known = rows.filter(([, value]) => value != null);
  return html`<dl>${known.map(([label, value]) => html`<dt>${label}</dt><dd>${String(value)}</dd>`)}</dl>`;
}
