/** The states of a file that is followed. */

import type { FileHandle } from 'node:fs/promises';
import type { Framer } from '../frame/framer.js';
import type { LogTimes } from './identify.js';

export interface FollowerOptions {
  readonly maxRecordSize: number;
  readonly times: LogTimes;
}

/** What reading found: bytes, none, more of the content in another file, or another content in this one. */
export type Found = 'chunk' | 'short chunk' | 'end' | 'elsewhere' | 'other';

/**
 * The states of its file.
 *
 *              hold()            read()
 *     closed ─────────▶ held ───────────▶ reading
 *        ▲                │                  │  close(): its last file was read to the end, or has other content,
 *        └────────────────┴──────────────────┘  or a record's time zone is not known (`isBlocked`)
 *
 * While it is closed, looks at the folders may find that its files are gone, cut back or changed (`Doubts`). If that
 * lasts, `loss` says how the rest was lost, and `abandon` gives it up.
 */
export type State =
  | { readonly is: 'closed' }
  | { readonly is: 'held'; readonly handle: FileHandle }
  | { readonly is: 'reading'; readonly handle: FileHandle; readonly framer: Framer };

export const CLOSED: State = { is: 'closed' };
