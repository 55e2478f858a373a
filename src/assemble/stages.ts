/** Builds the stages that a configuration asks for. */

import { join, resolve } from 'node:path';
import type { Config } from '../config/schema.js';
import type { RoleCatalog } from '../database/catalog.js';
import { SettingsWatch } from '../database/settings-watch.js';
import { lifecycleDraft } from '../draft.js';
import type { LifecycleContent } from '../event.js';
import { Filter } from '../filter/filter.js';
import { memberRule, type UserRule } from '../filter/users.js';
import { HttpResolver } from '../identity/http.js';
import { identify } from '../identity/resolver.js';
import type { Journal } from '../journal/journal.js';
import { relationsOf } from '../objects/relations.js';
import { decoderFor } from '../parse/encodings.js';
import { Memory } from '../parse/memory.js';
import { timeReader } from '../parse/time.js';
import type { Stages } from '../pipeline.js';
import { createRedactor } from '../redact/redact.js';
import { Ledger } from '../tail/ledger.js';
import { Tail } from '../tail/tail.js';
import { VERSION } from '../version.js';
import { hasMemberRules, openCatalog } from './catalog.js';
import { openJournal } from './journal.js';
import { openResolvers } from './resolvers.js';
import { createSinks } from './sinks.js';
import type { Surroundings } from './surroundings.js';

/** The stages, and what ends what goes on beside them. */
export interface Assembly {
  readonly stages: Stages;
  close(): Promise<void>;
}

/** Throws a ConfigError where a file that the configuration names cannot be used, a StateError where the state is damaged. */
export async function assemble(config: Config, once: boolean, surroundings: Surroundings): Promise<Assembly> {
  const { clock, disk, telemetry, watch, parser } = surroundings;
  const { instance, source, redact, state } = config;
  const catalog = await openCatalog(config, once, surroundings);
  const resolvers = await openResolvers({ config, catalog, surroundings });
  const journal = await openJournal(config, surroundings);
  const { files: positions, memory: saved } = journal.resume;
  const place = { instance, node: journal.node };
  if (journal.node !== config.node) telemetry.nodeKept(journal.node, config.node);
  const times = timeReader(source.timezone);
  const { files: patterns, maxRecordSize } = source;
  const started = { action: 'started', version: VERSION, ...originOf(journal) } as const;
  const stopped = { action: 'stopped', version: VERSION } as const;
  const ledger = new Ledger(join(resolve(state.directory), 'files.ndjson'), disk);
  const filter = createFilter(config, catalog);
  const auditSettings = once ? null : await watchSettings(config, filter, surroundings);
  const stages: Stages = {
    once,
    tail: new Tail({ patterns, maxRecordSize, once, positions, times, ledger, clock, watch }, telemetry),
    times,
    memory: new Memory(times, saved, journal.origin === 'taken-up' ? clock.now() : 0),
    filter,
    auditSettings,
    identify: asker => identify(asker, resolvers),
    redact: createRedactor(redact.patterns.map(({ compiled }) => compiled)),
    relations: audit => relationsOf(audit, parser),
    genuine: { isWarning: source.pgauditLogLevel === 'warning' },
    decoderOf: database => decoderFor(catalog?.encodingOf(database) ?? null),
    journal,
    sinks: await createSinks(config, journal, surroundings),
    lifecycle: {
      started: () => lifecycleDraft(started, clock.now(), place),
      stopped: () => lifecycleDraft(stopped, clock.now(), place),
    },
    place,
    now: clock.now,
    telemetry,
  };
  const lookups = resolvers.filter(resolver => resolver instanceof HttpResolver);
  const close = async (): Promise<void> => {
    await Promise.all([catalog?.close(), auditSettings?.close(), ...lookups.map(lookup => lookup.close())]);
  };
  return { stages, close };
}

async function watchSettings(
  { database, state }: Config,
  { users }: Filter,
  { clock, disk, telemetry: report }: Surroundings,
): Promise<SettingsWatch | null> {
  if (database === undefined) return null;
  const options = {
    url: database.url,
    cachePath: join(resolve(state.directory), 'audit-settings.json'),
    isOther: async (role: string) => (await users.kindOf(role, clock.now)) === 'other',
  };
  return await SettingsWatch.load(options, { clock, disk, report });
}

function createFilter(config: Config, catalog: RoleCatalog | null): Filter {
  const { classes, personalUsers, serviceUsers, otherUsers } = config.filter;
  const toRule = (rule: (typeof personalUsers)[number]): UserRule[] => {
    if (!('memberOf' in rule)) return [rule];
    return catalog === null ? [] : [memberRule(rule.memberOf, catalog)];
  };
  return new Filter({
    classes: new Set(classes),
    personalUsers: personalUsers.flatMap(toRule),
    serviceUsers: serviceUsers.flatMap(toRule),
    memberships: hasMemberRules(config) ? catalog : null,
    otherUsers,
  });
}

function originOf({ origin }: Journal): Partial<LifecycleContent['lifecycle']> {
  if (origin === null) return {};
  return origin === 'taken-up' ? { takenUpFromArchive: true } : { newChain: true, reason: origin };
}
