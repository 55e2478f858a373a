/** Records of which only the first lines were read: a node cuts long texts, and lines of the other stream may be between. */

import type { CriStream } from './cri.js';
import { Oversize } from './oversize.js';

interface Part {
  /** Offset in the file of its first line; of one that the file before began, where this file was begun. */
  readonly offset: number;
  /** Its texts, without what is around them. */
  readonly pieces: Buffer[];
  length: number;
  /** It is too long, and only hashed. */
  oversize: Oversize | null;
}
export type Parts = ReadonlyMap<CriStream, Readonly<Part>>;

export class PartialRecords {
  readonly #most: number;
  readonly #parts = new Map<CriStream, Part>();
  /** Where reading continues after a crash: offset of the first line since none was partial. */
  #from: number | null = null;

  /** @param most bytes of a record */
  constructor(most: number, carried: Parts | undefined, offset: number) {
    this.#most = most;
    for (const [stream, part] of carried ?? [])
      this.#parts.set(stream, { ...part, pieces: [...part.pieces], offset });
    if (this.areAny) this.#from = offset;
  }

  get areAny(): boolean {
    return this.#parts.size > 0;
  }

  get from(): number | null {
    return this.#from;
  }

  get parts(): Parts {
    return this.#parts;
  }

  add(stream: CriStream, piece: Buffer, offset: number): void {
    this.#from ??= offset;
    const part = this.#parts.get(stream) ?? { offset, pieces: [], length: 0, oversize: null };
    this.#parts.set(stream, part);
    part.pieces.push(Buffer.from(piece));
    part.length += piece.length;
    if (part.length <= this.#most) return;
    part.oversize ??= new Oversize(part.offset, {});
    for (const bytes of part.pieces.splice(0)) part.oversize.add(bytes);
  }

  /** The one on this stream, whose last line has come. */
  take(stream: CriStream): Readonly<Part> | null {
    const part = this.#parts.get(stream) ?? null;
    this.#parts.delete(stream);
    return part;
  }

  /** What was taken is done with. */
  settle(): void {
    if (!this.areAny) this.#from = null;
  }

  clear(): void {
    this.#parts.clear();
    this.#from = null;
  }
}
