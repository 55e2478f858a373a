/** How each living session was authenticated. */

import type { LRUCache } from 'lru-cache';
import { z } from 'zod';
import { type Authentication, authenticationSchema } from '../event/session.js';
import { lruOf } from '../lib/lru.js';

const login = authenticationSchema.extend({ at: z.number() });
export const savedLogins = z.array(z.tuple([z.string(), login]));
export type SavedLogins = z.infer<typeof savedLogins>;
type Login = z.infer<typeof login>;

const MOST = 2000;
/** Milliseconds after which a session without a disconnection is over: its server has died. */
const OLDEST = 30 * 24 * 60 * 60 * 1000;
/** Characters; the identity is as long as a client's certificate likes. */
const LONGEST_IDENTITY = 1000;

export class Logins {
  readonly #bySession: LRUCache<string, Login>;

  constructor(saved: SavedLogins = []) {
    this.#bySession = lruOf(MOST);
    for (const [key, value] of saved) this.#bySession.set(key, value);
  }

  /** @param now milliseconds since the epoch */
  begin(session: string, { identity, method }: Authentication, now: number): void {
    this.#forgetOld(now);
    this.#bySession.set(session, { identity: identity?.slice(0, LONGEST_IDENTITY) ?? null, method, at: now });
  }

  end(session: string): void {
    this.#bySession.delete(session);
  }

  of(session: string): Authentication | null {
    const known = this.#bySession.peek(session);
    return known === undefined ? null : { identity: known.identity, method: known.method };
  }

  /** Plain data for the checkpoint. */
  get saved(): SavedLogins {
    return this.#bySession.dump().map(([key, { value }]) => [key, value]);
  }

  #forgetOld(now: number): void {
    for (const session of this.#bySession.rkeys()) {
      if (now - (this.#bySession.peek(session)?.at ?? 0) < OLDEST) return;
      this.#bySession.delete(session);
    }
  }
}
