import { resolve } from 'node:path';
import { timeReader } from '../../audit/time.js';
import type { Config, SourceConfig } from '../../config/schema.js';
import { fixFor, UNSUPPORTED_FIX } from '../../daemon/fixes.js';
import type { LogFormat } from '../../lib/log-format.js';
import { isPath } from '../../read/files/discover.js';
import { identify } from '../../read/files/identify.js';
import { openFile } from '../../read/files/open-file.js';
import { Survey, type Surveyed } from '../../read/files/survey.js';
import { createFramer } from '../../read/frame/framers.js';
import type { UnsupportedReason } from '../../read/record.js';
import { type Finding, failure, ok, warning } from './finding.js';
import { limitFindings } from './limits.js';
import { recordFindings } from './workers.js';

/** If a file is a log, this many bytes contain a record. */
const SAMPLE = 1024 * 1024;
/** Files that are examined one by one. */
const MOST_EXAMINED = 32;

/** Whether the globs match files that this user can read and that are a log. */
export async function checkSource(source: SourceConfig, config: Config): Promise<Finding[]> {
  const times = timeReader(source.timezone);
  const patterns = source.files.map(pattern => resolve(pattern));
  const survey = new Survey(patterns, file => identify(file, times));
  const { files, faults, unmatched } = await survey.take(Date.now());
  const unreadable = faults.map(({ path, code }) =>
    failure(
      'source',
      `${path} (${code})`,
      'its content is not read, and the daemon is not ready',
      `${fixFor(code)}${MORE[code] ?? ''}`,
    ),
  );
  if (files.length === 0 && faults.length === 0) {
    return [
      failure(
        'source',
        'no file matches source.files',
        'there is nothing to read',
        "set log_destination to csvlog, logging_collector on, and log_directory to a folder outside of the server's data, such as /var/log/postgresql; or fix the globs",
      ),
    ];
  }
  const newestFirst = files.toSorted((a, b) => b.modified - a.modified);
  const newest = newestFirst.find(({ identity }) => identity.kind === 'content');
  const named = new Set(patterns.filter(isPath));
  return [
    ...unreadable,
    ...(faults.length > 0 ? [] : unmatched.filter(isPath).map(missing)),
    ...(await checkFiles(files, newestFirst, named, source.maxRecordSize)),
    ...(await limitFindings(source, config, files)),
    ...evidenceFindings(files, newest),
    ...(newest === undefined ? [] : await recordFindings(newest.path, formatOf(newest), source)),
  ];
}

/** Milliseconds; a server that is used logs something every day. */
const SILENT = 24 * 60 * 60_000;

/** A log that shows nothing of the server proves nothing. What `run` refuses fails. */
function evidenceFindings(files: readonly Surveyed[], newest: Surveyed | undefined): Finding[] {
  if (files.length > 0 && !files.some(mayBeRead))
    return [
      failure('source', 'no file is a log that can be read', 'there is nothing to read', fixFor('no-log')),
    ];
  const why = 'nothing shows that this is where the server writes';
  const fix =
    'connect to the server and check again; else see log_directory and log_filename, or fix source.files';
  if (newest === undefined)
    return files.length === 0 ? [] : [warning('source', 'no file has a record yet', why, fix)];
  if (Date.now() - newest.modified < SILENT) return [];
  const day = new Date(newest.modified).toISOString().slice(0, 10);
  return [warning('source', `${newest.path}: the newest log file was last written on ${day}`, why, fix)];
}

/** A file of CloudNativePG that a node compressed is read, too. */
function mayBeRead({ identity }: Surveyed): boolean {
  return identity.kind !== 'unsupported' || identity.reason === 'zone' || identity.packed?.format === 'cnpg';
}

/**
 * Each of them, or, if there are many, the newest, and those that are no log by their first bytes.
 *
 * @param named files that source.files names without wildcards
 */
