/** Contents that are gone, or another server's: the ledger keeps how far they were read, should they come back. */

import type { SourcePosition } from '../../event/position.js';
import { codeOf } from '../../lib/errors.js';
import type { Follower } from './follower.js';
import type { Followers } from './followers.js';
import type { Ledger } from './ledger.js';
import type { Surveyed } from './survey.js';

export class Kept {
  readonly #followers: Followers;
  readonly #ledger: Ledger;
  readonly #report: { ledgerFailed(code: string): void };

  constructor(followers: Followers, ledger: Ledger, report: { ledgerFailed(code: string): void }) {
    this.#followers = followers;
    this.#ledger = ledger;
    this.#report = report;
  }

  /** How far a content was read; `null` if it was never seen. */
  async readOf(contentId: string): Promise<number | null> {
    const known = this.#followers.get(contentId)?.position;
    return (known ?? (await this.#ledger.find(contentId)))?.offset ?? null;
  }

  /** A content that looks new may have been read long ago. */
  async recall(files: readonly Surveyed[], now: number): Promise<void> {
    for (const { identity } of files) {
      if (identity.kind !== 'content' || this.#followers.has(identity.contentId)) continue;
      const position = await this.#ledger.find(identity.contentId);
      if (position !== null) this.#followers.remember(position, now);
    }
  }

  async forgetGone(now: number): Promise<void> {
    await this.#forget(this.#followers.longGone(now));
  }

  /** What another server alone names now: nothing of it is read here any more, and nothing is missing. */
  async disown(others: readonly Follower[]): Promise<void> {
    for (const follower of others) await follower.close();
    await this.#forget(others.map(({ position }) => ({ ...position, size: position.offset })));
  }

  /** If the ledger cannot be written, nothing is dropped; the journal on the same disk reports its failure. */
  async #forget(positions: readonly SourcePosition[]): Promise<void> {
    if (positions.length === 0) return;
    try {
      await this.#ledger.keep(positions);
    } catch (error) {
      this.#report.ledgerFailed(codeOf(error));
      return;
    }
    this.#followers.forget(positions);
  }
}
