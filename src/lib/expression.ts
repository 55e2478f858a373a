import { RE2JS } from 're2js';

/**
 * A regular expression from the configuration, run on text that clients choose. RE2 takes linear
 * time on any input, which JavaScript's own engine does not; it has no look-around and no back-references.
 */
export class Expression {
  /** For those who need to know where it matches. */
  readonly compiled: RE2JS;

  /** Throws where the expression is not valid RE2. */
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

  /** What its named groups match, without those that match nothing; `null` where the text does not match. */
  groups(text: string): Record<string, string> | null {
    const matcher = this.compiled.matcher(text);
    if (!matcher.find()) return null;
    const matched = this.groupNames.map(name => [name, matcher.group(name)] as const);
    return Object.fromEntries(matched.filter((entry): entry is [string, string] => !!entry[1]));
  }
}
