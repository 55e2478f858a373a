/** One server's log, opened as its part of the configuration says. */

import { join, resolve } from 'node:path';
import { decoderFor } from '../../audit/encodings.js';
import { timeReader } from '../../audit/time.js';
import { groupRoles, groupsIn, type SourceConfig } from '../../config/schema.js';
import type { RoleCatalog } from '../../database/catalog.js';
import type { Heartbeat } from '../../database/heartbeat.js';
import type { ServerLook } from '../../database/look.js';
import { loggedClasses, passes } from '../../database/population/rules.js';
import type { SettingsWatch } from '../../database/settings-watch.js';
import { Filter } from '../../decide/filter.js';
import { memberRule, personRule, type UserRule, Users } from '../../decide/users.js';
import type { SourcePosition } from '../../event/position.js';
import { identifyBy } from '../../identity/resolver.js';
import type { Journal } from '../../journal/journal.js';
import { positionOf } from '../../journal/rows.js';
import type { SourceCheckpoint } from '../../journal/sources.js';
import type { Claims } from '../../read/files/contested.js';
import type { FormatChange } from '../../read/files/format-choice.js';
import { Ledger } from '../../read/files/ledger.js';
import { Tail } from '../../read/files/tail.js';
import type { TailOptions } from '../../read/files/tail-options.js';
import { SessionFacts } from '../../session/facts.js';
import type { Detection } from '../detect/detection.js';
import type { Settings } from '../large/protocol.js';
import { LargeReader } from '../large/reader.js';
import type { Deciders } from '../records/outcome.js';
import type { OpenSource, Source } from '../source.js';
import type { Telemetry } from '../telemetry/telemetry.js';
import { openCatalog } from './catalog.js';
import { withRotated } from './found-servers.js';
import { evaluateServer, type ServerLookResult } from './population.js';
import type { Resolvers } from './resolvers.js';
import { openRows, type Rows } from './rows.js';
import type { Surroundings } from './surroundings.js';

/** What all servers share. */
export interface Shared {
  readonly once: boolean;
  /** The state folder. */
  readonly directory: string;
  readonly journal: Journal;
  readonly resolvers: Resolvers;
  readonly deciders: Pick<Deciders, 'redact' | 'escrow' | 'relations' | 'isWrite' | 'classesOf'>;
  /** Settings for the process that reads large records. */
  readonly settings: Settings;
  /** The files that each server's globs name. */
  readonly claims: Claims;
  readonly detection: Detection | null;
  readonly surroundings: Surroundings;
}

export interface SourceOptions {
  readonly config: SourceConfig;
  /** Its name in the journal and in file names of the state folder; empty for the server that the chain is named after. */
  readonly name: string;
  readonly telemetry: Telemetry;
}

export class LogSource implements Source {
  readonly instance: string;
  readonly name: string;
  readonly telemetry: Telemetry;
  readonly #config: SourceConfig;
  readonly #shared: Shared;
  #tail: Tail | null = null;
  #catalog: RoleCatalog | null = null;
  #auditSettings: SettingsWatch<ServerLookResult> | null = null;
  #large: LargeReader | null = null;
  #rows: Rows | null = null;

  constructor({ config, name, telemetry }: SourceOptions, shared: Shared) {
    this.instance = config.instance;
    this.name = name;
    this.telemetry = telemetry;
    this.#config = config;
    this.#shared = shared;
    telemetry.sourceWaits('its first look at the log files');
  }

  get positions(): readonly SourcePosition[] {
    return this.#tail?.positions ?? this.#shared.journal.checkpointOf(this.name).files;
  }

  get unread(): number {
    return this.#tail?.unread ?? 0;
  }

  get behindSince(): number | null {
    return this.#tail?.behindSince ?? null;
  }

