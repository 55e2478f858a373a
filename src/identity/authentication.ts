/** The identity that a session proved when it connected (`connection authenticated`, PostgreSQL 14 and later). */

import type { Authentication } from '../event/session.js';
import type { Expression } from '../lib/expression.js';
import { isEmail, personIn } from './groups.js';
import type { Person } from './person.js';
import type { Resolver } from './resolver.js';

/**
 * Methods of pg_hba.conf that rely on an authority outside PostgreSQL. With the others (password, md5, scram-sha-256,
 * trust) the identity is the role's own name, which `pattern` uses already.
 */
const OUTSIDE: ReadonlySet<string> = new Set([
  'cert',
  'gss',
  'sspi',
  'ldap',
  'radius',
  'pam',
  'peer',
  'ident',
  'bsd',
  'oauth',
]);

/** Attributes of a distinguished name that name a person, the best first: LDAP's user id, then the common name. */
const NAMING = ['UID', 'CN'];

/**
 * Finds the person in the proven identity: by the groups of the first expression that matches. Without expressions, an
 * e-mail address is the e-mail; of a distinguished name the UID, else the CN, is the id (or the e-mail, if it is one);
 * anything else is the id as a whole.
 *
 * A Kerberos principal `kari@NAV.NO` (gss, sspi) looks like an e-mail address but is not: it is the id as a whole.
 * An expression such as `^(?<id>[^@]+)@NAV\.NO$` removes the realm.
 */
export function authenticationResolver(expressions: readonly Expression[]): Resolver {
  return {
    name: 'authentication',
    resolve({ authentication }) {
      if (authentication === null || !authentication.identity) return null;
      const { identity, method } = authentication;
      if (!OUTSIDE.has(method)) return null;
      const person = expressions.length > 0 ? personIn(identity, expressions) : personOf(identity, method);
      return person && { person };
    },
  };
}

function personOf(identity: string, method: Authentication['method']): Person {
  const value = namingValue(identity) ?? identity;
  return isEmail(value) && !isPrincipal(value, method) ? { email: value } : { id: value };
}

/** Realms are written in capitals (RFC 4120, 6.1). */
function isPrincipal(value: string, method: string): boolean {
  const realm = value.slice(value.lastIndexOf('@') + 1);
  return (method === 'gss' || method === 'sspi') && realm === realm.toUpperCase();
}

/** The value in a distinguished name that names the person; `null` if there is none, or the text is something else. */
function namingValue(text: string): string | null {
  // A character after a backslash does not separate (RFC 4514, 3): an OU `x\,CN=boss` names nobody.
  const parts = text.match(/(?:\\[\s\S]|[^,+\\])+/g) ?? [];
  const attributes = parts.flatMap(part => {
    const [, type, value] = /^\s*([A-Za-z][A-Za-z0-9-]*)\s*=\s*([\s\S]*)$/.exec(part) ?? [];
    return type && value ? [{ type: type.toUpperCase(), value: unescapeValue(value).trim() }] : [];
  });
  for (const wanted of NAMING) {
    const found = attributes.find(({ type, value }) => type === wanted && value !== '');
    if (found !== undefined) return found.value;
  }
  return null;
}

/** `\2C` is a byte of UTF-8 in hexadecimal, `\,` the character itself; OpenSSL writes all non-ASCII as bytes. */
function unescapeValue(value: string): string {
  return value.replace(/(?:\\[0-9A-Fa-f]{2})+|\\([\s\S])/g, (escaped, character?: string) =>
    character === undefined ? Buffer.from(escaped.replaceAll('\\', ''), 'hex').toString() : character,
  );
}
