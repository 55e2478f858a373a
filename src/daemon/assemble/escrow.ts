import { join } from 'node:path';
import { ConfigError } from '../../config/load.js';
import type { Config } from '../../config/schema.js';
import type { DaemonName } from '../../event/make.js';
import { configEvent } from '../../event/make.js';
import { Escrow } from '../../redact/escrow/escrow.js';
import { changeOfRecipients, keepRecipients } from '../../redact/escrow/recipients.js';
import type { Stages } from '../pipeline.js';
import type { Surroundings } from './surroundings.js';

/** `null` if originals are not kept. Throws a ConfigError if a recipient is not a key. */
export async function openEscrow({ redact: { escrowTo } }: Config): Promise<Escrow | null> {
  if (escrowTo.length === 0) return null;
  const { Encrypter } = await import('age-encryption');
  const faults = escrowTo.filter(recipient => {
    try {
      new Encrypter().addRecipient(recipient);
      return false;
    } catch {
      return true;
    }
  });
  if (faults.length > 0)
    throw new ConfigError(
      faults.map(
        recipient => `redact.escrowTo: ${recipient} is not a public key of age: make one with age-keygen`,
      ),
    );
  return new Escrow(escrowTo);
}

/** Who may change the configuration could have originals encrypted for himself: a change is recorded as an event. */
export async function escrowChange(
  directory: string,
  recipients: readonly string[],
  daemon: DaemonName,
  { disk, clock, telemetry }: Surroundings,
): Promise<Stages['changed']> {
  const path = join(directory, 'escrow.json');
  const change = await changeOfRecipients(path, recipients);
  if (change === null) return { events: [], journaled: async () => undefined };
  const now = clock.now();
  const config = { since: new Date(now).toISOString(), changes: [change] };
  return {
    events: [configEvent({ kind: 'config', config }, now, daemon)],
    journaled: () =>
      keepRecipients(disk, path, recipients).catch(error => telemetry.cacheFailed(path, error)),
  };
}
