/** Words of the sections on the audit trail itself, in English. */

import { type Html, html } from '../../../lib/html.js';
import { number } from '../../table.js';
import { plural } from './forms.js';

export const trail = {
  suspects: {
    intro:
      "Records that look like pgAudit's and are not: somebody may be forging the audit trail, or a program writes such texts into the log.",
    count: (count: number): string => plural(count, 'suspect'),
  },
  unaudited: {
    intro: html`Changes by persons that the server logged and pgAudit did not: it was turned off for them, or did not work. They are found only if the server logs statements (<code>log_statement</code>).`,
    count: (count: number): string => plural(count, 'change'),
  },
  gaps: {
    intro:
      'Parts of the log that could not be read, or records or statements of sessions that are in no file. Their content is not in the archive.',
    count: (count: number): string => plural(count, 'gap'),
    session: 'session',
    lines: (from: number, to: number): string => `, lines ${from} to ${to}`,
    statements: (from: number, to: number): string => `, statements by pgAudit's numbers ${from} to ${to}`,
    bytes: (count: number, file: Html, offset: number): Html =>
      html`${plural(count, 'byte')} of ${file} from byte ${offset}. `,
    between: (after: string | null, before: string | null): string =>
      `Between ${after ?? 'the beginning'} and ${before ?? 'the end'} (UTC).`,
  },
  unresolved: {
    intro: html`Their statements are in the archive nevertheless. <em>claimed</em>: only the client itself says who it is. <em>stale</em>: the source of identities was down, so its last answer was used.`,
    count: (count: number): string => plural(count, 'login role'),
    status: {
      claimed: 'claimed',
      stale: 'stale',
      unresolved: 'unresolved',
      resolved: 'resolved',
    } as Readonly<Record<string, string>>,
  },
  settings: {
    heading: 'What was audited, and when',
    changes: 'Changes of the audit settings',
    changeCount: (count: number): string => plural(count, 'change'),
    ofRole: 'of role',
    inDatabase: 'in database',
    notSet: '(not set)',
    runs: 'Starts and stops of the shipper',
    runCount: (count: number): string => plural(count, 'start or stop'),
    version: 'version',
    takenUp: 'taken up from the archive, since the state was lost',
    newChain: (reason: Html | null): Html => html`a new chain: ${reason ?? 'no reason given'}`,
  },
  population: {
    intro: html`Who could log in, as each server said at that time, and whether pgAudit logged all of their changes. <em>Not known</em>: nobody asked the server; the shipper was down, or has no <code>database</code> configured.`,
    noDay: 'Not known for any day.',
    caption: (count: number): string => `By day and database: ${number(count)}`,
    unknown: 'not known',
    nobody: 'nobody',
    nobodyBefore: 'nobody before',
    afterChange: ', after a change on that day: ',
    range: (since: string, until: string): string => `${since} to ${until}`,
    notAudited: 'Not audited',
    stretches: (count: number): string => (count === 1 ? '1 stretch' : `${number(count)} stretches`),
    now: 'now',
    cameAndWent: 'Who came and went',
    changeCount: (count: number): string => plural(count, 'change'),
    tooMany: 'There are too many roles to compare each population with the one before.',
    mayTurnOff: 'Who could turn auditing off',
    roleCount: (count: number): string => plural(count, 'role'),
    changes: {
      came: 'can log in now',
      left: 'can no longer log in',
      silent: 'no longer audited',
      audited: 'audited again',
    },
  },
  proof: {
    intro:
      'Each event of the archive names the SHA-256 of the event before; each object ends with a seal that counts its events and the bytes of the log that were read for them. All of this was checked from the days of the period to the newest object.',
    /** What `verify` says is in English in every language. */
    verifyWords: '',
    instance: (instance: Html, node: Html): Html => html`Instance ${instance}, node ${node}`,
    upToFault: 'up to the fault',
    objects: 'Objects',
    objectsFact: (objects: string, events: number): string => `${objects}, ${plural(events, 'event')}`,
    events: 'Events from',
    eventsFact: (from: string, to: string): string => `${from} to ${to} (UTC)`,
    log: 'Log behind them',
    logFact: (
      files: number,
      bytes: string,
      read: number,
      shipped: string,
      dropped: string,
      rejected: string,
    ): string =>
      `${plural(files, 'file')}, ${bytes} bytes: ${plural(read, 'record')} read = ${shipped} shipped + ${dropped} dropped + ${rejected} rejected`,
    seals: 'Seals',
    sealsFact: (
      total: string,
      signed: string,
      checked: string,
      anchored: string,
      witnessed: string,
      stamped: string,
    ): string =>
      `${total}; ${signed} signed, ${checked} signatures checked and good, ${anchored} as in Cloud Logging, ${witnessed} as at the witness, ${stamped} time stamps`,
    logFiles: 'Log files',
    logFilesFact: (matched: string, files: number, missing: string, changed: string): string =>
      `${matched} events are as in ${plural(files, 'log file')}; of ${missing} the file is gone, of ${changed} it was changed`,
    chain: 'Chain',
    chainEvents: 'Its events',
    chainEventsFact: (first: string, last: string, begun: string): string => `${first} to ${last}, ${begun}`,
    begunBefore: 'begun before these days',
    begun: (reason: string): string => `begun there, because: ${reason}`,
    lastHash: 'Hash of its last seal',
    lastObject: 'Its last object',
    noObject: 'none is readable',
    warning: 'Warning:',
    times: (count: string): string => `, ${count} times`,
    firstIn: (object: Html): Html => html`; first in ${object}`,
    limits: 'What this does not prove',
    check: 'Check it yourself',
    repeat:
      'With read access to the archive, this repeats the verification, and must name the same last hashes if nothing was added:',
    byHand:
      'The hash of the last seal can be checked without our program. Its line is the last one of the last object:',
  },
  sign: {
    intro: 'I have read this report and investigated what it shows.',
    rests: 'The verdict rests on these seals:',
    own: (hash: Html): Html => html`SHA-256 of this report: ${hash}`,
    ownHow: (command: Html): Html =>
      html`A file cannot hold its own hash, so this is the hash of the page with nothing in that place. The file was changed if this prints another one: ${command}`,
    findings: 'Findings, and what was done about them',
    name: 'Name',
    role: 'Role',
    date: 'Date',
    signature: 'Signature',
    second: 'Second person: name, date',
  },
};

export type Trail = typeof trail;
