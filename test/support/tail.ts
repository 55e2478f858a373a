import type { TailReport } from '../../src/read/files/tail-options.js';

/** What a tail tells is heard by nobody. */
export const QUIET: TailReport = {
  filesFound: () => undefined,
  fileReplaced: () => undefined,
  fileUnsupported: () => undefined,
  sourceFaults: () => undefined,
  nothingMatches: () => undefined,
  watchFailed: () => undefined,
  ledgerFailed: () => undefined,
  unpackFailed: () => undefined,
};
