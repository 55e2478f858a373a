/** A proposal of which login roles are persons and which are applications, by how people name them. */

export interface Proposal {
  /** Expressions (RE2) for the filter. */
  readonly persons: readonly string[];
  readonly services: readonly string[];
  /** Roles whose name says neither. */
  readonly undecided: readonly string[];
}

/** A letter and digits, as personnel systems give them, also for a while by Vault; an address; given and family name. */
const PERSONS: readonly (readonly [RegExp, (name: string) => string])[] = [
  [/^[A-Z]\d{6}$/, () => '^[A-Z]\\d{6}$'],
  [/^[a-z]\d{6}$/, () => '^[a-z]\\d{6}$'],
  [/^v-oidc-[A-Za-z]\d{6}-/, () => '^v-oidc-[A-Za-z]\\d{6}-'],
  [/^[^@\s]+@[^@\s]+$/, name => `${escaped(name.slice(name.indexOf('@')))}$`],
  [/^\p{Ll}{2,}\.\p{Ll}{2,}$/u, name => `^${escaped(name)}$`],
];
const SERVICE =
  'app|svc|srv|service|batch|job|api|etl|sync|worker|cron|bot|exporter|monitor|monitoring|repl|replication';
const SERVICES: readonly (readonly [RegExp, (name: string) => string])[] = [
  [new RegExp(`^(?:${SERVICE})[_-]`), name => `^${escaped(name.replace(/[_-].*$/s, ''))}[_-]`],
  [new RegExp(`[_-](?:${SERVICE}|user|rw|ro)$`), name => `^${escaped(name)}$`],
  [
    /^(?:shipper|pgaudit[_-]?shipper|pgbouncer|postgres_exporter|replicator|standby|barman|pgbackrest)$/,
    name => `^${escaped(name)}$`,
  ],
];

/** Whoever has such a name may be a person, whatever else it says. */
const HOLDS_IDENT = /(?:^|[_-])[A-Za-z]\d{6}(?:[_-]|$)/;

export function propose(names: readonly string[]): Proposal {
  const [persons, services] = [new Set<string>(), new Set<string>()];
  const undecided: string[] = [];
  for (const name of names) {
    const person = PERSONS.find(([form]) => form.test(name));
    const service = HOLDS_IDENT.test(name) ? undefined : SERVICES.find(([form]) => form.test(name));
    if (person !== undefined) persons.add(person[1](name));
    else if (service !== undefined) services.add(service[1](name));
    else undecided.push(name);
  }
  return { persons: [...persons], services: [...services], undecided };
}

function escaped(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&');
}
