/** What pgAudit logs of each person in each database; memory and time grow only with the number of roles. */

import { setImmediate } from 'node:timers/promises';
import type { Sorted } from '../../decide/roles.js';
import type { PopulationFields, PopulationGroup, UnauditedRoles } from '../../event/population.js';
import type { Role, ServerLook } from '../look.js';
import { isPgauditLoaded } from '../read-settings.js';
import { EffectiveSettings } from './effective.js';
import { powersIn } from './powers.js';
import { AUDIT_SETTINGS, type AuditFault, type AuditRules, faultsOf } from './rules.js';
import { takenAway } from './server.js';

export type Population = Omit<PopulationFields['population'], 'part'> & {
  /** Faults of those who are not audited, each once. */
  readonly lost: readonly string[];
  /** Faults of the others. */
  readonly lacking: readonly string[];
};

export interface PopulationRules extends AuditRules {
  /** Whether the statements of a role that no rule matches are shipped, too. */
  readonly otherUsers: 'drop' | 'ship';
}

type Place = PopulationGroup['databases'][number];

/** Names of unaudited persons in an event. */
const MOST_UNAUDITED = 100;
/** Groups of persons that are processed before other work gets its turn. */
const AT_ONCE = 64;

export async function populationOf(
  look: ServerLook,
  sorted: readonly Sorted<Role>[],
  rules: PopulationRules,
): Promise<Population> {
  const isPerson = ({ kind }: Sorted<Role>): boolean =>
    kind === 'person' || (kind === 'other' && rules.otherUsers === 'ship');
  const persons = sorted.filter(isPerson).map(({ role }) => role.name);
  const isLoaded = isPgauditLoaded([...look.settings.values()]);
  const groups = await groupsOf(look, persons, stateReader(look, rules, isLoaded));
  const unaudited = new Set(groups.filter(isUnaudited).flatMap(({ roles }) => roles));
  const powersOf = powersIn(look);
  return {
    server: { version: versionName(look.version), pgaudit: isLoaded ? (look.pgaudit ?? 'unknown') : null },
    databases: look.databases.length,
    persons: persons.length,
    services: sorted.filter(({ kind }) => kind === 'service').length,
    others: sorted.filter(one => one.kind === 'other' && !isPerson(one)).length,
    groups,
    unaudited: first(persons.filter(name => unaudited.has(name))),
    mayTurnOff: sorted
      .filter(({ kind }) => kind !== 'service')
      .map(({ role }) => ({ role: role.name, by: powersOf(role) }))
      .filter(({ by }) => by.length > 0),
    lost: faultsIn(groups, ({ isAudited }) => !isAudited),
    lacking: faultsIn(groups, ({ isAudited }) => isAudited),
  };
}

function first(names: readonly string[]): UnauditedRoles {
  return { count: names.length, names: names.slice(0, MOST_UNAUDITED) };
}

function isUnaudited({ databases }: PopulationGroup): boolean {
  return databases.some(({ isAudited }) => !isAudited);
}

function faultsIn(groups: readonly PopulationGroup[], isMeant: (place: Place) => boolean): string[] {
  return [
    ...new Set(groups.flatMap(({ databases }) => databases.filter(isMeant).flatMap(one => one.faults))),
  ];
}

/** `15.18` */
function versionName(version: number): string {
  return `${Math.floor(version / 10_000)}.${version % 10_000}`;
}

type State = Omit<Place, 'databases'>;
/** Returns the same object for the same state. */
type ReadState = (settings: EffectiveSettings, person: string, database: string) => State;

/** The state of one person in one database; computed once for the same values. */
function stateReader(look: ServerLook, rules: AuditRules, isLoaded: boolean): ReadState {
  const nothing = toState(null, [NOT_LOADED]);
  if (!isLoaded) return () => nothing;
  const everywhere = takenAway(look) === null ? [] : [TAKEN_AWAY];
  const byValues = new Map<string, State>();
  const states = new Map<string, State>();
  return (settings, person, database) => {
    const values = AUDIT_SETTINGS.map(name => settings.of(name, person, database).value);
    const key = JSON.stringify(values);
    const existing = byValues.get(key);
    if (existing !== undefined) return existing;
    const read = (name: string): string | null => values[AUDIT_SETTINGS.indexOf(name)] ?? null;
    const state = toState(read('pgaudit.log') ?? 'not seen', [...everywhere, ...faultsOf(read, rules)]);
    // Different values may give the same state.
    const text = JSON.stringify(state);
    const same = states.get(text) ?? state;
    states.set(text, same);
    byValues.set(key, same);
    return same;
  };
}

const NOT_LOADED: AuditFault = { words: 'pgAudit is not loaded', isLost: true };
const TAKEN_AWAY: AuditFault = {
  words: "pgauditlogtofile takes the records out of the server's log",
  isLost: true,
};

/** Settings may have any length; what is recorded is short. */
const LONGEST_VALUE = 200;

function toState(log: string | null, faults: readonly AuditFault[]): State {
  return {
    log: log === null ? null : log.slice(0, LONGEST_VALUE),
    isAudited: !faults.some(({ isLost }) => isLost),
    faults: faults.map(({ words }) => words),
  };
}

/** Persons with the same state in the same databases, ordered by the first of each group. */
async function groupsOf(
  look: ServerLook,
  persons: readonly string[],
  readState: ReadState,
): Promise<PopulationGroup[]> {
  const settings = new EffectiveSettings(look);
  const groups = new Map<string, { roles: string[]; databases: Place[] }>();
  for (const [index, alike] of settings.alike(persons, AUDIT_SETTINGS).entries()) {
    if (index % AT_ONCE === AT_ONCE - 1) await setImmediate();
    const [person] = alike;
    if (person === undefined) continue;
    const databases = settings.databasesOf(person);
    const places = Map.groupBy(databases, database => readState(settings, person, database));
    const found = [...places].map(([state, names]) => ({ databases: names, ...state }));
    const key = JSON.stringify(found);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, { roles: [...alike], databases: found });
    else for (const name of alike) group.roles.push(name);
  }
  return [...groups.values()];
}
