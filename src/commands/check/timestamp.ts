import { randomBytes } from 'node:crypto';
import { ConfigError } from '../../config/load.js';
import type { Config } from '../../config/schema.js';
import { authorityOf } from '../../daemon/assemble/authority.js';
import { ShipperError } from '../../lib/errors.js';
import { requestStamp } from '../../lib/timestamp/request.js';
import { type Finding, failure, ok } from './finding.js';

/** Gets one time stamp, over nothing that exists; no finding if no authority is configured. */
export async function checkTimestamp({ archive: { timestamp } }: Config): Promise<Finding[]> {
  try {
    const authority = await authorityOf(timestamp);
    if (authority === null) return [];
    const { signal } = new AbortController();
    const { stamp } = await requestStamp(randomBytes(32), authority, signal);
    return [ok('archive', `${stamp.authority} gives time stamps, under policy ${stamp.policy}`)];
  } catch (error) {
    const what = error instanceof ConfigError ? error.faults.join('; ') : null;
    if (what !== null)
      return [
        failure(
          'archive',
          what,
          'the daemon does not start until this is fixed',
          'name a file with its certificates in PEM',
        ),
      ];
    if (!(error instanceof ShipperError)) throw error;
    return [
      failure(
        'archive',
        error.message,
        'seals get no time stamps; nothing else waits for them',
        'fix archive.timestamp (url, ca, policy), or let the shipper reach the authority',
      ),
    ];
  }
}
