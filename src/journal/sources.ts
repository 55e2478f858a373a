/** Several servers in one chain: what belongs to one of them is marked with its name. */

import type { SourcePosition } from '../event/position.js';
import type { SealedPosition } from '../event/seal.js';

/** What the stages before the journal need after a restart. */
export interface Resume {
  /** Where reading goes on. */
  readonly files: readonly SourcePosition[];
  /** What is known of earlier records; theirs to understand. */
  readonly memory: unknown;
}

/** What is not marked belongs to the server after which the chain itself is named. */
export const OWN = '';

/** Where each server's log goes on, by its name. */
export type Resumes = ReadonlyMap<string, Resume>;

export function marked<T extends object>(source: string, value: T): T & { readonly source?: string } {
  return source === OWN ? value : { source, ...value };
}

/** Of all servers, also of those that are not configured any more: they may come back. */
export function filesOf(resumes: Resumes): SealedPosition[] {
  return [...resumes].flatMap(([source, { files }]) => files.map(file => marked(source, file)));
}

/** The other way round; what was remembered is not known. */
export function resumesOf(files: readonly SealedPosition[]): Resumes {
  const bySource = Map.groupBy(files, ({ source = OWN }) => source);
  return new Map(
    [...bySource].map(([name, ofOne]) => [
      name,
      { files: ofOne.map(({ source: _source, ...position }) => position), memory: null },
    ]),
  );
}

/** Of one server as it is; of several by their names. */
export interface Packed {
  readonly files: Resume['files'] | Readonly<Record<string, Resume['files']>>;
  readonly memory: unknown;
}

/** One server's looks as if there could not be several: so an earlier version can read it, too. */
export function pack(resumes: Resumes): Packed & { readonly areSeveral: boolean } {
  const areSeveral = [...resumes.keys()].some(source => source !== OWN);
  const { files = [], memory = null } = resumes.get(OWN) ?? {};
  if (!areSeveral) return { files, memory, areSeveral };
  const each = <T>(of: (one: Resume) => T): Record<string, T> =>
    Object.fromEntries([...resumes].map(([source, one]) => [source, of(one)]));
  return { files: each(one => one.files), memory: each(one => one.memory), areSeveral };
}

export function unpack(files: Packed['files'], memory: unknown): Resumes {
  if (isList(files)) return new Map([[OWN, { files, memory }]]);
  const memories = new Map(Object.entries(Object(memory)));
  return new Map(
    Object.entries(files).map(([source, ofOne]) => [
      source,
      { files: ofOne, memory: memories.get(source) ?? null },
    ]),
  );
}

function isList(files: Packed['files']): files is Resume['files'] {
  return Array.isArray(files);
}
