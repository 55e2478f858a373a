/** Makes the proofs of an event from an archive. */

import { hasId, kindIn } from '../../event/line.js';
import { sealSchema } from '../../event/seal.js';
import { hasCode, ShipperError } from '../../lib/errors.js';
import { parseJson } from '../../lib/json.js';
import { type Leaf, leafHash, pathOf } from '../../lib/merkle.js';
import { LARGEST_STAMP } from '../../lib/timestamp/stamp.js';
import { gunzipOne } from '../store/gzip.js';
import type { ArchiveLocation } from '../store/location.js';
import { linesOf, wholeLines } from '../store/object-lines.js';
import { patientStore } from '../store/patient.js';
import type { ArchiveStore } from '../store/store.js';
import { damageOf } from '../store/unreadable.js';
import {
  type ArchivedObject,
  type ArchivePart,
  type Days,
  existingParts,
  walkObjects,
} from '../store/walk.js';
import { MOST_SEALS, NO_ROOT, type Proof } from './proof.js';

/**
 * The proofs of the event with this id, one for each chain that has it. Throws a ShipperError if there is none, or no archive, if its seal
 * has no Merkle root, or if something that it rests on cannot be read.
 *
 * @param onDamage for an object that cannot be read, with why: the event is looked for in the others
 */
export async function prove(
  { store, prefix, only }: ArchiveLocation,
  id: string,
  days: Days,
  onDamage: (what: string) => void,
): Promise<Proof[]> {
  const patient = patientStore(store);
  const proofs: Proof[] = [];
  let damaged = 0;
  const onOne = (what: string): void => {
    damaged += 1;
    onDamage(what);
  };
  for (const part of await existingParts(patient, prefix, only)) {
    const found = await find(patient, part, id, { ...days, since: days.since ?? firstDayOf(id) }, onOne);
    for (const place of found) proofs.push(await proofOf(patient, part, place));
  }
  if (proofs.length > 0) return proofs;
  throw new ShipperError('no-event', notFound(id, days, damaged));
}

function notFound(id: string, { since }: Days, damaged: number): string {
  const first = since === null ? firstDayOf(id) : null;
  return [
    `no event with this id is in the archive: ${id}`,
    ...(first === null
      ? []
      : [`its session began later than ${first}: if a clock was wrong, give --since an earlier day`]),
    ...(damaged === 0 ? [] : [`${damaged} objects that may have it are damaged: run verify`]),
  ].join('; ');
}

/** Where an event is. */
interface Found {
  readonly object: ArchivedObject;
  readonly index: number;
}

async function find(
  store: ArchiveStore,
  part: ArchivePart,
  id: string,
  days: Days,
  onDamage: (what: string) => void,
): Promise<Found[]> {
  const isHere = inObject(id);
  const found: Found[] = [];
  const chains = new Set<string>();
  for await (const object of walkObjects(store, part, days)) {
    if (!isHere(object) || chains.has(object.chain)) continue;
    const index = await indexIn(store, object, id).catch((error: unknown) => {
      if (!hasCode(error, DAMAGED)) throw error;
      onDamage(error instanceof Error ? error.message : '');
      return null;
    });
    if (index === null) continue;
    found.push({ object, index });
    chains.add(object.chain);
  }
  return found;
}

/** `instance/chain/seq`: the id tells the object. */
const OF_CHAIN = /\/(\d{8}T\d{6}Z-[0-9a-f]{4})\/(\d{1,15})$/;

function inObject(id: string): (object: ArchivedObject) => boolean {
  const [, chain, seq] = OF_CHAIN.exec(id) ?? [];
  if (chain === undefined) return () => true;
  const number = Number(seq);
  return object => object.chain === chain && object.firstSeq <= number && number <= object.lastSeq;
}

