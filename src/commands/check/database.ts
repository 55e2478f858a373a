/** What the database says about its settings, its roles and its log. */

import { randomUUID } from 'node:crypto';
import type { Config, SourceConfig } from '../../config/schema.js';
import { databaseFixFor } from '../../daemon/fixes.js';
import { CANCELED, reasonOf, TIMEOUT } from '../../database/connect.js';
import { writeHeartbeat } from '../../database/heartbeat.js';
import { readSnapshot, type Snapshot } from '../../database/snapshot.js';
import { shippedRoles, sortRoles } from '../../decide/roles.js';
import { auditFindings } from './audit.js';
import { clockFinding } from './clock.js';
import { extensionFindings } from './extension.js';
import { type Finding, failure, ok, warning } from './finding.js';
import { formerFindings, keptPersons } from './former.js';
import { logFileFindings } from './log-file.js';
import { peopleFindings } from './people.js';
import { rotationFindings } from './rotation.js';
import { serverFindings } from './server.js';

export async function checkDatabase(source: SourceConfig, config: Config): Promise<Finding[]> {
  if (source.database === undefined) return [notConfigured()];
  let server: Snapshot;
  try {
    server = await readSnapshot(source.database.url, Date.now);
  } catch (error) {
    return [unreadable(reasonOf(error))];
  }
  const kept = await keptPersons(source, config);
  return [
    ...(await snapshotFindings(server, source, config, kept)),
    ...(await heartbeatFindings(source.database.url)),
    ...formerFindings(kept, await sortRoles(server.roles, source.filter)),
    ...(await logFileFindings(server, source.files)),
  ];
}

/** Everything that follows from the snapshot. */
async function snapshotFindings(
  server: Snapshot,
  source: SourceConfig,
  config: Pick<Config, 'identity'>,
  kept: ReadonlySet<string>,
): Promise<Finding[]> {
  const sorted = await sortRoles(server.roles, source.filter, role => kept.has(role));
  // `null` is a person still to come: it shows what is wrong for everybody, even if there is no person yet.
  const persons = [...shippedRoles(sorted, source.filter).map(({ name }) => name), null];
  return [
    ok('database', `read as ${server.user}`),
    ...slowFindings(server),
    clockFinding("the database's clock", server.clockAhead),
    ...serverFindings(server, persons, source, config),
    ...rotationFindings(server),
    ...auditFindings(server, persons, source),
    ...extensionFindings(server),
    ...peopleFindings(server, sorted, source.filter),
  ];
}

/** The daemon's reads are cancelled at the limit; nothing is shipped that needs `memberOf` until one succeeds. */
function slowFindings({ took, roles }: Snapshot): Finding[] {
  if (took < TIMEOUT / 2) return [];
  return [
    warning(
      'database',
      `its settings and ${roles.length} roles took ${(took / 1000).toFixed(1)} s to read`,
      `each query is cancelled after ${TIMEOUT / 1000} s, and repeated after a minute`,
      databaseFixFor(CANCELED),
    ),
  ];
}

/** Writes one heartbeat to the server's log; the daemon's first minute shows whether it comes back. */
async function heartbeatFindings(url: string): Promise<Finding[]> {
  try {
    await writeHeartbeat(url, randomUUID());
    return [];
  } catch (error) {
    return [
      failure(
        'heartbeat',
        `cannot be written (${reasonOf(error)})`,
        "nothing proves which server's log is read: seals cover nothing, and verify says incomplete",
        'GRANT USAGE ON LANGUAGE plpgsql TO PUBLIC;',
      ),
    ];
  }
}

function notConfigured(): Finding {
  return warning(
    'database',
    'not configured',
    'the settings of the server and of pgAudit, and the roles, were not checked',
    'CREATE ROLE shipper LOGIN; database: {url: "postgres://shipper@localhost/postgres"}',
  );
}

function unreadable(code: string): Finding {
  return failure(
    'database',
    `cannot be read (${code})`,
    'the settings of the server and of pgAudit, and the roles, were not checked; group roles and role comments are unknown',
    databaseFixFor(code),
  );
}
