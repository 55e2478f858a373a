/** The part of the telemetry about a server: its log's format, its roles, its audit settings, and who is not audited. */

import type { Logger } from 'pino';
import type { AuditChange } from '../../event/config.js';
import type { UnauditedRoles } from '../../event/population.js';
import { codeOf } from '../../lib/errors.js';
import { databaseFixFor, messageOf } from '../fixes.js';
import type { Health, Problem } from '../health.js';
import type { Metrics } from '../metrics.js';
import { RowTelemetry } from './rows.js';

/** Changes of settings that one log line names. */
const MOST_CHANGES_NAMED = 20;
const LONGEST_VALUE = 200;
/** Servers and paths that a problem names. */
const MOST_NAMED = 10;

type Asked = 'roles' | 'settings';

export class DatabaseTelemetry extends RowTelemetry {
  readonly #log: Logger;
  readonly #metrics: Metrics;
  readonly #health: Health;
  /** The server's name in Health and the metrics. */
  readonly #partOf: (what: string) => string;
  #isHeartbeatMissing = false;
  /** Paths that were named as unseen last. */
  #unseen = '';
  /** The problems that the last look at the server found. */
  #audit: readonly Problem[] = [];
  /** What cannot be read from the database, and why. */
  readonly #outages = new Map<Asked, unknown>();

  /** @param source one of several servers */
  constructor(log: Logger, metrics: Metrics, health: Health, source: string | null) {
    super(log, metrics, health, source);
    this.#log = log;
    this.#metrics = metrics;
    this.#health = health;
    this.#partOf = what => (source === null ? what : `${what} ${source}`);
  }

  catalogLoaded(roles: number): void {
    this.#metrics.catalogRoles.set(this.#partOf('source'), roles);
    this.#metrics.catalogFailing.set(this.#partOf('source'), 0);
    this.#reached('roles');
    this.#log.info({ code: 'catalog-loaded', roles }, "the database's roles were read");
  }

