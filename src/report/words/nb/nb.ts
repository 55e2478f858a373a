/** All words of the page in Norwegian (bokmål). */

import { html } from '../../../lib/html.js';
import { number } from '../../table.js';
import type { Words } from '../en/en.js';
import { changes, day, MANY_STEPS, MONTHS, plural, STEPS, statements } from './forms.js';
import { trail } from './trail.js';

export const nb: Words = {
  ...trail,
  code: 'nb',
  day,
  month: iso => `${MONTHS[Number(iso.slice(5, 7)) - 1] ?? ''} ${iso.slice(0, 4)}`,
  week: monday => `uken fra ${day(monday)}`,
  moment: text => `${day(text.slice(0, 10))} kl. ${text.slice(11)}`,
  weekdays: ['man', 'tir', 'ons', 'tor', 'fre', 'lør', 'søn'],
  none: 'Ingen.',
  nobody: 'Ingen, så langt det er kjent.',
  unknownObject: '(ukjent)',
  more: count => `og ${count} til`,

  page: {
    title: (since, until) => `Gjennomgang av direkte endringer, ${since} til ${until}`,
    heading: 'Gjennomgang av direkte endringer i databasen',
    intro: (since, until, zone) =>
      `Hva personer endret i PostgreSQL utenom applikasjonene, ${since} til ${until} (begge dager medregnet, ${zone}), til den jevnlige gjennomgangen som bestemmelser om økonomistyring i staten (punkt 4.3.6) krever.`,
    archive: 'Arkiv:',
    made: (when, version) => html`Laget ${when} av pgaudit-shipper ${version}.`,
    protect: 'Denne siden inneholder navn og SQL. Beskytt den slik som arkivet.',
    contents: 'Innhold',
    sections: {
      plots: 'Figurer',
      look: 'Se på dette',
      days: 'Dag for dag',
      persons: 'Person for person',
      objects: 'Objekter',
      bulk: 'Masseendringer',
      roles: 'Roller og rettigheter',
      ddl: 'Definisjoner',
      redacted: 'Sladdede setninger',
      outside: 'Utenfor arbeidstid',
      writes: 'Utvalg av skrivinger',
      rows: 'Endrede rader',
      failures: 'Feil',
      suspects: 'Mistenkelige poster',
      unaudited: 'Endringer uten revisjonsspor',
      gaps: 'Hull',
      unresolved: 'Ukjente personer',
      settings: 'Innstillinger for revisjonen',
      population: 'Hvem som kunne logge inn',
      proof: 'Hva som ble kontrollert',
      sign: 'Gjennomgang',
    },
  },

  figures: {
    persons: 'personer',
    statements: 'setninger',
    definitions: 'DDL',
    roles: 'roller og rettigheter',
    bulk: 'masseendringer',
    outside: 'utenfor arbeidstid',
    failures: 'feil',
    rows: 'endrede rader',
    alerts: 'varsler',
    suspects: 'mistenkelige poster',
    unaudited: 'uten revisjonsspor',
    gaps: 'hull',
    unresolved: 'roller uten kjent person',
    settings: 'endrede innstillinger',
    redacted: 'sladdede hemmeligheter',
  },

  verdict: {
    whole: (servers, proved) =>
      html`<strong>Arkivet er helt.</strong> Alt som loggen til ${servers} inneholdt i perioden, er med, og ${proved}`,
    incomplete: proved =>
      html`<strong>Arkivet er ufullstendig.</strong> Det som er med, er uendret: ${proved} Dette mangler (tider i UTC, ordene er fra <code>verify</code>):`,
    more: count => html`Og ${count} til, som <code>verify</code> navngir.`,
    broken: html`<strong>Arkivet er brutt. Stol ikke på det som følger.</strong>`,
    investigate:
      'Finn ut hva som har skjedd, før noen signerer. Det som fortsatt kan leses, vises nedenfor; det kan være ufullstendig eller forfalsket.',
    place: (instance, node) => html`Instans ${instance}, node ${node}: `,
    line: at => `linje ${at}`,
    event: seq => `hendelse ${seq}`,
    fits: 'Dette passer med:',
    proved: isSigned =>
      `alt nedenfor er lest fra hendelser med ubrutt hashkjede${isSigned ? ', der forseglingene er signert med den oppgitte nøkkelen' : ''}.`,
    coveredUntil: (instance, until) =>
      until === null
        ? html`Av ${instance} er ingenting dekket.`
        : html`Loggen til ${instance} er dekket til ${until}.`,
    unknownAudit: servers =>
      html`Om alle personer ble revidert, er <strong>ikke kjent</strong> for ${servers}: ingen database er konfigurert, eller den kunne ikke leses.`,
    warnings: html`Det finnes <a href="#proof">advarsler</a>.`,
  },

  plots: {
    days: step => `Setninger per ${STEPS[step]}`,
    daysText: (count, bars, step, empty, busiest) =>
      `${statements(count)} på ${plural(bars, STEPS[step], MANY_STEPS[step])}, hvorav ${number(empty)} er uten. ${busiest}Tabellen lenger nede har tallene.`,
    busiest: (label, count) => `Flest: ${label}, ${count}. `,
    highest: count => `høyest ${count}`,
    classes: { write: 'skrivinger', ddl: 'DDL', role: 'roller', other: 'annet' },
    notCovered: 'ikke helt dekket',
    notAllCovered: 'ikke alt er dekket',
    week: 'Setninger per time i uken',
    weekText: (inside, outside, most) =>
      `Større rute betyr flere setninger. ${inside} i arbeidstiden, ${outside} utenfor den (ruter med ramme).${most}`,
    weekMost: (weekday, hour, count) => ` Flest: ${weekday} kl. ${hour}, ${count}.`,
    objects: 'Mest endrede objekter',
    outcomes: 'Hva det ble av setningene',
    outcome: {
      done: 'utført, så langt loggen viser',
      failed: 'endte med en feil',
      undone: 'rullet tilbake',
      unknown: 'ikke kjent: sesjonen tok slutt først',
    },
  },

  look: {
    intro: command =>
      html`Det som veier mest av hvert, og kommandoen som finner alt. Kommandoene bruker denne skallfunksjonen, som limes inn én gang: ${command}`,
    ofThese: (shown, total) => `${shown} av ${total}`,
    absent: 'Lett etter, og ikke funnet:',
    reasons: {
      alerts: count => `${plural(count, 'varsel', 'varsler')} fra reglene i detect`,
      auditing: count => `${statements(count)} om hva som revideres eller logges`,
      settings: count => `${changes(count)} av innstillinger for revisjonen`,
      withoutWhere: count => `${plural(count, 'UPDATE eller DELETE', 'UPDATE og DELETE')} uten WHERE`,
      destroyed: count => `${number(count)} TRUNCATE og DROP`,
      programs: count => `${number(count)} COPY med et program på tjeneren`,
      files: count => `${number(count)} COPY med en fil på tjeneren`,
      roles: count => `${changes(count)} av roller og rettigheter`,
      offHours: count => `${number(count)} DDL eller rolleendringer om natten eller i helgen`,
      offBulk: count => `${plural(count, 'masseendring', 'masseendringer')} om natten eller i helgen`,
      shared: count => `${plural(count, 'innloggingsrolle', 'innloggingsroller')} brukt av flere personer`,
      unknown: count =>
        `${plural(count, 'innloggingsrolle', 'innloggingsroller')} der ingen katalog kjenner personen`,
      scrubbed: count => `${statements(count)} der noe er sladdet`,
      unaudited: count => `${changes(count)} som pgAudit ikke logget`,
      suspects: count =>
        `${plural(count, 'mistenkelig post', 'mistenkelige poster')} som kan være forfalsket`,
    },
    absentReasons: {
      alerts: 'varsler',
      auditing: 'setninger om hva som revideres',
      settings: 'endrede innstillinger for revisjonen',
      withoutWhere: 'UPDATE og DELETE uten WHERE',
      destroyed: 'TRUNCATE og DROP',
      programs: 'COPY med program',
      files: 'COPY med fil',
      roles: 'roller og rettigheter',
      offHours: 'DDL og roller om natten eller i helgen',
      offBulk: 'masseendringer om natten eller i helgen',
      shared: 'delte innloggingsroller',
      unknown: 'ukjente personer',
      scrubbed: 'sladdede setninger',
      unaudited: 'endringer uten revisjonsspor',
      suspects: 'mistenkelige poster',
    },
    undecided: count =>
      `${plural(count, 'setning', 'setninger')} til mangler kanskje WHERE: teksten kunne ikke tolkes (for eksempel fordi den er sladdet), ble ikke logget, eller inneholder flere setninger. De er ikke talt med her; --without-where merker eller teller dem.`,
    rows: count => plural(count, 'rad', 'rader'),
    statements,
    whose: persons => html`brukt av ${persons}`,
  },

  columns: {
    day: 'Dag',
    days: 'Dager',
    week: 'Uke',
    month: 'Måned',
    year: 'År',
    time: 'Tid',
    person: 'Person',
    user: 'Innloggingsrolle',
    unit: 'Enhet',
    object: 'Objekt',
    objects: 'Objekter',
    statement: 'Setning',
    statements: 'Setninger',
    rows: 'Rader',
    row: 'Rad',
    table: 'Tabell',
    values: 'Verdier',
    inserted: 'Nye',
    updated: 'Endret',
    deleted: 'Slettet',
    truncated: 'Tømt',
    writes: 'Skrivinger',
    ddl: 'DDL',
    roles: 'Roller',
    other: 'Annet',
    failed: 'Feilet',
    outside: 'Utenfor arbeidstid',
    weekend: 'Helg',
    what: 'Hva',
    times: 'Antall',
    first: 'Først',
    last: 'Sist',
    status: 'Status',
    rule: 'Brutt regel',
    record: 'Post',
    class: 'Klasse',
    reason: 'Grunn',
    missing: 'Mangler',
    changed: 'Endret',
    chain: 'Kjede',
    server: 'Tjener',
    database: 'Database',
    couldLogIn: 'Kunne logge inn',
    notAudited: 'Ikke revidert',
    gaps: 'Hull',
    from: 'Fra',
    to: 'Til',
    persons: 'Personer',
    who: 'Hvem',
    seen: 'Sett',
    role: 'Rolle',
    by: 'Ved',
    command: 'Kommando',
    event: 'Siste forsegling',
    hash: 'Dens SHA-256',
  },

  lists: {
    more: (shown, total) => `De ${shown} som veier mest av ${total}, vises. Denne kommandoen finner alle:`,
    notExact: error =>
      `Det er for mange ulike verdier til å telle hver av dem nøyaktig: hvert tall ovenfor kan være inntil ${error} for lavt. Lag rapporten for en kortere periode for å få dem nøyaktige.`,
    claimed: 'påstått av klienten',
    unresolved: 'ukjent',
    weekend: 'helg',
    outside: 'utenfor arbeidstid',
    as: 'som',
    notLogged: '(setningen ble ikke logget)',
    rest: count => `… og ${plural(count, 'tegn', 'tegn')} til i arkivet.`,
    parameters: count => `Med ${plural(count, 'parameter', 'parametere')}, som er i arkivet.`,
  },

  days: { caption: zone => `De som har setninger, eller ikke er helt dekket. Tidene er i ${zone}.` },
  persons: {
    caption: count =>
      `${plural(count, 'person', 'personer')}, den travleste først. Hver rad med små søyler har sin egen skala; en søyle med kryss er ikke helt dekket.`,
    days: 'Dag og person',
    daysCaption: total =>
      `Hva hver person endret hver dag: ${total} i alt, de med flest setninger. De mest endrede objektene er navngitt.`,
  },
  objects: {
    intro:
      'Navnene kommer fra pgAudit eller fra selve setningen: uten skjema kan samme navn bety flere relasjoner. En setning som endrer flere objekter, teller for hvert av dem.',
    caption: count => `${plural(count, 'objekt', 'objekter')}, det mest endrede først`,
  },
  bulk: {
    intro: (least, hasRows) =>
      `Minst ${statements(least)} av én person på ett objekt på én dag${hasRows ? ', eller like mange rader' : ''}. EXPLAIN uten ANALYZE og PREPARE endrer ingenting og teller ikke.`,
    noRows: html` Loggen sier ikke hvor mange rader en setning endret; med <code>pgaudit.log_rows</code> gjør den det.`,
    caption: count => `${plural(count, 'masseendring', 'masseendringer')}, den største først`,
  },
  roles: {
    intro: count =>
      `Alle setninger om roller og rettigheter, i sin helhet og i arkivets rekkefølge: ${number(count)}.`,
  },
  ddl: {
    intro: count =>
      `${plural(count, 'DDL-setning', 'DDL-setninger')}, etter kommando og person: først det som sletter, så det som endrer, så det som er nytt.`,
    caption: count => plural(count, 'gruppe', 'grupper'),
    example: 'Tekst (av flere: én som ingen har valgt)',
  },
  redacted: {
    intro: count =>
      html`${plural(count, 'hemmelighet', 'hemmeligheter')} (for eksempel passord) i periodens setninger, parametere og mistenkelige poster ble erstattet med <code>&lt;redacted&gt;</code> før noe ble lagret. En endring kan se ut som en hemmelighet: den som har en nøkkel til originalene, kan dekryptere dem i hendelsens <code>escrow</code>.`,
  },
  outside: {
    intro: (hours, zone, outside, weekend, total) =>
      html`Arbeidstiden er ${hours} mandag til fredag, ${zone}; helligdager regnes som arbeidsdager. ${outside} av ${statements(total)} kom utenfor den på arbeidsdager, ${weekend} i helger. Tabellen <a href="#persons">person for person</a> sier hvem de hører til.`,
  },
  writes: {
    intro: total =>
      `Skrivinger er telt ovenfor, og ikke listet. Av ${plural(total, 'skriving', 'skrivinger')} endret disse flest rader, så langt loggen sier; blant like har ingen valgt: det er de med minst SHA-256 av linjen, slik at hver rapport om dette arkivet og denne perioden viser de samme.`,
  },
  rows: {
    intro: count =>
      count === 0
        ? 'Ingen gamle og nye verdier er registrert. De finnes for tabeller under oppsyn, hvis radenes historikk sendes (rows).'
        : `${changes(count)} av rader i tabeller under oppsyn som ble fullført, med gamle og nye verdier. Det som ble rullet tilbake, er ikke her.`,
    caption: count => `Per person og tabell: ${number(count)}, flest endringer først`,
    sample: count =>
      `${changes(count)} som ingen har valgt ut, med gamle → nye verdier; --row viser historikken til én rad`,
    moreColumns: count => `… og ${count} kolonner til i arkivet`,
  },
  failures: {
    intro: count =>
      `Setninger der transaksjonen feilet (med en feil som intet savepoint fanget) eller ble rullet tilbake. ${count} i perioden.`,
    caption: count => `Etter person og SQLSTATE: ${number(count)}, den hyppigste først`,
    uncertain: 'sesjonen tok slutt i en transaksjon: det er ikke kjent om setningen hørte til den',
    rolledBack: 'rullet tilbake',
    states: {
      '42501': 'mangler rettighet',
      '23505': 'brudd på entydighet',
      '23503': 'brudd på fremmednøkkel',
      '23502': 'verdi mangler',
      '23514': 'brudd på kontrollregel',
      '40001': 'kunne ikke serialiseres',
      '40P01': 'vranglås',
      '57014': 'avbrutt',
      '25P02': 'i en transaksjon som har feilet',
      '55P03': 'lås ikke tilgjengelig',
      '22': 'feil i data',
      '23': 'brudd på integritetsregel',
      '25': 'ugyldig tilstand i transaksjonen',
      '28': 'ugyldig pålogging',
      '40': 'transaksjonen ble rullet tilbake',
      '42': 'feil i syntaks eller tilgang',
      '53': 'for lite ressurser',
      '54': 'en grense er nådd',
      '55': 'objektet er ikke i riktig tilstand',
      '57': 'inngrep fra driften',
      '58': 'systemfeil',
      P0: 'meldt av en funksjon',
    },
  },
};