async function checkFiles(
  files: readonly Surveyed[],
  newestFirst: readonly Surveyed[],
  named: ReadonlySet<string>,
  maxRecordSize: number,
): Promise<Finding[]> {
  const newest = new Set(newestFirst.slice(0, MOST_EXAMINED));
  const isOdd = ({ identity }: Surveyed): boolean => identity.kind === 'unsupported';
  const rest = files.filter(file => !newest.has(file));
  const examined = [...files.filter(file => newest.has(file)), ...rest.filter(isOdd).slice(0, MOST_EXAMINED)];
  const findings: Finding[] = [];
  for (const file of examined) findings.push(await checkFile(file, named.has(file.path), maxRecordSize));
  const left = files.length - examined.length;
  return left === 0
    ? findings
    : [...findings, ok('source', `${left} more files, of which the first bytes were looked at`)];
}

function formatOf({ identity }: Surveyed): LogFormat {
  return identity.kind === 'content' ? identity.format : 'csvlog';
}

/** The server may create it later. */
function missing(path: string): Finding {
  return warning(
    'source',
    `${path} does not exist`,
    'nothing is read there until it does',
    'see log_directory and log_filename, or fix source.files',
  );
}

/** @param isNamed whether source.files names the file without wildcards */
async function checkFile(
  { path, identity }: Surveyed,
  isNamed: boolean,
  maxRecordSize: number,
): Promise<Finding> {
  if (identity.kind === 'empty') return ok('source', `${path}: empty`);
  if (identity.kind === 'unsupported' && identity.packed?.format === 'cnpg')
    return ok('source', `${path}: compressed; it is read if it was not read before`);
  if (identity.kind === 'unsupported') return unsupported(path, isNamed, identity.reason);
  const { format } = identity;
  const columns = await columnsOf(path, format, maxRecordSize);
  return typeof columns === 'number'
    ? ok('source', `${path}: ${NAMES[format]} of ${VERSIONS[columns] ?? 'PostgreSQL'}`)
    : unsupported(path, isNamed, columns);
}

const NAMES: Readonly<Record<LogFormat, string>> = {
  csvlog: 'csvlog',
  jsonlog: 'jsonlog',
  cnpg: "CloudNativePG's lines",
};

const ELSEWHERE = ': fix source.files, or log_directory';
const MORE: Readonly<Record<string, string>> = {
  ENOENT: ELSEWHERE,
  ENOTDIR: ELSEWHERE,
  EACCES:
    '; log_file_mode = 0640 in postgresql.conf, log_directory outside of the data folder, which only the server may enter, and this user in the group of the log (usermod -aG postgres …)',
};

const VERSIONS: Readonly<Record<number, string>> = {
  23: 'PostgreSQL 12 or before',
  24: 'PostgreSQL 13',
  26: 'PostgreSQL 14 or later',
};

/** The number of columns of the first record, or why there is none. */
async function columnsOf(
  path: string,
  format: LogFormat,
  maxRecordSize: number,
): Promise<number | UnsupportedReason> {
  const file = await openFile(path);
  if (file === null) return 'not-a-file';
  const framer = createFramer({ format, offset: 0, maxRecordSize });
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(SAMPLE), 0, SAMPLE, 0);
    framer.push(buffer.subarray(0, bytesRead));
    for (let frame = framer.next(); frame !== null; frame = framer.next())
      if (frame.kind === 'record') return frame.columns;
    return framer.notRead ?? 'format';
  } finally {
    framer.close();
    await file.close();
  }
}

/**
 * A wildcard may match folders and compressed files, which are skipped; any other file may contain what must be
 * shipped.
 */
function unsupported(path: string, isNamed: boolean, reason: UnsupportedReason): Finding {
  const fix = UNSUPPORTED_FIX[reason];
  return !isNamed && (reason === 'compressed' || reason === 'not-a-file')
    ? warning('source', path, 'it is skipped', fix)
    : failure('source', path, 'it is not read', fix);
}
