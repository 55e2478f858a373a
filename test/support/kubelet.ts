/** A node, as far as its logs go: writes what a container prints, rotates it within a record, and compresses it. */

import { appendFile, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { parse } from 'csv-parse/sync';
import { cnpgText, criLines } from './json-lines.js';

/** Bytes of a text in one line: many records are cut. */
const LINE = 300;

export class Kubelet {
  readonly #folder: string;
  #written = 0;
  #rotations = 0;
  #rotated: string[] = [];
  #container = 0;

  constructor(folder: string) {
    this.#folder = folder;
  }

  get #log(): string {
    return join(this.#folder, `${this.#container}.log`);
  }

  async begin(): Promise<void> {
    await mkdir(this.#folder, { recursive: true });
  }

  /** Writes one record; with `isRotated`, the log is rotated in the middle of it. */
  async write(row: readonly string[], isRotated = false): Promise<void> {
    const time = new Date(Date.UTC(2026, 10, 29) + this.#written++).toISOString().replace('Z', '000001Z');
    const message = row[13] ?? '';
    const payloads: string[][] = message.startsWith('AUDIT: ') ? parse(message.slice('AUDIT: '.length)) : [];
    const [audit = null] = payloads;
    const lines = criLines(cnpgText(row, audit), { size: LINE, time });
    const cut = isRotated ? Math.ceil(lines.length / 2) : lines.length;
    await appendFile(this.#log, Buffer.concat(lines.slice(0, cut)));
    if (!isRotated) return;
    await this.rotate();
    await appendFile(this.#log, Buffer.concat(lines.slice(cut)));
  }

  /** The newest old log stays as it is, the one before is compressed. */
  async rotate(): Promise<void> {
    const at = new Date(Date.UTC(2026, 10, 29, 12) + this.#rotations++ * 1000).toISOString();
    const to = `${this.#log}.${at.slice(0, 19).replaceAll(/[-:]/g, '').replace('T', '-')}`;
    await rename(this.#log, to);
    await writeFile(this.#log, '');
    const [last] = this.#rotated.splice(0, 1, to);
    if (last === undefined) return;
    await writeFile(`${last}.gz`, gzipSync(await readFile(last)));
    await rm(last);
  }

  /** Its container is started again. */
  restart(): void {
    this.#container += 1;
    this.#rotated = [];
  }
}
