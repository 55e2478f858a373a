/** Words of the sections on the audit trail itself, in Norwegian. */

import { html } from '../../../lib/html.js';
import { number } from '../../table.js';
import type { Trail } from '../en/trail.js';
import { changes, plural } from './forms.js';

export const trail: Trail = {
  suspects: {
    intro:
      'Poster som ligner pgAudits, og ikke er det: noen kan forfalske revisjonssporet, eller et program skriver slike tekster til loggen.',
    count: count => plural(count, 'mistenkelig post', 'mistenkelige poster'),
  },
  unaudited: {
    intro: html`Endringer av personer som tjeneren logget, og pgAudit ikke: revisjonen var slått av for dem, eller virket ikke. De finnes bare dersom tjeneren logger setninger (<code>log_statement</code>).`,
    count: changes,
  },
  gaps: {
    intro:
      'Deler av loggen som ikke kunne leses, eller poster eller setninger av sesjoner som ikke er i noen fil. Innholdet er ikke i arkivet.',
    count: count => plural(count, 'hull', 'hull'),
    session: 'sesjon',
    lines: (from, to) => `, linje ${from} til ${to}`,
    statements: (from, to) => `, setning ${from} til ${to} etter pgAudits nummer`,
    bytes: (count, file, offset) => html`${plural(count, 'byte', 'byte')} av ${file} fra byte ${offset}. `,
    between: (after, before) => `Mellom ${after ?? 'begynnelsen'} og ${before ?? 'slutten'} (UTC).`,
  },
  unresolved: {
    intro: html`Setningene deres er likevel i arkivet. <em>påstått</em>: bare klienten selv sier hvem det er. <em>foreldet</em>: kilden til identiteter var nede, så det siste svaret ble brukt.`,
    count: count => plural(count, 'innloggingsrolle', 'innloggingsroller'),
    status: { claimed: 'påstått', stale: 'foreldet', unresolved: 'ukjent', resolved: 'kjent' },
  },
  settings: {
    heading: 'Hva som ble revidert, og når',
    changes: 'Endringer av innstillinger for revisjonen',
    changeCount: changes,
    ofRole: 'for rollen',
    inDatabase: 'i databasen',
    notSet: '(ikke satt)',
    runs: 'Når tjenesten startet og stoppet',
    runCount: count => plural(count, 'start eller stopp', 'starter og stopper'),
    version: 'versjon',
    takenUp: 'tatt opp igjen fra arkivet, fordi tilstanden var tapt',
    newChain: reason => html`en ny kjede: ${reason ?? 'uten oppgitt grunn'}`,
  },
  population: {
    intro: html`Hvem som kunne logge inn, slik hver tjener sa det da, og om pgAudit logget alle endringene deres. <em>Ikke kjent</em>: ingen spurte tjeneren; tjenesten var nede, eller har ingen <code>database</code> konfigurert.`,
    noDay: 'Ikke kjent for noen dag.',
    caption: count => `Etter dag og database: ${number(count)}`,
    unknown: 'ikke kjent',
    nobody: 'ingen',
    nobodyBefore: 'ingen før',
    afterChange: ', etter en endring den dagen: ',
    range: (since, until) => `${since} til ${until}`,
    notAudited: 'Ikke revidert',
    stretches: count => plural(count, 'strekning', 'strekninger'),
    now: 'nå',
    cameAndWent: 'Hvem som kom og gikk',
    changeCount: changes,
    tooMany: 'Det er for mange roller til å sammenligne med dagen før.',
    mayTurnOff: 'Hvem som kunne slå av revisjonen',
    roleCount: count => plural(count, 'rolle', 'roller'),
    changes: {
      came: 'kan logge inn nå',
      left: 'kan ikke lenger logge inn',
      silent: 'ikke lenger revidert',
      audited: 'revidert igjen',
    },
  },
  proof: {
    intro:
      'Hver hendelse i arkivet navngir SHA-256 av hendelsen før; hvert objekt slutter med en forsegling som teller hendelsene og de delene av loggen som ble lest for dem. Alt dette er kontrollert fra periodens dager til det nyeste objektet.',
    verifyWords: 'Det som kommandoen verify selv sier, er på engelsk.',
    instance: (instance, node) => html`Instans ${instance}, node ${node}`,
    upToFault: 'frem til feilen',
    objects: 'Objekter',
    objectsFact: (objects, events) => `${objects}, ${plural(events, 'hendelse', 'hendelser')}`,
    events: 'Hendelser fra',
    eventsFact: (from, to) => `${from} til ${to} (UTC)`,
    log: 'Loggen bak dem',
    logFact: (files, bytes, read, shipped, dropped, rejected) =>
      `${plural(files, 'fil', 'filer')}, ${bytes} byte: ${plural(read, 'post', 'poster')} lest = ${shipped} levert + ${dropped} utelatt + ${rejected} avvist`,
    seals: 'Forseglinger',
    sealsFact: (total, signed, checked, anchored, witnessed, stamped) =>
      `${total}; ${signed} signert, ${checked} signaturer kontrollert og gode, ${anchored} som i Cloud Logging, ${witnessed} som hos vitnet, ${stamped} tidsstempler`,
    logFiles: 'Loggfiler',
    logFilesFact: (matched, files, missing, changed) =>
      `${matched} hendelser er som i ${plural(files, 'loggfil', 'loggfiler')}; for ${missing} er filen borte, for ${changed} ble den endret`,
    chain: 'Kjede',
    chainEvents: 'Dens hendelser',
    chainEventsFact: (first, last, begun) => `${first} til ${last}, ${begun}`,
    begunBefore: 'begynt før disse dagene',
    begun: reason => `begynt der, fordi: ${reason}`,
    lastHash: 'Hash av siste forsegling',
    lastObject: 'Dens siste objekt',
    noObject: 'ingen kan leses',
    warning: 'Advarsel:',
    times: count => `, ${count} ganger`,
    firstIn: object => html`; først i ${object}`,
    limits: 'Hva dette ikke beviser',
    check: 'Kontroller selv',
    repeat:
      'Med lesetilgang til arkivet gjentar dette kontrollen, og må navngi de samme siste hashene dersom ingenting er kommet til:',
    byHand:
      'Hashen av siste forsegling kan kontrolleres uten programmet vårt. Linjen er den siste i det siste objektet:',
  },
  sign: {
    intro: 'Jeg har lest rapporten og undersøkt det den viser.',
    rests: 'Konklusjonen hviler på disse forseglingene:',
    own: hash => html`SHA-256 av denne rapporten: ${hash}`,
    ownHow: command =>
      html`En fil kan ikke inneholde sin egen hash, så dette er hashen av siden med ingenting på den plassen. Filen er endret dersom dette skriver ut en annen: ${command}`,
    findings: 'Funn, og hva som ble gjort med dem',
    name: 'Navn',
    role: 'Rolle',
    date: 'Dato',
    signature: 'Signatur',
    second: 'Andre person: navn, dato',
  },
};