/** `instance/session/line`: a session's id begins with its start, and nothing was archived before that. */
const OF_SESSION = /\/([0-9a-f]{1,8})\.[0-9a-f]{1,8}\/j?\d{1,15}$/;
/** Clocks may differ, and zones. */
const DAY = 24 * 60 * 60 * 1000;

function firstDayOf(id: string): string | null {
  const [, start] = OF_SESSION.exec(id) ?? [];
  if (start === undefined) return null;
  return new Date(Number.parseInt(start, 16) * 1000 - DAY).toISOString().slice(0, 10);
}

const DAMAGED = 'archive-damaged';

/** Throws a ShipperError that names the object if it is damaged. */
async function* lines(store: ArchiveStore, object: ArchivedObject): AsyncGenerator<Buffer> {
  try {
    for await (const piece of wholeLines(gunzipOne(store.open(object.path)))) yield* linesOf(piece);
  } catch (error) {
    const damage = damageOf(error);
    if (damage === null) throw error;
    throw new ShipperError(DAMAGED, `${object.path}: ${damage}: run verify`, error);
  }
}

/** The line's place in the object, from 0; `null` if the object does not have it. */
async function indexIn(store: ArchiveStore, object: ArchivedObject, id: string): Promise<number | null> {
  const isIt = hasId(id);
  let index = 0;
  for await (const line of lines(store, object)) {
    if (isIt(line)) return index;
    index += 1;
  }
  return null;
}

async function proofOf(store: ArchiveStore, part: ArchivePart, { object, index }: Found): Promise<Proof> {
  const leaves: Leaf[] = [];
  let [line, seal]: [string, Buffer | null] = ['', null];
  for await (const one of lines(store, object)) {
    if (leaves.length === index) line = one.toString();
    leaves.push(leafHash(one));
    seal = Buffer.from(one);
  }
  if (seal === null || kindIn(seal) !== 'seal')
    throw new ShipperError(DAMAGED, `${object.path} does not end with its seal: run verify`);
  // The seal itself is no leaf.
  leaves.pop();
  if (index === leaves.length)
    throw new ShipperError(
      'is-seal',
      'this event is a seal: its signature, and the stamp after it, prove it',
    );
  if (!hasRoot(seal)) throw new ShipperError('no-root', `${object.path} proves no single event: ${NO_ROOT}`);
  const path = pathOf(leaves, index);
  return { v: 1, line, index, path, seal: seal.toString(), ...(await stampAfter(store, part, object)) };
}

const sealLine = sealSchema.pick({ seal: true });

function hasRoot(seal: Buffer): boolean {
  const parsed = sealLine.safeParse(parseJson(seal));
  return parsed.success && parsed.data.seal.merkleRoot !== undefined;
}

/** The next time stamp from an object on, and the seals between; neither if there is no stamp yet. */
async function stampAfter(
  store: ArchiveStore,
  part: ArchivePart,
  from: ArchivedObject,
): Promise<Pick<Proof, 'laterSeals' | 'timestamp'>> {
  const until: ArchivedObject[] = [];
  for await (const object of walkObjects(store, part, { since: from.date, until: null })) {
    if (object.chain !== from.chain || object.firstSeq < from.firstSeq) continue;
    if (object.firstSeq > from.firstSeq) until.push(object);
    if (until.length > MOST_SEALS) break;
    if (object.stamp === null) continue;
    const laterSeals: string[] = [];
    for (const later of until) laterSeals.push((await lastLine(store, later)).toString());
    const stamp = await store.read(object.stamp, LARGEST_STAMP);
    if (stamp === null)
      throw new ShipperError(DAMAGED, `${object.stamp} is too large for a time stamp: run verify`);
    return { laterSeals, timestamp: stamp.toString('base64') };
  }
  return { laterSeals: [] };
}

async function lastLine(store: ArchiveStore, object: ArchivedObject): Promise<Buffer> {
  let last = Buffer.alloc(0);
  for await (const line of lines(store, object)) last = Buffer.from(line);
  return last;
}
