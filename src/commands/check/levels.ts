/** Whether pgAudit's records reach the log, and whether the shipper takes them for pgAudit's. */

import type { SourceConfig } from '../../config/schema.js';
import {
  type Deviation,
  describeOrigin,
  deviations,
  fixOrigin,
  isOn,
  type Person,
  serverValue,
} from '../../database/population/effective.js';
import { passes } from '../../database/population/rules.js';
import type { Snapshot } from '../../database/snapshot.js';
import { type Finding, failure, warning } from './finding.js';

/** `pgaudit.log_level` counts only if `pgaudit.log_client` is on (pgaudit.c, log_audit_event). */
export function levelFindings(
  server: Snapshot,
  persons: readonly Person[],
  expected: SourceConfig['pgauditLogLevel'],
): Finding[] {
  const least = serverValue(server, 'log_min_messages') ?? 'warning';
  const toClients = deviations(server, 'pgaudit.log_client', persons, value => !isOn(value));
  const whose = [...new Set(toClients.flatMap(one => one.persons))];
  const isWarning = (value: string): boolean => value.toLowerCase() === 'warning';
  const ofLevel = (isFine: (value: string) => boolean): Deviation[] =>
    deviations(server, 'pgaudit.log_level', whose, isFine);
  const warnings = ofLevel(value => !isWarning(value));
  return [
    ...ofLevel(value => passes(value, least)).map(deviation =>
      lost('pgaudit.log_level', deviation, 'log', least),
    ),
    ...(expected === 'log' ? warnings.map(mistaken) : []),
    ...(expected === 'warning' && warnings.length === 0 ? [tooLax()] : []),
    ...minimumFindings(server, persons, least),
  ];
}

function minimumFindings(server: Snapshot, persons: readonly Person[], least: string): Finding[] {
  const below = (level: string): Deviation[] =>
    deviations(server, 'log_min_messages', persons, value => passes(level, value));
  const errors = below('error').filter(({ value }) => passes('log', value));
  return [
    ...below('log').map(deviation => lost('log_min_messages', deviation, 'warning', least)),
    ...errors.map(({ origin, value }) =>
      warning(
        'log_min_messages',
        `${value} ${describeOrigin(origin)}`,
        'errors are not logged: nothing shows that a shipped statement failed',
        fixOrigin('log_min_messages', origin, 'warning', passes('error', least)),
      ),
    ),
  ];
}

function lost(setting: string, { origin, value }: Deviation, wanted: string, least: string): Finding {
  const isMinimum = setting === 'log_min_messages';
  return failure(
    setting,
    `${value} ${describeOrigin(origin)}${isMinimum ? '' : ` is below log_min_messages ${least}`}`,
    "pgAudit's records do not reach the log",
    fixOrigin(setting, origin, wanted, isMinimum && passes('log', least)),
  );
}

function mistaken({ origin }: Deviation): Finding {
  return failure(
    'pgaudit.log_level',
    `warning ${describeOrigin(origin)}`,
    "pgAudit's records look like messages that clients can raise, and are shipped as suspects",
    `${fixOrigin('pgaudit.log_level', origin, 'log', false)}\nor: source: {pgauditLogLevel: warning}`,
  );
}

function tooLax(): Finding {
  return warning(
    'pgaudit.log_level',
    'source.pgauditLogLevel is warning, but the server does not log pgAudit at that level',
    "a warning that a client raises may be taken for pgAudit's",
    'source: {pgauditLogLevel: log}',
  );
}
