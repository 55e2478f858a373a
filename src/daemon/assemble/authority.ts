import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { ConfigError } from '../../config/load.js';
import type { Config } from '../../config/schema.js';
import { codeOf } from '../../lib/errors.js';
import type { Authority } from '../../lib/timestamp/request.js';

/** The time stamping authority; `null` if none is configured. Throws a ConfigError if its certificates cannot be read. */
export async function authorityOf({
  url,
  ca,
  policy,
}: Config['archive']['timestamp']): Promise<Authority | null> {
  if (url === undefined || ca === undefined) return null;
  const path = resolve(ca);
  const { certificatesIn } = await import('../../lib/timestamp/stamp.js');
  try {
    return { url, policy, trusted: certificatesIn(await readFile(path, 'utf8')) };
  } catch (error) {
    throw new ConfigError([
      `archive.timestamp.ca: ${path} has no readable certificate in PEM (${codeOf(error)})`,
    ]);
  }
}
