/** For each alert: series on which it fires, and such on which it keeps quiet. Values are a minute apart. */

import type { Series } from '../support/promtool.js';

export interface AlertCase {
  readonly alert: string;
  readonly fires: readonly Series[];
  readonly quiet: readonly Series[];
  /** When it is looked at; `150m` where nothing is said. */
  readonly at?: string;
  /** The labels with which it fires; `ORDERS` where nothing is said. */
  readonly names?: string;
}

/** The server that all cases are about, as alerts and series name it. */
export const ORDERS = 'audit_instance="orders",node="pg-0"';

/** A counter without that label until, and from, minute 100. */
const FIRST_EVER = '_x100 1x80';
/** A process that began at minute 100, on another address or the same; Prometheus looked after it had counted. */
const ANEW: Series = { process_start_time_seconds: '_x100 6000x80' };
const OLD_PROCESS: Series = { process_start_time_seconds: '0x180' };
/** Prometheus looked at nothing for a while, an hour ago. */
const UNSEEN = '3x70 _x30 3x80';
const ONE_MORE = '3x100 4x80';
const OLD = '3x180';
const GROWING = '0+1x180';

const ON = '1x180';
const UNKNOWN = Array.from({ length: 181 }, () => 'NaN').join(' ');
const OFF = '0x180';

/** It begins with 0, for each of its labels. */
const counted = (series: string): Omit<AlertCase, 'alert'> => ({
  fires: [{ [series]: ONE_MORE }, { [series]: FIRST_EVER, ...ANEW }, { [series]: '1x180', ...ANEW }],
  quiet: [
    { [series]: OLD, ...OLD_PROCESS },
    { [series]: UNSEEN, ...OLD_PROCESS },
    { [series]: OFF, ...ANEW },
  ],
});

const lag = (sink: string, fires: number, quiet: number): Omit<AlertCase, 'alert'> => ({
  fires: [{ [`sink_lag_seconds{sink="${sink}"}`]: `${fires}x180` }],
  quiet: [{ [`sink_lag_seconds{sink="${sink}"}`]: `${quiet}x180` }],
});

const raised = (series: string): Omit<AlertCase, 'alert'> => ({
  fires: [{ [series]: ON }],
  quiet: [{ [series]: OFF }],
});

/** It answered until an hour before. */
const SEEN: Series = { 'build_info{version="1"}': '1x90' };
const FULL = 10 * 1024 ** 3;

