/**
 * An archive in the hands of somebody who may write to it and knows how it is made. Nothing of the shipper's own code
 * is used: hashes, names and signatures follow docs/event.md and docs/proof.md.
 */

import { hash, type KeyObject, sign } from 'node:crypto';
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import { merkleRoot } from './merkle.js';

export interface HeldObject {
  /** In the archive. */
  path: string;
  lines: string[];
  /** What is stored instead of the compressed lines. */
  body?: Buffer;
}

export type Fields = Record<string, unknown>;

const OBJECT = /-(\d{16})-(\d{16})-([0-9a-f]{16})\.ndjson\.gz$/;

export class Forgery {
  /** In writing order. */
  objects: HeldObject[];

  constructor(objects: HeldObject[]) {
    this.objects = objects;
  }

  static async open(root: string): Promise<Forgery> {
    const found = await readdir(root, { recursive: true });
    const paths = found.filter(path => OBJECT.test(path)).sort();
    return new Forgery(
      await Promise.all(
        paths.map(async path => {
          const lines = gunzipSync(await readFile(join(root, path)))
            .toString('utf8')
            .split('\n');
          return { path, lines: lines.slice(0, -1) };
        }),
      ),
    );
  }

  object(index: number): HeldObject {
    const object = this.objects.at(index);
    if (object === undefined) throw new RangeError(`there is no object ${index}`);
    return object;
  }

  /** Changes one event; everything else of its line stays as it is. */
  edit(index: number, line: number, change: (event: Fields) => Fields): void {
    const { lines } = this.object(index);
    lines[line - 1] = JSON.stringify(change(JSON.parse(lines.at(line - 1) ?? '')));
  }

  /**
   * Recomputes hashes and numbers of the chain from an object on (to its end, or to the chain's end), and signs the
   * seals again.
   */
  relink({ from = 0, to = this.objects.length, key = null }: Relinking = {}): void {
    let before = from === 0 ? null : (this.object(from - 1).lines.at(-1) ?? null);
    let { seq } = before === null ? { seq: 0 } : eventOf(before);
    let previousSeal: string | null = before;
    for (const object of this.objects.slice(from, to)) {
      const firstSeq = seq + 1;
      const lines: string[] = [];
      for (const line of object.lines) {
        seq += 1;
        const previousHash = before === null ? '0'.repeat(64) : sha256(before);
        before = relinked(line, { seq, firstSeq, previousHash, previousSeal, lines }, key);
        lines.push(before);
      }
      object.lines = lines;
      previousSeal = before;
    }
  }

  /** Gives the object the name that fits its content. */
  rename(index: number): void {
    const object = this.object(index);
    const [first, last] = [object.lines[0] ?? '', object.lines.at(-1) ?? ''].map(line => eventOf(line).seq);
    const range = [first, last].map(seq => String(seq).padStart(16, '0')).join('-');
    object.path = object.path.replace(OBJECT, `-${range}-${sha256(jsonOf(object)).slice(0, 16)}.ndjson.gz`);
  }

  /** The same for an object and all after it. */
  renameFrom(index: number): void {
    for (let at = index; at < this.objects.length; at++) this.rename(at);
  }

  /** Recomputes everything that a forger without a key can: hashes, numbers and names fit. */
  rebuild(from = 0, key: Key = null): void {
    this.relink({ from, key });
    this.renameFrom(from);
  }

  /** The stored files, by path. */
  get stored(): Map<string, Buffer> {
    return new Map(
      this.objects.map(object => [object.path, object.body ?? gzipSync(jsonOf(object), { level: 6 })]),
    );
  }

  /** Replaces the folder's content. */
  async save(root: string): Promise<void> {
    await rm(root, { recursive: true, force: true });
    for (const [path, body] of this.stored) {
      await mkdir(dirname(join(root, path)), { recursive: true });
      await writeFile(join(root, path), body);
    }
  }
}

interface Relinking {
  readonly from?: number;
  readonly to?: number;
  readonly key?: Key;
}

/** The key for seals; `kept`: they keep their signatures. */
type Key = KeyObject | 'kept' | null;

export function eventOf(line: string): Fields & { seq: number } {
  return JSON.parse(line);
}

export function jsonOf({ lines }: HeldObject): string {
  return lines.map(line => `${line}\n`).join('');
}

export function sha256(text: string): string {
  return hash('sha256', text, 'hex');
}

interface Relinked {
  readonly seq: number;
  readonly firstSeq: number;
  readonly previousHash: string;
  /** The last line of the object before. */
  readonly previousSeal: string | null;
  /** Those before it in its object. */
  readonly lines: readonly string[];
}

/** Ids that contain the seq follow it, and seals say where their object begins. */
function relinked(
  line: string,
  { seq, firstSeq, previousHash, previousSeal, lines }: Relinked,
  key: Key,
): string {
  const { signature, ...event } = eventOf(line);
  const { id, instance, chain, kind } = event;
  const isOfChain = id === `${instance}/${chain}/${event.seq}`;
  const linked = { ...event, seq, previousHash, id: isOfChain ? `${instance}/${chain}/${seq}` : id };
  if (kind !== 'seal') return JSON.stringify(linked);
  const seal = sealOf(linked, {
    firstSeq,
    merkleRoot: merkleRoot(lines).toString('hex'),
    previousSeal:
      previousSeal === null ? undefined : { seq: eventOf(previousSeal).seq, hash: sha256(previousSeal) },
  });
  if (key === 'kept') return JSON.stringify({ ...seal, signature });
  return key === null ? JSON.stringify(seal) : signed(JSON.stringify(seal), key);
}

/** The signature covers the line without it, and is at the line's end. */
export function signed(line: string, key: KeyObject): string {
  const signature = sign(null, Buffer.from(line), key).toString('base64');
  return `${line.slice(0, -1)},"signature":"${signature}"}`;
}

/** The event with another text. */
export function withStatement(event: Fields, statement: string): Fields {
  return { ...event, audit: { ...Object(event.audit), statement } };
}

/** The event with these fields of its seal. */
export function sealOf(event: Fields, change: Fields): Fields {
  return { ...event, seal: { ...Object(event.seal), ...change } };
}
