/** `check --end-to-end`: makes a change as a person, and follows it to where auditors find it. */

import { join, resolve } from 'node:path';
import type { Client } from 'pg';
import { openArchive } from '../../archive/store/location.js';
import type { Config, SourceConfig } from '../../config/schema.js';
import { clientFor, reasonOf, withClient } from '../../database/connect.js';
import { lookAt } from '../../database/look.js';
import { shippedRoles, sortRoles } from '../../decide/roles.js';
import type { AuditClass } from '../../event/names.js';
import { identifier } from '../../lib/sql/compose.js';
import { type Finding, failure, ok } from './finding.js';
import { askDaemon } from './trace/daemon.js';
import { traceFindings } from './trace/findings.js';
import { follow } from './trace/follow.js';
import { appendedFiles, archiveObjects, cloudEntries, type Leg } from './trace/legs.js';
import { type Change, isDenied, makeChange, newMarkers } from './trace/scratch.js';

export interface EndToEndOptions {
  /** Who makes the change: a role, which replaces the user of database.url, or a connection URL. */
  readonly as: string | null;
  /** Milliseconds for the change to arrive. */
  readonly wait: number;
}

const WHAT = 'end-to-end';

export async function checkEndToEnd(
  source: SourceConfig,
  config: Config,
  options: EndToEndOptions,
): Promise<Finding[]> {
  const client = personOf(source, options);
  if (!('query' in client)) return [client];
  const unfit = await whyUnfit(client, source, options);
  if (unfit !== null) return [unfit];
  const archive = openArchive(
    archiveOf(config),
    config.archive.endpoint === null ? {} : { endpoint: config.archive.endpoint },
  );
  try {
    const legs = await legsOf(source, config, archive);
    return await trace(client, legs, markedClass(source), config, options.wait);
  } finally {
    archive.store.close();
  }
}

/** A connection as the person, not open yet; or a finding that says what is missing. */
function personOf({ database }: SourceConfig, { as }: EndToEndOptions): Client | Finding {
  const isUrl = as !== null && /^postgres(ql)?:\/\//.test(as);
  try {
    if (isUrl) return clientFor(as);
    if (database !== undefined) return clientFor(database.url, as === null ? {} : { user: as });
  } catch (error) {
    return notConnected(isUrl ? 'the URL of --as' : 'the role of database.url', error);
  }
  return failure(
    WHAT,
    'nobody makes the change',
    'a person has to make it',
    '--as postgres://person@host/database; or database: {url: …} and --as PERSON; the password in PGPASSWORD',
  );
}

/** Why the change would not be shipped; checked before it is made. */
async function whyUnfit(
  client: Client,
  source: SourceConfig,
  { as }: EndToEndOptions,
): Promise<Finding | null> {
  const user = client.user ?? '';
  const url = source.database?.url ?? as ?? '';
  if (markedClass(source) === null)
    return failure(
      WHAT,
      'filter.classes has neither write nor ddl',
      'no change is shipped',
      'filter: {classes: [write, ddl, role]}',
    );
  try {
    const sorted = await sortRoles((await lookAt(url)).roles, source.filter);
    const shipped = shippedRoles(sorted, source.filter);
    if (shipped.some(({ name }) => name === user)) return null;
  } catch (error) {
    return notConnected(url === as ? user : 'the role of database.url', error);
  }
  return failure(
    WHAT,
    `${identifier(user)} is not a login role that is shipped`,
    'what it changes is dropped, as it should be',
    '--as PERSON, a role that filter.personalUsers matches',
  );
}

function notConnected(user: string, error: unknown): Finding {
  const why = 'the change could not be made';
  const fix = 'fix the URL, or give the password in PGPASSWORD or the password file';
  return failure(WHAT, `${user} cannot connect (${reasonOf(error)})`, why, fix);
}

function markedClass({ filter }: SourceConfig): AuditClass | null {
  return (['WRITE', 'DDL'] as const).find(one => filter.classes.includes(one)) ?? null;
}

async function trace(
  client: Client,
  legs: readonly Leg[],
  marked: AuditClass | null,
  config: Config,
  wait: number,
): Promise<Finding[]> {
  const markers = newMarkers();
  const user = identifier(client.user ?? '');
  let change: Change;
  try {
    change = await withClient(client, () => makeChange(client, markers));
  } catch (error) {
    return [isDenied(error) ? mayNotChange(user) : notConnected(user, error)];
  }
  const what = change.how === 'schema' ? 'a table in its own schema' : 'a temporary table';
  const marker = marked === 'WRITE' ? markers.write : markers.ddl;
  const outcomes = await follow(legs, marker, { since: change.at, wait });
  const { maxAge } = config.archive.segment;
  const daemon = await askDaemon(config.http);
  return [ok(WHAT, `${user} changed ${what}`), ...traceFindings({ outcomes, user, daemon, wait, maxAge })];
}

function mayNotChange(user: string): Finding {
  return failure(
    WHAT,
    `${user} may create neither a schema nor a temporary table`,
    'the change could not be made',
    `GRANT TEMPORARY ON DATABASE … TO ${user};`,
  );
}

/** In the order in which the change passes them. */
async function legsOf(
  source: SourceConfig,
  config: Config,
  archive: ReturnType<typeof openArchive>,
): Promise<Leg[]> {
  const { state, logging, instance } = config;
  const entries =
    logging.to.kind === 'file'
      ? await appendedFiles('logging', [join(resolve(logging.to.folder), 'entries-*.ndjson')])
      : cloudEntries({ logName: logging.to.logName, endpoint: logging.endpoint });
  return [
    await appendedFiles(
      'csvlog',
      source.files.map(pattern => resolve(pattern)),
    ),
    await appendedFiles('journal', [join(resolve(state.directory), 'journal', '*.ndjson')]),
    entries,
    await archiveObjects(archive, instance, config.archive.to.kind === 'file'),
  ];
}

function archiveOf({ archive: { to } }: Config): string {
  return to.kind === 'file' ? `file:${resolve(to.folder)}` : `gs://${to.bucket}/${to.prefix}`;
}