  async open(until: AbortSignal): Promise<OpenSource> {
    const { name, telemetry } = this;
    const { once, journal, resolvers, deciders, detection, surroundings } = this.#shared;
    const { clock, disk } = surroundings;
    const { instance, timezone, pgauditLogLevel } = this.#config;
    const cachePath = this.#pathOf('catalog', '.json');
    const database = { clock, disk, report: telemetry };
    const catalog = await openCatalog(this.#config, { cachePath, once, until }, database);
    this.#catalog = catalog;
    this.#auditSettings = await this.#watchSettings(catalog);
    const filter = createFilter(this.#config, catalog, () => this.#auditSettings?.wake());
    const times = timeReader(timezone);
    const checkpoint = journal.checkpointOf(name);
    const heartbeat = await this.#createHeartbeat();
    const lostAt = this.#isLost(checkpoint) ? clock.now() : 0;
    const facts = new SessionFacts(times, checkpoint.facts, lostAt, this.#config.rows !== undefined);
    const changes: FormatChange[] = [];
    const tail = this.#createTail(checkpoint, times, heartbeat, facts, changes);
    this.#tail = tail;
    const encodingOf = (of: string): string | null => catalog?.encodingOf(of) ?? null;
    this.#large = this.#createLargeReader(encodingOf);
    this.#rows = await this.#openRows();
    return {
      ...deciders,
      name,
      tail,
      times,
      facts,
      takeFormatChanges: () => changes.splice(0),
      isTwin: record => tail.isTwin(record),
      filter,
      large: this.#large,
      auditSettings: this.#auditSettings,
      heartbeat,
      rows: this.#rows,
      beat: once || heartbeat === null ? null : stop => heartbeat.follow(stop),
      identify: identifyBy(resolvers.of(catalog)),
      genuine: { isWarning: pgauditLogLevel === 'warning' },
      auditedClasses: () => auditedClasses(this.#config, this.#auditSettings),
      decoderOf: of => decoderFor(encodingOf(of)),
      daemon: { instance, node: journal.node },
      now: clock.now,
      detection,
      telemetry,
    };
  }

  async close(): Promise<void> {
    const [catalog, settings, large, rows] = [this.#catalog, this.#auditSettings, this.#large, this.#rows];
    await Promise.all([catalog, settings, large, rows?.reader, rows?.watch].map(one => one?.close()));
  }

  async #openRows(): Promise<Rows | null> {
    const { rows } = this.#config;
    if (rows === undefined) return null;
    const { journal, surroundings } = this.#shared;
    const pathOf = (what: string, end: string): string => this.#pathOf(what, end);
    const position = positionOf(journal.rows.read, this.name);
    return await openRows(rows, position, pathOf, surroundings, this.telemetry);
  }

  /** With `--once`, the heartbeat is sent before the log is read. */
  async #createHeartbeat(): Promise<Heartbeat | null> {
    const { database } = this.#config;
    if (database === undefined) return null;
    const { once, surroundings } = this.#shared;
    const { Heartbeat: Created } = await import('../../database/heartbeat.js');
    const heartbeat = new Created(database.url, surroundings.clock, this.telemetry);
    if (once) await heartbeat.send();
    return heartbeat;
  }

  #createTail(
    { files: positions }: SourceCheckpoint,
    times: Deciders['times'],
    heartbeat: Heartbeat | null,
    facts: SessionFacts,
    changes: FormatChange[],
  ): Tail {
    const { once, surroundings } = this.#shared;
    const { clock, watch } = surroundings;
    const { maxRecordSize, format: configured } = this.#config;
    const patterns = configured === 'cnpg' ? withRotated(this.#config.files) : this.#config.files;
    const claim: TailOptions['claim'] = files => this.#shared.claims.note(this.instance, files);
    const ledger = this.#createLedger(patterns);
    const isAwaited = (): boolean => heartbeat?.isAwaited === true;
    // A state of version 0.1 does not name the format: it was csvlog.
    const current = facts.numbering.format ?? (positions.length > 0 ? 'csvlog' : null);
    const formatChosen: TailOptions['formatChosen'] = (format, change) => {
      if (change === null) return facts.numbering.begin(format, 0);
      facts.changeFormat(format, clock.now());
      changes.push(change);
    };
    const unpackIn = this.#pathOf('unpacked', '');
    const files = {
      patterns,
      unpackIn,
      maxRecordSize,
      once,
      positions,
      backfilled: new Set(this.#config.backfilled),
      format: { configured, current },
      formatChosen,
    };
    const knows: TailOptions['knows'] = ({ session, time }) =>
      session !== null && (times.read(facts.sessions.known(session)?.time ?? '') ?? 0) >= time;
    return new Tail({ ...files, times, ledger, clock, watch, claim, isAwaited, knows }, this.telemetry);
  }

  #createLargeReader(encodingOf: (database: string) => string | null): LargeReader {
    const { settings, surroundings } = this.#shared;
    const { clock, disk } = surroundings;
    const { maxRecordSize } = this.#config;
    const markerPath = this.#pathOf('large-record', '.json');
    const options = { settings, maxRecordSize, encodingOf, markerPath };
    return new LargeReader({ ...options, disk, clock, report: this.telemetry });
  }

  async #watchSettings(catalog: RoleCatalog | null): Promise<SettingsWatch<ServerLookResult> | null> {
    const { database, files, filter, pgauditLogLevel } = this.#config;
    if (database === undefined) return null;
    const { clock, disk } = this.#shared.surroundings;
    const hasGroups = catalog !== null && groupsIn(filter.personalUsers).length > 0;
    const wasPerson = hasGroups ? (role: string) => catalog.wasPerson(role) : null;
    const options = {
      url: database.url,
      cachePath: this.#pathOf('audit-settings', '.json'),
      evaluate: (look: ServerLook) => evaluateServer(look, { files, filter, pgauditLogLevel }, wasPerson),
    };
    const { SettingsWatch: Watch } = await import('../../database/settings-watch.js');
    return await Watch.load<ServerLookResult>(options, { clock, disk, report: this.telemetry });
  }

  /** Whether files were read, and their session facts are lost. */
  #isLost({ files, facts }: SourceCheckpoint): boolean {
    return facts === null && (files.length > 0 || this.#shared.journal.origin === 'taken-up');
  }

  #pathOf(what: string, end: string): string {
    return stateFile(this.#shared.directory, this.name, what, end);
  }

  #createLedger(patterns: readonly string[]): Ledger {
    const { directory, surroundings } = this.#shared;
    return new Ledger(
      ledgerPath(directory, this.name),
      surroundings.disk,
      patterns.map(pattern => resolve(pattern)),
    );
  }
}

/** A server's own file in the state folder. */
function stateFile(directory: string, name: string, what: string, end: string): string {
  return join(directory, `${what}${name === '' ? '' : `-${name}`}${end}`);
}

export function ledgerPath(directory: string, name: string): string {
  return stateFile(directory, name, 'files', '.ndjson');
}

/**
 * The classes that pgAudit logs, from the server's setting if known. Empty if errors are not logged: a missing audit
 * record could then have that reason.
 */
function auditedClasses(
  { filter }: SourceConfig,
  settings: Pick<SettingsWatch<ServerLookResult>, 'valueOf'> | null,
): ReadonlySet<string> {
  if (!passes('error', settings?.valueOf('log_min_messages') ?? 'warning')) return new Set();
  const log = settings?.valueOf('pgaudit.log') ?? null;
  return log === null ? new Set(filter.classes) : loggedClasses(log);
}

/** @param onChange called if the log shows that roles may have changed */
function createFilter(config: SourceConfig, catalog: RoleCatalog | null, onChange: () => void): Filter {
  const { classes, otherUsers, backgroundWorkers, rows } = config.filter;
  const users = createUsers(config, catalog, onChange);
  return new Filter({ classes: new Set(classes), users, otherUsers, backgroundWorkers, rows });
}

function createUsers({ filter }: SourceConfig, catalog: RoleCatalog | null, onChange: () => void): Users {
  const rules = (written: typeof filter.personalUsers, ofGroup: typeof memberRule): UserRule[] =>
    written.flatMap((rule): UserRule[] => {
      if (!('memberOf' in rule)) return [rule];
      return catalog === null ? [] : [ofGroup(rule.memberOf, catalog)];
    });
  return new Users({
    personalUsers: rules(filter.personalUsers, personRule),
    serviceUsers: rules(filter.serviceUsers, memberRule),
    memberships: groupRoles(filter).length > 0 ? catalog : null,
    onChange,
  });
}
