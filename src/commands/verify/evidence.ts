/** What an archive is compared with besides itself, as the command lines of `verify` and `report` name it. */

import type { X509Certificate } from 'node:crypto';
import type { OpenOptions } from '../../archive/store/location.js';
import type { Anchors } from '../../archive/verify/anchors.js';
import type { LogFiles } from '../../archive/verify/log-files.js';
import type { Warning } from '../../archive/verify/result.js';
import type { PublicKey } from '../../archive/verify/signature.js';
import { readCertificates, readPublicKey } from './keys.js';
import { indexLogFiles } from './log-index.js';
import { readSeals } from './seals.js';
import { readWitness } from './witness.js';

export interface EvidenceArguments extends OpenOptions {
  /** `FILE[@[CHAIN/]SEQ]` */
  readonly publicKey?: readonly string[];
  /** Files with certificates (PEM). */
  readonly tsaCa?: readonly string[];
  /** Files with seals exported from Cloud Logging. */
  readonly seals?: readonly string[];
  /** Where a witness keeps seals. */
  readonly witness?: string;
  /** Log files, folders of log files, or globs. */
  readonly against?: readonly string[];
}

export interface Evidence {
  readonly keys: readonly PublicKey[];
  readonly authorities: readonly X509Certificate[];
  readonly seals: Anchors | null;
  readonly witness: Anchors | null;
  readonly logFiles: LogFiles | null;
  /** What of it could not be compared. */
  readonly warnings: readonly Warning[];
}

/** Throws a UsageError if something of it cannot be read. */
export async function readEvidence(given: EvidenceArguments): Promise<Evidence> {
  const { publicKey = [], tsaCa = [], against = [] } = given;
  const keys = await Promise.all(publicKey.map(readPublicKey));
  const authorities = (await Promise.all(tsaCa.map(readCertificates))).flat();
  const exported = given.seals === undefined ? null : await readSeals(given.seals);
  const witness = given.witness === undefined ? null : await readWitness(given.witness, given);
  const logFiles = against.length === 0 ? null : await indexLogFiles(against);
  const warnings = [
    ...warning('seals', 'seals were exported in part, and not compared', exported?.incomplete ?? 0),
    ...warning('log-files', 'log files are compressed, and were not searched', logFiles?.compressed ?? 0),
  ];
  return { keys, authorities, seals: exported?.anchors ?? null, witness, logFiles, warnings };
}

function warning(code: Warning['code'], what: string, times: number): Warning[] {
  return times === 0 ? [] : [{ code, what: `${times} ${what}`, object: null, seq: null, times }];
}
