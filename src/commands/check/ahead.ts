/** Whether the archive has more of the chain than the state knows: then the state is an old copy, and would fork it. */

import { join, resolve } from 'node:path';
import { localStore } from '../../archive/store/folder.js';
import { findChainEnd } from '../../archive/store/newest.js';
import type { Config } from '../../config/schema.js';
import { archivePlace } from '../../daemon/assemble/journal.js';
import type { ChainEnd } from '../../event/seal.js';
import { readCheckpoint } from '../../journal/checkpoint.js';
import { codeOf, hasCode } from '../../lib/errors.js';
import { type Finding, failure, warning } from './finding.js';

const FORKED = 'run verify, and see "When the archive is damaged" in docs/operations.md';

/**
 * For an archive in a folder. The archive is read first: a daemon that runs meanwhile is never behind what it stored.
 * Throws a StateError if the checkpoint cannot be used.
 */
export async function checkAhead(config: Config): Promise<Finding[]> {
  const { archive, state, instance } = config;
  if (archive.to.kind !== 'file') return [];
  const path = join(resolve(state.directory), 'checkpoint.json');
  const node = (await readCheckpoint(path, instance))?.state.node;
  if (node === undefined) return [];
  const store = localStore(resolve(archive.to.folder));
  let end: ChainEnd | null;
  try {
    end = await findChainEnd(store, archivePlace(config, node));
  } catch (error) {
    if (hasCode(error, 'archive-damaged'))
      return [
        warning('archive', 'its newest objects do not follow each other', 'the chain may be forked', FORKED),
      ];
    const code = codeOf(error);
    const why = 'whether the state is older than the archive was not checked';
    return [warning('archive', `it cannot be read (${code})`, why, 'let this user read it, or run verify')];
  }
  const saved = await readCheckpoint(path, instance);
  const last = (saved?.state.chain.nextSeq ?? 1) - 1;
  if (end === null || saved?.state.chain.chain !== end.chain || end.lastSeq <= last) return [];
  return [
    failure(
      'state',
      `it is older than the archive, which has chain ${end.chain} up to seq ${end.lastSeq}; the state ends at ${last}`,
      'the daemon would write other events under the same numbers, and verify finds the chain broken',
      'stop the daemon, and put back the newest state folder, or move this one away: the chain is taken up from the archive',
    ),
  ];
}