  catalogFailed(error: unknown): void {
    this.#metrics.catalogFailures.inc();
    this.#metrics.catalogFailing.set(this.#partOf('source'), 1);
    this.#unreachable('roles', error);
    this.#log.error(
      { code: 'catalog-failed', error: codeOf(error) },
      `the database's roles cannot be read; those read before stay in use: ${messageOf(error)}`,
    );
  }

  groupMissing(role: string): void {
    this.#log.error(
      { code: 'group-missing', role },
      'the filter names a group role that the database does not have; it has no members: fix memberOf',
    );
  }

  /** Names and values of settings are not content; a change of the filter may have one change for each role. */
  settingsChanged(changes: readonly AuditChange[]): void {
    this.#metrics.configChanges.inc(changes.length);
    const named = changes.slice(0, MOST_CHANGES_NAMED).map(change => ({
      ...change,
      before: change.before?.slice(0, LONGEST_VALUE) ?? null,
      after: change.after?.slice(0, LONGEST_VALUE) ?? null,
    }));
    this.#log.error(
      { code: 'settings-changed', count: changes.length, changes: named },
      'somebody changed what is audited, or a login role appeared that no rule matches: see the config event',
    );
  }

  serverFound(instance: string): void {
    this.#log.info(
      { code: 'server-found', source: instance },
      'a server was found; it is expected from now on',
    );
  }

  unpackFailed(path: string, error: unknown): void {
    this.#log.error(
      { code: 'unpack-failed', path, error: codeOf(error) },
      'a compressed log file is not read',
    );
  }

  noServer(what: string): void {
    this.#log.warn({ code: 'no-server' }, what);
  }

  /** Of these servers nothing is read. */
  tooManyServers(instances: readonly string[]): void {
    const names = instances.slice(0, MOST_NAMED).join(', ');
    const what = `there are ${instances.length} servers more than sources: discover: most allows: ${names}`;
    const fix = 'raise most, or run another daemon for them: until then the archive is incomplete';
    this.#health.set('servers', instances.length === 0 ? null : { code: 'too-many-servers', what, fix });
  }

  /** Of these paths nothing is read. */
  serversUnseen(paths: readonly string[]): void {
    const named = paths.slice(0, MOST_NAMED).join(', ');
    const what = `${paths.length} paths cannot be listed, name no server, or name one by which another is known: ${named}`;
    const fix =
      'let the daemon list the folders of sources: discover: files, and choose an instance that each server has for itself, of letters, digits, dots, dashes and underscores: until then nothing of them is read, and no server is let go';
    if (paths.length > 0 && named !== this.#unseen)
      this.#log.warn({ code: 'servers-unseen' }, `${what}: ${fix}`);
    this.#unseen = named;
    this.#health.set('servers-seen', paths.length === 0 ? null : { code: 'servers-unseen', what, fix });
  }

  /** The server writes its log in another format. */
  formatChanged(before: string, after: string): void {
    this.#metrics.configChanges.inc();
    this.#log.warn(
      { code: 'format-changed', before, after },
      'the log is read in another format from now on',
    );
  }

  settingsFailed(error: unknown): void {
    this.#unreachable('settings', error);
    this.#log.error(
      { code: 'settings-failed', error: codeOf(error) },
      `the server's audit settings cannot be read; a change is recorded when they can be read again: ${messageOf(error)}`,
    );
  }

  heartbeatFailed(error: unknown): void {
    this.#log.error(
      { code: 'heartbeat-failed', error: codeOf(error) },
      `nothing proves that the log of this server is read, so seals cover no more of it: ${messageOf(error)}`,
    );
  }

  /** It lasts until one comes back. */
  heartbeatMissing(isMissing: boolean): void {
    if (isMissing === this.#isHeartbeatMissing) return;
    this.#isHeartbeatMissing = isMissing;
    const what =
      'the heartbeat that the server writes to its log is missing in the files that the shipper reads';
    const fix =
      "let source.files match the log files of database.url's server; its log_min_messages must let LOG pass, and the role must be allowed to run DO";
    this.#health.set(this.#partOf('heartbeat'), isMissing ? { code: 'heartbeat-missing', what, fix } : null);
  }

  settingsNotRecorded(error: unknown): void {
    this.#log.warn(
      { code: 'settings-not-recorded', error: codeOf(error) },
      `the result of a look at the server was not journaled, and is recorded again by the next look: ${messageOf(error)}`,
    );
  }

  /** The result of a look at the server; it counts until the next one. */
  settingsChecked({
    unaudited,
    problems,
  }: {
    unaudited: UnauditedRoles;
    problems: readonly Problem[];
  }): void {
    this.#reached('settings');
    this.#metrics.unauditedRoles.set(this.#partOf('source'), unaudited.count);
    const before = this.#audit;
    this.#audit = problems;
    this.#health.set(this.#partOf('audit'), problems);
    const isIn = (list: readonly Problem[], { code }: Problem): boolean =>
      list.some(one => one.code === code);
    for (const problem of problems.filter(one => !isIn(before, one)))
      this.#log.error(
        { code: 'problem', problem: problem.code, roles: unaudited.names },
        `${problem.what}: ${problem.fix}`,
      );
    for (const { code } of before.filter(one => !isIn(problems, one)))
      this.#log.info({ code: 'problem-solved', problem: code }, 'a problem is gone');
  }

  #unreachable(what: Asked, error: unknown): void {
    this.#outages.set(what, error);
    this.#health.set(this.#partOf('database'), {
      code: 'database-unreachable',
      what: `the database's ${what} cannot be read (${codeOf(error)}): it is unknown who is audited`,
      fix: databaseFixFor(codeOf(error)),
    });
  }

  #reached(what: Asked): void {
    this.#outages.delete(what);
    const [other] = this.#outages;
    if (other === undefined) this.#health.set(this.#partOf('database'), null);
    else this.#unreachable(...other);
  }
}
