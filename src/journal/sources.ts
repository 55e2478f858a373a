/** Several servers in one chain: values that belong to one of them carry its name as `source`. */

import type { SourcePosition } from '../event/position.js';
import type { SealedPosition } from '../event/seal.js';

/** What the stages before the journal need after a restart: positions and session facts. */
export interface SourceCheckpoint {
  /** Positions at which reading continues. */
  readonly files: readonly SourcePosition[];
  /** Session facts; only the stages before the journal understand them. */
  readonly facts: unknown;
}

/** Values without a name belong to the server that the chain itself is named after. */
export const OWN = '';

/** The checkpoint of each server, by its name. */
export type SourceCheckpoints = ReadonlyMap<string, SourceCheckpoint>;

export function marked<T extends object>(source: string, value: T): T & { readonly source?: string } {
  return source === OWN ? value : { source, ...value };
}

/** Positions of all servers, also of those that are no longer configured: they may come back. */
export function filesOf(checkpoints: SourceCheckpoints): SealedPosition[] {
  return [...checkpoints].flatMap(([source, { files }]) => files.map(file => marked(source, file)));
}

/** Checkpoints from a seal's positions; session facts are not known. */
export function checkpointsOf(files: readonly SealedPosition[]): SourceCheckpoints {
  const bySource = Map.groupBy(files, ({ source = OWN }) => source);
  return new Map(
    [...bySource].map(([name, ofOne]) => [
      name,
      { files: ofOne.map(({ source: _source, ...position }) => position), facts: null },
    ]),
  );
}

/** On disk: the values themselves for a single server, objects by name for several. */
export interface Packed {
  readonly files: SourceCheckpoint['files'] | Readonly<Record<string, SourceCheckpoint['files']>>;
  readonly facts: unknown;
}

/** A single server is stored without a name, so that earlier versions can read it. */
export function pack(checkpoints: SourceCheckpoints): Packed & { readonly areSeveral: boolean } {
  const areSeveral = [...checkpoints.keys()].some(source => source !== OWN);
  const { files = [], facts = null } = checkpoints.get(OWN) ?? {};
  if (!areSeveral) return { files, facts, areSeveral };
  const each = <T>(of: (one: SourceCheckpoint) => T): Record<string, T> =>
    Object.fromEntries([...checkpoints].map(([source, one]) => [source, of(one)]));
  return { files: each(one => one.files), facts: each(one => one.facts), areSeveral };
}

export function unpack(files: Packed['files'], facts: unknown): SourceCheckpoints {
  if (isList(files)) return new Map([[OWN, { files, facts }]]);
  const factsBySource = new Map(Object.entries(Object(facts)));
  return new Map(
    Object.entries(files).map(([source, ofOne]) => [
      source,
      { files: ofOne, facts: factsBySource.get(source) ?? null },
    ]),
  );
}

function isList(files: Packed['files']): files is SourceCheckpoint['files'] {
  return Array.isArray(files);
}
