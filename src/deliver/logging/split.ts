/** Cuts events that are too large for one entry of Cloud Logging into parts, and joins them again. */

import type { StatementFields, SuspectFields } from '../../event/audit.js';
import type { AuditEvent, Envelope } from '../../event/event.js';
import type { PopulationFields } from '../../event/population.js';
import type { SealFields } from '../../event/seal.js';
import type { JsonPayload } from '../destination.js';
import { STRINGS, type Texts } from './long-texts.js';

/** Bytes of JSON; Cloud Logging takes about 256 KiB an entry. */
export const LARGEST_ENTRY = 240 * 1024;
/** Bytes of text in one part. What is repeated in each part takes far less than the rest. */
export const LARGEST_PIECE = 200 * 1024;
/** What a parameter takes besides its text. */
const PARAMETER_OVERHEAD = 16;

/** The event, which takes `bytes` bytes of JSON, as payload of one entry, or of several where it is too large. */
export function eventParts(event: AuditEvent, bytes: number, texts: Texts): JsonPayload[] {
  if (event.kind === 'population') return [populationPayload(event)];
  return (bytes <= LARGEST_ENTRY ? [event] : splitEvent(event, texts)).map(part => ({ ...part }));
}

/** Counts, and the first who are not audited; the archive has everybody by name, and who may turn auditing off. */
function populationPayload({ population, ...event }: Envelope & PopulationFields): JsonPayload {
  const { groups: _, mayTurnOff: __, ...counts } = population;
  return { ...event, population: counts };
}

type Cuttable = Envelope & (StatementFields | SuspectFields);

/**
 * Cuts an event that takes more than 240 KiB; one that cannot be cut is returned as it is. First come parts with pieces of the
 * statement (or a suspect's message), then parts with parameters, of which the first goes on where the
 * last of the part before ended, then parts with the raw record. Where there are very many, objects have parts of their own. Texts are cut between characters, all
 * other fields are repeated. A seal is cut between the files that it tells of.
 */
export function splitEvent(event: AuditEvent, texts = STRINGS): AuditEvent[] {
  if (event.kind === 'seal') return sealParts(event);
  if (event.kind !== 'statement' && event.kind !== 'suspect') return [event];
  const { raw, ...source } = event.source;
  const objectParts = partsOfObjects({ ...event, source });
  const bare = objectParts.length === 0 ? { ...event, source } : withoutObjects({ ...event, source });
  const rawParts = (raw === undefined ? [] : texts.cut(raw, LARGEST_PIECE)).map(({ text }) => ({
    ...withText(bare, ''),
    source: { ...source, raw: text },
  }));
  return [
    ...texts.cut(textOf(event), LARGEST_PIECE).map(({ text }) => withText(bare, text)),
    ...parameterParts(bare, texts),
    ...objectParts,
    ...rawParts,
  ];
}

/** The whole event again, from all of its parts in their order. */
export function joinEvents([first, ...rest]: readonly AuditEvent[]): AuditEvent {
  if (first === undefined) throw new RangeError('there are no parts to join');
  let whole = first;
  for (const part of rest) whole = join(whole, part);
  return whole;
}

function join(whole: AuditEvent, part: AuditEvent): AuditEvent {
  if (whole.kind === 'seal' && part.kind === 'seal') {
    const { coverage, files } = part.seal;
    const seal = whole.seal;
    return {
      ...whole,
      seal: { ...seal, coverage: [...seal.coverage, ...coverage], files: [...seal.files, ...files] },
    };
  }
  if (whole.kind === 'suspect' && part.kind === 'suspect') {
    return { ...withText(whole, textOf(whole) + textOf(part)), source: joinSource(whole, part) };
  }
  if (whole.kind !== 'statement' || part.kind !== 'statement') return whole;
  const parameters = joinParameters(whole.audit.parameters, part.audit.parameters);
  const text = withText(joinObjects(whole, part), textOf(whole) + textOf(part), parameters);
  return { ...text, source: joinSource(whole, part) };
}

function textOf(event: Cuttable): string {
  return event.kind === 'suspect' ? event.suspect.message : (event.audit.statement ?? '');
}

