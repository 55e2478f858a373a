/** A PostgreSQL, as far as its log shows it: sessions that write records into files, with every kind of rotation. */

import { type FileHandle, open } from 'node:fs/promises';
import { join } from 'node:path';
import type { ManualClock } from '../support/clock.js';
import { csvRecord, writeMessage } from '../support/csvlog.js';

/** One file's content from its first byte on: it stays the same under any name. */
export interface Content {
  /** Where the shipper can find it. */
  readonly paths: Set<string>;
  /** A part of it is gone or has changed. */
  isDamaged?: boolean;
}

export interface Written {
  readonly n: number;
  readonly session: string;
  readonly content: Content;
}

interface Session {
  readonly id: string;
  readonly start: number;
  line: number;
}

const PERSONS = ['Z990001', 'Z990002', 'Z990003'];

export class Server {
  readonly #clock: ManualClock;
  readonly #folder: string;
  #file: FileHandle | null = null;
  #sessions: Session[] = [];
  #processes = 100;
  #files = 0;
  #numbers = 0;
  /** The part of the last record that was not flushed yet. */
  #rest = '';
  /** Its number. */
  half: number | null = null;
  /** The content that it writes to now, whatever happened to the file. */
  path = '';
  content: Content = { paths: new Set() };

  constructor(clock: ManualClock, folder: string) {
    this.#clock = clock;
    this.#folder = folder;
  }

  async start(): Promise<void> {
    this.#rest = '';
    this.#sessions = PERSONS.map(() => {
      const start = Math.floor(this.#clock.now() / 1000) * 1000;
      return { id: `${(start / 1000).toString(16)}.${(++this.#processes).toString(16)}`, start, line: 0 };
    });
    // The first lines are in another second than the sessions' start.
    await this.#clock.advance(1500);
    if (this.#file === null) await this.newFile();
  }

  get sessions(): readonly string[] {
    return this.#sessions.map(({ id }) => id);
  }

  async close(): Promise<void> {
    await this.#file?.close();
    this.#file = null;
  }

  /** Writes a person's whole record, after the rest of the one before. */
  async write(which: number): Promise<Written> {
    const record = this.#record(which);
    await this.flush();
    await this.#append(record.text);
    return record;
  }

  /** Writes the first part of a record; the rest follows with the next one. */
  async writeHalf(which: number, part: number): Promise<Written> {
    const record = this.#record(which);
    await this.flush();
    const cut = 1 + Math.floor(part * (record.text.length - 2));
    await this.#append(record.text.slice(0, cut));
    this.#rest = record.text.slice(cut);
    this.half = record.n;
    return record;
  }

  /** Writes the first part of a record and dies: the rest never comes. `filler` takes its place. */
  async tear(which: number, part: number, filler: string): Promise<void> {
    const { text } = this.#record(which);
    await this.flush();
    // At least its last columns are missing: with them it would be whole.
    await this.#append(text.slice(0, 1 + Math.floor(part * (text.length - 8))) + filler);
  }

  async flush(): Promise<void> {
    const rest = this.#rest;
    this.#rest = '';
    this.half = null;
    if (rest !== '') await this.#append(rest);
  }

  /** Continues in a file of its own, or over the content of another. */
  async newFile(path = join(this.#folder, `postgresql-${++this.#files}.csv`)): Promise<void> {
    await this.flush();
    await this.#file?.close();
    const file = await open(path, 'w');
    await file.close();
    this.#file = await open(path, 'a');
    this.path = path;
    this.content = { paths: new Set([path]) };
  }

  /** Its file is empty again, or another one has its name: it writes a new content from now on. */
  async emptied(): Promise<void> {
    this.content = { paths: new Set([this.path]) };
  }

  #record(which: number): Written & { text: string } {
    const session = this.#sessions[which % this.#sessions.length];
    if (session === undefined) throw new Error('the server was not started');
    const n = ++this.#numbers;
    const text = csvRecord({
      logTime: utc(this.#clock.now() + n),
      user: PERSONS[which % PERSONS.length] ?? '',
      sessionId: session.id,
      sessionStart: utc(session.start).replace('.000', ''),
      sessionLine: ++session.line,
      // pgAudit counts the statements of each session.
      message: writeMessage(`UPDATE "t"\nSET a = '${n},"\n'`, [String(n)], session.line),
    });
    return { n, session: session.id, content: this.content, text };
  }

  async #append(text: string): Promise<void> {
    await this.#file?.appendFile(text);
  }
}

function utc(time: number): string {
  return new Date(time).toISOString().replace('T', ' ').replace('Z', ' UTC');
}
