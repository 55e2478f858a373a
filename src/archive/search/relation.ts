/** Whether an event is about the relation that was asked for. */

import { objectsOf, type SearchedEvent } from './found-event.js';
import { wholeWord } from './pattern.js';

/**
 * `named`: the event names it. `guessed`: its relations are unknown and its statement contains the name as a whole
 * word, or the statement names the relation without a schema, so that the asked one may be meant.
 */
export type RelationMatch = 'named' | 'guessed';

/** A relation as somebody asks for it: `konto`, `public.konto`, `"Konto"`. Quotes and case are ignored. */
export class AskedRelation {
  readonly #schema: string | null;
  readonly #name: string;
  readonly #isWordOf: (text: string) => boolean;

  constructor(text: string) {
    const [name = '', schema = null] = partsOf(text).reverse();
    this.#schema = schema;
    this.#name = name;
    this.#isWordOf = wholeWord(name);
  }

  /** What every line about it contains, in upper case; `null` if that cannot be known. */
  get inEveryLine(): string | null {
    return /^[\p{L}\p{N}_]+$/u.test(this.#name) ? this.#name.toUpperCase() : null;
  }

  matchOf(event: SearchedEvent): RelationMatch | null {
    const matches = objectsOf(event)
      .flatMap(namesIn)
      .map(object => this.#compare(object));
    if (matches.includes('named')) return 'named';
    return matches.includes('guessed') || this.#isInStatement(event) ? 'guessed' : null;
  }

  #compare(object: string): RelationMatch | null {
    const [name, schema = null] = partsOf(object).reverse();
    if (name !== this.#name) return null;
    if (this.#schema === null || this.#schema === schema) return 'named';
    return schema === null ? 'guessed' : null;
  }

  #isInStatement({ audit, unaudited }: SearchedEvent): boolean {
    if (audit?.objects !== undefined) return false;
    return this.#isWordOf(audit?.statement ?? unaudited?.statement ?? '');
  }
}

const NAME = '(?:"(?:[^"]|"")*"|[^\\s".]+)';
/** What belongs to a relation, as pg_event_trigger_dropped_objects names it (object_identity; objectaddress.c). */
const PART = new RegExp(
  `^(?:${NAME} on (${NAME}\\.${NAME})|(?:for )?(${NAME}\\.${NAME})\\.${NAME}|(${NAME}\\.${NAME}) in publication ${NAME})$`,
);

/** An object's name, and that of the relation to which it belongs: `t on public.konto` (a trigger), `public.konto.navn` (a column). */
function namesIn(object: string): string[] {
  const [, ...relations] = PART.exec(object) ?? [];
  return [object, ...relations.filter(one => one !== undefined)];
}

/** `public."Konto"` becomes `public` and `konto`. */
function partsOf(text: string): string[] {
  const parts = text.matchAll(/"((?:[^"]|"")*)"|[^."]+/g);
  return [...parts].map(([whole, quoted]) => (quoted?.replaceAll('""', '"') ?? whole).toLowerCase());
}
