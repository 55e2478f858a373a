/** What is counted and measured. Every name has its unit; no label has content or a person's name (I8). */

import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import { GAP_REASONS, SUSPECT_REASONS } from '../event/names.js';

const PREFIX = 'pgaudit_shipper_';
/** Milliseconds. */
const ONE_DAY = 24 * 60 * 60 * 1000;
const LAG_OVER_TIME = ['min', 'max', 'mean', 'stddev', 'p50', 'p90', 'p99'];

export type Metrics = ReturnType<typeof createMetrics>;

/** Everything in Prometheus' text format; gauges are measured now. */
export async function render({ registry, observers }: Metrics): Promise<string> {
  for (const observe of observers) await observe();
  return await registry.metrics();
}

/** Says on each series whose log is shipped. A series of one of several servers keeps that server's own name. */
export function nameServer({ registry }: Metrics, instance: string, node: string): void {
  registry.setDefaultLabels({ audit_instance: instance, node });
}

/** A gauge for all servers together: each server contributes its part. */
class Together {
  readonly #gauge: Gauge;
  readonly #total: (parts: readonly number[]) => number;
  readonly #parts = new Map<string, number>();

  constructor(gauge: Gauge, total: (parts: readonly number[]) => number) {
    this.#gauge = gauge;
    this.#total = total;
  }

  set(part: string, value: number): void {
    this.#parts.set(part, value);
    this.#gauge.set(this.#total([...this.#parts.values()]));
  }

