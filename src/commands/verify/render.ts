/** The result of a verification, for people. */

import { styleText } from 'node:util';
import { lacks } from '../../archive/verify/lacks.js';
import type {
  Failure,
  InstanceResult,
  PartResult,
  Taken,
  VerifyResult,
  Warning,
} from '../../archive/verify/result.js';
import { isWholeInstance } from '../../archive/verify/verdict.js';
import { harmless, oneLine } from '../../lib/terminal-text.js';

/** Width of the first column. */
const LABEL = 12;

export function render(where: string, result: VerifyResult): string {
  const { parts, instances, warnings, limits, failure, taken } = result;
  return [
    ...(taken === null ? [] : [renderTaken(taken)]),
    ...parts.map(renderPart),
    ...warnings.map(renderWarning),
    ...limits.map(limit => row('not known'.padEnd(LABEL), limit)),
    ...instances.map(renderInstance),
    failure === null
      ? renderIntact(where, result)
      : renderFailure(
          failure,
          parts.filter(part => part.failure !== null && part.failure !== failure).length,
        ),
  ].join('');
}

/** Seals that are named one by one. */
const MOST_SEALS = 10;

function renderTaken({ madeAt, since, until, seals }: Taken): string {
  const begin = since === null ? 'the beginning' : since;
  return [
    row('bookmark'.padEnd(LABEL), `not read: what the run of ${madeAt} proved, from ${begin} to ${until}`),
    ...seals
      .slice(0, MOST_SEALS)
      .map(({ instance, node, chain, seq, hash }) =>
        row(' '.repeat(LABEL), oneLine(`${instance}/${node}: up to seal ${chain}/${seq}, ${hash}`)),
      ),
    ...(seals.length > MOST_SEALS
      ? [row(' '.repeat(LABEL), `and up to ${seals.length - MOST_SEALS} more seals`)]
      : []),
  ].join('');
}

/** One line for each expected server. */
function renderInstance(one: InstanceResult): string {
  const { instance, coveredUntil, missing } = one;
  const state = isWholeInstance(one) ? styleText('green', 'whole') : styleText('yellow', 'incomplete');
  const isSilent = missing.some(
    ({ to, from }) => coveredUntil !== null && from !== null && from >= coveredUntil && to > coveredUntil,
  );
  const until =
    coveredUntil === null
      ? 'covered at no time'
      : `${isSilent ? 'silent since' : 'covered until'} ${coveredUntil}`;
  return `${'instance'.padEnd(LABEL)} ${oneLine(instance)}: ${state}, ${until}\n`;
}

/** Whole, or what is missing, with names and times. */
function renderIntact(where: string, result: VerifyResult): string {
  if (result.verdict === 'whole') return row(styleText('green', 'whole'.padEnd(LABEL)), where);
  return [
    ...lacks(result).map(lack => row('missing'.padEnd(LABEL), lack)),
    row(styleText('yellow', 'incomplete'.padEnd(LABEL)), where),
  ].join('');
}

function renderPart(part: PartResult): string {
  const { instance, node, chains, events, source, gaps, seals, logFiles } = part;
  const { files, bytes, records } = source;
  const [dropped, rejected] = [records.dropped, records.rejected].map(sum);
  const lines: [string, string][] = [
    ['part', `instance ${instance}, node ${node}${part.failure === null ? '' : ', up to what is wrong'}`],
    ...chains.map(({ chain, firstSeq, lastSeq, objects, reason }): [string, string] => [
      '  chain',
      `${chain}: events ${firstSeq} to ${lastSeq} in ${plural(objects, 'object')}${reason === null ? '' : `, new (${reason})`}`,
    ]),
    ['  objects', `${part.objects}, ${size(part.bytes)}`],
    ['  events', counts(events)],
    ['  time', `${part.from ?? '-'} to ${part.to ?? '-'}`],
    [
      '  log',
      `${plural(files, 'file')}, ${size(bytes)}: ${records.read} records read, ${records.shipped} shipped, ${dropped} dropped, ${rejected} rejected`,
    ],
    ...part.rows.map(({ source: server, readUntil, records: rows }): [string, string] => [
      '  rows',
      `${server === undefined ? '' : `${server}: `}read until ${readUntil}: ${rows.read} read, ${rows.shipped} shipped, ${sum(rows.dropped)} dropped`,
    ]),
    ['  gaps', counts(gaps)],
    [
      '  seals',
      `${seals.total}, ${seals.signed} signed, ${seals.checked} signatures good, ${seals.anchored} as in Cloud Logging, ${seals.witnessed} as at the witness, ${seals.stamped} with a time stamp`,
    ],
  ];
  if (logFiles !== null)
    lines.push([
      '  log files',
      `${logFiles.matched} events as in ${plural(logFiles.files, 'log file')}; not compared: ${logFiles.missing} of ${plural(logFiles.filesMissing, 'file')} that are gone, ${logFiles.changed} of changed files`,
    ]);
  return lines.map(([label, text]) => row(label.padEnd(LABEL), text)).join('');
}

function renderWarning({ what, object, seq, times }: Warning): string {
  const where = [object, seq === null ? null : `event ${seq}`].filter(one => one !== null).join(', ');
  const more = times > 1 ? `${times} times, first ` : '';
  return row(styleText('yellow', 'warning'.padEnd(LABEL)), where === '' ? what : `${what} (${more}${where})`);
}

/** @param others how many other parts are broken, too */
function renderFailure({ object, line, seq, what, fits }: Failure, others: number): string {
  const where = [object, line === null ? null : `line ${line}`, seq === null ? null : `event ${seq}`].filter(
    one => one !== null,
  );
  const rows = [
    row(styleText('red', 'broken'.padEnd(LABEL)), where.length === 0 ? what : where.join(', ')),
    ...(where.length === 0 ? [] : [row(' '.repeat(LABEL), what)]),
    row(' '.repeat(LABEL), `this fits: ${fits}`),
  ];
  if (others > 0)
    rows.push(row(' '.repeat(LABEL), `${plural(others, 'other part')} of the archive broken, too`));
  return rows.join('');
}

/** The text may contain names of folders and files, which anybody may have chosen. */
function row(label: string, text: string): string {
  return `${label} ${harmless(text)}\n`;
}

function counts(by: Readonly<Record<string, number>>): string {
  const all = Object.entries(by).sort(([a], [b]) => (a < b ? -1 : 1));
  return all.length === 0 ? 'none' : all.map(([name, count]) => `${count} ${name}`).join(', ');
}

function sum(by: Readonly<Record<string, number>>): number {
  return Object.values(by).reduce((total, count) => total + count, 0);
}

function plural(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? '' : 's'}`;
}

const UNITS = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];

function size(bytes: number): string {
  const power = Math.min(Math.floor(Math.log2(Math.max(bytes, 1)) / 10), UNITS.length - 1);
  return `${(bytes / 1024 ** power).toFixed(power === 0 ? 0 : 1)} ${UNITS[power]}`;
}
