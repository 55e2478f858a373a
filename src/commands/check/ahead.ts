/** Whether the archive has more of the chain than the state knows: then the state is an old copy. */

import { join, resolve } from 'node:path';
import { findAhead } from '../../archive/store/newest.js';
import { ConfigError } from '../../config/load.js';
import type { Config } from '../../config/schema.js';
import { archivePlace, storeOf } from '../../daemon/assemble/journal.js';
import { openSigners, ownSealOf } from '../../daemon/assemble/signing.js';
import { OLD_STATE_FIX } from '../../daemon/fixes.js';
import { readCheckpoint } from '../../journal/checkpoint.js';
import { codeOf } from '../../lib/errors.js';
import { type Finding, failure, warning } from './finding.js';

/**
 * As the daemon looks at its start. A daemon that runs meanwhile has stored nothing that its state does not know: so
 * the state is read once more after the archive. Throws a StateError if the checkpoint cannot be used.
 */
export async function checkAhead(config: Config): Promise<Finding[]> {
  const before = await endOfState(config);
  if (before === null) return [];
  const store = storeOf(config);
  let ahead: number | null;
  try {
    const isOwnSeal = ownSealOf(...(await openSigners(config.archive)));
    ahead = await findAhead(store, archivePlace(config, before.node), before, isOwnSeal);
  } catch (error) {
    // An account that may only write to the bucket is as it should be; other faults of a bucket or a key are findings
    // of their own.
    if (config.archive.to.kind !== 'file' || error instanceof ConfigError) return [];
    const why = 'whether the state is older than the archive was not checked';
    const fix = 'let this user read it, or run verify';
    return [warning('archive', `it cannot be read (${codeOf(error)})`, why, fix)];
  } finally {
    store.close();
  }
  const { chain, lastSeq } = (await endOfState(config)) ?? before;
  if (ahead === null || chain !== before.chain || ahead <= lastSeq) return [];
  const what = `it is an old copy: the archive has chain ${chain} up to seq ${ahead}, and the state ends at ${lastSeq}`;
  return [failure('state', what, 'the daemon does not start until this is fixed', OLD_STATE_FIX)];
}

async function endOfState({
  state: { directory },
  instance,
}: Config): Promise<{ chain: string; lastSeq: number; node: string } | null> {
  const saved = await readCheckpoint(join(resolve(directory), 'checkpoint.json'), instance);
  if (saved === null) return null;
  const { chain, node } = saved.state;
  return { chain: chain.chain, lastSeq: chain.nextSeq - 1, node };
}