export const CASES: readonly AlertCase[] = [
  {
    alert: 'PgauditShipperDown',
    fires: [
      { up: OFF, ...SEEN },
      { up: OFF, ...SEEN, 'build_info{version="2"}': '_x90 1x10' },
    ],
    quiet: [{ up: ON, ...SEEN }],
  },
  {
    alert: 'PgauditShipperAbsent',
    names: '',
    fires: [{}, SEEN, { ...SEEN, 'build_info{node="pg-1"}': ON }],
    quiet: [{ build_info: ON }, { ...SEEN, 'build_info{pod="new"}': '_x90 1x90' }],
  },
  {
    alert: 'PgauditShipperRestarting',
    fires: [{ process_start_time_seconds: '0+60x180' }],
    quiet: [{ process_start_time_seconds: '0x120 60x60' }],
  },
  { alert: 'PgauditShipperNotReady', fires: [{ ready: OFF }], quiet: [{ ready: ON }] },
  {
    alert: 'PgauditShipperSourceUnreadable',
    fires: [{ source_readable: OFF }],
    quiet: [{ source_readable: ON }, { source_readable: UNKNOWN }],
  },
  {
    alert: 'PgauditShipperSourceLag',
    fires: [{ source_lag_bytes: `${300 * 1024 ** 2}x180` }],
    quiet: [{ source_lag_bytes: `${300 * 1024 ** 2}x140 0x40` }],
  },
  {
    alert: 'PgauditShipperSourceSilent',
    fires: [{ source_read_bytes_total: '7x1700' }],
    quiet: [
      { source_read_bytes_total: '7x1400 8x300' },
      // It began four hours ago.
      { source_read_bytes_total: '_x1380 7x300' },
    ],
    at: '27h',
  },
  {
    alert: 'PgauditShipperJournalFailing',
    fires: [
      { 'journal_failures_total{code="ENOSPC"}': '_x145 1x35' },
      { 'journal_failures_total{code="EIO"}': GROWING },
    ],
    quiet: [{ 'journal_failures_total{code="EIO"}': OLD }],
  },
  {
    alert: 'PgauditShipperJournalFilling',
    fires: [{ journal_size_bytes: `${0.9 * FULL}x180`, journal_max_bytes: `${FULL}x180` }],
    quiet: [{ journal_size_bytes: `${0.7 * FULL}x180`, journal_max_bytes: `${FULL}x180` }],
  },
  { alert: 'PgauditShipperJournalFull', ...raised('journal_full') },
  {
    alert: 'PgauditShipperDiskRoom',
    fires: [{ state_disk_free_bytes: `${0.05 * FULL}x180`, state_disk_size_bytes: `${FULL}x180` }],
    quiet: [{ state_disk_free_bytes: `${0.5 * FULL}x180`, state_disk_size_bytes: `${FULL}x180` }],
  },
  {
    alert: 'PgauditShipperNoSeal',
    fires: [{ journal_last_seal_timestamp_seconds: '0x180' }],
    quiet: [
      { journal_last_seal_timestamp_seconds: '0x60 3600x120' },
      { journal_last_seal_timestamp_seconds: UNKNOWN },
    ],
  },
  {
    alert: 'PgauditShipperNotCovered',
    fires: [{ covered_until_timestamp_seconds: '0x180' }],
    quiet: [{ covered_until_timestamp_seconds: '0x60 3600x120' }],
  },
  { alert: 'PgauditShipperLoggingLag', ...lag('logging', 700, 500) },
  { alert: 'PgauditShipperLoggingLagCritical', ...lag('logging', 15_000, 3600) },
  { alert: 'PgauditShipperArchiveLag', ...lag('archive', 3700, 1200) },
  { alert: 'PgauditShipperArchiveLagCritical', ...lag('archive', 22_000, 7200) },
  { alert: 'PgauditShipperSiemLag', ...lag('siem', 1900, 600) },
  {
    alert: 'PgauditShipperRetriesWithoutEnd',
    fires: [
      { 'sink_retries_total{sink="archive",code="403"}': GROWING },
      {
        'sink_retries_total{sink="logging",code="8"}': GROWING,
        'sink_delivered_events_total{sink="logging"}': OLD,
        'sink_delivered_events_total{sink="archive"}': GROWING,
      },
    ],
    quiet: [
      {
        'sink_retries_total{sink="logging",code="8"}': GROWING,
        'sink_delivered_events_total{sink="logging"}': GROWING,
      },
      { 'sink_retries_total{sink="logging",code="8"}': OLD },
    ],
  },
  {
    alert: 'PgauditShipperEntriesRejected',
    fires: [
      { 'sink_rejected_events_total{code="3"}': FIRST_EVER },
      { 'sink_rejected_events_total{code="3"}': ONE_MORE },
      { 'sink_rejected_events_total{code="3"}': '1x180', ...ANEW },
    ],
    quiet: [{ 'sink_rejected_events_total{code="3"}': OLD, ...OLD_PROCESS }],
  },
  {
    alert: 'PgauditShipperUnresolvedPersons',
    fires: [
      {
        'identities_total{status="unresolved"}': GROWING,
        'identities_total{status="resolved"}': '0+9x180',
      },
    ],
    quiet: [
      {
        'identities_total{status="unresolved"}': GROWING,
        'identities_total{status="resolved"}': '0+99x180',
      },
      { 'identities_total{status="unresolved"}': '0x120 5x60' },
    ],
  },
  {
    alert: 'PgauditShipperLookupFailing',
    fires: [
      { 'identity_lookups_total{outcome="failed"}': GROWING },
      {
        'identity_lookups_total{outcome="failed"}': GROWING,
        'identity_lookups_total{outcome="person"}': OLD,
      },
    ],
    quiet: [
      {
        'identity_lookups_total{outcome="failed"}': GROWING,
        'identity_lookups_total{outcome="nobody"}': GROWING,
      },
    ],
  },
  { alert: 'PgauditShipperDirectoryFailing', ...raised('directory_failing{path="/people.csv"}') },
  { alert: 'PgauditShipperCatalogDown', ...raised('catalog_failing') },
  { alert: 'PgauditShipperSuspects', ...counted('suspects_total{reason="context"}') },
  {
    alert: 'PgauditShipperGap',
    fires: counted('gaps_total{reason="torn"}').fires,
    quiet: [
      ...counted('gaps_total{reason="torn"}').quiet,
      { 'gaps_total{reason="missing-lines"}': ONE_MORE, ...ANEW },
      { 'gaps_total{reason="missing-statements"}': ONE_MORE, ...ANEW },
    ],
  },
  { alert: 'PgauditShipperMissingLines', ...counted('missing_lines_total') },
  {
    alert: 'PgauditShipperNotAudited',
    fires: [{ unaudited_roles: '3x180' }, { unaudited_roles: '0x140 1x40' }],
    quiet: [
      { unaudited_roles: '0x180' },
      { unaudited_roles: 'NaN '.repeat(180).trim() },
      { unaudited_roles: '3x140 0x40' },
    ],
  },
  {
    alert: 'PgauditShipperNoTrail',
    fires: [
      { 'problem{code="pgaudit-not-loaded"}': '1x180' },
      { 'problem{code="log-format"}': '0x140 1x40' },
      { 'problem{code="heartbeat-missing"}': '0x140 1x40' },
    ],
    quiet: [
      { 'problem{code="pgaudit-not-loaded"}': '1x140 0x40', 'problem{code="no-log"}': '0x180' },
      { 'problem{code="database-unreachable"}': '1x180' },
    ],
  },
  {
    alert: 'PgauditShipperProblem',
    fires: [
      { 'problem{code="database-unreachable"}': '1x180' },
      { 'problem{code="log-held-back"}': '0x100 1x80' },
      { 'problem{code="delivery-failing"}': '0x100 1x80' },
    ],
    quiet: [{ 'problem{code="log-held-back"}': '0x145 1x35' }, { 'problem{code="not-audited"}': '1x180' }],
  },
  { alert: 'PgauditShipperMissingStatements', ...counted('missing_statements_total') },
  { alert: 'PgauditShipperUnaudited', ...counted('unaudited_total') },
  { alert: 'PgauditShipperAlert', ...counted('alerts_total{rule="no-where"}') },
  { alert: 'PgauditShipperAuditSettingsChanged', ...counted('config_changes_total') },
];
