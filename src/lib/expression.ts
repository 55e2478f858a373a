import { RE2JS } from 're2js';

/**
 * A regular expression from the configuration, run on text that clients choose. RE2 takes linear time for any input,
 * unlike JavaScript's own engine; it has no look-around and no back-references.
 */
export class Expression {
  /** For callers that need to know where it matches. */
  readonly compiled: RE2JS;

  /** Throws if the expression is not valid RE2. */
  constructor(source: string) {
    this.compiled = RE2JS.compile(source);
  }

  /** Whether it matches anywhere in the text. */
  test(text: string): boolean {
    return this.compiled.matcher(text).find();
  }

  /** The names of its named groups. */
  get groupNames(): string[] {
    return Object.keys(this.compiled.namedGroups());
  }

  /** The texts of its named groups, without empty ones; `null` if the text does not match. */
  groups(text: string): Record<string, string> | null {
    const matcher = this.compiled.matcher(text);
    if (!matcher.find()) return null;
    const matched = this.groupNames.map(name => [name, matcher.group(name)] as const);
    return Object.fromEntries(matched.filter((entry): entry is [string, string] => !!entry[1]));
  }
}
