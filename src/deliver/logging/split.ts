/** Cuts events that are too large for one log entry into parts, and joins them again. */

import type { StatementFields, SuspectFields } from '../../event/audit.js';
import type { AuditEvent, Envelope } from '../../event/event.js';
import type { PopulationFields } from '../../event/population.js';
import type { SealFields } from '../../event/seal.js';
import type { JsonPayload } from '../destination.js';
import { inGroups, LARGEST_PIECE } from './groups.js';
import { STRINGS, type Texts } from './long-texts.js';
import { joinRows, rowParts } from './row-parts.js';

/** Bytes of JSON; Cloud Logging accepts about 256 KiB per entry. */
export const LARGEST_ENTRY = 240 * 1024;
/** Bytes that a parameter takes besides its text. */
const PARAMETER_OVERHEAD = 16;

/** The event, of `bytes` bytes of JSON, as the payload of one log entry, or of several if it is too large. */
export function eventParts(event: AuditEvent, bytes: number, texts: Texts): JsonPayload[] {
  if (event.kind === 'population') return [populationPayload(event)];
  return (bytes <= LARGEST_ENTRY ? [event] : splitEvent(event, texts)).map(part => ({ ...part }));
}

/** Counts, and the first persons who are not audited. The archive has everybody's name, and who may turn auditing off. */
function populationPayload({ population, ...event }: Envelope & PopulationFields): JsonPayload {
  const { groups: _, mayTurnOff: __, ...counts } = population;
  return { ...event, population: counts };
}

type Cuttable = Envelope & (StatementFields | SuspectFields);

/**
 * Cuts an event; one that cannot be cut is returned as it is. First come parts with pieces of the statement (or a
 * suspect's message), then parts with parameters, then parts with objects if there are very many, then parts with the
 * raw record. The first parameter of a part continues the last one of the part before. Texts are cut between
 * characters; all other fields are repeated. A seal is cut between the files that it lists, a row between its columns.
 */
export function splitEvent(event: AuditEvent, texts = STRINGS): AuditEvent[] {
  if (event.kind === 'seal') return sealParts(event);
  if (event.kind === 'row') return rowParts(event);
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

/** Joins all parts, in order, to the whole event. */
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
  if (whole.kind === 'row' && part.kind === 'row') return joinRows(whole, part);
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

/** The event with this text, and without parameters unless given. A statement that was not logged stays `null`. */
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

/** Bytes of JSON; up to this size the objects are repeated in each part. */
const FEW_OBJECTS = 16 * 1024;

/** A single `TRUNCATE` may name thousands of relations. */
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

/** Parts have either all objects or different ones; sorted, without duplicates. */
function joinObjects(whole: Cuttable, part: Cuttable): Cuttable {
  const objects = [...new Set([...objectsOf(whole), ...objectsOf(part)])];
  return objects.length === objectsOf(whole).length ? whole : withObjects(whole, objects);
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
