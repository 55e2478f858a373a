/** The secrets found in a text. */

import type { Value } from './literal.js';
import { isSecretName, type Names } from './names.js';
import { isPlain, looksRandom } from './plain.js';
import { add, type MutableRange, type Range } from './ranges.js';

/** Longer values are not words, numbers or paths. */
const LONGEST_PLAIN = 250;

/** `***`, `^[A-Za-z0-9]{12,}$`, `^\$2[aby]\$`, `${PASSWORD}`, `{{ password }}`, `os.environ["PASSWORD"]`. */
const MASK =
  /^(?:\*+|\^?(?:\[\^?(?:\w-\w|\[:\w{1,9}:\])+\][*+?]?|\.[*+]|\\{1,2}[dwsDWS][*+?]?|\{\d{0,3},?\d{0,3}\})+\$?|\^\\{0,2}\$(?:2|2[abxy]|2\[[abxy]+\]|[156]|argon2i?d?)\\{0,2}\$|\$\{\w[\w.-]{0,80}\}|\{\{\s?[\w.-]{1,80}\s?\}\}|(?:os\.environ|process\.env|System\.getenv)[\w.()[\]"']{1,80})$/;

export interface Found {
  readonly secrets: readonly Range[];
  /** Numbers of parameters that have a secret, from 1; `true` for those that are secrets in any form. */
  readonly parameters: ReadonlyMap<number, boolean>;
  /** Other names of secrets: columns and variables that they are taken from. */
  readonly aliases: ReadonlySet<string>;
  /** Whether a secret is taken from a column or variable, whatever its name. */
  readonly isFromName: boolean;
  /** Where the quoting could not be followed. */
  readonly lost: readonly Range[];
  /** Whether it could be followed in this text itself, whatever is quoted in it. */
  readonly held: boolean;
}

/** Collects the secrets. */
export class Taken {
  readonly secrets: MutableRange[] = [];
  /** Numbers of parameters, from 1; `true` for those that are secrets in any form. */
  readonly parameters = new Map<number, boolean>();
  readonly aliases = new Set<string>();
  isFromName = false;

  readonly #text: string;
  readonly #names: Names;

  constructor(text: string, names: Names) {
    this.#text = text;
    this.#names = names;
  }

  secret(range: Range): void {
    if (range.end > range.start) add(this.secrets, range);
  }

  /** The value of a name that says for `sure` that it is a secret, or only may say it. */
  value(value: Value, sure: boolean): void {
    if (value.parameter > 0) this.parameter(value.parameter, sure);
    else if (sure ? !this.#isMask(value) : !this.#isPlain(value)) this.secret(value);
  }

  /** One of several values, any of which may be the secret. */
  other(value: Value): void {
    if (value.parameter > 0) this.parameter(value.parameter, false);
    else if (looksRandom(this.#text.slice(value.start, value.end))) this.secret(value);
  }

  parameter(number: number, sure: boolean): void {
    this.parameters.set(number, sure || this.parameters.get(number) === true);
  }

  /** The secret's name in the place that it is taken from. */
  alias(name: string): void {
    this.isFromName = true;
    if (!this.#names.is(name) && !isSecretName(name)) this.aliases.add(name);
  }

  /** Whether somebody has hidden it already, or it is a pattern without a letter of its own. */
  #isMask({ start, end }: Value): boolean {
    return end - start < LONGEST_PLAIN && MASK.test(this.#text.slice(start, end));
  }

  /** Whether its form shows that it is not a secret; a number without quotes is not, however long. */
  #isPlain({ start, end, next }: Value): boolean {
    const text = this.#text.slice(start, Math.min(end, start + LONGEST_PLAIN));
    return (
      isPlain(text) || (next === end && /^\d+$/.test(text) && /[\s(,=]/.test(this.#text.charAt(start - 1)))
    );
  }
}
