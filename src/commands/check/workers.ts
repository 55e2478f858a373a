/**
 * What the newest log file shows: whether pgAudit writes there, and what the server's own processes do, which have no
 * user: whoever can have a job run there can change rows.
 */

import { parse } from '../../audit/genuine.js';
import { timeReader } from '../../audit/time.js';
import type { SourceConfig } from '../../config/schema.js';
import { COLUMN } from '../../lib/csvlog.js';
import type { LogFormat } from '../../lib/log-format.js';
import { openFile } from '../../read/files/open-file.js';
import type { Framer } from '../../read/frame/framer.js';
import { createFramer } from '../../read/frame/framers.js';
import { type Finding, ok, warning } from './finding.js';

/** Bytes at the end of a file that are read. */
const SAMPLE = 8 * 1024 * 1024;
const HOUR = 60 * 60_000;

interface Sample {
  /** Genuine records of pgAudit. */
  readonly audits: number;
  /** Records without a user that the filter's classes ship, by backend type. */
  readonly byType: ReadonlyMap<string, number>;
  /** Milliseconds between the first and the last record. */
  readonly span: number;
}

/** What the end of a log file shows. */
export async function recordFindings(
  path: string,
  format: LogFormat,
  source: SourceConfig,
): Promise<Finding[]> {
  const sample = await lookAt(path, format, source);
  if (sample === null) return [];
  return [...auditFindings(path, sample, source), ...workerFindings(sample, source)];
}

/** A quiet server may have none, so it is a warning. Where a database is configured, its settings say more. */
function auditFindings(path: string, { audits }: Sample, { database }: SourceConfig): Finding[] {
  if (audits > 0 || database !== undefined) return [];
  return [
    warning(
      'source',
      `${path}: no record of pgAudit at its end`,
      'nothing shows that pgAudit writes to this log',
      'change something as a person and check again; or set database.url, so that check reads the settings of pgAudit',
    ),
  ];
}

function workerFindings(sample: Sample, source: SourceConfig): Finding[] {
  if (sample.byType.size === 0) return [];
  const found = [...sample.byType].map(
    ([type, count]) => `${type || 'without a backend type'}: ${aDay(count, sample)} a day`,
  );
  const detail = `genuine records without a user: ${found.join(', ')}`;
  if (source.filter.backgroundWorkers === 'ship')
    return [ok('background workers', `${detail}; they are shipped`)];
  return [
    warning(
      'background workers',
      `${detail}; they are dropped`,
      'a person who has a job run by such a process changes rows unseen',
      'filter: {backgroundWorkers: ship}',
    ),
  ];
}

function aDay(count: number, { span }: Sample): string {
  return `about ${Math.max(1, Math.round((count * 24 * HOUR) / Math.max(span, HOUR)))}`;
}

async function lookAt(
  path: string,
  format: LogFormat,
  { filter, timezone, pgauditLogLevel, maxRecordSize }: SourceConfig,
): Promise<Sample | null> {
  const file = await openFile(path);
  if (file === null) return null;
  try {
    const { size } = await file.stat();
    const offset = Math.max(0, size - SAMPLE);
    const { buffer, bytesRead } = await file.read(Buffer.alloc(size - offset), 0, size - offset, offset);
    // The first bytes may be the end of a record.
    const framer = createFramer({ format, offset, maxRecordSize, ...(offset > 0 && { doubtFrom: offset }) });
    framer.push(buffer.subarray(0, bytesRead));
    const sample = count(framer, new Set<string>(filter.classes), timezone, pgauditLogLevel === 'warning');
    framer.close();
    return sample;
  } finally {
    await file.close();
  }
}

function count(
  framer: Framer,
  classes: ReadonlySet<string>,
  timezone: string | undefined,
  isWarning: boolean,
): Sample {
  const times = timeReader(timezone);
  const byType = new Map<string, number>();
  let [first, last] = ['', ''];
  let audits = 0;
  for (let frame = framer.next(); frame !== null; frame = framer.next()) {
    if (frame.kind !== 'record') continue;
    last = frame.text(COLUMN.logTime);
    first ||= last;
    const parsed = parse(frame, () => null, { isWarning });
    if (parsed.kind !== 'audit') continue;
    audits += 1;
    if (!frame.isEmpty(COLUMN.user) || !classes.has(parsed.audit.class)) continue;
    const type = frame.columns > COLUMN.backendType ? frame.text(COLUMN.backendType) : '';
    byType.set(type, (byType.get(type) ?? 0) + 1);
  }
  return { audits, byType, span: (times.read(last) ?? 0) - (times.read(first) ?? 0) };
}
