/** A person, and whether an answer is about another one. Also runs in people/worker.ts, and imports nothing. */

/** What can be known about a person. */
export interface Person {
  readonly id?: string;
  readonly name?: string;
  readonly email?: string;
  readonly unit?: string;
}

/**
 * Whether an answer is about another person than the one that is known: then it may not fill empty fields. Ids decide;
 * without them e-mails, of which PostgreSQL may have cut one that it had as a role's name. An id may also be the user part
 * of an address or of a Kerberos principal.
 */
export function isOtherPerson(known: Person, answer: Person): boolean {
  if (!isUnlike(known, answer)) return false;
  const sure = known.id ?? known.email;
  return ![answer.id, answer.email].some(one => isUserPart(one, sure) || isUserPart(sure, one));
}

function isUnlike(one: Person, two: Person): boolean {
  if (one.id !== undefined && two.id !== undefined) return differ(one.id, two.id, folded);
  if (one.email === undefined || two.email === undefined) return false;
  return differ(one.email, two.email, email => roleNameOf(folded(email)));
}

/** Whether nothing is known but an address that is the login role's name: a person may have others, too. */
export function isOnlyRole({ id, email }: Person, role: string): boolean {
  return id === undefined && email !== undefined && folded(email) === folded(role);
}

/** `kari` of `kari@nav.no` and of `kari@NAV.NO`. */
function isUserPart(part: string | undefined, whole: string | undefined): boolean {
  return part !== undefined && whole !== undefined && folded(whole).startsWith(`${folded(part)}@`);
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
