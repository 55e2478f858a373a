/** The settings that decide what is audited: their values, and what changed between two looks. */

import { z } from 'zod';
import type { AuditChange } from '../event/config.js';

const text = z.string();

/** `ALTER ROLE … IN DATABASE … SET`: both; `ALTER ROLE ALL SET`: neither. */
export const overrideSchema = z.object({
  setting: text,
  role: text.nullable(),
  database: text.nullable(),
  value: text,
});
export type Override = z.infer<typeof overrideSchema>;

const roleKind = z.enum(['service', 'person', 'other']);
export type RoleKind = z.infer<typeof roleKind>;

/** What is kept of a look, in a small file of the state folder. */
export const auditSettings = z.object({
  v: z.literal(1),
  /** Host and port. */
  server: text,
  /** Milliseconds since the epoch. */
  readAt: z.number(),
  /** Whether the server has pgAudit loaded. */
  isLoaded: z.boolean(),
  /** The server's own values; those that the shipper's role may not see, or overrides for itself, are missing. */
  settings: z.array(z.object({ name: text, value: text })),
  overrides: z.array(overrideSchema),
  /** The filter's kind of each login role; missing in files of version 0.1. */
  kinds: z.record(text, roleKind).exactOptional(),
  /** The population that was recorded last; absent before the first one. */
  population: z
    .object({
      /** SHA-256 of the population, of who is not audited, and of who may turn auditing off. */
      digest: text,
      unaudited: text,
      /** Missing in older files. */
      mayTurnOff: text.exactOptional(),
      /** UTC: `2026-11-21` */
      day: text,
    })
    .exactOptional(),
});
export type AuditSettings = z.infer<typeof auditSettings>;

/**
 * A setting of the server that is no longer visible counts as unchanged: it is overridden for the role that looks, that
 * role may not see it, or pgAudit is not loaded, which is reported separately.
 */
export function carryOver(before: AuditSettings | null, after: AuditSettings): AuditSettings {
  if (before?.server !== after.server) return after;
  const seen = new Set(after.settings.map(({ name }) => name));
  const unseen = before.settings.filter(({ name }) => !seen.has(name));
  return { ...after, settings: [...after.settings, ...unseen] };
}

/** What changed, ordered by name; nothing if the looks were at different servers. */
export function diff(before: AuditSettings, after: AuditSettings): AuditChange[] {
  if (before.server !== after.server) return [];
  const [old, now] = [flatten(before), flatten(before.kinds === undefined ? withoutKinds(after) : after)];
  return [...new Set([...old.keys(), ...now.keys()])].sort().flatMap(key => {
    const [was, is] = [old.get(key), now.get(key)];
    const entry = is ?? was;
    if (entry === undefined || was?.value === is?.value || !isNews(entry, was, is)) return [];
    return [{ ...entry.change, before: was?.value ?? null, after: is?.value ?? null }];
  });
}

/**
 * A role that disappeared makes no difference to auditing, nor does a new one that a rule matches; neither does a
 * setting that became visible.
 */
function isNews({ change }: Entry, was: Entry | undefined, is: Entry | undefined): boolean {
  if (change.what === 'role') return is !== undefined && (was !== undefined || is.value === 'other');
  return change.what === 'library' || change.isOverride === true || (was !== undefined && is !== undefined);
}

/** There are no earlier kinds to compare with. */
function withoutKinds({ kinds: _, ...rest }: AuditSettings): AuditSettings {
  return rest;
}

interface Entry {
  readonly change: Omit<AuditChange, 'before' | 'after'>;
  readonly value: string;
}

function flatten({ isLoaded, settings, overrides, kinds = {} }: AuditSettings): Map<string, Entry> {
  const entries: Entry[] = [
    ...(isLoaded ? [{ change: { what: 'library', name: 'pgaudit' } as const, value: 'loaded' }] : []),
    ...settings.map(({ name, value }) => ({ change: { what: 'setting', name } as const, value })),
    ...overrides.map(({ setting, role, database, value }) => ({
      change: {
        what: 'setting',
        name: setting,
        isOverride: true,
        ...(role === null ? {} : { role }),
        ...(database === null ? {} : { database }),
      } as const,
      value,
    })),
    ...Object.entries(kinds).map(([name, value]) => ({ change: { what: 'role', name } as const, value })),
  ];
  const keyOf = ({ change: { what, name, isOverride, role, database } }: Entry): string =>
    JSON.stringify([what, name, isOverride ?? null, database ?? null, role ?? null]);
  return new Map(entries.map(entry => [keyOf(entry), entry]));
}
