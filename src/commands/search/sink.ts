/** Where rows go: to standard output or a file, as lines or as a workbook. */

import { createWriteStream } from 'node:fs';
import { open, rename, rm } from 'node:fs/promises';
import type { Writable } from 'node:stream';
import { finished } from 'node:stream/promises';
import { codeOf, ShipperError } from '../../lib/errors.js';
import type { Sheet } from './columns.js';
import type { Form } from './forms.js';
import type { Output } from './output.js';

export interface Sink<T> {
  write(row: T): Promise<void>;
  /** Nothing follows. */
  end(): Promise<void>;
  /** The reader wants no more. */
  readonly isClosed: boolean;
  /** Rows of which something was cut off. */
  readonly cut: number;
}

export function lineSink<T>(
  { header, line, cut = () => 0 }: Form<T>,
  output: Output,
  hasHead: boolean,
): Sink<T> {
  let isFirst = true;
  const begin = async (): Promise<void> => {
    if (isFirst && header !== null) await output.write(header);
    isFirst = false;
  };
  return {
    async write(row) {
      await begin();
      await output.write(line(row));
    },
    async end() {
      // A table of nothing is nothing, a file of nothing has its columns.
      if (hasHead) await begin();
      await output.flush();
    },
    get isClosed() {
      return output.isClosed;
    },
    get cut() {
      return cut();
    },
  };
}

/** The library is large, and needed for this alone. */
export async function workbookSink<T>(sheet: Sheet<T>, file: Writable): Promise<Sink<T>> {
  const { Workbook } = await import('./workbook.js');
  const book = new Workbook(sheet, file);
  return {
    write: row => book.write(row),
    end: () => book.end(),
    isClosed: false,
    get cut() {
      return book.cut;
    },
  };
}

/** A file that appears when it is whole. It holds names and SQL: only its owner may read it. */
export class OutFile {
  readonly stream: Writable;
  readonly path: string;
  readonly #done: Promise<unknown>;

  private constructor(path: string, stream: Writable) {
    this.path = path;
    this.stream = stream;
    this.#done = finished(stream);
    this.#done.catch(() => undefined);
  }

  static async create(path: string): Promise<OutFile> {
    try {
      // A file with this name may belong to somebody else, be readable for all, or link to another place.
      await rm(unfinished(path), { force: true });
      const file = await open(unfinished(path), 'wx', 0o600);
      return new OutFile(path, createWriteStream('', { fd: file }));
    } catch (error) {
      throw cannotWrite(path, error);
    }
  }

  async finish(): Promise<void> {
    try {
      this.stream.end();
      await this.#done;
      await rename(unfinished(this.path), this.path);
    } catch (error) {
      throw cannotWrite(this.path, error);
    }
  }

  async remove(): Promise<void> {
    this.stream.destroy();
    await rm(unfinished(this.path), { force: true });
  }
}

function unfinished(path: string): string {
  return `${path}.tmp`;
}

function cannotWrite(path: string, error: unknown): ShipperError {
  return new ShipperError('output', `${path} cannot be written (${codeOf(error)})`, error);
}
