/**
 * A change of the key that signs the seals: an event says so, and if the old key is still there, it signs the seal that
 * covers the event. Whoever trusts the old key then knows the new one.
 */

import { join } from 'node:path';
import { z } from 'zod';
import type { NewEvent } from '../../event/event.js';
import type { DaemonName } from '../../event/make.js';
import { configEvent } from '../../event/make.js';
import type { Journal } from '../../journal/journal.js';
import type { Signer as JournalSigner } from '../../journal/state.js';
import { CacheFile } from '../../lib/cache-file.js';
import type { Signer } from './signing.js';
import type { Surroundings } from './surroundings.js';

/** The key that signs, as far as it is known. */
const schema = z.object({
  v: z.literal(1),
  key: z.string(),
  fingerprint: z.string(),
  /** The key that is to follow, and the seq of an event after the one that says so. */
  announced: z.object({ fingerprint: z.string(), seq: z.number() }).exactOptional(),
});
type Saved = z.infer<typeof schema>;

export interface Signing {
  /** What the journal signs with; `null`: seals are not signed. */
  readonly signer: JournalSigner | null;
  /** To be called with the opened journal, before it runs. */
  opened(journal: Journal): void;
  /** The event that announces another key, and what to do once it is durable. */
  changed(daemon: DaemonName): NewEvent[];
  journaled(): void;
  /** Writes what is to be remembered. */
  close(): Promise<void>;
}

/**
 * Rejects with a ShipperError if a key in Cloud KMS is new, and cannot be asked for.
 *
 * @param previous the key before it, if it is still there
 */
export async function openSigning(
  directory: string,
  signer: Signer | null,
  previous: Signer | null,
  { clock, disk, telemetry: report }: Surroundings,
): Promise<Signing> {
  const file = new CacheFile({ path: join(directory, 'signing.json'), schema, clock, disk, report });
  const saved = await file.read();
  if (signer === null || (saved?.key === signer.name && signer.name.startsWith('kms:')))
    return unchanged(signer, file);
  const now: Saved = { v: 1, key: signer.name, fingerprint: await signer.fingerprint() };
  const isSame = saved === null || saved.fingerprint === now.fingerprint;
  const mayVouch = !isSame && previous !== null && (await previous.fingerprint()) === saved.fingerprint;
  if (isSame) file.schedule(() => now);
  if (isSame) return unchanged(signer, file);
  const change = (daemon: DaemonName): NewEvent[] => [
    changeEvent(saved.fingerprint, now.fingerprint, clock.now(), daemon),
  ];
  if (mayVouch) return new HandingOver(file, { saved, now }, { previous, next: signer }, change);
  return { ...unchanged(signer, file), changed: change, journaled: () => file.schedule(() => now) };
}

function unchanged(signer: Signer | null, file: CacheFile<Saved>): Signing {
  return {
    signer,
    opened: () => undefined,
    changed: () => [],
    journaled: () => undefined,
    close: () => file.close(),
  };
}

function changeEvent(before: string, after: string, now: number, daemon: DaemonName): NewEvent {
  const changes = [{ what: 'key' as const, name: 'archive.signingKey', before, after }];
  const config = { since: new Date(now).toISOString(), changes };
  return configEvent({ kind: 'config', config }, now, daemon);
}

/**
 * The old key signs until a seal of its covers the announcement. What is forgotten by a crash is announced again, and
 * covered by the old key again.
 */
class HandingOver implements Signing {
  readonly signer: JournalSigner;
  readonly #file: CacheFile<Saved>;
  readonly #saved: Saved;
  readonly #now: Saved;
  readonly #change: (daemon: DaemonName) => NewEvent[];
  /** Whether the announcement is durable: the old key's next seal covers it. */
  #isAnnounced: boolean;
  #isDone = false;
  #journal: Journal | null = null;

  constructor(
    file: CacheFile<Saved>,
    { saved, now }: { readonly saved: Saved; readonly now: Saved },
    { previous, next }: { readonly previous: Signer; readonly next: Signer },
    change: (daemon: DaemonName) => NewEvent[],
  ) {
    this.#file = file;
    this.#saved = saved;
    this.#now = now;
    this.#change = change;
    this.#isAnnounced = this.#announced !== null;
    const current = (): Signer => (this.#isDone ? next : previous);
    this.signer = {
      fingerprint: () => current().fingerprint(),
      sign: async line => {
        // A seal that was due at the start comes before the announcement.
        const isCovered = this.#isAnnounced;
        const signature = await current().sign(line);
        this.#isDone = isCovered;
        return signature;
      },
    };
  }

  opened(journal: Journal): void {
    this.#journal = journal;
    const announced = this.#announced;
    if (announced == null || (journal.lastSeal?.lastSeq ?? 0) < announced.seq) return;
    this.#isDone = true;
    this.#file.schedule(() => this.#now);
  }

  changed(daemon: DaemonName): NewEvent[] {
    return this.#announced === null ? this.#change(daemon) : [];
  }

  journaled(): void {
    if (this.#announced !== null) return;
    this.#isAnnounced = true;
    const announced = { fingerprint: this.#now.fingerprint, seq: this.#journal?.lastSeq ?? 0 };
    this.#file.schedule(() => ({ ...this.#saved, announced }));
  }

  close(): Promise<void> {
    return this.#file.close();
  }

  get #announced(): Saved['announced'] | null {
    const { announced } = this.#saved;
    return announced?.fingerprint === this.#now.fingerprint ? announced : null;
  }
}
