/** Where events go, and the clock of Google's servers. */

import { resolve } from 'node:path';
import type { Config } from '../../config/schema.js';
import { Connection } from '../../deliver/siem/connection.js';
import { codeOf } from '../../lib/errors.js';
import { needsCredentials } from '../../lib/google/credentials.js';
import { checkBucket } from './bucket.js';
import { checkClock } from './clock.js';
import { checkCredentials } from './credentials.js';
import { type Finding, failure, ok } from './finding.js';
import { checkWritable } from './folder.js';
import { checkLogging } from './logging.js';

const WAITS = 'nothing is delivered; events wait in the state folder';

export async function checkDestinations(config: Config): Promise<Finding[]> {
  const credentials = await checkCredentials(config);
  const hasCredentials = credentials.every(({ status }) => status === 'ok');
  const { archive, logging } = config;
  const mayAsk = (endpoint: string | null): boolean => hasCredentials || !needsCredentials(endpoint);
  const findings = await Promise.all([
    logging.to.kind === 'file'
      ? [await checkWritable('logging', resolve(logging.to.folder), WAITS)]
      : mayAsk(logging.endpoint)
        ? checkLogging({ ...logging, logName: logging.to.logName })
        : [],
    archive.to.kind === 'file'
      ? [await checkWritable('archive', resolve(archive.to.folder), WAITS)]
      : mayAsk(archive.endpoint)
        ? checkBucket({ bucket: archive.to.bucket, endpoint: archive.endpoint })
        : [],
    checkWitness(config.archive, mayAsk),
    checkSiem(config),
    checkCloudClock(config),
  ]);
  return [...credentials, ...findings.flat()];
}

/** Whether a connection can be made, and ends in order. Nothing is sent. */
async function checkSiem({ siem }: Config): Promise<Finding[]> {
  if (siem === null) return [];
  const { host, port, isEncrypted } = siem.to;
  const place = `${isEncrypted ? 'tls' : 'tcp'}://${host}:${port}`;
  try {
    const { signal } = new AbortController();
    const connection = await Connection.open(siem, signal);
    await connection.end(signal);
    return [ok('siem', `${place} takes connections, and ends them in order`)];
  } catch (error) {
    const waits = 'the SIEM gets nothing; events wait in the state folder';
    return [
      failure(
        'siem',
        `${place} (${codeOf(error)})`,
        waits,
        'see its address, the firewall, and siem: ca, cert, key',
      ),
    ];
  }
}

/** Somebody else's bucket or folder; the findings name it. */
async function checkWitness(
  { witness, endpoint }: Config['archive'],
  mayAsk: (endpoint: string | null) => boolean,
): Promise<Finding[]> {
  if (witness === undefined) return [];
  const waits = 'the witness gets no seals; they wait in the state folder';
  if (witness.kind === 'file') return [await checkWritable('witness', resolve(witness.folder), waits)];
  if (!mayAsk(endpoint)) return [];
  const findings = await checkBucket({ bucket: witness.bucket, endpoint });
  return findings.map(one => ({ ...one, what: 'witness' }));
}

/** Cloud Storage always speaks HTTP, another endpoint too; another endpoint for Cloud Logging may speak gRPC only. */
async function checkCloudClock({ archive, logging }: Config): Promise<Finding[]> {
  if (archive.to.kind !== 'file')
    return await checkClock("Cloud Storage's clock", archive.endpoint ?? 'https://storage.googleapis.com');
  if (logging.to.kind !== 'file' && logging.endpoint === null)
    return await checkClock("Cloud Logging's clock", 'https://logging.googleapis.com');
  return [];
}
