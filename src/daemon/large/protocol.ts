/**
 * What the daemon and the process for large records say to each other: frames of a length in four bytes and so many bytes.
 *
 *   daemon: settings, then for each record: question, the message as it stands in the log (without a frame)
 *   child:  `ready`,  then for each record: answer, and for each of three texts its pieces and an empty frame
 *
 * Settings, questions and answers are JSON. The texts are the statement, or a suspect's message; its parameters; and where
 * something was scrubbed, the original for those who may have it, encrypted.
 */

export const READY = 'ready';

/** The first thing that the child gets. */
export interface Settings {
  /** Of `redact.patterns`. */
  readonly patterns: readonly string[];
  /** `redact.escrowTo`. */
  readonly recipients: readonly string[];
}

export interface Question {
  /** Bytes that follow. */
  readonly length: number;
  /** As a suspect: what it is was found already. */
  readonly isSuspect: boolean;
  /** Each newline is written as a carriage return and a newline. */
  readonly hasReturn: boolean;
  /** PostgreSQL's name of it; `null` for UTF-8. */
  readonly encoding: string | null;
}

/** Bytes of a frame's length. */
export const HEAD = 4;

export function frameHead(length: number): Buffer {
  const head = Buffer.alloc(HEAD);
  head.writeUInt32LE(length);
  return head;
}
