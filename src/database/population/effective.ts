/** Which value of a setting applies to whom: role in database before role, database, all roles, server. */

import { at } from '../../lib/map.js';
import { alterSystem, identifier, literal } from '../../lib/sql/compose.js';
import type { Override } from '../audit-settings.js';
import type { Role, ServerLook } from '../look.js';

/** A login role; `null` means a future one, without settings of its own. */
export type Person = string | null;

/** Where a value is set: on the server if both are absent and `isOverride` is false. */
export interface Origin {
  readonly isOverride: boolean;
  readonly role: string | null;
  readonly database: string | null;
}

export interface Deviation {
  readonly origin: Origin;
  readonly value: string;
  /** The persons to whom it applies. */
  readonly persons: readonly Person[];
}

export interface Effective {
  readonly value: string | null;
  readonly origin: Origin;
}

type Server = Pick<ServerLook, 'settings' | 'overrides' | 'databases'> & {
  readonly roles: readonly Pick<Role, 'name' | 'connects'>[];
};

const SERVER: Origin = { isOverride: false, role: null, database: null };
/** In place of a database's name, which is never empty. */
const EVERYWHERE = '';

/** By database. */
type Values = Map<string, Override>;

const newList = <T>(): T[] => [];
const newMap = <V>(): Map<string, V> => new Map();

/**
 * The settings of one server. Persons with the same overrides who may connect to the same databases are examined
 * together: a server may have tens of thousands.
 */
export class EffectiveSettings {
  readonly #server: Server;
  readonly #ofAll = new Map<string, Values>();
  /** By setting, and then by role. */
  readonly #ofRoles = new Map<string, Map<string, Values>>();
  readonly #connects: ReadonlyMap<string, string>;

  constructor(server: Server) {
    this.#server = server;
    for (const override of server.overrides) {
      const { setting, role, database } = override;
      const byRole = role === null ? this.#ofAll : at(this.#ofRoles, setting, newMap<Values>);
      const values = at(byRole, role ?? setting, newMap<Override>);
      values.set(database ?? EVERYWHERE, override);
    }
    this.#connects = new Map(server.roles.map(({ name, connects }) => [name, connects]));
  }

  /** As PostgreSQL applies them at login (postinit.c, process_settings). */
  of(setting: string, person: Person, database: string): Effective {
    const ofRole = person === null ? undefined : this.#ofRoles.get(setting)?.get(person);
    const ofAll = this.#ofAll.get(setting);
    const override =
      ofRole?.get(database) ?? ofRole?.get(EVERYWHERE) ?? ofAll?.get(database) ?? ofAll?.get(EVERYWHERE);
    if (override === undefined) return { value: serverValue(this.#server, setting), origin: SERVER };
    const { value, role, database: where } = override;
    return { value, origin: { isOverride: true, role, database: where } };
  }

  /** The databases that a person may connect to, according to rights; all of them for a future person. */
  databasesOf(person: Person): string[] {
    const connects = person === null ? '' : (this.#connects.get(person) ?? '');
    return this.#server.databases.filter((_, index) => connects[index] !== '0').map(({ name }) => name);
  }

  /** Groups of persons for whom all of these settings have the same values everywhere, each in the given order. */
  alike<P extends Person>(persons: readonly P[], settings: readonly string[]): P[][] {
    const groups = new Map<string, P[]>();
    for (const person of persons) at(groups, this.#keyOf(person, settings), newList<P>).push(person);
    return [...groups.values()];
  }

  #keyOf(person: Person, settings: readonly string[]): string {
    if (person === null) return '';
    const connects = this.#connects.get(person) ?? '';
    const own = settings.flatMap(setting => {
      const values = this.#ofRoles.get(setting)?.get(person);
      return values === undefined
        ? []
        : [[setting, ...[...values].map(([where, { value }]) => [where, value])]];
    });
    const isOpen = !connects.includes('0');
    return own.length === 0 && isOpen ? '' : JSON.stringify([isOpen ? '' : connects, own]);
  }
}

/**
 * Every wrong value that applies to one of these persons in one of the databases they may connect to, once for each
 * place where it is set. A setting that the server lacks or does not show has no value.
 */
export function deviations(
  server: Server,
  setting: string,
  persons: readonly Person[],
  isFine: (value: string) => boolean,
): Deviation[] {
  const settings = new EffectiveSettings(server);
  const order = new Map(persons.map((person, index) => [person, index]));
  const found = new Map<string, { origin: Origin; value: string; groups: Set<readonly Person[]> }>();
  for (const group of settings.alike(persons, [setting])) {
    const [first = null] = group;
    for (const database of settings.databasesOf(first)) {
      const { value, origin } = settings.of(setting, first, database);
      if (value === null || isFine(value)) continue;
      // Settings of roles are reported for each role.
      for (const one of origin.role === null ? [group] : group.map(person => [person])) {
        const [person = null] = one;
        const own = origin.role === null ? origin : { ...origin, role: person };
        at(found, keyOf(own), () => ({
          origin: own,
          value,
          groups: new Set<readonly Person[]>(),
        })).groups.add(one);
      }
    }
  }
  const inOrder = (a: Person, b: Person): number => (order.get(a) ?? 0) - (order.get(b) ?? 0);
  return [...found.values()].map(({ origin, value, groups }) => ({
    origin,
    value,
    persons: [...new Set([...groups].flat())].sort(inOrder),
  }));
}

export function serverValue({ settings }: Pick<ServerLook, 'settings'>, setting: string): string | null {
  return settings.get(setting)?.value ?? null;
}

/** As PostgreSQL reads a boolean (bool.c, parse_bool): an unambiguous beginning of a word is enough. */
export function isOn(value: string): boolean {
  return /^(on|t(r(ue?)?)?|y(es?)?|1)$/i.test(value);
}

function keyOf({ isOverride, role, database }: Origin): string {
  return JSON.stringify([isOverride, role, database]);
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

/** The SQL that corrects it where it was set: it removes an override if the server's own value is fine. */
export function fixOrigin(setting: string, origin: Origin, wanted: string, isServerFine: boolean): string {
  const { isOverride, role, database } = origin;
  if (!isOverride) return alterSystem(setting, wanted);
  const action = isServerFine ? `RESET ${setting}` : `SET ${setting} = ${literal(wanted)}`;
  if (role === null && database !== null) return `ALTER DATABASE ${identifier(database)} ${action};`;
  const where = database === null ? '' : ` IN DATABASE ${identifier(database)}`;
  return `ALTER ROLE ${role === null ? 'ALL' : identifier(role)}${where} ${action};`;
}
