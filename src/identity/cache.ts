import { z } from 'zod';
import { CacheFile, type CacheFileOptions } from '../lib/cache-file.js';
import { lruOf } from '../lib/lru.js';
import type { Person } from './person.js';

/** Entries that are kept. */
const MOST_ENTRIES = 10_000;

export interface Cached {
  /** `null` if the service knows nobody. */
  readonly person: Person | null;
  /** When the service answered, in milliseconds since the epoch. */
  readonly at: number;
}

const person = z.object({
  id: z.string().exactOptional(),
  name: z.string().exactOptional(),
  email: z.string().exactOptional(),
  unit: z.string().exactOptional(),
});
const schema = z.object({
  v: z.literal(1),
  /** Identifies the settings that gave the answers: with other settings they may mean somebody else. */
  source: z.string(),
  /** The most recently used entry comes last. */
  entries: z.array(z.tuple([z.string(), z.object({ person: person.nullable(), at: z.number() })])),
});
type Saved = z.infer<typeof schema>;

/** The service's answers, kept across restarts. */
export class LookupCache {
  readonly #file: CacheFile<Saved>;
  readonly #source: string;
  /** Those not asked for longest go first. */
  readonly #entries = lruOf<Cached>(MOST_ENTRIES);

  private constructor(file: CacheFile<Saved>, source: string, entries: Saved['entries']) {
    this.#file = file;
    this.#source = source;
    for (const [key, cached] of entries) this.#entries.set(key, cached);
  }

  /** A file that cannot be used is reported, and the cache starts empty. */
  static async open(source: string, options: Omit<CacheFileOptions<Saved>, 'schema'>): Promise<LookupCache> {
    const file = new CacheFile({ ...options, schema });
    const saved = await file.read();
    const entries = saved?.source === source ? saved.entries : [];
    return new LookupCache(file, source, entries);
  }

  get(key: string): Cached | null {
    return this.#entries.get(key) ?? null;
  }

  set(key: string, cached: Cached): void {
    this.#entries.set(key, cached);
    this.#file.schedule(() => ({ v: 1, source: this.#source, entries: this.#saved }));
  }

  get #saved(): Saved['entries'] {
    return this.#entries.dump().map(([key, { value }]) => [key, value]);
  }

  /** Writes what is not on disk yet. Never rejects. */
  close(): Promise<void> {
    return this.#file.close();
  }
}
