/**
 * Whether the server writes csvlog that the shipper can read: what it logs, where to, in which language and time zone.
 */

import { timeReader } from '../../audit/time.js';
import type { Config, SourceConfig } from '../../config/schema.js';
import { isTimeZone } from '../../config/values.js';
import {
  describeOrigin,
  deviations,
  fixOrigin,
  isOn,
  type Person,
  serverValue,
} from '../../database/population/effective.js';
import { collectorOff, logsAuthentication, noCsvlog } from '../../database/population/server.js';
import type { Snapshot } from '../../database/snapshot.js';
import { alterSystem } from '../../lib/sql/compose.js';
import { type Finding, failure, ofServer, ok, warning } from './finding.js';

export function serverFindings(
  server: Snapshot,
  persons: readonly Person[],
  { timezone }: SourceConfig,
  { identity }: Pick<Config, 'identity'>,
): Finding[] {
  const needsLogins = identity.some(one => one.authentication !== undefined);
  return [
    versionFinding(server.version, needsLogins),
    ...collectorFindings(server),
    ...destinationFindings(server),
    timezoneFinding(server, timezone),
    ...connectionFindings(server, needsLogins),
    ...statementFindings(server, persons),
    ...languageFindings(server),
  ];
}

/** Major versions whose csvlog and pgAudit the shipper supports. */
const OLDEST = 12;
const NEWEST = 19;
/** The first version with `connection authenticated` records. */
const AUTHENTICATED_SINCE = 14;

function versionFinding(version: number, needsLogins: boolean): Finding {
  const major = Math.floor(version / 10_000);
  const name = `PostgreSQL ${major}.${version % 10_000}`;
  if (major < OLDEST)
    return failure(
      'server',
      name,
      'the shipper does not support its csvlog',
      `upgrade to PostgreSQL ${OLDEST} or later`,
    );
  if (major > NEWEST)
    return warning(
      'server',
      name,
      'it is newer than this shipper; files with unknown columns are not read',
      'see whether check recognizes the log files as csvlog, and upgrade the shipper',
    );
  if (major < AUTHENTICATED_SINCE && needsLogins)
    return warning(
      'server',
      `${name} does not log how a session was authenticated`,
      'the resolver `authentication` never resolves anybody',
      'upgrade to PostgreSQL 14 or later, or use another resolver',
    );
  return ok('server', name);
}

function collectorFindings(server: Snapshot): Finding[] {
  const off = collectorOff(server);
  if (off !== null) return [ofServer(off)];
  return serverValue(server, 'logging_collector') === null ? [] : [ok('logging_collector', 'on')];
}

function destinationFindings(server: Snapshot): Finding[] {
  const fault = noCsvlog(server);
  if (fault !== null) return [ofServer(fault)];
  const value = serverValue(server, 'log_destination');
  return value === null ? [] : [ok('log_destination', value)];
}

/** Reads timestamps that the server wrote, as the shipper will read them. */
function timezoneFinding(server: Snapshot, timezone: string | undefined): Finding {
  const zone = serverValue(server, 'log_timezone') ?? 'unknown';
  const times = timeReader(timezone);
  const wrong = server.written.filter(({ text, time }) => times.read(text) !== time);
  if (wrong.length === 0) return ok('log_timezone', zone);
  const abbreviations = [...new Set(wrong.map(({ text }) => text.split(' ')[2] ?? ''))].join(', ');
  const toUtc = alterSystem('log_timezone', 'UTC');
  const fix = isTimeZone(zone) ? `source: {timezone: ${zone}}\nor: ${toUtc}` : toUtc;
  if (timezone === undefined)
    return failure(
      'log_timezone',
      `${zone}: ${abbreviations} ${isTimeZone(zone) ? 'means several offsets' : 'is not a zone of the tz database'}`,
      'the log files are not read until this is fixed',
      fix,
    );
  return failure(
    'log_timezone',
    `${zone}, and source.timezone is ${timezone}: ${abbreviations} is read as another time`,
    'events have the wrong time',
    fix,
  );
}

function connectionFindings(server: Snapshot, needsLogins: boolean): Finding[] {
  const logins = serverValue(server, 'log_connections');
  const ends = serverValue(server, 'log_disconnections');
  const findings: Finding[] = [];
  if (logins !== null && !logsAuthentication(logins)) {
    const report = needsLogins ? failure : warning;
    const why = needsLogins
      ? 'the resolver `authentication` never resolves anybody'
      : 'events do not say how a session was authenticated';
    findings.push(report('log_connections', logins || 'off', why, alterSystem('log_connections', 'on')));
  }
  if (ends !== null && !isOn(ends)) {
    const why =
      'nothing shows that a session ended inside a transaction, whose statements were then rolled back';
    findings.push(warning('log_disconnections', ends, why, alterSystem('log_disconnections', 'on')));
  }
  if (serverValue(server, 'update_process_title') === 'off') {
    const why = 'the log does not show whether a session ended inside a transaction';
    findings.push(warning('update_process_title', 'off', why, alterSystem('update_process_title', 'on')));
  }
  return findings.length > 0 ? findings : [ok('log_connections', 'and log_disconnections are on')];
}

/** With log_statement, the server itself logs changes: that reveals those that pgAudit does not log. */
function statementFindings(server: Snapshot, persons: readonly Person[]): Finding[] {
  const own = serverValue(server, 'log_statement');
  const isFine = (value: string): boolean => /^(mod|all)$/i.test(value);
  const found = deviations(server, 'log_statement', persons, isFine).map(({ origin, value }) =>
    warning(
      'log_statement',
      `${value} ${describeOrigin(origin)}`,
      "a person's change that pgAudit does not log leaves no trace (`mod` logs one more record with the text for each change, those of services included: the log may double)",
      fixOrigin('log_statement', origin, 'mod', own !== null && isFine(own)),
    ),
  );
  if (found.length > 0 || own === null) return found;
  return [ok('log_statement', "a person's change that pgAudit does not log becomes an unaudited event")];
}

function languageFindings(server: Snapshot): Finding[] {
  const language = serverValue(server, 'lc_messages');
  if (language === null || /^(C|POSIX|en|English|)([._@\s-]|$)/i.test(language)) return [];
  return [
    warning(
      'lc_messages',
      language,
      'login records and error severities are translated: how sessions were authenticated, and what failed, may not be recognized',
      alterSystem('lc_messages', 'C'),
    ),
  ];
}