  /** A server is over: it contributes nothing any more. */
  forget(part: string): void {
    if (this.#parts.delete(part) && this.#parts.size > 0)
      this.#gauge.set(this.#total([...this.#parts.values()]));
  }
}

const least = (parts: readonly number[]): number => Math.min(...parts);
const most = (parts: readonly number[]): number => Math.max(...parts);
const sum = (parts: readonly number[]): number => parts.reduce((total, part) => total + part, 0);

export function createMetrics() {
  const registry = new Registry();
  // Sampling the event loop's lag continuously would wake a quiet daemon a hundred times a second: it is read on
  // request.
  collectDefaultMetrics({ register: registry, prefix: PREFIX, eventLoopMonitoringPrecision: ONE_DAY });
  for (const name of LAG_OVER_TIME)
    registry.removeSingleMetric(`${PREFIX}nodejs_eventloop_lag_${name}_seconds`);
  const make = makersIn(registry);
  /** Called before each scrape, to set what is measured and not counted. */
  const observers: (() => Promise<void>)[] = [];
  return {
    registry,
    observers,
    ...ofDaemon(make),
    ...ofSource(make),
    ...ofJournal(make),
    ...ofRecords(make),
    ...ofRows(make),
    ...ofSinks(make),
    ...ofDatabase(make),
  };
}

type Makers = ReturnType<typeof makersIn>;

function makersIn(registry: Registry) {
  const counter = <L extends string>(name: string, help: string, labelNames: readonly L[] = []): Counter<L> =>
    new Counter({ name: PREFIX + name, help, labelNames: [...labelNames], registers: [registry] });
  const gauge = <L extends string>(name: string, help: string, labelNames: readonly L[] = []): Gauge<L> =>
    new Gauge({ name: PREFIX + name, help, labelNames: [...labelNames], registers: [registry] });
  /** Each reason starts at 0: Prometheus sees no increase in the first sample of a series. */
  const byReason = (name: string, help: string, reasons: readonly string[]): Counter<'reason'> => {
    const counted = counter(name, help, ['reason']);
    for (const reason of reasons) counted.inc({ reason }, 0);
    return counted;
  };
  /** NaN until it is set: what is unknown is not 0. */
  const unknown = (name: string, help: string): Gauge => {
    const measured = gauge(name, help);
    measured.set(Number.NaN);
    return measured;
  };
  const histogram = (name: string, help: string, buckets: number[]): Histogram =>
    new Histogram({ name: PREFIX + name, help, buckets, registers: [registry] });
  return { counter, gauge, byReason, unknown, histogram };
}

/** The daemon itself. */
function ofDaemon({ gauge }: Makers) {
  return {
    buildInfo: gauge('build_info', 'Always 1; the labels say which version ships the log of which server.', [
      'version',
    ]),
    ready: gauge('ready', '1 while /internal/isready says ready, else 0.'),
  };
}

/** What is read. */
function ofSource({ counter, gauge, unknown }: Makers) {
  return {
    sourceBytes: counter('source_read_bytes_total', 'Bytes of log files read.'),
    records: counter('records_total', 'Log records read, by outcome and reason.', ['outcome', 'reason']),
    files: counter('source_files_total', 'Log files found.'),
    filesUnsupported: counter(
      'source_files_unsupported_total',
      'Files matched by the globs that are not csvlog.',
      ['reason'],
    ),
    filesReplaced: counter(
      'source_files_replaced_total',
      'Log files truncated or overwritten while being read.',
    ),
    sourceReadable: new Together(
      unknown('source_readable', '1 if everything that the globs match can be read, else 0.'),
      least,
    ),
    sourceLagBytes: gauge('source_lag_bytes', 'Bytes of log files that exist and were not read yet.'),
    sourceLagSeconds: gauge(
      'source_lag_seconds',
      'How long the oldest bytes of log files that were not read yet may have waited; 0 if there are none.',
    ),
    instanceLagBytes: gauge('source_instance_lag_bytes', 'The same by server, if there are several.', [
      'audit_instance',
    ]),
    instanceFailing: gauge(
      'source_instance_failing',
      '1 while the log of one of several servers is not read, for any reason, else 0.',
      ['audit_instance'],
    ),
  };
}

/** What is durable, and where. */
function ofJournal({ counter, gauge, histogram, unknown }: Makers) {
  return {
    events: counter('journal_events_total', 'Events that became durable.'),
    journalBytes: counter('journal_written_bytes_total', 'Bytes of events that became durable.'),
    seals: counter('journal_seals_total', 'Segments sealed.'),
    journalFailures: counter('journal_failures_total', 'Commits that failed and are retried.', ['code']),
    journalFull: gauge('journal_full', '1 while reading waits because state.maxSize is reached, else 0.'),
    journalSize: gauge('journal_size_bytes', 'Bytes of segments on disk.'),
    journalMaxSize: gauge('journal_max_bytes', 'Bytes of segments at which reading waits (state.maxSize).'),
    journalAge: gauge(
      'journal_age_seconds',
      'How long the oldest event on disk has been there; 0 if there is none.',
    ),
    lastSeal: unknown('journal_last_seal_timestamp_seconds', 'When the last seal was written (Unix time).'),
    coveredUntil: gauge(
      'covered_until_timestamp_seconds',
      'Everything that the log of a server contained until then is in the chain (Unix time); the start of the process until the log was read to its end for the first time.',
      ['audit_instance'],
    ),
    journalLatency: histogram(
      'journal_latency_seconds',
      'From the log time of the first statement of a commit until it is durable; once for each commit.',
      [0.1, 0.5, 1, 5, 15, 60, 300, 3600, 86_400],
    ),
    diskFree: gauge('state_disk_free_bytes', 'Free bytes on the disk of state.directory.'),
    diskSize: gauge('state_disk_size_bytes', 'Size of the disk of state.directory.'),
  };
}

/** What became of records. */
function ofRecords({ byReason, counter }: Makers) {
  return {
    identities: counter('identities_total', 'Shipped statements by the status of their actor.', ['status']),
    suspects: byReason('suspects_total', "Records that looked like pgAudit's and were not.", SUSPECT_REASONS),
    gaps: byReason('gaps_total', 'Stretches of the log that could not be read.', [
      ...GAP_REASONS,
      'missing-lines',
      'missing-statements',
    ]),
    missing: {
      lines: counter('missing_lines_total', 'Records of sessions that are in no log file.'),
      statements: counter(
        'missing_statements_total',
        "Statements of sessions, by pgAudit's numbers, whose records are in no log file.",
      ),
    },
    gapBytes: counter('gap_bytes_total', 'Bytes of the log that could not be read.', ['reason']),
    alerts: counter('alerts_total', 'Alerts that the rules of detect raised.', ['rule']),
    unaudited: counter('unaudited_total', 'Changes of persons that the server logged and pgAudit did not.'),
  };
}

/** What is read of histories of rows. */
function ofRows({ counter, unknown }: Makers) {
  return {
    rows: counter('rows_total', 'Changes of rows read from the history, by outcome and reason.', [
      'outcome',
      'reason',
    ]),
    rowsReadUntil: new Together(
      unknown(
        'rows_read_until_timestamp_seconds',
        'All rows that had been committed by then were read, unless an older transaction was still running (Unix time); of several servers, the one that lags most.',
      ),
      least,
    ),
  };
}

/** What is delivered. */
function ofSinks({ counter, gauge, histogram }: Makers) {
  return {
    delivered: counter('sink_delivered_events_total', 'Events delivered.', ['sink']),
    retries: counter('sink_retries_total', 'Deliveries that failed and are retried.', ['sink', 'code']),
    rejected: counter(
      'sink_rejected_events_total',
      'Events that Cloud Logging will never accept; the archive has them.',
      ['code'],
    ),
    sinkLagEvents: gauge('sink_lag_events', 'Events that are durable and not delivered.', ['sink']),
    sinkLagBytes: gauge('sink_lag_bytes', 'Bytes of events that are durable and not delivered.', ['sink']),
    sinkLagSeconds: gauge('sink_lag_seconds', 'How long the oldest event that is not delivered has waited.', [
      'sink',
    ]),
    uploadedBytes: histogram(
      'archive_object_bytes',
      'Sizes of the objects stored in the archive, compressed.',
      [1e3, 1e4, 1e5, 1e6, 1e7, 1e8],
    ),
  };
}

/** What the database and other sources of knowledge say. */
function ofDatabase({ counter, gauge, unknown }: Makers) {
  return {
    lookups: counter('identity_lookups_total', 'Requests to the look-up service of the http resolver.', [
      'outcome',
    ]),
    catalogRoles: new Together(gauge('catalog_roles', "Roles that the databases' catalogs list."), sum),
    catalogFailing: new Together(
      gauge('catalog_failing', "1 while a database's catalogs cannot be read, else 0."),
      most,
    ),
    catalogFailures: counter('catalog_failures_total', 'Outages in which the catalogs could not be read.'),
    unauditedRoles: new Together(
      unknown(
        'unaudited_roles',
        'Persons who are not audited as filter.classes requires, according to the database.',
      ),
      sum,
    ),
    problem: gauge(
      'problem',
      '1 while there is such a problem, else 0; /internal/status.json says what to do.',
      ['code'],
    ),
    configChanges: counter('config_changes_total', "Changes of the server's audit settings that were seen."),
    redacted: counter('redacted_secrets_total', 'Secrets that were redacted from statements and parameters.'),
    unparsed: counter(
      'statements_unparsed_total',
      'Shipped writes whose relations could not be determined from their text.',
      ['reason'],
    ),
    directoryPeople: gauge('directory_people', 'Entries in a directory of people.', ['path']),
    directoryFailing: gauge('directory_failing', '1 while a directory of people cannot be read, else 0.', [
      'path',
    ]),
    directoryFailures: counter(
      'directory_failures_total',
      'Changes of the directory that could not be read.',
    ),
  };
}

/** One of several servers is over: its series end. */
export function forgetServer(metrics: Metrics, instance: string): void {
  const { sourceReadable, catalogRoles, catalogFailing, unauditedRoles } = metrics;
  for (const gauge of [sourceReadable, catalogRoles, catalogFailing, unauditedRoles])
    for (const part of [`source ${instance}`, `source ${instance} reading`]) gauge.forget(part);
  for (const gauge of [metrics.instanceLagBytes, metrics.instanceFailing, metrics.coveredUntil])
    gauge.remove({ audit_instance: instance });
  metrics.rowsReadUntil.forget(`rows ${instance}`);
}
