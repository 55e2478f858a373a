/**
 * The lines in which a node keeps what a container prints: `2026-11-29T12:00:00.000000000Z stdout F text` (Kubernetes'
 * CRI logging format). A long text is cut into several, of which all but the last have `P`.
 */

export type CriStream = 'stdout' | 'stderr';

export interface CriLine {
  readonly stream: CriStream;
  /** More of the text comes in the stream's next line. */
  readonly isPart: boolean;
  /** Where the text begins, counted from the line's start. */
  readonly textAt: number;
}

/** Tags are separated by colons; the first says whether the text is whole. */
const START =
  /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)) (stdout|stderr) ([PF])(?::[^ ]*)? /;
const LONGEST_START = 128;

/** `null` if it is no such line. */
export function readCri(line: Buffer): CriLine | null {
  const match = START.exec(line.toString('latin1', 0, LONGEST_START));
  if (match === null) return null;
  return {
    stream: match[2] === 'stderr' ? 'stderr' : 'stdout',
    isPart: match[3] === 'P',
    textAt: match[0].length,
  };
}

/** When the line was written, in milliseconds since the epoch; `null` if it is no such line. */
export function criTime(line: Buffer): number | null {
  const [, time] = START.exec(line.toString('latin1', 0, LONGEST_START)) ?? [];
  return time === undefined ? null : Date.parse(time.replace(/(\.\d{3})\d+/, '$1'));
}
