/** Whether the triggers of the tables under watch still record what is done, and changes of that. */

import { z } from 'zod';
import type { AuditChange } from '../../event/config.js';
import type { RowHistory } from './history.js';

/** As the view row_history.state says. */
const relation = z.object({
  name: z.string(),
  /** Why its triggers do not record everything; `null` if they do. */
  fault: z.string().nullable(),
  /** Logins whose rows they do not record. */
  services: z.array(z.string()).nullable(),
});
export type WatchedRelation = z.infer<typeof relation>;

export const watchedSchema = z.object({
  v: z.literal(1),
  /** When it was read, in milliseconds since the epoch. */
  readAt: z.number(),
  relations: z.array(relation),
  /** Of the functions' source: whoever may replace them may have them record nothing. */
  functions: z.string(),
});
export type Watched = z.infer<typeof watchedSchema>;

const STATE = 'SELECT relation AS name, fault, services FROM row_history.state ORDER BY relation';
const FUNCTIONS = `SELECT md5(coalesce(string_agg(p.oid::regprocedure::text || p.prosrc || coalesce(p.proconfig::text, ''), ',' ORDER BY p.proname, p.oid::regprocedure::text), '')) AS functions
  FROM pg_catalog.pg_proc p WHERE p.pronamespace = 'row_history'::regnamespace`;

export async function readWatched(history: RowHistory, readAt: number): Promise<Watched> {
  const relations = z.array(relation).parse(await history.query(STATE, []));
  const [row] = await history.query(FUNCTIONS, []);
  const { functions } = z.object({ functions: z.string() }).parse(row);
  return { v: 1, readAt, relations, functions };
}

/** What changed since the look before; at the first one, all that is under watch. */
export function changesOf(last: Watched | null, now: Watched): AuditChange[] {
  const before = last ?? { ...now, relations: [] };
  const names = [...new Set([...before.relations, ...now.relations].map(({ name }) => name))].sort();
  const relations = names.flatMap(name => changeOf(name, stateOf(before, name), stateOf(now, name)));
  return [
    ...relations,
    // Without a table nobody can see whose rows are not recorded.
    ...(now.relations.length === 0 ? [] : changeOf('services', servicesOf(before), servicesOf(now))),
    ...changeOf('functions', before.functions, now.functions),
  ];
}

/** On a standby nobody looks: what was not recorded is for the daemon beside the primary to say. */
export function withoutFaults(last: Watched): Watched {
  return { ...last, relations: last.relations.filter(({ fault }) => fault === null) };
}

function changeOf(name: string, before: string | null, after: string | null): AuditChange[] {
  return before === after ? [] : [{ what: 'rows', name, before, after }];
}

function stateOf({ relations }: Watched, name: string): string | null {
  const found = relations.find(one => one.name === name);
  return found === undefined ? null : (found.fault ?? 'watched');
}

function servicesOf({ relations }: Watched): string {
  return [...new Set(relations.flatMap(({ services }) => services ?? []))].sort().join(', ');
}
