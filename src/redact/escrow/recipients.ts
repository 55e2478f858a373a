/** The keys to which originals were encrypted last: a change of them is recorded in the chain. */

import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import type { AuditChange } from '../../event/config.js';
import type { Disk } from '../../lib/disk.js';
import { hasCode, ShipperError } from '../../lib/errors.js';
import { parseJson } from '../../lib/json.js';

const kept = z.object({ v: z.literal(1), recipients: z.array(z.string()) });

/** What changed since the last start whose change is in the journal; `null` if nothing did. */
export async function changeOfRecipients(
  path: string,
  recipients: readonly string[],
): Promise<AuditChange | null> {
  const [before, after] = [await readKept(path), recipients].map(text);
  if (before === undefined || after === undefined || before === after) return null;
  return { what: 'escrow', name: 'redact.escrowTo', before, after };
}

/** To be called when the change is durable in the journal: after a crash before that, it is recorded again. */
export async function keepRecipients(disk: Disk, path: string, recipients: readonly string[]): Promise<void> {
  await disk.replace(path, JSON.stringify({ v: 1, recipients }));
}

async function readKept(path: string): Promise<readonly string[]> {
  try {
    const parsed = kept.safeParse(parseJson(await readFile(path)));
    if (parsed.success) return parsed.data.recipients;
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return [];
    throw error;
  }
  throw new ShipperError('state', `${path} cannot be parsed: restore the file, or remove it`);
}

function text(recipients: readonly string[]): string | null {
  return recipients.length === 0 ? null : recipients.join(', ');
}
