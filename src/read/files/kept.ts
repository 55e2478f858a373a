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
  /** Not disowned yet. */
  readonly #left = new Set<Follower>();
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

  /**
   * What another server alone names now: nothing of it is read here any more, and nothing is missing. As long as some
   * file cannot be seen, it may be this one.
   *
   * @param left what this look found so
   */
  async disown(left: readonly Follower[], files: readonly Surveyed[], isComplete: boolean): Promise<void> {
    for (const follower of left) this.#left.add(follower);
    const paths = new Set(files.map(({ path }) => path));
    for (const follower of this.#left) if (paths.has(follower.path)) this.#left.delete(follower);
    if (!isComplete) return;
    for (const follower of this.#left) await follower.close();
    await this.#forget([...this.#left].map(({ position }) => ({ ...position, size: position.offset })));
    for (const follower of this.#left)
      if (!this.#followers.has(follower.contentId)) this.#left.delete(follower);
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
