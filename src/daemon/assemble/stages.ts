/** Builds the stages from a configuration. */

import { resolve } from 'node:path';
import type { Config, SourceConfig } from '../../config/schema.js';
import type { Audit } from '../../event/audit.js';
import type { LifecycleFields } from '../../event/lifecycle.js';
import { lifecycleEvent } from '../../event/make.js';
import type { Journal } from '../../journal/journal.js';
import { VERSION } from '../../lib/version.js';
import { Claims } from '../../read/files/contested.js';
import { Ledger } from '../../read/files/ledger.js';
import { createRedactor } from '../../redact/redact.js';
import { isWrite, relationsOf } from '../../relations/relations.js';
import { Detection } from '../detect/detection.js';
import { rulesOf } from '../detect/settings.js';
import { Discovery } from '../discovery.js';
import type { Stages } from '../pipeline.js';
import type { Source } from '../source.js';
import type { Telemetry } from '../telemetry/telemetry.js';
import { escrowChange, openEscrow } from './escrow.js';
import { findServers, unwatchedEnd } from './found-servers.js';
import { openJournal } from './journal.js';
import { openResolvers } from './resolvers.js';
import { createSinks } from './sinks.js';
import { LogSource, ledgerPath, type Shared, type SourceOptions } from './source.js';
import type { Surroundings } from './surroundings.js';

/** The stages; `close` ends their work in the background. */
export interface Assembly {
  readonly stages: Stages;
  close(): Promise<void>;
}

/** Throws a ConfigError if a file that the configuration names cannot be used, a StateError if the state is damaged. */
export async function assemble(
  config: Config,
  { once, retire = false }: { readonly once: boolean; readonly retire?: boolean },
  surroundings: Surroundings,
): Promise<Assembly> {
  const { clock, telemetry, parser } = surroundings;
  const { instance, redact, state } = config;
  const resolvers = await openResolvers({ config, surroundings });
  const detection =
    config.detect === undefined ? null : new Detection(rulesOf(config.detect), parser, telemetry);
  const { journal, signing } = await openJournal(config, surroundings, detection);
  await detection?.resume(journal);
  const daemon = { instance, node: journal.node };
  if (journal.node !== config.node) telemetry.nodeKept(journal.node, config.node);
  const named = config.sources.map(one => one.instance);
  const found = config.discovered.length === 0 ? [] : journal.servers.filter(name => !named.includes(name));
  const servers = config.areNamed ? { servers: [...named, ...found] } : {};
  const started = { action: 'started', version: VERSION, ...originOf(journal), ...servers } as const;
  const stopped = {
    action: 'stopped',
    version: VERSION,
    ...(retire ? { retired: true as const } : {}),
  } as const;
  const escrow = await openEscrow(config);
  const deciders = {
    redact: createRedactor(redact.patterns.map(({ compiled }) => compiled)),
    escrow: escrow === null ? null : (original: string) => escrow.seal(original),
    relations: (audit: Audit) => relationsOf(audit, parser),
    isWrite: (audit: Audit) => isWrite(audit, parser),
    classesOf: (sql: string) => parser.classes(sql),
  };
  const claims = new Claims();
  const directory = resolve(state.directory);
  const patterns = redact.patterns.map(({ compiled }) => compiled.pattern());
  const settings = { patterns, recipients: redact.escrowTo };
  const shared = { once, directory, journal, resolvers, deciders, settings, claims, detection, surroundings };
  const sources: Source[] = config.sources.map(
    one => new LogSource(sourceOptions(one, config, telemetry), shared),
  );
  const discovery = discoveryOf(config, sources, shared);
  const changed = await escrowChange(directory, redact.escrowTo, daemon, surroundings);
  const stages: Stages = {
    once,
    changed: {
      events: [...signing.changed(daemon), ...changed.events],
      journaled: async () => {
        signing.journaled();
        await changed.journaled();
      },
    },
    sources,
    discovery,
    journal,
    sinks: await createSinks(config, journal, surroundings),
    lifecycle: {
      started: () => lifecycleEvent(started, clock.now(), daemon),
      stopped: () => lifecycleEvent(stopped, clock.now(), daemon),
    },
    clock,
  };
  const close = async (): Promise<void> => {
    await Promise.all([
      ...sources.map(source => source.close()),
      resolvers.close(),
      escrow?.close(),
      signing.close(),
    ]);
  };
  return { stages, close };
}

/**
 * The server that the chain is named after keeps its state as if it were the only one: so `source` can become `sources`
 * later.
 */
function sourceOptions(one: SourceConfig, config: Config, telemetry: Telemetry): SourceOptions {
  const isOwn = one.instance === config.instance;
  return {
    config: one,
    name: isOwn ? '' : one.instance,
    telemetry: config.areNamed ? telemetry.ofSource(one.instance) : telemetry,
  };
}

/** Servers that are found are added to the sources. */
function discoveryOf(config: Config, sources: Source[], shared: Shared): Discovery | null {
  const { discovered } = config;
  if (discovered.length === 0) return null;
  const { once, directory, journal, surroundings } = shared;
  const { clock, telemetry } = surroundings;
  return new Discovery({
    look: () => Promise.all(discovered.map(findServers)),
    named: new Set(config.sources.map(({ instance }) => instance)),
    create: one =>
      new LogSource({ config: one, name: one.instance, telemetry: telemetry.ofSource(one.instance) }, shared),
    sources,
    journal,
    keep: (instance, positions) =>
      new Ledger(ledgerPath(directory, instance), surroundings.disk).keep(positions),
    unwatched: (position, instance) => unwatchedEnd(position, { instance, node: journal.node }, clock.now()),
    lifecycle: (action, instance) =>
      lifecycleEvent({ action, version: VERSION }, clock.now(), { instance, node: journal.node }),
    report: telemetry,
    once,
    clock,
  });
}

function originOf({ origin, previousChain }: Journal): Partial<LifecycleFields['lifecycle']> {
  if (origin === null) return {};
  if (origin === 'taken-up') return { takenUpFromArchive: true };
  return { newChain: true, reason: origin, ...(previousChain === null ? {} : { previousChain }) };
}
