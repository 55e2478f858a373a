/** The question to a look-up service: an address and a body with `{id}`, `{email}` and `{user}` in them. */

import { ShipperError } from '../lib/errors.js';
import type { Question } from './resolver.js';

/** Longer values are not a person's id or address; a client may have made them up. */
const MOST_CHARACTERS = 320;

const VARIABLE = /\{(id|email|user)\}/g;

export type Json = string | number | boolean | null | readonly Json[] | { readonly [key: string]: Json };

export interface RequestTemplate {
  /** `https://…/{id}`: values are URL-encoded. They may not choose the host. */
  readonly url: string;
  readonly method: 'GET' | 'POST';
  /** Values are put into its strings; a `{id}` that belongs to a query language is written `{ id }`. */
  readonly body?: Json | undefined;
}

export interface LookupRequest {
  /** The same for the same request; contains no part of the template, which may contain a secret. */
  readonly key: string;
  readonly method: 'GET' | 'POST';
  readonly url: string;
  readonly body: string | null;
}

/**
 * Returns a function that makes the request for a question; `null` if a variable is unknown, or could turn the request
 * into another than the template's. Throws a ShipperError, which does not quote the template, if it cannot be used.
 */
export function requests(template: RequestTemplate): (question: Question) => LookupRequest | null {
  const { url, method, body } = template;
  const names = variablesOf(`${url} ${JSON.stringify(body) ?? ''}`);
  if (!isUsableUrl(url))
    throw unusable(
      'its url must be http(s)://host/…, without credentials, and with variables after the host only',
    );
  if (names.length === 0) throw unusable('its url or body must contain {id}, {email} or {user}');
  if (body !== undefined && method === 'GET') throw unusable('a body needs the method POST');
  return ({ user, known }) => {
    const given: Readonly<Record<string, string | undefined>> = { ...known, user };
    const values = new Map(names.map(name => [name, given[name] ?? '']));
    if (![...values.values()].every(isUsableValue)) return null;
    const fill = (text: string, encode = (value: string) => value): string =>
      text.replace(VARIABLE, (_all, name: string) => encode(values.get(name) ?? ''));
    return {
      key: JSON.stringify([...values.values()]),
      method,
      url: fill(url, encodeURIComponent),
      body: body === undefined ? null : JSON.stringify(fillStrings(body, text => fill(text))),
    };
  };
}

/** Without duplicates, in alphabetical order. */
function variablesOf(text: string): string[] {
  return [...new Set([...text.matchAll(VARIABLE)].map(([, name = '']) => name))].sort();
}

function isUsableUrl(template: string): boolean {
  const [one, other] = ['a', 'b'].map(value => URL.parse(template.replace(VARIABLE, value)));
  if (!one || !other || !['http:', 'https:'].includes(one.protocol)) return false;
  return one.origin === other.origin && one.username === '' && one.password === '';
}

/** `..` would lead to another path of the server, and a lone surrogate cannot be encoded. */
function isUsableValue(value: string): boolean {
  return value !== '' && value.length <= MOST_CHARACTERS && value.isWellFormed() && !/^\.+$/.test(value);
}

function fillStrings(template: Json, fill: (text: string) => string): Json {
  if (typeof template === 'string') return fill(template);
  if (typeof template !== 'object' || template === null) return template;
  if (isList(template)) return template.map(one => fillStrings(one, fill));
  return Object.fromEntries(Object.entries(template).map(([key, value]) => [key, fillStrings(value, fill)]));
}

/** Array.isArray does not narrow readonly arrays. */
function isList(value: Json): value is readonly Json[] {
  return Array.isArray(value);
}

function unusable(problem: string): ShipperError {
  return new ShipperError('lookup', `a look-up service cannot be queried: ${problem}`);
}
