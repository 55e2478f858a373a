/** Which value of a setting counts for whom: role in database before role, database, all roles, server. */

import type { Override } from '../../database/audit-settings.js';
import type { Snapshot } from '../../database/snapshot.js';
import { alterSystem, identifier, literal } from './sql.js';

/** A login role; `null` stands for one that is still to come, with no settings of its own. */
export type Person = string | null;

/** Where a value comes from: the server where both are absent and `isOverride` is not set. */
export interface Origin {
  readonly isOverride: boolean;
  readonly role: string | null;
  readonly database: string | null;
}

export interface Deviation {
  readonly origin: Origin;
  readonly value: string;
  /** Whom it counts for. */
  readonly persons: readonly Person[];
}

type Server = Pick<Snapshot, 'settings' | 'overrides' | 'databases'>;

const SERVER: Origin = { isOverride: false, role: null, database: null };

/**
 * Every value that counts for one of these persons in one of the databases, and is not as it must be, once for each
 * place where it is set. A setting that the server does not have, or does not show, is none.
 */
export function deviations(
  server: Server,
  setting: string,
  persons: readonly Person[],
  isFine: (value: string) => boolean,
): Deviation[] {
  const overrides = overridesOf(server, setting);
  const own = serverValue(server, setting);
  const found = new Map<string, { origin: Origin; value: string; persons: Set<Person> }>();
  for (const person of persons) {
    for (const { name } of server.databases) {
      const { value, origin } = effective(overrides, person, name, own);
      if (value === null || isFine(value)) continue;
      const key = keyOf(origin);
      const deviation = found.get(key) ?? { origin, value, persons: new Set() };
      deviation.persons.add(person);
      found.set(key, deviation);
    }
  }
  return [...found.values()].map(one => ({ ...one, persons: [...one.persons] }));
}

export function serverValue({ settings }: Pick<Snapshot, 'settings'>, setting: string): string | null {
  return settings.get(setting)?.value ?? null;
}

/** As PostgreSQL reads a boolean (bool.c, parse_bool): a word's beginning will do where no other word begins so. */
export function isOn(value: string): boolean {
  return /^(on|t(r(ue?)?)?|y(es?)?|1)$/i.test(value);
}

function keyOf({ isOverride, role, database }: Pick<Origin, 'role' | 'database' | 'isOverride'>): string {
  return JSON.stringify([isOverride, role, database]);
}

function overridesOf({ overrides }: Server, setting: string): Map<string, Override> {
  const ofSetting = overrides.filter(override => override.setting === setting);
  return new Map(ofSetting.map(override => [keyOf({ ...override, isOverride: true }), override]));
}

/** As PostgreSQL applies them at login (postinit.c, process_settings). */
function effective(
  overrides: ReadonlyMap<string, Override>,
  person: Person,
  database: string,
  own: string | null,
): { value: string | null; origin: Origin } {
  const ofPerson = [
    { isOverride: true, role: person, database },
    { isOverride: true, role: person, database: null },
  ];
  const ofAll = [
    { isOverride: true, role: null, database },
    { isOverride: true, role: null, database: null },
  ];
  for (const origin of [...(person === null ? [] : ofPerson), ...ofAll]) {
    const override = overrides.get(keyOf(origin));
    if (override !== undefined) return { value: override.value, origin };
  }
  return { value: own, origin: SERVER };
}

/** `for role "Z990001" in database hold` */
export function describeOrigin({ isOverride, role, database }: Origin): string {
  if (!isOverride) return 'for the whole server';
  if (role === null && database === null) return 'for all roles (ALTER ROLE ALL)';
  const parts = [
    ...(role === null ? [] : [`for role ${identifier(role)}`]),
    ...(database === null ? [] : [`in database ${identifier(database)}`]),
  ];
  return parts.join(' ');
}

/** The SQL that makes it right where it was set: an override is taken back where the server's own value is fine. */
export function mendOrigin(setting: string, origin: Origin, wanted: string, isServerFine: boolean): string {
  const { isOverride, role, database } = origin;
  if (!isOverride) return alterSystem(setting, wanted);
  const action = isServerFine ? `RESET ${setting}` : `SET ${setting} = ${literal(wanted)}`;
  if (role === null && database !== null) return `ALTER DATABASE ${identifier(database)} ${action};`;
  const where = database === null ? '' : ` IN DATABASE ${identifier(database)}`;
  return `ALTER ROLE ${role === null ? 'ALL' : identifier(role)}${where} ${action};`;
}