/** The event with this text, and without parameters unless some are given. A statement that was not logged stays `null`. */
function withText<E extends Cuttable>(
  event: E,
  text: string,
  parameters?: readonly string[] | null,
): Cuttable {
  if (event.kind === 'suspect') return { ...event, suspect: { ...event.suspect, message: text } };
  const { audit } = event;
  const statement = audit.statement === null ? null : text;
  return { ...event, audit: { ...audit, statement, parameters: audit.parameters && (parameters ?? []) } };
}

function sealParts(event: Envelope & SealFields): AuditEvent[] {
  const { coverage, files } = event.seal;
  const withLists = (lists: Pick<SealFields['seal'], 'coverage' | 'files'>): AuditEvent => ({
    ...event,
    seal: { ...event.seal, ...lists },
  });
  return [
    ...inGroups(coverage).map(group => withLists({ coverage: group, files: [] })),
    ...inGroups(files).map(group => withLists({ coverage: [], files: group })),
  ];
}

/** Bytes of JSON; so much of objects is repeated in each part. */
const FEW_OBJECTS = 16 * 1024;

/** One `TRUNCATE` may name thousands. */
function partsOfObjects(event: Cuttable): Cuttable[] {
  const objects = objectsOf(event);
  if (Buffer.byteLength(JSON.stringify(objects)) <= FEW_OBJECTS) return [];
  return inGroups(objects).map(group => withObjects(withText(event, ''), group));
}

function objectsOf(event: Cuttable): readonly string[] {
  return event.kind === 'statement' ? (event.audit.objects ?? []) : [];
}

function withObjects(event: Cuttable, objects: readonly string[]): Cuttable {
  return event.kind === 'statement' ? { ...event, audit: { ...event.audit, objects } } : event;
}

function withoutObjects(event: Cuttable): Cuttable {
  if (event.kind !== 'statement') return event;
  const { objects: _, ...audit } = event.audit;
  return { ...event, audit };
}

/** Each part has all of them, or has others: they are sorted, and each stands once. */
function joinObjects(whole: Cuttable, part: Cuttable): Cuttable {
  const objects = [...new Set([...objectsOf(whole), ...objectsOf(part)])];
  return objects.length === objectsOf(whole).length ? whole : withObjects(whole, objects);
}

/** Groups that each take at most 200 KiB of JSON. */
function inGroups<T>(items: readonly T[]): T[][] {
  const groups: T[][] = [];
  let room = 0;
  for (const item of items) {
    const size = Buffer.byteLength(JSON.stringify(item)) + 1;
    if (size > room) {
      groups.push([]);
      room = LARGEST_PIECE;
    }
    groups.at(-1)?.push(item);
    room -= size;
  }
  return groups;
}

function parameterParts(event: Cuttable, texts: Texts): Cuttable[] {
  const parameters = event.kind === 'statement' ? (event.audit.parameters ?? []) : [];
  const groups: string[][] = [];
  let room = 0;
  for (const parameter of parameters) {
    for (const [index, piece] of texts.cut(parameter, LARGEST_PIECE).entries()) {
      const size = piece.size + PARAMETER_OVERHEAD;
      if (size > room) {
        groups.push(index > 0 || groups.length === 0 ? [] : ['']);
        room = LARGEST_PIECE + PARAMETER_OVERHEAD;
      }
      groups.at(-1)?.push(piece.text);
      room -= size;
    }
  }
  return groups.map(group => withText(event, '', group));
}

function joinParameters(
  before: readonly string[] | null,
  next: readonly string[] | null,
): readonly string[] | null {
  const [first, ...rest] = next ?? [];
  if (before === null || first === undefined) return before;
  return before.length === 0
    ? [first, ...rest]
    : [...before.slice(0, -1), `${before.at(-1)}${first}`, ...rest];
}

function joinSource(whole: Cuttable, part: Cuttable): Cuttable['source'] {
  const raw = [whole.source.raw, part.source.raw].filter(piece => piece !== undefined);
  return raw.length === 0 ? whole.source : { ...whole.source, raw: raw.join('') };
}
