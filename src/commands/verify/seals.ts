/** Seals exported from Cloud Logging. */

import { createReadStream } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import { splitLines } from '../../archive/store/object-lines.js';
import { Anchors, CLOUD_LOGGING } from '../../archive/verify/anchors.js';
import { joinEvents } from '../../deliver/logging/split.js';
import { type AuditEvent, envelopeSchema } from '../../event/event.js';
import { sealSchema } from '../../event/seal.js';
import { codeOf } from '../../lib/errors.js';
import { parseJson } from '../../lib/json.js';
import { UsageError } from './usage.js';

const entrySchema = z.object({
  jsonPayload: z.unknown(),
  // The JSON form of protocol buffers omits zeros.
  split: z.object({ uid: z.string(), index: z.int().default(0), totalSplits: z.int() }).optional(),
});
type Entry = z.infer<typeof entrySchema>;

const sealLine = envelopeSchema.pick({ v: true }).extend({
  kind: z.literal('seal'),
  seal: sealSchema.shape.seal.pick({ coverage: true, files: true }),
});

export interface ExportedSeals {
  readonly anchors: Anchors;
  /** Large seals of which only some parts were exported: they cannot be compared. */
  readonly incomplete: number;
}

/**
 * Reads files that `gcloud logging read --format=json` wrote, or files with one LogEntry per line. Skips entries that
 * are not seals. Throws a UsageError if a file cannot be read, or if there is no seal in them.
 */
export async function readSeals(paths: readonly string[]): Promise<ExportedSeals> {
  const anchors = new Anchors(CLOUD_LOGGING);
  const parts = new Parts();
  let found = 0;
  for (const path of paths) {
    for await (const entry of entriesOf(path)) {
      const seal = entry.split === undefined ? entry.jsonPayload : parts.add(entry.jsonPayload, entry.split);
      if (anchors.add(seal)) found += 1;
    }
  }
  if (found === 0) throw new UsageError(`${paths.join(', ')}: no seals from Cloud Logging found`);
  return { anchors, incomplete: parts.incomplete };
}

async function* entriesOf(path: string): AsyncGenerator<Entry> {
  try {
    for await (const value of valuesOf(path)) {
      const entry = entrySchema.safeParse(value);
      if (entry.success) yield entry.data;
    }
  } catch (error) {
    throw new UsageError(`${path} cannot be read (${codeOf(error)})`);
  }
}

/** The elements of a JSON array, or the lines of NDJSON. */
async function* valuesOf(path: string): AsyncGenerator<unknown> {
  let isFirst = true;
  for await (const line of splitLines(createReadStream(path))) {
    if (isFirst && line.toString('latin1').trimStart().startsWith('[')) {
      const all = parseJson(await readFile(path));
      yield* Array.isArray(all) ? all : [];
      return;
    }
    isFirst = false;
    yield parseJson(line);
  }
}

/** The parts of seals that are too large for one entry; they may come in any order, and more than once. */
class Parts {
  readonly #bySeal = new Map<string, Map<number, AuditEvent>>();

  /** The whole event, as soon as all of its parts have come. */
  add(payload: unknown, { uid, index, totalSplits }: NonNullable<Entry['split']>): unknown {
    if (!isSeal(payload)) return undefined;
    const parts = this.#bySeal.get(uid) ?? new Map<number, AuditEvent>();
    this.#bySeal.set(uid, parts.set(index, payload));
    if (parts.size < totalSplits) return undefined;
    this.#bySeal.delete(uid);
    return joinEvents([...parts].sort(([a], [b]) => a - b).map(([, part]) => part));
  }

  get incomplete(): number {
    return this.#bySeal.size;
  }
}

/** Every part has the fields that joining needs. */
function isSeal(payload: unknown): payload is AuditEvent {
  return sealLine.safeParse(payload).success;
}
