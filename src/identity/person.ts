/** A person, and whether two of them are one. Also runs in people/worker.ts, and imports nothing. */

/** What can be known about a person. */
export interface Person {
  readonly id?: string;
  readonly name?: string;
  readonly email?: string;
  readonly unit?: string;
}

/**
 * Whether two answers are about two persons: then neither may fill the empty fields of the other. Ids decide; without them
 * e-mails, of which PostgreSQL may have cut one that it had as a role's name.
 */
export function isOtherPerson(one: Person, two: Person): boolean {
  if (one.id !== undefined && two.id !== undefined) return differ(one.id, two.id, folded);
  if (one.email === undefined || two.email === undefined) return false;
  return differ(one.email, two.email, email => roleNameOf(folded(email)));
}

function differ(one: string, two: string, key: (text: string) => string): boolean {
  return one !== two && key(one) !== key(two);
}

/** An å is one character or two, depending on the keyboard and the program that wrote the file. */
export function folded(text: string): string {
  return text.normalize('NFC').toLowerCase();
}

/** As PostgreSQL truncates names: to 63 bytes (NAMEDATALEN), never within a character (pg_mbcliplen). */
export function roleNameOf(text: string): string {
  const bytes = Buffer.from(text).subarray(0, 63);
  return new TextDecoder().decode(bytes, { stream: true });
}
