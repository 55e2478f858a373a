/** pgAudit's extension, which each database needs. */

import type { DatabaseState, ExtensionState, Snapshot } from '../../database/snapshot.js';
import { identifier, some } from '../../lib/sql/compose.js';
import { type Finding, ok, warning } from './finding.js';

const NEEDED = 'without it, DDL is audited without the type and name of what it changed';

export function extensionFindings({ databases, user }: Snapshot): Finding[] {
  const missing = ofKind(databases, 'missing').map(({ name }) => name);
  const unreadable = ofKind(databases, 'unreadable');
  const installed = ofKind(databases, 'installed');
  const versions = [...new Set(installed.map(({ extension }) => extension.version))];
  return [
    ...(installed.length > 0
      ? [
          ok(
            'extension',
            `pgaudit ${versions.join(', ')} in ${some(installed.map(({ name }) => identifier(name)))}`,
          ),
        ]
      : []),
    ...(missing.length > 0 ? [missingFinding(missing)] : []),
    ...installed.flatMap(stateFindings),
    ...(unreadable.length > 0
      ? [
          warning(
            'extension',
            `${some(unreadable.map(({ name, extension }) => `${identifier(name)} (${extension.code})`))} cannot be checked`,
            `whether the extension is there was not checked; ${NEEDED}`,
            letIn(unreadable, identifier(user)),
          ),
        ]
      : []),
  ];
}

/** What lets the shipper in, by what the database or its server refused. */
function letIn(unreadable: readonly { extension: { code: string } }[], role: string): string {
  return unreadable.every(({ extension: { code } }) => code === TOO_MANY_CONNECTIONS)
    ? `ALTER ROLE ${role} CONNECTION LIMIT -1; ALTER DATABASE … CONNECTION LIMIT -1; or raise max_connections`
    : `GRANT CONNECT ON DATABASE … TO ${role}; and allow it in pg_hba.conf`;
}

const TOO_MANY_CONNECTIONS = '53300';

function ofKind<K extends ExtensionState['kind']>(databases: readonly DatabaseState[], kind: K) {
  return databases.flatMap(({ name, extension }) => {
    const isOfKind = (one: ExtensionState): one is Extract<ExtensionState, { kind: K }> => one.kind === kind;
    return isOfKind(extension) ? [{ name, extension }] : [];
  });
}

function missingFinding(names: readonly string[]): Finding {
  const statements = names.slice(0, 10).map(name => `\\c ${identifier(name)}\nCREATE EXTENSION pgaudit;`);
  const isTemplate = names.includes('template1')
    ? '; databases that are made from template1 will lack it, too'
    : '';
  return warning(
    'extension',
    `missing in ${some(names.map(identifier))}`,
    `${NEEDED}${isTemplate}`,
    statements.join('\n'),
  );
}

function stateFindings({ name, extension }: ReturnType<typeof ofKind<'installed'>>[number]): Finding[] {
  const { version, latest, disabled } = extension;
  const findings: Finding[] = [];
  if (latest !== null && latest !== version)
    findings.push(
      warning(
        'extension',
        `pgaudit ${version} in ${identifier(name)}, but ${latest} is installed on the server`,
        'it may not fit the library',
        `\\c ${identifier(name)}\nALTER EXTENSION pgaudit UPDATE;`,
      ),
    );
  if (disabled.length > 0)
    findings.push(
      warning(
        'extension',
        `${disabled.join(', ')} in ${identifier(name)} is disabled`,
        NEEDED,
        `\\c ${identifier(name)}\n${disabled.map(one => `ALTER EVENT TRIGGER ${one} ENABLE;`).join('\n')}`,
      ),
    );
  return findings;
}
