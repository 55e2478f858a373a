/**
 * Statements as people write them. In a corpus of secrets each contains `S3CR3T`, which must be removed completely;
 * plain statements must stay unchanged. The blind ones were written before looking at the code, the near ones beside
 * it.
 */

import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { createRedactor } from '../../src/redact/redact.js';

const redact = createRedactor([]);

interface Case {
  readonly label: string;
  readonly statement: string;
  readonly parameters?: string[];
}

function corpus(name: string): Case[] {
  const lines = readFileSync(new URL(`../fixtures/${name}.ndjson`, import.meta.url), 'utf8').trim();
  return lines.split('\n').map((line): Case => JSON.parse(line));
}

/** Secrets that are not found, and why. */
const LEFT = new Map([
  [
    'composite cast',
    'a field of a composite type has no name in the text: ROW(…)::credentials may hold anything',
  ],
  ['do constant', 'what is called `nokkel` and no more may be any key'],
  ['security label', 'what a mask shows in the place of a secret is none'],
  ['function returns table', 'the columns of a function are named far from its body'],
  ['unnest rows from', 'the lists of ROWS FROM'],
  ['kv update key param', 'the value stands in the statement, and the key in a parameter'],
  ['json escaped twice', 'JSON in JSON in JSON'],
  ['json unicode key', 'a key that is spelled by escapes of JSON'],
  ['prop escaped', 'an escaped sign between the key and its value'],
  ['prop continuation', 'a value in the next line'],
  ['header sig', 'a signature of one message'],
  ['nordic sentence 5', 'nothing says that a password follows'],
  ['copy from stdin inline', 'the rows of COPY are never in a statement that is logged'],
]);

/** Texts that are taken for secrets and are not. */
const TAKEN = new Set(['case kind', 'between words']);

function left({ statement, parameters = [] }: Case): string {
  const redacted = redact({ statement, parameters });
  return [redacted.statement ?? '', ...(redacted.parameters ?? [])].join('\n');
}

describe.each([
  'cases/redact-secret',
  'redact-blind-secret',
  'redact-near-secret',
  'redact-blind2-secret',
  'redact-blind3-secret',
  'redact-blind4-secret',
])('%s', name => {
  const cases = corpus(name);

  test.each(cases.filter(({ label }) => !LEFT.has(label)))('$label: $statement', one => {
    expect(left(one)).not.toMatch(/S3CR3T/i);
  });

  test.each(cases.filter(({ label }) => LEFT.has(label)))('left: $label', one => {
    expect(left(one)).toMatch(/S3CR3T/i);
  });
});

describe.each([
  'cases/redact-plain',
  'redact-blind-plain',
  'redact-near-plain',
  'redact-blind2-plain',
  'redact-blind3-plain',
])('%s', name => {
  const cases = corpus(name).filter(({ label }) => !TAKEN.has(label));

  test.each(cases)('$label: $statement', ({ statement, parameters = [] }) => {
    expect(redact({ statement, parameters })).toEqual({ statement, parameters, count: 0 });
  });
});
