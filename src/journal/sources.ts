/** Several servers in one chain: values that belong to one of them carry its name as `source`. */

import type { SourcePosition } from '../event/position.js';

/** What the stages before the journal need after a restart: positions and session facts. */
export interface SourceCheckpoint {
  /** Positions at which reading continues. An entry has those that changed. */
  readonly files: readonly SourcePosition[];
  /** Contents that an entry leaves out from now on: the ledger has them. */
  readonly gone?: readonly string[];
  /** Session facts; only the stages before the journal understand them. */
  readonly facts: unknown;
}

/** Values without a name belong to the server that the chain itself is named after. */
export const OWN = '';

export function marked<T extends object>(source: string, value: T): T & { readonly source?: string } {
  return source === OWN ? value : { source, ...value };
}

/** Session facts of each server; those of a single server without a name, so that earlier versions can read them. */
export type Facts = ReadonlyMap<string, unknown>;

export function areSeveral(sources: Iterable<string>): boolean {
  return [...sources].some(source => source !== OWN);
}

export function byName<T>(values: ReadonlyMap<string, T>): Record<string, T> {
  return Object.fromEntries(values);
}
