/** One request to a look-up service. */

import { readFile } from 'node:fs/promises';
import { unlessAborted } from '../lib/deadline.js';
import { codeOf, ShipperError } from '../lib/errors.js';
import { parseJson } from '../lib/json.js';
import type { Person } from './person.js';
import { valueAt } from './pointer.js';
import type { LookupRequest } from './template.js';

/** Bytes of an answer, uncompressed. */
const MOST_BYTES = 64 * 1024;
/** Characters of a field: it becomes part of every event of that person. */
const MOST_CHARACTERS = 1000;

/** No content, not found, gone. */
const NOBODY: readonly number[] = [204, 404, 410];
/** Bad request, URI too long, unprocessable: caused by the question, not by the service. */
const REFUSED: readonly number[] = [400, 414, 422];

/** JSON pointers (RFC 6901) to texts or numbers in the answer. */
export type LookupFields = { readonly [field in keyof Person]?: string | undefined };

/** Returns the bearer token; called again for every request. */
export type TokenSupplier = () => string | Promise<string>;

/**
 * `nobody`: the service knows nobody; `refused`: it rejected the question; `empty`: its answer has none of the fields.
 */
export type LookupOutcome = 'person' | 'nobody' | 'refused' | 'empty';

export interface Finding {
  readonly outcome: LookupOutcome;
  /** `null` except for `person`. */
  readonly person: Person | null;
}

export interface LookupOptions {
  readonly fields: LookupFields;
  readonly token?: TokenSupplier | undefined;
}

/** The token in a file, read each time: it may be replaced at any time. */
export function tokenFile(path: string): TokenSupplier {
  return async () => (await readFile(path, 'utf8')).trim();
}

/**
 * Makes one request. Throws a ShipperError if the service does not answer properly; neither the error nor its cause
 * contains anything of the answer, the address or the token.
 */
export async function lookUp(
  request: LookupRequest,
  { fields, token }: LookupOptions,
  signal: AbortSignal,
): Promise<Finding> {
  const authorization = await bearer(token, signal);
  try {
    const response = await ask(request, authorization, signal);
    const { ok, status, body } = response;
    if (ok && status !== 204) return read(await textOf(response), fields);
    await body?.cancel();
    return { outcome: outcomeOf(status), person: null };
  } catch (error) {
    if (error instanceof ShipperError) throw error;
    throw failure(reasonOf(error), 'cannot be queried');
  }
}

/** The error if a service does not answer in time. */
export function lateFailure(): ShipperError {
  return failure('ETIMEDOUT', 'does not answer in time');
}

function failure(code: string, problem: string): ShipperError {
  return new ShipperError(code, `the look-up service ${problem} (${code})`);
}

async function bearer(token: TokenSupplier | undefined, signal: AbortSignal): Promise<string | null> {
  if (token === undefined) return null;
  const value = await readToken(token, signal);
  // fetch refuses anything else, with an error that quotes it.
  if (!/^[\x21-\x7e]+$/.test(value)) throw failure('token', 'has no usable token');
  return `Bearer ${value}`;
}

async function readToken(token: TokenSupplier, signal: AbortSignal): Promise<string> {
  try {
    return await unlessAborted(Promise.resolve(token()), signal);
  } catch (error) {
    throw failure(reasonOf(error), 'has no readable token');
  }
}

async function ask(
  { url, method, body }: LookupRequest,
  authorization: string | null,
  signal: AbortSignal,
): Promise<Response> {
  const headers = {
    accept: 'application/json',
    ...(body !== null && { 'content-type': 'application/json' }),
    ...(authorization !== null && { authorization }),
  };
  // A redirect may lead anywhere, and would take the question along.
  return await fetch(url, { method, headers, body, signal, redirect: 'manual' });
}

/** What a status means by itself. */
function outcomeOf(status: number): 'nobody' | 'refused' {
  if (NOBODY.includes(status)) return 'nobody';
  if (REFUSED.includes(status)) return 'refused';
  throw failure(String(status), 'answers with an error');
}

async function textOf({ body }: Response): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of body ?? []) {
    size += chunk.length;
    if (size > MOST_BYTES) throw failure('too-large', 'answers with over 64 KiB');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

function read(text: Buffer, fields: LookupFields): Finding {
  const document = parseJson(text);
  if (document === undefined) throw failure('json', 'does not answer in JSON');
  const found = Object.entries(fields).flatMap(([field, pointer]) => {
    const value = pointer === undefined ? null : fieldOf(valueAt(document, pointer));
    return value === null ? [] : [[field, value] as const];
  });
  if (found.length === 0) return { outcome: 'empty', person: null };
  return { outcome: 'person', person: Object.fromEntries(found) };
}

function fieldOf(value: unknown): string | null {
  const text = typeof value === 'number' ? String(value) : value;
  if (typeof text !== 'string' || text.length > MOST_CHARACTERS) return null;
  return text.trim() || null;
}

/** The code of the connection error, which fetch wraps; AbortError has a number as its code. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return codeOf(error);
  if (error.name === 'AbortError') return 'ETIMEDOUT';
  return codeOf(error.cause instanceof Error ? error.cause : error);
}
