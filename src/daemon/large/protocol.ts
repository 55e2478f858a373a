/**
 * The protocol between the daemon and the process for large records. A frame is a length in four bytes, and that many
 * bytes.
 *
 *   daemon: settings, then for each record: question, the message as it is in the log (without a frame)
 *   child:  `ready`,  then for each record: answer, and for each of three texts its pieces and an empty frame
 *
 * Settings, questions and answers are JSON. The texts are: the statement, or a suspect's message; its parameters; and, if
 * something was redacted, the encrypted original.
 */

export const READY = 'ready';

/** The first frame to the child. */
export interface Settings {
  /** From `redact.patterns`. */
  readonly patterns: readonly string[];
  /** `redact.escrowTo`. */
  readonly recipients: readonly string[];
}

export interface Question {
  /** Bytes of the message that follows. */
  readonly length: number;
  /** It is already known as a suspect. */
  readonly isSuspect: boolean;
  /** The log has each newline as CR LF. */
  readonly hasReturn: boolean;
  /** PostgreSQL's name of the encoding; `null` for UTF-8. */
  readonly encoding: string | null;
}

/** Bytes of a frame's length. */
export const HEAD = 4;

export function frameHead(length: number): Buffer {
  const head = Buffer.alloc(HEAD);
  head.writeUInt32LE(length);
  return head;
}
